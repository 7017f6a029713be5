//! Direct conversations: rooms of two, in no list, which open for both and end with either.

use proto::message::Since;
use proto::{Code, Nick, Refusal, RequestId, RoomId, Seq};

use super::rooms::behind;
use super::{Asker, Hub};
use crate::change::{PersonId, RoomTitle};
use crate::command::Millis;
use crate::effect::{Effect, Effects};
use crate::member::{AskedBy, Membership};

/// A conversation that another opened does not count against one's own rooms; but at this many times their bound
/// nobody can open one more.
const CALLED_FACTOR: usize = 2;

/// Ended conversations that somebody can still read back; the oldest goes when there is one more.
const ENDED_MAX: usize = 16;

impl Hub {
    pub(super) fn open_direct(
        &mut self,
        asker: &Asker,
        nick: &Nick,
        since: Since,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let nobody = || Refusal::new(Code::NoSuchPerson, format!("nobody called {nick} is here"));
        let other = self.people.by_nick(nick).ok_or_else(nobody)?;
        if other == asker.member {
            return Err(Refusal::new(Code::NoSuchPerson, "a direct conversation needs somebody else"));
        }
        let id = self.rooms.direct(asker.member, other);
        if id.is_none_or(|id| !self.is_in(asker.member, id)) {
            self.check_own_rooms(asker.member)?;
        }
        if id.is_none_or(|id| !self.is_in(other, id)) {
            self.check_can_be_called(other)?;
        }
        let id = match id {
            Some(id) => id,
            None => {
                self.check_writable()?;
                self.make_room(asker.now, RoomTitle::Direct(asker.member, other), false)?
            }
        };
        let (first, reach) = self.begin(id, since);
        self.put_in(asker.now, asker.member, Membership::new(id, AskedBy::Oneself, false, behind(first)));
        let is_called = self.put_in_called(asker.now, other, id);
        effects.extend(self.enter(asker.member, (asker.session, asker.request), id, (first, reach)));
        if is_called {
            self.call(other, id, effects);
        }
        Ok(())
    }

    /// Somebody speaks in a direct conversation that `other` has left: it opens for them again, with what is said.
    /// Whoever is away finds it when they return.
    pub(super) fn call_back(
        &mut self,
        now: Millis,
        other: PersonId,
        room: RoomId,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        if self.people.get(other).is_none() {
            return Err(Refusal::new(Code::NoSuchPerson, "the other is gone, and nobody would read it"));
        }
        if !self.is_in(other, room) {
            self.check_can_be_called(other)?;
            self.put_in_called(now, other, room);
            self.call(other, room, effects);
        }
        Ok(())
    }

    /// Gives a place in a conversation to whom another opened it for: what is there is read, what comes is not. False
    /// if they had one.
    fn put_in_called(&mut self, now: Millis, other: PersonId, room: RoomId) -> bool {
        let head = self.rooms.get(room).map_or(Seq(0), |room| room.head);
        self.put_in(now, other, Membership::new(room, AskedBy::Another, false, head))
    }

    /// Lets somebody who was put into a direct conversation, and is connected, follow it from now on.
    fn call(&self, other: PersonId, room: RoomId, effects: &mut Effects) {
        if let Some(session) = self.people.session_of(other) {
            effects.extend(self.enter(other, (session, RequestId(0)), room, self.begin(room, Since::Now)));
        }
    }

    /// A member is gone for good: their conversations end, so that nobody finds one under their nick again. Whoever
    /// is still in one can read on.
    pub(super) fn end_directs_of(&mut self, member: PersonId, effects: &mut Effects) {
        for (other, room) in self.rooms.unlist_directs_of(member) {
            if let Some(room) = self.rooms.get_mut(room) {
                room.is_ended = true;
                self.touched.room(room.id);
                self.drop_oldest_ended(other, effects);
            }
        }
    }

    fn drop_oldest_ended(&mut self, id: PersonId, effects: &mut Effects) {
        let Some(member) = self.people.get_mut(id) else { return };
        let is_ended = |membership: &Membership| self.rooms.get(membership.room).is_some_and(|room| room.is_ended);
        if member.rooms.iter().filter(|membership| is_ended(membership)).count() <= ENDED_MAX {
            return;
        }
        let Some(at) = member.rooms.iter().position(is_ended) else { return };
        let room = member.rooms.remove(at).room;
        effects.extend(member.session().map(|session| Effect::Exit { session, room }));
        self.rooms.forget(room);
    }

    fn check_can_be_called(&self, other: PersonId) -> Result<(), Refusal> {
        let max = self.limits.rooms_per_member_max.saturating_mul(CALLED_FACTOR);
        match self.count_rooms(other, AskedBy::Another) {
            count if count >= max => Err(Refusal::new(
                Code::TooManyRooms,
                "the other is in too many conversations to be called into another",
            )
            .with_limit("conversations", max as u64)),
            _ => Ok(()),
        }
    }
}
