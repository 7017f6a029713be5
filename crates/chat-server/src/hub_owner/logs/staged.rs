//! What a room is about to grow by: records, encoded once, in runs that are stored and shared as they stand.

use bytes::Bytes;
use chat::{Deed, Record};
use proto::event::{Rest, write};
use proto::{RoomId, Seq};
use room_log::Segment;
use room_log::store::rows::{Events, SentRow};

/// A staged segment is closed at this many bytes, so that a reader's budget is kept to about this.
const SEGMENT_BYTES: usize = 64 * 1024;

/// Bytes for which the scratch buffer of a quiet room keeps its place.
const SCRATCH_KEPT: usize = 1024;

/// Invariant: `bytes` holds the frames `first` to `last`; it is empty if and only if nothing is staged.
#[derive(Debug, Default)]
pub(super) struct Staged {
    first: Seq,
    last: Seq,
    first_at_ms: u64,
    last_at_ms: u64,
    has_content: bool,
    bytes: Vec<u8>,
    sent: Vec<SentRow>,
    closed: Vec<Events>,
}

impl Staged {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.closed.is_empty()
    }

    /// Puts a record behind the others. Whose messages are where is for the disk.
    pub(super) fn push(&mut self, record: &Record, is_stored: bool) {
        if self.bytes.is_empty() {
            (self.first, self.first_at_ms) = (record.seq, record.at.0);
        }
        (self.last, self.last_at_ms) = (record.seq, record.at.0);
        self.has_content |= !matches!(record.deed, Deed::Joined | Deed::Left | Deed::Crowd { .. });
        self.sent.extend(record.sent.filter(|_| is_stored).map(|(person, message)| SentRow {
            person: person.0,
            message,
            room: record.room,
            seq: record.seq,
        }));
        encode(record, &mut self.bytes);
        if self.bytes.len() >= SEGMENT_BYTES {
            self.close(record.room);
        }
    }

    fn close(&mut self, room: RoomId) {
        if self.bytes.is_empty() {
            return;
        }
        // An exact copy: the room keeps no slack, and the scratch buffer its capacity.
        let bytes = Bytes::copy_from_slice(&self.bytes);
        self.bytes.clear();
        self.closed.push(Events {
            room,
            segment: Segment::new(self.first, self.last, bytes),
            first_at_ms: self.first_at_ms,
            last_at_ms: self.last_at_ms,
            has_content: std::mem::take(&mut self.has_content),
            sent: std::mem::take(&mut self.sent),
        });
    }

    /// Everything staged, in order.
    pub(super) fn take(&mut self, room: RoomId) -> Vec<Events> {
        self.close(room);
        self.bytes.shrink_to(SCRATCH_KEPT);
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
