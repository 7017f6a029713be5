//! A person who is here, or whose place is held.

use std::collections::VecDeque;

use proto::{MessageId, Nick, RoomId, Seq, Token};

use crate::command::{Millis, SessionId};
use crate::limits::RESENDS_KNOWN;

/// A person, for as long as they are here; never used for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct MemberId(pub(crate) u64);

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) nick: Nick,
    pub(crate) token: Token,
    pub(crate) presence: Presence,
    pub(crate) rooms: Vec<Membership>,
    pub(crate) renamed_at: Option<Millis>,
    /// Connections that carry files for them.
    pub(crate) sides: Vec<SessionId>,
    sent: Sent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Here(SessionId),
    HeldUntil(Millis),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Membership {
    pub(crate) room: RoomId,
    /// Whether the room was told of the coming; then it is told of the going.
    pub(crate) announced: bool,
    pub(crate) asked_by: AskedBy,
}

/// Who wanted a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AskedBy {
    Oneself,
    Another,
}

impl Member {
    pub(crate) const fn new(nick: Nick, token: Token, session: SessionId) -> Self {
        Self {
            nick,
            token,
            presence: Presence::Here(session),
            rooms: Vec::new(),
            renamed_at: None,
            sides: Vec::new(),
            sent: Sent::new(),
        }
    }

    pub(crate) const fn session(&self) -> Option<SessionId> {
        match self.presence {
            Presence::Here(session) => Some(session),
            Presence::HeldUntil(_) => None,
        }
    }

    pub(crate) fn is_in(&self, room: RoomId) -> bool {
        self.rooms.iter().any(|membership| membership.room == room)
    }

    /// Where `message` already has its place, if it is a resend.
    pub(crate) fn place_of(&self, message: MessageId) -> Option<(RoomId, Seq)> {
        self.sent.place_of(message)
    }

    pub(crate) fn remember(&mut self, message: MessageId, room: RoomId, seq: Seq) {
        self.sent.remember(message, room, seq);
    }
}

/// The last messages somebody sent. Costs nothing until they send.
#[derive(Debug)]
struct Sent {
    newest: Option<MessageId>,
    places: VecDeque<(MessageId, RoomId, Seq)>,
}

impl Sent {
    const fn new() -> Self {
        Self { newest: None, places: VecDeque::new() }
    }

    fn place_of(&self, message: MessageId) -> Option<(RoomId, Seq)> {
        // Clients count up, so a number above all before is new; only a resend is looked for.
        if self.newest.is_none_or(|newest| message > newest) {
            return None;
        }
        self.places.iter().rev().find(|place| place.0 == message).map(|place| (place.1, place.2))
    }

    fn remember(&mut self, message: MessageId, room: RoomId, seq: Seq) {
        if self.places.len() == RESENDS_KNOWN {
            self.places.pop_front();
        }
        self.places.push_back((message, room, seq));
        self.newest = self.newest.max(Some(message));
    }
}
