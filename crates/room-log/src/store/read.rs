//! What is asked of a store, and what it answers.

use bytes::Bytes;
use proto::message::Range;
use proto::{RoomId, Seq};

/// Frames of a room, read from disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frames {
    /// The first event; later than was asked for where those before are trimmed.
    pub first: Seq,
    /// The last.
    pub last: Seq,
    /// The frames; empty if the room has no event from the one asked for on, and then `first` and `last` mean nothing.
    pub bytes: Vec<Bytes>,
}

/// Which events of a room are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryAsk {
    /// The room.
    pub room: RoomId,
    /// Which.
    pub range: Range,
    /// How many, at most.
    pub count: u16,
    /// Bytes of frames, at most; at least one event comes.
    pub bytes_max: usize,
}

/// Which messages are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchAsk {
    /// In these rooms; none is none.
    pub rooms: Vec<RoomId>,
    /// The words.
    pub words: String,
    /// Said under this nick.
    pub from: Option<String>,
    /// Before this; 0 for the newest.
    pub before: u64,
    /// How many, at most.
    pub count: u16,
    /// Bytes of frames, at most.
    pub bytes_max: usize,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The events' frames, whole.
    pub frames: Bytes,
    /// Whether there are more beyond.
    pub more: bool,
    /// Of a search: the `before` of the next page.
    pub next: u64,
    /// Of a history: the last event that is gone of those asked for; 0 for none.
    pub gone_to: Seq,
    /// Of a search: whether the newest events were not looked at.
    pub unindexed: bool,
    /// Of a search: whether there was no word in what was asked for.
    pub wordless: bool,
}

/// Events of a room behind one and up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The room.
    pub room: RoomId,
    /// Behind this one.
    pub behind: Seq,
    /// Up to this one.
    pub to: Seq,
}
