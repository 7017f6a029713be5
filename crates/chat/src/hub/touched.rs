//! What of the state has changed and the store has not been told: it is told at the end of the same call, or, where
//! nothing can be written, with the first call after that.
//!
//! What is noted is who and what changed, not how. So a change costs nothing twice, and what waits is bounded by the
//! people and rooms there are.

use std::collections::BTreeSet;

use proto::RoomId;

use super::Hub;
use crate::change::{Change, PersonId};
use crate::effect::{Effect, Effects};

/// Who and what has changed.
#[derive(Debug, Default)]
pub(super) struct Touched {
    people: BTreeSet<PersonId>,
    rooms: BTreeSet<RoomId>,
    places: BTreeSet<(PersonId, RoomId)>,
    /// People of whom the store knows nothing yet. Invariant: they are in `people`.
    unstored: BTreeSet<PersonId>,
    /// What is to happen once, whatever becomes of whom it is about.
    strays: Effects,
}

impl Touched {
    pub(super) fn new_person(&mut self, id: PersonId) {
        self.people.insert(id);
        self.unstored.insert(id);
    }

    pub(super) fn person(&mut self, id: PersonId) {
        self.people.insert(id);
    }

    /// Their places in rooms are gone with them, and so need not be told.
    pub(super) fn person_gone(&mut self, id: PersonId) {
        while let Some(&place) = self.places.range((id, RoomId(0))..).next().filter(|place| place.0 == id) {
            self.places.remove(&place);
        }
        match self.unstored.remove(&id) {
            true => self.people.remove(&id),
            false => self.people.insert(id),
        };
    }

    pub(super) fn is_unstored(&self, id: PersonId) -> bool {
        self.unstored.contains(&id)
    }

    pub(super) fn room(&mut self, id: RoomId) {
        self.rooms.insert(id);
    }

    pub(super) fn place(&mut self, person: PersonId, room: RoomId) {
        self.places.insert((person, room));
    }

    pub(super) fn stray(&mut self, effect: Effect) {
        self.strays.push(effect);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.people.is_empty() && self.rooms.is_empty() && self.places.is_empty() && self.strays.is_empty()
    }
}

impl Hub {
    /// Puts out what has changed, in front of what the call appended from `begin` on: so a room is there before its
    /// first record. Rooms that are gone are told behind it.
    pub(super) fn put_out_changes(&mut self, begin: usize, effects: &mut Effects) {
        if self.read_only.is_some() || !self.has_changes() {
            return;
        }
        let forgotten = self.rooms.take_forgotten();
        let touched = std::mem::take(&mut self.touched);
        let gone_rooms = forgotten.iter().filter(|(_, is_stored)| *is_stored).map(|(id, _)| Change::RoomGone(*id));
        let rooms = touched.rooms.iter().filter_map(|id| self.room_change(*id));
        let people = touched.people.iter().map(|id| self.person_change(*id));
        let places = touched.places.iter().filter_map(|(person, room)| self.place_change(*person, *room));
        // Who and what is gone makes place for others first.
        let (gone_people, people): (Vec<_>, Vec<_>) =
            people.partition(|change| matches!(change, Change::PersonGone(_)));
        let changes = gone_rooms.chain(gone_people).chain(people).chain(rooms).chain(places).map(Effect::Keep);
        let first: Effects = touched.strays.into_iter().chain(changes).collect();
        effects.splice(begin..begin, first);
        effects.extend(forgotten.into_iter().map(|(id, _)| Effect::Forget(id)));
    }

    pub(super) fn has_changes(&self) -> bool {
        !self.touched.is_empty() || self.rooms.has_forgotten()
    }

    fn person_change(&self, id: PersonId) -> Change {
        self.people.get(id).map_or(Change::PersonGone(id), |member| Change::Person(member.state(id)))
    }

    fn room_change(&self, id: RoomId) -> Option<Change> {
        self.rooms.get(id).filter(|room| !room.is_ephemeral).map(|room| Change::Room(room.state()))
    }

    fn place_change(&self, person: PersonId, room: RoomId) -> Option<Change> {
        let member = self.people.get(person)?;
        self.rooms.get(room).filter(|room| !room.is_ephemeral)?;
        Some(match member.place_in(room) {
            Some(place) => Change::Membership(place.state(person)),
            None => Change::MembershipGone(person, room),
        })
    }
}
