//! The rooms' logs and who follows them. Records are encoded once, staged room by room, and appended as one; between
//! the two, what has a place on disk goes there.

mod staged;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chat::effect::Reach;
use chat::{Record, SessionId};
use proto::{RoomId, Seq};
use room_log::store::rows::Events;
use room_log::{RoomLog, Segment};

use crate::outbox::Outbox;
use staged::Staged;

/// How much the logs may hold in memory. No default: the operator chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLimits {
    /// Bytes held for one room.
    pub room_bytes: usize,
    /// Bytes held for all rooms; beyond it those that have been silent longest are cut to `floor_bytes` each.
    pub total_bytes: usize,
    /// Bytes a room may keep even then; all rooms together so hold at most this much each beyond `total_bytes`.
    pub floor_bytes: usize,
}

#[derive(Debug)]
pub(super) struct Logs {
    limits: LogLimits,
    rooms: HashMap<RoomId, LiveRoom>,
    /// Rooms with something staged.
    staged: Vec<RoomId>,
    /// Rooms whose followers are to be woken.
    grown: Vec<RoomId>,
    /// Rooms by the appending that last made them grow, silent ones first; without those that were cut since.
    by_silence: BTreeSet<(u64, RoomId)>,
    appendings: u64,
    held_bytes: usize,
    appended_events: u64,
    appended_bytes: u64,
}

#[derive(Debug, Default)]
struct LiveRoom {
    log: Arc<RoomLog>,
    followers: Vec<(SessionId, Arc<Outbox>)>,
    staged: Staged,
    /// The appending that last made it grow.
    spoke: u64,
    /// Whether its events are on disk, too.
    is_stored: bool,
}

/// Somebody who is to follow a room.
#[derive(Debug)]
pub(super) struct Follower<'a> {
    pub(super) session: SessionId,
    pub(super) outbox: &'a Arc<Outbox>,
    /// Whether they do not follow it already.
    pub(super) is_new: bool,
}

/// A room's log, and whether its events are on disk, too.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) log: Arc<RoomLog>,
    pub(super) is_stored: bool,
}

impl Logs {
    pub(super) fn new(limits: LogLimits) -> Self {
        Self {
            limits,
            rooms: HashMap::new(),
            staged: Vec::new(),
            grown: Vec::new(),
            by_silence: BTreeSet::new(),
            appendings: 0,
            held_bytes: 0,
            appended_events: 0,
            appended_bytes: 0,
        }
    }

    /// A room of which the store holds the events up to `head`.
    pub(super) fn restore(&mut self, room: RoomId, head: Seq) {
        let log = Arc::new(RoomLog::behind(head));
        self.rooms.insert(room, LiveRoom { log, is_stored: true, ..LiveRoom::default() });
    }

    /// A room's events go to disk from here on. Invariant: it has none yet.
    pub(super) fn set_stored(&mut self, room: RoomId) {
        self.rooms.entry(room).or_default().is_stored = true;
    }

    /// A room's log, if anything is known of the room.
    pub(super) fn get(&self, room: RoomId) -> Option<Held> {
        self.rooms.get(&room).map(|room| Held { log: Arc::clone(&room.log), is_stored: room.is_stored })
    }

    /// Encodes a record behind what is staged of its room.
    pub(super) fn stage(&mut self, record: &Record) {
        let room = self.rooms.entry(record.room).or_default();
        if room.staged.is_empty() {
            self.staged.push(record.room);
        }
        room.staged.push(record, room.is_stored);
    }

    /// Takes everything staged: for the rings into `ring`, and that of stored rooms into `disk`, too.
    pub(super) fn take_staged(&mut self, ring: &mut Vec<(RoomId, Segment)>, disk: &mut Vec<Events>) {
        for id in self.staged.drain(..) {
            let Some(room) = self.rooms.get_mut(&id) else { continue };
            let staged = room.staged.take(id);
            ring.extend(staged.iter().map(|events| (id, events.segment.clone())));
            if room.is_stored {
                disk.extend(staged);
            }
        }
    }

    /// Appends what was staged to the logs. A room that is gone meanwhile needs it no more.
    pub(super) fn append(&mut self, segments: Vec<(RoomId, Segment)>) {
        self.appendings += 1;
        for (id, segment) in segments {
            let Some(room) = self.rooms.get_mut(&id) else { continue };
            self.appended_events += segment.last().0 - segment.first().0 + 1;
            self.appended_bytes += segment.bytes().len() as u64;
            let change = room.log.append(segment, self.limits.room_bytes);
            self.held_bytes = self.held_bytes.saturating_add_signed(change);
            if room.spoke != self.appendings {
                self.by_silence.remove(&(room.spoke, id));
                room.spoke = self.appendings;
                self.by_silence.insert((room.spoke, id));
                self.grown.push(id);
            }
        }
        while self.held_bytes > self.limits.total_bytes {
            let Some((_, silent)) = self.by_silence.pop_first() else { break };
            let Some(room) = self.rooms.get(&silent) else { continue };
            self.held_bytes = self.held_bytes.saturating_sub(room.log.trim(self.limits.floor_bytes));
        }
    }

    /// Wakes whoever follows a log that has grown.
    pub(super) fn wake_followers(&mut self) {
        for id in self.grown.drain(..) {
            if let Some(room) = self.rooms.get(&id) {
                room.followers.iter().for_each(|(_, outbox)| outbox.wake());
            }
        }
    }

    /// Lets a session follow a room from `first` on, or from the oldest there is where `reach` allows it: the log,
    /// and where it really begins. What is on disk is there.
    pub(super) fn follow(&mut self, room: RoomId, who: &Follower<'_>, first: Seq, reach: Reach) -> (Held, Seq) {
        let room = self.rooms.entry(room).or_default();
        if who.is_new {
            room.followers.push((who.session, Arc::clone(who.outbox)));
        }
        let first = match reach {
            Reach::AsFarAsHeld if !room.is_stored => first.max(room.log.oldest()),
            Reach::AsFarAsHeld | Reach::SayGap => first,
        };
        (Held { log: Arc::clone(&room.log), is_stored: room.is_stored }, first)
    }

    pub(super) fn unfollow(&mut self, room: RoomId, session: SessionId) {
        if let Some(room) = self.rooms.get_mut(&room)
            && let Some(at) = room.followers.iter().position(|(follower, _)| *follower == session)
        {
            room.followers.swap_remove(at);
        }
    }

    pub(super) fn forget(&mut self, id: RoomId) {
        if let Some(room) = self.rooms.remove(&id) {
            self.by_silence.remove(&(room.spoke, id));
            self.held_bytes = self.held_bytes.saturating_sub(room.log.held_bytes());
        }
    }

    /// Events and bytes appended in all.
    pub(super) const fn appended(&self) -> (u64, u64) {
        (self.appended_events, self.appended_bytes)
    }
}
