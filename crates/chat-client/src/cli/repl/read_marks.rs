//! What has been shown, and what of it the server has been told: at most once a second for each room, and at the end.
//! Pure; `now` is given.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_client::{RoomKey, Seq};
use tokio::time::Instant;

/// The least time between two words about one room.
const APART: Duration = Duration::from_secs(1);

/// How far each room has been read.
#[derive(Debug, Default)]
pub(super) struct ReadMarks {
    rooms: BTreeMap<RoomKey, Read>,
}

#[derive(Debug, Clone, Copy)]
struct Read {
    /// The last event that was shown.
    shown: Seq,
    /// The last that the server has been told of.
    told: Seq,
    /// When it may be told next.
    next: Instant,
}

impl ReadMarks {
    /// A room was come into that had been read up to `read`. Its numbers may be others than they were.
    pub(super) fn entered(&mut self, room: RoomKey, read: Seq, now: Instant) {
        self.rooms.insert(room, Read { shown: read, told: read, next: now });
    }

    /// An event was shown.
    pub(super) fn shown(&mut self, room: RoomKey, seq: Seq) {
        if let Some(read) = self.rooms.get_mut(&room) {
            read.shown = read.shown.max(seq);
        }
    }

    /// The server could not be told of `seq`: it has to be told again.
    pub(super) fn untold(&mut self, room: RoomKey, seq: Seq) {
        if let Some(read) = self.rooms.get_mut(&room).filter(|read| read.told == seq) {
            read.told = Seq(0);
        }
    }

    pub(super) fn left(&mut self, room: RoomKey) {
        self.rooms.remove(&room);
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.rooms.values().filter(|read| read.shown > read.told).map(|read| read.next).min()
    }

    /// What the server is to be told now.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<(RoomKey, Seq)> {
        self.take(|read| read.next <= now, now)
    }

    /// What the server has not been told yet.
    pub(super) fn take_all(&mut self, now: Instant) -> Vec<(RoomKey, Seq)> {
        self.take(|_| true, now)
    }

    fn take(&mut self, is_due: impl Fn(&Read) -> bool, now: Instant) -> Vec<(RoomKey, Seq)> {
        let due = self.rooms.iter_mut().filter(|(_, read)| read.shown > read.told && is_due(read));
        due.map(|(room, read)| {
            (read.told, read.next) = (read.shown, now + APART);
            (*room, read.shown)
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_room_is_told_at_most_once_a_second_and_the_newest_only() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut marks = ReadMarks::default();
        let (lobby, tea) = (RoomKey(1), RoomKey(2));
        marks.entered(lobby, Seq(4), start);
        marks.entered(tea, Seq(0), start);
        assert_eq!((marks.next_due(), marks.take_due(at(0))), (None, Vec::new()), "nothing was shown");
        let mut told = Vec::new();
        for (ms, room, seq) in [(0, lobby, 5), (1, lobby, 6), (2, tea, 1), (500, lobby, 7), (1100, lobby, 8)] {
            marks.shown(room, Seq(seq));
            told.extend(marks.take_due(at(ms)).into_iter().map(|(room, seq)| (ms, room, seq.0)));
        }
        assert_eq!(told, [(0, lobby, 5), (2, tea, 1), (1100, lobby, 8)]);
        marks.shown(lobby, Seq(9));
        assert_eq!(marks.next_due(), Some(at(2100)));
        assert_eq!(marks.take_all(at(1200)), [(lobby, Seq(9))]);
        assert_eq!(marks.take_all(at(1200)), []);
    }

    #[test]
    fn what_could_not_be_told_is_told_again() {
        let start = Instant::now();
        let mut marks = ReadMarks::default();
        marks.entered(RoomKey(1), Seq(0), start);
        marks.shown(RoomKey(1), Seq(3));
        assert_eq!(marks.take_due(start), [(RoomKey(1), Seq(3))]);
        marks.untold(RoomKey(1), Seq(2));
        assert_eq!(marks.next_due(), None, "a later word has gone out meanwhile");
        marks.untold(RoomKey(1), Seq(3));
        assert_eq!(marks.next_due(), Some(start + APART));
        marks.left(RoomKey(1));
        marks.shown(RoomKey(1), Seq(9));
        assert_eq!(marks.next_due(), None);
    }
}
