//! A person who is here, or whose place is held or kept.

use std::collections::VecDeque;

use proto::{MessageId, Nick, RoomId, Seq, Token};

use crate::change::{MembershipState, PersonId, PersonState};
use crate::command::{Millis, SessionId};
use crate::limits::RESENDS_KNOWN;

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) nick: Nick,
    pub(crate) token: Token,
    pub(crate) presence: Presence,
    pub(crate) rooms: Vec<Membership>,
    pub(crate) renamed_at: Option<Millis>,
    /// Whether their place is kept when they leave.
    pub(crate) keeps: bool,
    /// Their connections beside the one that talks.
    pub(crate) sides: Vec<SessionId>,
    sent: Sent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// On this connection.
    Here(SessionId),
    /// The connection broke; for everybody else they are still there.
    HeldUntil(Millis),
    /// Gone since then, with their place kept: in no list, but the nick is theirs and their rooms wait for them.
    Away(Millis),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Membership {
    pub(crate) room: RoomId,
    /// Whether the room is to be told of comings and goings.
    pub(crate) announced: bool,
    /// Whether the room was told of the coming, and not of a going since.
    pub(crate) is_told: bool,
    pub(crate) asked_by: AskedBy,
    /// The last event they have read. Never goes back.
    pub(crate) read: Seq,
}

/// Who wanted a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AskedBy {
    Oneself,
    Another,
}

impl Member {
    pub(crate) const fn new(nick: Nick, token: Token, presence: Presence, keeps: bool) -> Self {
        Self { nick, token, presence, rooms: Vec::new(), renamed_at: None, keeps, sides: Vec::new(), sent: Sent::new() }
    }

    pub(crate) const fn session(&self) -> Option<SessionId> {
        match self.presence {
            Presence::Here(session) => Some(session),
            Presence::HeldUntil(_) | Presence::Away(_) => None,
        }
    }

    pub(crate) const fn is_away(&self) -> bool {
        matches!(self.presence, Presence::Away(_))
    }

    pub(crate) fn is_in(&self, room: RoomId) -> bool {
        self.place_in(room).is_some()
    }

    pub(crate) fn place_in(&self, room: RoomId) -> Option<&Membership> {
        self.rooms.iter().find(|membership| membership.room == room)
    }

    pub(crate) fn place_in_mut(&mut self, room: RoomId) -> Option<&mut Membership> {
        self.rooms.iter_mut().find(|membership| membership.room == room)
    }

    /// What the store keeps of them, beside their places in rooms.
    pub(crate) fn state(&self, id: PersonId) -> PersonState {
        let away_since = match self.presence {
            Presence::Away(since) => Some(since),
            Presence::Here(_) | Presence::HeldUntil(_) => None,
        };
        PersonState { id, nick: self.nick.clone(), token: self.token, keeps: self.keeps, away_since }
    }

    /// Where `message` already has its place, if it is a resend.
    pub(crate) fn place_of(&self, message: MessageId) -> Option<(RoomId, Seq)> {
        self.sent.place_of(message)
    }

    pub(crate) fn remember(&mut self, message: MessageId, room: RoomId, seq: Seq) {
        self.sent.remember(message, room, seq);
    }
}

impl Membership {
    /// A place that begins behind `read`, and of which no room was told yet.
    pub(crate) const fn new(room: RoomId, asked_by: AskedBy, announced: bool, read: Seq) -> Self {
        Self { room, announced, is_told: false, asked_by, read }
    }

    /// What the store keeps of it.
    pub(crate) fn state(&self, person: PersonId) -> MembershipState {
        let by_oneself = self.asked_by == AskedBy::Oneself;
        MembershipState { person, room: self.room, announced: self.announced, by_oneself, read: self.read }
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
