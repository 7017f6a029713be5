//! What is removed: events of rooms that are gone, and those that the rule of how much is kept no longer keeps.
//!
//! The writer does it between batches, a slice at a time, each a small transaction. Whole segments go; the one in which the
//! boundary lies is cut, so that what stays is exactly what the rule says, by events, and at most that, by bytes and age.
//! The newest event of a room always stays, so that its number is known and never used again.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use proto::{RoomId, Seq};
use rusqlite::{Connection, OptionalExtension, params};

use super::Retention;
use super::place::{self, Place};
use super::put::raise;
use super::trouble::Trouble;
use crate::walk;

/// How often all rooms are looked at.
const PASS_EVERY: Duration = Duration::from_secs(5);

/// How long batches have the writer to themselves between two slices.
const SLICE_EVERY: Duration = Duration::from_millis(50);

/// What a slice does at most, about.
const SLICE: Slice = Slice { rooms: 64, segments: 256, bytes: 1 << 20 };

/// What is still to be removed, and when.
#[derive(Debug)]
pub(super) struct Trimming {
    retention: Retention,
    rooms: VecDeque<RoomId>,
    due: Instant,
}

/// What a slice may still do.
#[derive(Debug, Clone, Copy)]
struct Slice {
    rooms: usize,
    segments: usize,
    bytes: u64,
}

impl Slice {
    const fn is_used_up(&self) -> bool {
        self.rooms == 0 || self.segments == 0 || self.bytes == 0
    }
}

impl Trimming {
    /// Begins at once.
    pub(super) fn new(retention: Retention) -> Self {
        Self { retention, rooms: VecDeque::new(), due: Instant::now() }
    }

    /// When the next slice is due.
    pub(super) const fn due(&self) -> Instant {
        self.due
    }

    /// A slice is done, or has failed: when the next is due.
    pub(super) fn set_due(&mut self, has_more: bool) {
        self.due = Instant::now() + if has_more { SLICE_EVERY } else { PASS_EVERY };
    }

    /// Does a slice. Whether there is more to do.
    pub(super) fn slice(
        &mut self,
        connection: &Connection,
        rooms: impl Iterator<Item = RoomId>,
    ) -> Result<bool, Trouble> {
        let mut slice = SLICE;
        while let Some(room) = going(connection)? {
            if !remove(connection, room, Seq(u64::MAX), &mut slice)? {
                return Ok(true);
            }
            connection.prepare_cached("DELETE FROM going WHERE room = ?1")?.execute([room.0])?;
        }
        if self.retention == Retention::default() {
            return Ok(false);
        }
        if self.rooms.is_empty() {
            self.rooms.extend(rooms);
        }
        while !slice.is_used_up()
            && let Some(room) = self.rooms.pop_front()
        {
            slice.rooms -= 1;
            if let Some(keep_from) = keep_from(connection, room, self.retention)?
                && !remove(connection, room, keep_from, &mut slice)?
            {
                self.rooms.push_front(room);
                return Ok(true);
            }
        }
        Ok(!self.rooms.is_empty())
    }
}

/// A room that is gone and whose events are not.
fn going(connection: &Connection) -> rusqlite::Result<Option<RoomId>> {
    let mut statement = connection.prepare_cached("SELECT room FROM going LIMIT 1")?;
    statement.query_row([], |row| row.get(0).map(RoomId)).optional()
}

/// The event from which on a room is kept; `None` if nothing has to go.
fn keep_from(connection: &Connection, room: RoomId, retention: Retention) -> rusqlite::Result<Option<Seq>> {
    let (Some(oldest), Some(newest)) =
        (place::at_or_behind(connection, room, Seq(0))?, place::at_or_before(connection, room, Seq(u64::MAX))?)
    else {
        return Ok(None);
    };
    let head = newest.last;
    let mut keep_from = oldest.first;
    if let Some(events) = retention.events {
        keep_from = keep_from.max(Seq(head.next().0.saturating_sub(events)));
    }
    if let Some(age_ms) = retention.age_ms {
        let since = now_ms().saturating_sub(age_ms);
        if oldest.last_at_ms < since {
            let young = place::first_where(connection, room, |place| place.last_at_ms >= since)?;
            keep_from = keep_from.max(young.map_or(head, |place| place.first));
        }
    }
    if let Some(bytes_max) = retention.bytes {
        let fits = |place: &Place| newest.upto - (place.upto - place.bytes) <= bytes_max;
        if !fits(&oldest) {
            let fitting = match place::first_where(connection, room, fits)? {
                Some(place) => place.first,
                None => last_within(&bytes_of(connection, newest.n)?, bytes_max, head),
            };
            keep_from = keep_from.max(fitting);
        }
    }
    Ok(Some(keep_from.min(head)).filter(|keep_from| oldest.first < *keep_from))
}

