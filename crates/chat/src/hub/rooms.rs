//! Rooms and direct conversations: coming, going, saying, topics.

use proto::limits::JOIN_LAST_MAX;
use proto::message::{Cursor, Joined, Said, Since};
use proto::{Code, MessageId, Nick, Refusal, RequestId, RoomId, RoomName, Seq, ServerMessage, Text, Topic};

use super::{Asker, Hub};
use crate::change::{Change, PersonId, RoomTitle};
use crate::command::{Millis, SessionId};
use crate::effect::{Deed, Effect, Effects, Reach};
use crate::member::{AskedBy, Membership};
use crate::room::Room;

/// How a room is asked for.
pub(super) struct Wish {
    pub(super) name: RoomName,
    pub(super) since: Since,
    pub(super) announce: bool,
    pub(super) ephemeral: bool,
}

impl Hub {
    pub(super) fn join(&mut self, asker: &Asker, wish: Wish, effects: &mut Effects) -> Result<(), Refusal> {
        if self.rooms.named(&wish.name).is_none() {
            self.check_writable()?;
        }
        let held = self.rooms.find(&wish.name)?;
        let is_new = held.is_none_or(|id| !self.is_in(asker.member, id));
        if is_new {
            self.check_own_rooms(asker.member)?;
        }
        let id = match held {
            Some(id) => id,
            None => self.make_room(asker.now, RoomTitle::Named(wish.name), wish.ephemeral)?,
        };
        let (first, reach) = self.begin(id, wish.since);
        self.put_in(asker.now, asker.member, Membership::new(id, AskedBy::Oneself, wish.announce, behind(first)));
        effects.extend(self.enter(asker.member, (asker.session, asker.request), id, (first, reach)));
        if is_new {
            self.come(asker.now, asker.member, id, effects);
        }
        Ok(())
    }

    pub(super) fn make_room(&mut self, now: Millis, title: RoomTitle, ephemeral: bool) -> Result<RoomId, Refusal> {
        let id = self.rooms.add(now, title, self.limits.rooms_max)?;
        if let Some(room) = self.rooms.get_mut(id) {
            room.is_ephemeral = ephemeral;
        }
        match ephemeral {
            true => self.touched.stray(Effect::Keep(Change::RoomGone(id))),
            false => self.touched.room(id),
        }
        Ok(id)
    }

    pub(super) fn leave(&mut self, asker: &Asker, room: RoomId, effects: &mut Effects) -> Result<(), Refusal> {
        let member = self.people.get_mut(asker.member).ok_or_else(not_in_room)?;
        let at = member.rooms.iter().position(|membership| membership.room == room).ok_or_else(not_in_room)?;
        let membership = member.rooms.remove(at);
        let nick = member.nick.clone();
        effects.push(Effect::Exit { session: asker.session, room });
        effects.push(asker.answer(ServerMessage::Done));
        self.touched.place(asker.member, room);
        self.take_out(asker.now, &nick, membership, effects);
        Ok(())
    }

    pub(super) fn say(
        &mut self,
        asker: &Asker,
        room: RoomId,
        message: MessageId,
        text: Text,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        // Also a resend: what it repeats may be what could not be stored.
        self.check_writable()?;
        let member = self.people.get(asker.member).ok_or_else(not_in_room)?;
        if let Some((room, seq)) = member.place_of(message) {
            effects.push(asker.answer(ServerMessage::Said(Said { room, seq })));
            return Ok(());
        }
        if !member.is_in(room) {
            return Err(not_in_room());
        }
        if let Some(other) = self.rooms.get(room).ok_or_else(not_in_room)?.other(asker.member) {
            self.call_back(asker.now, other, room, effects)?;
        }
        self.append_said(asker, room, message, text, effects)
    }

    fn append_said(
        &mut self,
        asker: &Asker,
        room: RoomId,
        message: MessageId,
        text: Text,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let member = self.people.get_mut(asker.member).ok_or_else(not_in_room)?;
        let to = self.rooms.get_mut(room).ok_or_else(not_in_room)?;
        let mut record = to.record(asker.now, Some(member.nick.clone()), Deed::Said(text));
        record.sent = Some((asker.member, message));
        let seq = record.seq;
        member.remember(message, room, seq);
        effects.push(Effect::Append(record));
        effects.push(asker.answer(ServerMessage::Said(Said { room, seq })));
        Ok(())
    }

    pub(super) fn set_topic(
        &mut self,
        asker: &Asker,
        room: RoomId,
        topic: Topic,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        self.check_writable()?;
        let member = self.people.get(asker.member).filter(|member| member.is_in(room)).ok_or_else(not_in_room)?;
        let room = self.rooms.get_mut(room).ok_or_else(not_in_room)?;
        if room.topic != topic {
            room.topic = topic.clone();
            self.touched.room(room.id);
            effects.push(Effect::Append(room.record(asker.now, Some(member.nick.clone()), Deed::Topic(topic))));
        }
        effects.push(asker.answer(ServerMessage::Done));
        Ok(())
    }

