//! What a session asks of the hub. Names and texts are parsed by then; what could not be parsed is a
//! [`Command::Refused`], so that its answer keeps its place among the others.

use proto::message::{FileRequest, History, MarkRead, Resume, Search, Since};
use proto::{MessageId, Nick, Refusal, RequestId, RoomId, RoomName, Slot, Text, Token, Topic};

/// A time, in milliseconds since 1970-01-01 UTC. Never goes back within one hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millis(pub u64);

impl Millis {
    /// The time `ms` milliseconds later.
    #[must_use]
    pub const fn plus(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// A connection, for its life; never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// A command and the number its answer carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The client's number for it.
    pub id: RequestId,
    /// What is asked.
    pub command: Command,
}

/// What a session asks. Each is answered exactly once, in the order they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// I am `nick`. `token` is fresh and random.
    Hello {
        /// The nick wanted, or why it cannot be had; whoever takes up a connection keeps the nick they had.
        nick: Result<Nick, Refusal>,
        /// What proves the same person later.
        token: Token,
        /// A broken connection to take up.
        resume: Option<Resume>,
        /// How they come; see [`proto::message::Hello::KEEP`] and the others.
        features: u64,
    },
    /// Are you there?
    Ping,
    /// See [`proto::message::Join`].
    Join {
        /// Which room.
        room: RoomName,
        /// Where its events begin.
        since: Since,
        /// Whether the room is told.
        announce: bool,
        /// Whether nothing said in it is stored, if it is made by this.
        ephemeral: bool,
    },
    /// See [`proto::message::Leave`].
    Leave(RoomId),
    /// See [`proto::message::Say`].
    Say {
        /// Where.
        room: RoomId,
        /// The sender's number for it.
        message: MessageId,
        /// What.
        text: Text,
    },
    /// See [`proto::message::SetTopic`].
    SetTopic {
        /// Where.
        room: RoomId,
        /// What.
        topic: Topic,
    },
    /// See [`proto::message::ListRooms`].
    ListRooms {
        /// Only names behind this one.
        after: String,
    },
    /// See [`proto::message::ListMembers`].
    ListMembers {
        /// Where; everywhere if `None`.
        room: Option<RoomName>,
        /// Only nicks behind this one.
        after: String,
    },
    /// See [`proto::message::OpenDirect`].
    OpenDirect {
        /// With whom.
        nick: Nick,
        /// Where its events begin.
        since: Since,
    },
    /// See [`proto::message::Rename`].
    Rename(Nick),
    /// See [`proto::message::History`].
    History(History),
    /// See [`proto::message::Search`].
    Search(Search),
    /// My rooms, and what I have not read there.
    AskUnread,
    /// See [`proto::message::MarkRead`].
    MarkRead(MarkRead),
    /// Something about files.
    File {
        /// The transfer that it begins, or 0.
        slot: Slot,
        /// What.
        ask: Box<FileRequest>,
    },
    /// Let me open another connection for files. `ticket` is fresh and random.
    AskTicket {
        /// What lets them in there.
        ticket: Token,
    },
    /// I am that other connection.
    Attach {
        /// The ticket it got.
        ticket: Token,
    },
    /// Something that was refused before it came here.
    Refused(Refusal),
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// On purpose: the nick is free at once and the rooms are told.
    Bye,
    /// The connection broke: nick and rooms are held for [`crate::HubLimits::grace_ms`].
    Broken,
}