/// The first of the events at the end of a segment that are no more than so many bytes; the last at any rate.
fn last_within(bytes: &[u8], bytes_max: u64, head: Seq) -> Seq {
    let fits = |offset: usize| (bytes.len() - offset) as u64 <= bytes_max;
    walk::events(bytes).find(|event| fits(event.offset)).map_or(head, |event| event.seq)
}

fn bytes_of(connection: &Connection, n: u64) -> rusqlite::Result<Vec<u8>> {
    let mut statement = connection.prepare_cached("SELECT bytes FROM segments WHERE n = ?1")?;
    statement.query_row([n.cast_signed()], |row| row.get(0))
}

/// Removes what stands before `keep_from`. Whether all of it is gone; otherwise the slice is used up.
fn remove(connection: &Connection, room: RoomId, keep_from: Seq, slice: &mut Slice) -> Result<bool, Trouble> {
    let mut gone = Gone::default();
    let is_all = loop {
        let Some(oldest) = place::at_or_behind(connection, room, Seq(0))?.filter(|oldest| oldest.first < keep_from)
        else {
            break true;
        };
        if slice.is_used_up() {
            break false;
        }
        slice.segments -= 1;
        slice.bytes = slice.bytes.saturating_sub(oldest.bytes);
        if oldest.last < keep_from {
            connection.prepare_cached("DELETE FROM segments WHERE n = ?1")?.execute([oldest.n.cast_signed()])?;
            gone.take(oldest.n..oldest.n + (oldest.last.0 - oldest.first.0) + 1, oldest.last_at_ms);
        } else {
            let behind = oldest.n + (keep_from.0 - oldest.first.0);
            let last_at_ms = cut(connection, &oldest, keep_from, behind)?;
            gone.take(oldest.n..behind, last_at_ms);
        }
    };
    gone.write(connection, room)?;
    Ok(is_all)
}

/// Cuts off the beginning of a segment, up to `keep_from`, whose number is `behind`. When the last of it happened.
fn cut(connection: &Connection, segment: &Place, keep_from: Seq, behind: u64) -> Result<u64, Trouble> {
    let bytes = bytes_of(connection, segment.n)?;
    let mut last_at_ms = 0;
    for event in walk::events(&bytes) {
        if event.seq < keep_from {
            last_at_ms = event.at_ms();
            continue;
        }
        connection
            .prepare_cached("UPDATE segments SET n = ?2, first = ?3, first_at = ?4, bytes = ?5 WHERE n = ?1")?
            .execute(params![
                segment.n.cast_signed(),
                behind.cast_signed(),
                keep_from.0.cast_signed(),
                event.at_ms().cast_signed(),
                bytes.get(event.offset..)
            ])?;
        return Ok(last_at_ms);
    }
    Err(Trouble::Nonsense("a segment has not the events that it says it has"))
}

/// What was removed from a room.
#[derive(Debug, Default)]
struct Gone {
    stretches: Vec<Range<u64>>,
    last_at_ms: u64,
}

impl Gone {
    fn take(&mut self, numbers: Range<u64>, last_at_ms: u64) {
        self.last_at_ms = last_at_ms;
        match self.stretches.last_mut().filter(|before| before.end == numbers.start) {
            Some(before) => before.end = numbers.end,
            None => self.stretches.push(numbers),
        }
    }

    /// Writes it down: for whoever asks for what is gone, and for the index.
    fn write(&self, connection: &Connection, room: RoomId) -> rusqlite::Result<()> {
        let Some(last) = self.stretches.last() else { return Ok(()) };
        // The room may be gone, and with it the newest number of all.
        raise(connection, "number", last.end - 1)?;
        connection
            .prepare_cached("UPDATE rooms SET gone_at = ?2 WHERE id = ?1")?
            .execute(params![room.0, self.last_at_ms.cast_signed()])?;
        for stretch in &self.stretches {
            connection
                .prepare_cached("INSERT INTO trimmed (first, behind) VALUES (?1, ?2)")?
                .execute([stretch.start.cast_signed(), stretch.end.cast_signed()])?;
        }
        Ok(())
    }
}

/// The last row of `trimmed` that there ever was.
pub(super) fn last_trimmed(connection: &Connection) -> rusqlite::Result<i64> {
    let mut statement = connection.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'trimmed'")?;
    statement.query_row([], |row| row.get(0)).optional().map(Option::unwrap_or_default)
}

/// The index knows of these.
pub(super) fn forget_trimmed(connection: &Connection, up_to: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM trimmed WHERE id <= ?1")?.execute([up_to]).map(drop)
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
