//! What a caller hears.

use std::sync::Arc;

use proto::{Refusal, Seq, What};

use crate::error::{ClientError, Fault};

/// A room this client is in, for as long as the client lives: it stays the same over reconnects and renames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomKey(pub u32);

/// A room this client is in, and what it is called now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRef {
    /// Which.
    pub key: RoomKey,
    /// Its name, without a `#`; in a direct conversation the other's nick.
    pub name: Arc<str>,
    /// Whether it is a direct conversation.
    pub direct: bool,
}

/// How the connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionState {
    /// A connection is being made.
    Connecting,
    /// The server has a line, and this client stands in it.
    Queued {
        /// Its place, 1 for the next.
        place: u32,
        /// How many wait in all.
        waiting: u32,
    },
    /// The server said welcome.
    Online(Online),
    /// The connection broke; the next try comes by itself.
    Offline {
        /// Milliseconds until then.
        retry_in_ms: u64,
        /// Why it broke, or why the last try failed.
        why: String,
    },
}

/// What a welcome brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Online {
    /// The nick this client has.
    pub nick: String,
    /// The server's name and version.
    pub agent: String,
    /// Whether `Said` means on disk.
    pub durable: bool,
    /// Whether a broken connection, or a place that was kept, was taken up: no event is lost.
    pub resumed: bool,
    /// Whether the server keeps the place when this client is closed; see [`crate::Options::keep`].
    pub kept: bool,
    /// How many messages had no answer yet and are sent now.
    pub unsent: usize,
}

/// How the client came into a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It asked.
    Asked,
    /// Somebody opened a direct conversation with it.
    Opened,
    /// It was in it before the connection broke, or before an earlier process ended; events go on where they stopped,
    /// or behind what was read.
    Resumed,
    /// It was in it before the connection broke, and had to join again.
    Rejoined {
        /// How many events it may have missed; `None` if nobody can know, as the server has forgotten the room.
        may_have_missed: Option<u64>,
    },
}

/// The client is in a room. Its events follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// Which.
    pub room: RoomRef,
    /// How.
    pub how: How,
    /// The topic; empty for none.
    pub topic: String,
    /// How many are in it, this client included.
    pub members: u32,
    /// The first event that will come.
    pub first: Seq,
    /// The newest event there is.
    pub head: Seq,
    /// The last event that was read, as [`crate::Client::mark_read`] said; where it comes for the first time, `head`.
    pub read: Seq,
    /// Whether nothing said here is stored.
    pub ephemeral: bool,
}

/// Something happened in a room. One's own messages are heard too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Where.
    pub room: RoomRef,
    /// Its place in the room: 1, 2, 3, … without holes.
    pub seq: Seq,
    /// When the server took it, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
    /// Who did it; empty for a count of many.
    pub nick: String,
    /// What happened. Not escaped: see [`crate::escape`] before it goes to a terminal.
    pub what: What,
    /// Whether it happened before this client came.
    pub history: bool,
}

/// What a caller hears.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The connection changed.
    State(ConnectionState),
    /// The client is in a room.
    Entered(Entered),
    /// Something happened in a room.
    Heard(Heard),
    /// Events of a room that are gone for good. The next is `to` + 1.
    Missed {
        /// Where.
        room: RoomRef,
        /// The first that is gone.
        from: Seq,
        /// The last that is gone.
        to: Seq,
    },
    /// The client is behind: what it has missed comes from the server's disk, as fast as it is taken. Nothing is lost.
    Behind {
        /// Where.
        room: RoomRef,
        /// How many events are still to come until it is up to date.
        by: u64,
    },
    /// The server cannot store now, so it has not taken a message; it is sent again until it is taken. Said once, until
    /// the server stores again. Only where the client comes back after a break, too: otherwise the message fails.
    NotStored {
        /// Where.
        room: RoomRef,
        /// Why.
        refusal: Refusal,
    },
    /// The client was in this room, and could not come back into it after a reconnect.
    NotLetIn {
        /// Which.
        room: RoomRef,
        /// Why.
        refusal: Refusal,
    },
    /// The server keeps the place, but what proves that it is this user's could not be written, or read back, here: the
    /// next process will come as somebody new.
    NotKept(ClientError),
    /// The server broke the protocol; the connection is dropped.
    Fault(Fault),
    /// The end; nothing follows. `None` if the client was closed on purpose.
    Closed(Option<ClientError>),
}
