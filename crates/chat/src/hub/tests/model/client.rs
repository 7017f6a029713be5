//! What one client was told, and so believes.

use std::collections::BTreeMap;

use super::super::*;
use super::Place;

/// Somebody with a client, as far as they know.
#[derive(Debug, Default)]
pub(super) struct Client {
    pub(super) nick: String,
    pub(super) session: Option<SessionId>,
    pub(super) token: Option<Token>,
    /// The rooms they follow, and the next event they get there.
    pub(super) follows: BTreeMap<RoomId, Seq>,
    /// The last event they got, also of rooms they followed before the connection ended.
    pub(super) cursors: BTreeMap<RoomId, Seq>,
    /// What the connection that now begins said it has.
    pub(super) resumes_behind: BTreeMap<RoomId, Seq>,
    /// How far they have read, as they were told.
    pub(super) reads: BTreeMap<RoomId, Seq>,
    /// Their messages, and their places as far as they were told.
    pub(super) messages: Vec<(MessageId, RoomId, Option<Seq>)>,
}

impl Client {
    /// The connection ends for the client; what it had is its cursors.
    pub(super) fn hang_up(&mut self) -> Option<SessionId> {
        self.follows.clear();
        self.session.take()
    }

    pub(super) fn resume(&self, with_cursors: bool) -> Option<Resume> {
        let cursors = self.cursors.iter().filter(|_| with_cursors);
        let cursors = cursors.map(|(room, seq)| Cursor { room: *room, seq: *seq }).collect();
        self.token.map(|token| Resume { token, cursors })
    }

    /// An event comes, if it is of a room that is followed: it must be the next.
    pub(super) fn get(&mut self, room: RoomId, seq: Seq) {
        if let Some(next) = self.follows.get_mut(&room).filter(|next| **next <= seq) {
            assert_eq!(*next, seq, "{room}");
            *next = seq.next();
            self.cursors.insert(room, seq);
        }
    }

    /// The room that is meant, if there is one.
    pub(super) fn find(&self, place: Place) -> Option<RoomId> {
        match place {
            Place::Own(nth) => self.follows.keys().nth(nth % self.follows.len().max(1)).copied(),
            Place::Any(room) => Some(room),
        }
    }
}
