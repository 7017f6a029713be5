//! What the hub asks of its owner.

use proto::message::Joined;
use proto::{CloseCode, Nick, RequestId, RoomId, Seq, ServerMessage, Text, Token, Topic};

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
    /// A room is gone; so may be its log.
    Forget(RoomId),
    /// End a session.
    Close {
        /// Which.
        session: SessionId,
        /// Why.
        code: CloseCode,
    },
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
}
