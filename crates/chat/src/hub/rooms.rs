//! Rooms and direct conversations: coming, going, saying, topics.

use proto::message::{Cursor, Joined, Said, Since};
use proto::{Code, MessageId, Nick, Refusal, RequestId, RoomId, RoomName, Seq, ServerMessage, Text, Topic};

use super::{Asker, Hub};
use crate::command::{Millis, SessionId};
use crate::effect::{Deed, Effect, Effects, Reach};
use crate::member::{AskedBy, MemberId, Membership};
use crate::room::{Room, Title};

impl Hub {
    pub(super) fn join(
        &mut self,
        asker: &Asker,
        name: RoomName,
        since: Since,
        announce: bool,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let held = self.rooms.find(&name, effects)?;
        let is_new = held.is_none_or(|id| !self.is_in(asker.member, id));
        if is_new {
            self.check_own_rooms(asker.member)?;
        }
        let id = match held {
            Some(id) => id,
            None => self.rooms.add(asker.now, Title::Named(name), self.limits.rooms_max, effects)?,
        };
        self.put_in(asker.member, Membership { room: id, announced: announce, asked_by: AskedBy::Oneself });
        effects.extend(self.enter(asker.member, (asker.session, asker.request), id, since));
        if is_new && announce {
            self.tell_coming(asker.now, asker.member, id, effects);
        }
        Ok(())
    }

    pub(super) fn leave(&mut self, asker: &Asker, room: RoomId, effects: &mut Effects) -> Result<(), Refusal> {
        let member = self.people.get_mut(asker.member).ok_or_else(not_in_room)?;
        let at = member.rooms.iter().position(|membership| membership.room == room).ok_or_else(not_in_room)?;
        let membership = member.rooms.remove(at);
        let nick = member.nick.clone();
        effects.push(Effect::Exit { session: asker.session, room });
        effects.push(asker.answer(ServerMessage::Done));
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
        let member = self.people.get_mut(asker.member).ok_or_else(not_in_room)?;
        if let Some((room, seq)) = member.place_of(message) {
            effects.push(asker.answer(ServerMessage::Said(Said { room, seq })));
            return Ok(());
        }
        if !member.is_in(room) {
            return Err(not_in_room());
        }
        let to = self.rooms.get_mut(room).ok_or_else(not_in_room)?;
        if let Title::Direct(one, two) = to.title {
            let other = if one == asker.member { two } else { one };
            self.call_back(other, room, effects)?;
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
        let record = to.record(asker.now, Some(member.nick.clone()), Deed::Said(text));
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
        let member = self.people.get(asker.member).filter(|member| member.is_in(room)).ok_or_else(not_in_room)?;
        let room = self.rooms.get_mut(room).ok_or_else(not_in_room)?;
        if room.topic != topic {
            room.topic = topic.clone();
            effects.push(Effect::Append(room.record(asker.now, Some(member.nick.clone()), Deed::Topic(topic))));
        }
        effects.push(asker.answer(ServerMessage::Done));
        Ok(())
    }

    pub(super) fn is_in(&self, member: MemberId, room: RoomId) -> bool {
        self.people.get(member).is_some_and(|member| member.is_in(room))
    }

    /// Puts a member into a room; false if they were in it.
    pub(super) fn put_in(&mut self, id: MemberId, membership: Membership) -> bool {
        let Some(member) = self.people.get_mut(id).filter(|member| !member.is_in(membership.room)) else {
            return false;
        };
        member.rooms.push(membership);
        self.rooms.fill(membership.room, member.nick.clone(), id);
        true
    }

    /// Takes somebody, whose membership is already gone, out of a room and tells it.
    pub(super) fn take_out(&mut self, now: Millis, nick: &Nick, membership: Membership, effects: &mut Effects) {
        self.rooms.drain(now, membership.room, nick, effects);
        if membership.announced {
            self.tell_going(now, nick, membership.room, effects);
        }
    }

    /// The effect that lets a session follow a room.
    pub(super) fn enter(
        &self,
        member: MemberId,
        (to, request): (SessionId, RequestId),
        room: RoomId,
        since: Since,
    ) -> Option<Effect> {
        let room = self.rooms.get(room)?;
        let (first, reach) = match since {
            Since::Now => (room.head.next(), Reach::AsFarAsHeld),
            Since::Last(count) => {
                let count = u64::from(count.min(proto::limits::JOIN_LAST_MAX));
                (Seq(room.head.0.saturating_sub(count) + 1), Reach::AsFarAsHeld)
            }
            Since::After(seq) => (Seq(seq.0.min(room.head.0)).next(), Reach::SayGap),
        };
        Some(Effect::Enter { to, request, joined: self.joined(member, room, first), reach })
    }

    /// The same for somebody who comes back with, or without, a cursor.
    pub(super) fn enter_again(
        &self,
        member: MemberId,
        to: SessionId,
        room: RoomId,
        cursor: Option<&Cursor>,
    ) -> Option<Effect> {
        let since = cursor.map_or(Since::Now, |cursor| Since::After(cursor.seq));
        self.enter(member, (to, RequestId(0)), room, since)
    }

    fn joined(&self, member: MemberId, room: &Room, first: Seq) -> Joined {
        let (name, direct) = match &room.title {
            Title::Named(name) => (name.as_str().to_owned(), false),
            Title::Direct(one, two) => {
                let other = if *one == member { *two } else { *one };
                (self.people.get(other).map_or_else(String::new, |other| other.nick.as_str().to_owned()), true)
            }
        };
        Joined {
            room: room.id,
            name,
            direct,
            topic: room.topic.as_str().to_owned(),
            members: room.members_count(),
            first,
            head: room.head,
            read: room.head,
            ephemeral: false,
        }
    }

    /// The rooms that a member is in because of `asked_by`, without conversations that have ended.
    pub(super) fn count_rooms(&self, member: MemberId, asked_by: AskedBy) -> usize {
        let counts = |membership: &&Membership| {
            membership.asked_by == asked_by && self.rooms.get(membership.room).is_some_and(|room| !room.is_ended)
        };
        self.people.get(member).map_or(0, |member| member.rooms.iter().filter(counts).count())
    }

    pub(super) fn check_own_rooms(&self, member: MemberId) -> Result<(), Refusal> {
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

fn not_in_room() -> Refusal {
    Refusal::new(Code::NotInRoom, "you are not in that room; join it first")
}
