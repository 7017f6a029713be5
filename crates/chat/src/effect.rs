//! What the hub asks of its owner.

use proto::message::{FileRequest, History, Joined, Search, UnreadRoom};
use proto::{
    CloseCode, MessageId, Nick, Refusal, RequestId, RoomId, RoomName, Root, Seq, ServerMessage, Slot, Text, Token,
    Topic,
};

use crate::change::{Change, PersonId};
use crate::command::{Millis, SessionId};

/// Effects in the order they have to happen. The owner drains it.
pub type Effects = Vec<Effect>;

/// One thing that has to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Append to a room's log; its followers then see it.
    Append(Record),
    /// Answer a request. An id of 0 is unasked.
    Reply {
        /// Whom.
        to: SessionId,
        /// Which request.
        request: RequestId,
        /// What.
        reply: ServerMessage,
    },
    /// The answer to a good hello; the owner adds what the server allows.
    Admit {
        /// Whom.
        to: SessionId,
        /// Which request.
        request: RequestId,
        /// The nick it has.
        nick: Nick,
        /// The token it may come back with.
        token: Token,
        /// Whether a broken connection was taken up.
        resumed: bool,
        /// Whether the place is kept when they leave.
        kept: bool,
    },
    /// A session enters a room: answer `Joined`, then let it follow the log from `joined.first` on.
    Enter {
        /// Who.
        to: SessionId,
        /// Which request; 0 if somebody else opened the conversation.
        request: RequestId,
        /// The answer.
        joined: Joined,
        /// What to do if the log no longer holds `joined.first`.
        reach: Reach,
    },
    /// A session no longer follows a room's log.
    Exit {
        /// Who.
        session: SessionId,
        /// Which room.
        room: RoomId,
    },
    /// Let the store keep this, in the transaction of this batch.
    Keep(Change),
    /// Somebody who may asks for what stands in the logs. The owner reads it and answers.
    Read(Box<ReadAsk>),
    /// A room is gone; so may be its log.
    Forget(RoomId),
    /// End a session.
    Close {
        /// Which.
        session: SessionId,
        /// Why.
        code: CloseCode,
        /// The rule or limit behind it.
        refusal: Option<Refusal>,
    },
    /// Somebody who may asks for something about files. The owner sees to it and answers.
    File(Box<FileAsk>),
    /// The answer to a good ticket; the owner adds what the server allows.
    Attach {
        /// Whom.
        to: SessionId,
        /// Which request.
        request: RequestId,
    },
}

/// A request about files, let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileAsk {
    /// Whom to answer.
    pub to: SessionId,
    /// Which request.
    pub request: RequestId,
    /// The transfer that it begins, or 0.
    pub slot: Slot,
    /// Who asks.
    pub nick: Nick,
    /// Of which tree.
    pub tree: TreeName,
    /// The room of the tree.
    pub room: RoomId,
    /// What.
    pub ask: Box<FileRequest>,
}

/// A request to read in the logs, let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadAsk {
    /// Whom to answer.
    pub to: SessionId,
    /// Which request.
    pub request: RequestId,
    /// What.
    pub reading: ReadWhat,
}

/// What is to be read. Whoever asks is in every room it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadWhat {
    /// See [`proto::message::History`].
    History(History),
    /// See [`proto::message::Search`]. `rooms` has every room that is searched, and is never empty.
    Search(Search),
    /// The rooms and how far they are read, with `said` and `more` still to be counted; and whose own messages do not count.
    Unread(Vec<UnreadRoom>, Nick),
}

/// A room's tree of files.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TreeName {
    /// That of a room; whoever comes to a room of this name finds it.
    Room(RoomName),
    /// That of a direct conversation; ends with it.
    Direct(RoomId),
}

/// How a beginning that the log no longer holds is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Begin with the oldest there is: as many as possible were asked for.
    AsFarAsHeld,
    /// Say what is missing: the client believes it has all before.
    SayGap,
}

/// An entry of a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The room.
    pub room: RoomId,
    /// Its place. Invariant: one more than the record before it in the same room; the first is 1.
    pub seq: Seq,
    /// When.
    pub at: Millis,
    /// Who; nobody for [`Deed::Crowd`].
    pub nick: Option<Nick>,
    /// What.
    pub deed: Deed,
    /// For [`Deed::Said`]: who, and their number for the message, so that a resend is known.
    pub sent: Option<(PersonId, MessageId)>,
}

/// What somebody did in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Said something.
    Said(Text),
    /// Came.
    Joined,
    /// Went.
    Left,
    /// Set the topic.
    Topic(Topic),
    /// Took another nick.
    Renamed(Nick),
    /// Many came and went.
    Crowd {
        /// Members now.
        members: u32,
        /// Came since the last count.
        joined: u32,
        /// Went since the last count.
        left: u32,
    },
    /// Sent a file, which is whole and on disk.
    File {
        /// Its path in the room's tree.
        path: String,
        /// Its size in bytes.
        size: u64,
        /// Its hash.
        root: Root,
    },
    /// Sent a folder.
    Folder {
        /// Its path in the room's tree.
        path: String,
        /// How many files were sent into it.
        files: u32,
        /// Their bytes together.
        bytes: u64,
    },
    /// Begins to send a big file.
    Sending {
        /// The path it is meant for.
        path: String,
        /// Its size in bytes.
        size: u64,
    },
}