    pub(super) fn is_in(&self, member: PersonId, room: RoomId) -> bool {
        self.people.get(member).is_some_and(|member| member.is_in(room))
    }

    /// Puts somebody into a room; false if they were in it. Whoever is away gets a place that waits for them.
    pub(super) fn put_in(&mut self, now: Millis, id: PersonId, membership: Membership) -> bool {
        let is_new = self.give_place(now, id, membership);
        if is_new {
            self.touched.place(id, membership.room);
        }
        is_new
    }

    /// The same, for a place the store knows.
    pub(super) fn give_place(&mut self, now: Millis, id: PersonId, membership: Membership) -> bool {
        let Some(member) = self.people.get_mut(id).filter(|member| !member.is_in(membership.room)) else {
            return false;
        };
        member.rooms.push(membership);
        match member.is_away() {
            true => self.rooms.keep_place(now, membership.room),
            false => self.rooms.fill(now, membership.room, member.nick.clone(), id),
        }
        true
    }

    /// Takes somebody out of a room's list, and tells it.
    pub(super) fn take_out(&mut self, now: Millis, nick: &Nick, membership: Membership, effects: &mut Effects) {
        self.rooms.drain(now, membership.room, nick);
        match (membership.is_told, &self.read_only) {
            (true, None) => self.tell_going(now, nick, membership.room, effects),
            (true, Some(_)) => self.postponed.went(nick, membership.room),
            (false, _) => {}
        }
    }

    /// Where a room's events begin for somebody.
    pub(super) fn begin(&self, room: RoomId, since: Since) -> (Seq, Reach) {
        let head = self.rooms.get(room).map_or(Seq(0), |room| room.head);
        match since {
            Since::Now => (head.next(), Reach::AsFarAsHeld),
            Since::Last(count) => {
                let count = u64::from(count.min(JOIN_LAST_MAX));
                (Seq(head.0.saturating_sub(count)).next(), Reach::AsFarAsHeld)
            }
            Since::After(seq) => (seq.min(head).next(), Reach::SayGap),
        }
    }

    /// The effect that lets a session follow a room.
    pub(super) fn enter(
        &self,
        person: PersonId,
        (to, request): (SessionId, RequestId),
        room: RoomId,
        (first, reach): (Seq, Reach),
    ) -> Option<Effect> {
        let read = self.people.get(person)?.place_in(room)?.read;
        let room = self.rooms.get(room)?;
        let (name, direct) = self.name_for(person, room);
        let joined = Joined {
            room: room.id,
            name,
            direct,
            topic: room.topic.as_str().to_owned(),
            members: room.members_count(),
            first,
            head: room.head,
            read,
            ephemeral: room.is_ephemeral,
        };
        Some(Effect::Enter { to, request, joined, reach })
    }

    /// The same for somebody who comes back: behind their cursor, or, if they come without one, behind what they have
    /// read, but not with more than a join may bring.
    pub(super) fn enter_again(
        &self,
        person: PersonId,
        to: SessionId,
        place: &Membership,
        cursor: Option<&Cursor>,
    ) -> Option<Effect> {
        let begin = match cursor {
            Some(cursor) => self.begin(place.room, Since::After(cursor.seq)),
            None => {
                let (first, reach) = self.begin(place.room, Since::Last(JOIN_LAST_MAX));
                (first.max(place.read.next()), reach)
            }
        };
        self.enter(person, (to, RequestId(0)), place.room, begin)
    }

    /// What a room is called for somebody, and whether it is a direct conversation.
    pub(super) fn name_for(&self, person: PersonId, room: &Room) -> (String, bool) {
        match &room.title {
            RoomTitle::Named(name) => (name.as_str().to_owned(), false),
            RoomTitle::Direct(..) => {
                let other = room.other(person).and_then(|other| self.people.get(other));
                (other.map_or_else(String::new, |other| other.nick.as_str().to_owned()), true)
            }
        }
    }

    /// The rooms that a member is in because of `asked_by`, without conversations that have ended.
    pub(super) fn count_rooms(&self, member: PersonId, asked_by: AskedBy) -> usize {
        let counts = |membership: &&Membership| {
            membership.asked_by == asked_by && self.rooms.get(membership.room).is_some_and(|room| !room.is_ended)
        };
        self.people.get(member).map_or(0, |member| member.rooms.iter().filter(counts).count())
    }

    pub(super) fn check_own_rooms(&self, member: PersonId) -> Result<(), Refusal> {
        let max = self.limits.rooms_per_member_max;
        match self.count_rooms(member, AskedBy::Oneself) {
            count if count >= max => Err(Refusal::new(
                Code::TooManyRooms,
                format!("you are in {count} rooms, and {max} is the most; leave one first"),
            )
            .with_limit("rooms", max as u64)),
            _ => Ok(()),
        }
    }
}

/// The place before one.
pub(super) const fn behind(seq: Seq) -> Seq {
    Seq(seq.0.saturating_sub(1))
}

pub(super) fn not_in_room() -> Refusal {
    Refusal::new(Code::NotInRoom, "you are not in that room; join it first")
}
