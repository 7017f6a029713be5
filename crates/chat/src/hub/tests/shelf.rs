//! The plainest store there could be, for the tests: what the hub asks to keep, in maps, and back again.

use std::collections::BTreeMap;

use super::*;
use crate::change::{MembershipState, PersonId, PersonState, Restored, RoomState, SentState};
use crate::limits::RESENDS_KNOWN;

#[derive(Debug, Clone, Default)]
pub(super) struct Shelf {
    pub(super) rooms: BTreeMap<RoomId, RoomState>,
    pub(super) logs: BTreeMap<RoomId, Vec<Record>>,
    pub(super) people: BTreeMap<PersonId, PersonState>,
    pub(super) places: BTreeMap<(PersonId, RoomId), MembershipState>,
    pub(super) sent: BTreeMap<PersonId, Vec<SentState>>,
    last_room: u32,
    last_person: u64,
}

impl Shelf {
    /// Keeps what these effects say; the records of rooms that are not here are not for it.
    pub(super) fn keep(&mut self, effects: &Effects) {
        for effect in effects {
            match effect {
                Effect::Keep(change) => self.change(change),
                Effect::Append(record) if self.rooms.contains_key(&record.room) => self.append(record),
                _ => {}
            }
        }
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::Room(room) => {
                assert!(!room.ephemeral, "{room:?}");
                self.last_room = self.last_room.max(room.id.0);
                self.rooms.insert(room.id, room.clone());
            }
            Change::RoomGone(id) => {
                self.last_room = self.last_room.max(id.0);
                self.rooms.remove(id);
                self.logs.remove(id);
                self.places.retain(|(_, room), _| room != id);
            }
            Change::Person(person) => {
                self.last_person = self.last_person.max(person.id.0);
                self.people.insert(person.id, person.clone());
            }
            Change::PersonGone(id) => {
                self.people.remove(id);
                self.sent.remove(id);
                self.places.retain(|(person, _), _| person != id);
            }
            Change::Membership(place) => {
                assert!(self.people.contains_key(&place.person), "{place:?}");
                assert!(self.rooms.contains_key(&place.room), "{place:?}");
                self.places.insert((place.person, place.room), *place);
            }
            Change::MembershipGone(person, room) => {
                self.places.remove(&(*person, *room));
            }
        }
    }

    fn append(&mut self, record: &Record) {
        let log = self.logs.entry(record.room).or_default();
        assert_eq!(record.seq.0, log.len() as u64 + 1, "{record:?}");
        log.push(record.clone());
        if let Some((person, message)) = record.sent {
            let sent = self.sent.entry(person).or_default();
            sent.push(SentState { person, message, room: record.room, seq: record.seq });
            if sent.len() > RESENDS_KNOWN {
                sent.remove(0);
            }
        }
    }

    pub(super) fn head(&self, room: RoomId) -> Seq {
        Seq(self.logs.get(&room).map_or(0, |log| log.len() as u64))
    }

    pub(super) fn restored(&self) -> Restored {
        let has_content = |record: &Record| !matches!(record.deed, Deed::Joined | Deed::Left | Deed::Crowd { .. });
        let said = |id: &RoomId| self.logs.get(id).is_some_and(|log| log.iter().any(has_content));
        Restored {
            rooms: self.rooms.values().map(|room| (room.clone(), self.head(room.id), said(&room.id))).collect(),
            people: self.people.values().cloned().collect(),
            memberships: self.places.values().copied().collect(),
            sent: self.sent.values().flatten().copied().collect(),
            last_room: self.last_room,
            last_person: self.last_person,
        }
    }

    /// Whether a hub knows what is here, and nothing else that is to be kept.
    pub(super) fn check(&self, hub: &Hub) {
        for id in (0..=self.last_room + 1).map(RoomId) {
            let room = hub.rooms.get(id).filter(|room| !room.is_ephemeral);
            assert_eq!(room.map(crate::room::Room::state).as_ref(), self.rooms.get(&id));
            assert_eq!(room.map_or(Seq(0), |room| room.head), self.head(id), "{id}");
        }
        for id in (0..=self.last_person + 1).map(PersonId) {
            let member = hub.people.get(id);
            assert_eq!(member.map(|member| member.state(id)).as_ref(), self.people.get(&id));
            let places = member.map_or(&[][..], |member| &member.rooms);
            let is_kept = |room| hub.is_stored(room);
            let mut places: Vec<_> = places.iter().filter(|place| is_kept(place.room)).map(|it| it.state(id)).collect();
            places.sort_by_key(|place| place.room);
            let kept: Vec<_> = self.places.values().filter(|place| place.person == id).copied().collect();
            assert_eq!(places, kept);
            for sent in self.sent.get(&id).into_iter().flatten() {
                assert_eq!(member.unwrap().place_of(sent.message), Some((sent.room, sent.seq)), "{sent:?}");
            }
        }
    }
}
