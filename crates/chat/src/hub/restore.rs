//! Going on after a restart, with what the store had.
//!
//! What does not fit together is put right or left out, never a reason to fail: a row is worth less than the server.
//! Rows that can mean nothing to anybody any more are taken away; a room that somebody can still come into never is.

use proto::limits::DEFAULT_ROOM;
use proto::{Nick, RoomId, RoomName, Seq};

use super::Hub;
use super::directory::Rooms;
use super::people::People;
use crate::change::{Change, MembershipState, PersonState, Restored, RoomState, RoomTitle, SentState};
use crate::command::Millis;
use crate::effect::Effect;
use crate::limits::HubLimits;
use crate::member::{AskedBy, Member, Membership, Presence};
use crate::room::Room;

/// Numbers that are tried behind a nick that two people have.
const OTHER_NICKS: std::ops::Range<u32> = 2..1000;

impl Hub {
    /// A hub that goes on from what a store had. Whoever was not away is held, as if their connection had broken `now`.
    pub fn restore(limits: HubLimits, now: Millis, restored: Restored) -> Self {
        let people = People::new(restored.last_person);
        let mut hub = Self::with(limits, people, Rooms::new(limits.is_durable, restored.last_room));
        let held_until = now.plus(limits.grace_ms);
        for person in restored.people {
            hub.restore_person(held_until, person);
        }
        hub.restored = (held_until, hub.people.held_count());
        for (room, head, has_content) in restored.rooms {
            hub.restore_room(room, head, has_content);
        }
        hub.have_default_room(now);
        for place in restored.memberships {
            hub.restore_place(now, place);
        }
        for sent in restored.sent {
            hub.restore_sent(sent);
        }
        hub.rooms.settle_all(now);
        hub
    }

    /// Rows of the store that were left alone, as two of them had the same number or name. Worth a line in a log.
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    fn restore_person(&mut self, held_until: Millis, mut person: PersonState) {
        if self.people.get(person.id).is_some() {
            self.left_out += 1;
            return;
        }
        // Whoever else has this token would be let in as them.
        let has_token = self.people.by_token(person.token).is_some();
        let is_free = |nick: &Nick| self.people.is_free(nick);
        let others = || OTHER_NICKS.map(|suffix| person.nick.with_suffix(suffix)).find(is_free);
        let nick = if is_free(&person.nick) { Some(person.nick.clone()) } else { others() };
        let Some(nick) = nick.filter(|_| !has_token) else {
            return self.touched.stray(Effect::Keep(Change::PersonGone(person.id)));
        };
        if nick != person.nick {
            self.touched.person(person.id);
            person.nick = nick;
        }
        let presence = person.away_since.map_or(Presence::HeldUntil(held_until), Presence::Away);
        self.people.put(person.id, Member::new(person.nick, person.token, presence, person.keeps));
    }

    fn restore_room(&mut self, state: RoomState, head: Seq, has_content: bool) {
        let is_there = match &state.title {
            RoomTitle::Named(name) => self.rooms.named(name).is_some(),
            RoomTitle::Direct(one, two) => !state.ended && self.rooms.direct(*one, *two).is_some(),
        };
        if self.rooms.get(state.id).is_some() || is_there {
            self.left_out += 1;
            return;
        }
        let (is_ended, is_anybodys) = match state.title {
            RoomTitle::Named(_) => (false, true),
            RoomTitle::Direct(one, two) => {
                let known = [one, two].map(|id| self.people.get(id).is_some());
                (state.ended || known.contains(&false), known.contains(&true) && one != two)
            }
        };
        if !is_anybodys {
            return self.drop_room(state.id);
        }
        if is_ended != state.ended {
            self.touched.room(state.id);
        }
        let is_lasting = matches!(&state.title, RoomTitle::Named(name) if name.as_str() == DEFAULT_ROOM);
        let room =
            Room { topic: state.topic, head, is_lasting, is_ended, has_content, ..Room::new(state.id, state.title) };
        self.rooms.put(room);
    }

    fn drop_room(&mut self, id: RoomId) {
        self.touched.stray(Effect::Keep(Change::RoomGone(id)));
        self.touched.stray(Effect::Forget(id));
    }

    /// The default room is there, and stays.
    fn have_default_room(&mut self, now: Millis) {
        let Ok(name) = DEFAULT_ROOM.parse::<RoomName>() else { return };
        if self.rooms.named(&name).is_some() {
            return;
        }
        let Ok(id) = self.rooms.add(now, RoomTitle::Named(name), usize::MAX) else { return };
        self.touched.room(id);
        if let Some(room) = self.rooms.get_mut(id) {
            room.is_lasting = true;
        }
    }

    fn restore_place(&mut self, now: Millis, place: MembershipState) {
        let room = self.rooms.get(place.room);
        let is_theirs = room.is_some_and(|room| match room.title {
            RoomTitle::Named(_) => true,
            RoomTitle::Direct(one, two) => [one, two].contains(&place.person),
        });
        let (Some(room), Some(member), true) = (room, self.people.get(place.person), is_theirs) else {
            return self.touched.stray(Effect::Keep(Change::MembershipGone(place.person, place.room)));
        };
        let asked_by = if place.by_oneself { AskedBy::Oneself } else { AskedBy::Another };
        let mut membership = Membership::new(place.room, asked_by, place.announced, place.read.min(room.head));
        if membership.read != place.read {
            self.touched.place(place.person, place.room);
        }
        membership.is_told = place.announced && !member.is_away();
        self.give_place(now, place.person, membership);
    }

    fn restore_sent(&mut self, sent: SentState) {
        if let Some(member) = self.people.get_mut(sent.person) {
            member.remember(sent.message, sent.room, sent.seq);
        }
    }
}
