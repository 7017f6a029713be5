//! The rooms' logs and who follows them. Records are encoded once, staged room by room, and appended as one.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use chat::effect::Reach;
use chat::{Deed, Record, SessionId};
use proto::event::{Rest, write};
use proto::{RoomId, Seq};
use room_log::{RoomLog, Segment};

use crate::outbox::Outbox;

/// A staged segment is closed at this many bytes, so that a reader's budget is kept to about this.
const SEGMENT_BYTES: usize = 64 * 1024;

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
    /// Rooms with something staged, then rooms whose followers are to be woken.
    touched: Vec<RoomId>,
    /// Rooms by the commit that last appended to them, silent ones first; without those that were cut since.
    by_silence: BTreeSet<(u64, RoomId)>,
    commits: u64,
    held_bytes: usize,
    appended_events: u64,
    appended_bytes: u64,
}

#[derive(Debug, Default)]
struct LiveRoom {
    log: Arc<RoomLog>,
    followers: Vec<(SessionId, Arc<Outbox>)>,
    staged: Staged,
    /// The commit that last appended to it.
    spoke: u64,
}

/// Invariant: `bytes` holds the frames `first` to `last`; it is empty if and only if nothing is staged.
#[derive(Debug, Default)]
struct Staged {
    first: Seq,
    last: Seq,
    bytes: Vec<u8>,
    closed: Vec<Segment>,
}

impl Logs {
    pub(super) fn new(limits: LogLimits) -> Self {
        Self {
            limits,
            rooms: HashMap::new(),
            touched: Vec::new(),
            by_silence: BTreeSet::new(),
            commits: 0,
            held_bytes: 0,
            appended_events: 0,
            appended_bytes: 0,
        }
    }

    /// Encodes a record behind what is staged of its room.
    pub(super) fn stage(&mut self, record: &Record) {
        let room = self.rooms.entry(record.room).or_default();
        if room.staged.is_empty() {
            self.touched.push(record.room);
        }
        room.staged.push(record);
    }

    /// Appends everything staged to the logs.
    pub(super) fn commit(&mut self) {
        self.commits += 1;
        for id in &self.touched {
            let Some(room) = self.rooms.get_mut(id) else { continue };
            for segment in room.staged.take() {
                self.appended_events += segment.last().0 - segment.first().0 + 1;
                self.appended_bytes += segment.bytes().len() as u64;
                let change = room.log.append(segment, self.limits.room_bytes);
                self.held_bytes = self.held_bytes.saturating_add_signed(change);
            }
            self.by_silence.remove(&(room.spoke, *id));
            room.spoke = self.commits;
            self.by_silence.insert((room.spoke, *id));
        }
        while self.held_bytes > self.limits.total_bytes {
            let Some((_, silent)) = self.by_silence.pop_first() else { break };
            let Some(room) = self.rooms.get(&silent) else { continue };
            self.held_bytes = self.held_bytes.saturating_sub(room.log.trim(self.limits.floor_bytes));
        }
    }

    /// Wakes whoever follows a log that has grown.
    pub(super) fn wake_followers(&mut self) {
        for id in self.touched.drain(..) {
            if let Some(room) = self.rooms.get(&id) {
                room.followers.iter().for_each(|(_, outbox)| outbox.wake());
            }
        }
    }

    /// Lets a session follow a room from `first` on, or from the oldest there is where `reach` allows it: the log,
    /// and where it really begins.
    pub(super) fn follow(
        &mut self,
        room: RoomId,
        (session, outbox): (SessionId, &Arc<Outbox>),
        is_new: bool,
        first: Seq,
        reach: Reach,
    ) -> (Arc<RoomLog>, Seq) {
        let room = self.rooms.entry(room).or_default();
        if is_new {
            room.followers.push((session, Arc::clone(outbox)));
        }
        let first = match reach {
            Reach::AsFarAsHeld => first.max(room.log.oldest()),
            Reach::SayGap => first,
        };
        (Arc::clone(&room.log), first)
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

impl Staged {
    fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.closed.is_empty()
    }

    fn push(&mut self, record: &Record) {
        if self.bytes.is_empty() {
            self.first = record.seq;
        }
        self.last = record.seq;
        encode(record, &mut self.bytes);
        if self.bytes.len() >= SEGMENT_BYTES {
            self.close();
        }
    }

    fn close(&mut self) {
        if !self.bytes.is_empty() {
            // An exact copy: the room keeps no slack, and the scratch buffer its capacity.
            let bytes = Bytes::copy_from_slice(&self.bytes);
            self.closed.push(Segment::new(self.first, self.last, bytes));
            self.bytes.clear();
        }
    }

    fn take(&mut self) -> Vec<Segment> {
        self.close();
        // A quiet room does not keep what a busy moment needed.
        self.bytes.shrink_to(1024);
        std::mem::take(&mut self.closed)
    }
}

/// Appends a record's frame: the same bytes for every member.
fn encode(record: &Record, out: &mut Vec<u8>) {
    let rest = match &record.deed {
        Deed::Said(text) => Rest::Said(text.bytes()),
        Deed::Joined => Rest::Joined,
        Deed::Left => Rest::Left,
        Deed::Topic(topic) => Rest::Topic(topic.as_str()),
        Deed::Renamed(to) => Rest::Renamed(to.as_str()),
        Deed::Crowd { members, joined, left } => Rest::Crowd { members: *members, joined: *joined, left: *left },
        Deed::File { path, size, root } => Rest::File { path, size: *size, root: *root },
        Deed::Folder { path, files, bytes } => Rest::Folder { path, files: *files, bytes: *bytes },
        Deed::Sending { path, size } => Rest::Sending { path, size: *size },
    };
    let nick = record.nick.as_ref().map_or("", proto::Nick::as_str);
    write(record.seq, record.room, record.at.0, nick, rest, out);
}
