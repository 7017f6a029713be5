//! The rooms there are, and the ways to find one: by number, by name, by look, by the two who talk.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proto::name::LookAlikeKey;
use proto::{Code, Nick, Refusal, RoomId, RoomName};

use crate::change::{PersonId, RoomTitle};
use crate::command::Millis;
use crate::room::Room;

/// The rooms, and the ways to find one.
///
/// Invariant: `empty` has exactly the rooms that may make way for another, with their [`Room::empty_since`].
#[derive(Debug, Default)]
pub(super) struct Rooms {
    rooms: HashMap<RoomId, Room>,
    by_key: HashMap<LookAlikeKey, RoomId>,
    pub(super) by_name: BTreeMap<RoomName, RoomId>,
    /// Each direct conversation that has not ended twice, under either person first.
    directs: BTreeSet<(PersonId, PersonId, RoomId)>,
    empty: BTreeSet<(Millis, RoomId)>,
    /// Rooms that were forgotten and whose owner was not told yet, and whether they were stored.
    forgotten: Vec<(RoomId, bool)>,
    last_id: u32,
    /// Whether rooms outlive the server.
    is_durable: bool,
}

impl Rooms {
    /// No room yet; none will have a number up to `last_id`.
    pub(super) fn new(is_durable: bool, last_id: u32) -> Self {
        Self { is_durable, last_id, ..Self::default() }
    }

    pub(super) fn get(&self, id: RoomId) -> Option<&Room> {
        self.rooms.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: RoomId) -> Option<&mut Room> {
        self.rooms.get_mut(&id)
    }

    #[cfg(test)]
    pub(super) fn all(&self) -> impl Iterator<Item = &Room> {
        self.rooms.values()
    }

    pub(super) fn count(&self) -> usize {
        self.rooms.len()
    }

    /// The room of exactly this name.
    pub(super) fn named(&self, name: &RoomName) -> Option<&Room> {
        self.by_name.get(name).and_then(|id| self.get(*id))
    }

    /// The room of this name, for somebody who would join it. Refused if there is one that looks like it and does not
    /// make way.
    pub(super) fn find(&mut self, name: &RoomName) -> Result<Option<RoomId>, Refusal> {
        if let Some(&id) = self.by_name.get(name) {
            return Ok(Some(id));
        }
        let Some(room) = self.by_key.get(&name.look_alike_key()).and_then(|id| self.get(*id)) else { return Ok(None) };
        match (&room.title, room.empty_since) {
            (_, Some(_)) => {
                self.forget(room.id);
                Ok(None)
            }
            (RoomTitle::Named(held), None) => Err(Refusal::new(
                Code::LooksLikeRoom,
                format!("{name} looks like the room {held}; join that, or choose another name"),
            )
            .with_offer(held.as_str())),
            (RoomTitle::Direct(..), None) => Ok(None),
        }
    }

    /// A new, empty room; the one that has been empty longest makes place for it where there are `max`.
    pub(super) fn add(&mut self, now: Millis, title: RoomTitle, max: usize) -> Result<RoomId, Refusal> {
        let full = || {
            let words = format!("the server has {max} rooms in use, and no more fit; try later or join another");
            Refusal::new(Code::ServerRoomsFull, words).with_limit("rooms", max as u64)
        };
        if self.rooms.len() >= max {
            let &(_, oldest) = self.empty.first().ok_or_else(full)?;
            self.forget(oldest);
        }
        // Never another room's number, so a server that has given them all out makes no more rooms.
        let id = RoomId(self.last_id.checked_add(1).ok_or_else(full)?);
        self.put(Room::new(id, title));
        self.settle(now, id);
        Ok(id)
    }

    /// Puts in a room. Whether it may make way is for [`Self::settle`] to see.
    pub(super) fn put(&mut self, room: Room) {
        let id = room.id;
        self.last_id = self.last_id.max(id.0);
        match &room.title {
            RoomTitle::Named(name) => {
                // A look-alike can only come from a store that was written when its table had them apart.
                self.by_key.entry(name.look_alike_key()).or_insert(id);
                self.by_name.insert(name.clone(), id);
            }
            RoomTitle::Direct(one, two) if !room.is_ended => {
                self.directs.extend([(*one, *two, id), (*two, *one, id)]);
            }
            RoomTitle::Direct(..) => {}
        }
        self.rooms.insert(id, room);
    }

    pub(super) fn forget(&mut self, id: RoomId) {
        let Some(room) = self.rooms.remove(&id) else { return };
        if let Some(since) = room.empty_since {
            self.empty.remove(&(since, id));
        }
        match room.title {
            RoomTitle::Named(name) => {
                let key = name.look_alike_key();
                if self.by_key.get(&key) == Some(&id) {
                    self.by_key.remove(&key);
                }
                self.by_name.remove(&name);
            }
            RoomTitle::Direct(one, two) => self.unlist_direct(one, two, id),
        }
        self.forgotten.push((id, !room.is_ephemeral));
    }

    /// The rooms that were forgotten since this was last asked, each with whether it was stored.
    pub(super) fn take_forgotten(&mut self) -> Vec<(RoomId, bool)> {
        std::mem::take(&mut self.forgotten)
    }

    pub(super) const fn has_forgotten(&self) -> bool {
        !self.forgotten.is_empty()
    }

    /// Puts somebody into a room's list.
    pub(super) fn fill(&mut self, now: Millis, id: RoomId, nick: Nick, person: PersonId) {
        if let Some(room) = self.rooms.get_mut(&id) {
            room.members.insert(nick, person);
            self.settle(now, id);
        }
    }

    /// Takes somebody out of a room's list.
    pub(super) fn drain(&mut self, now: Millis, id: RoomId, nick: &Nick) {
        if let Some(room) = self.rooms.get_mut(&id) {
            room.members.remove(nick);
            self.settle(now, id);
        }
    }

    /// Counts a place of somebody who is away.
    pub(super) fn keep_place(&mut self, now: Millis, id: RoomId) {
        if let Some(room) = self.rooms.get_mut(&id) {
            room.kept += 1;
            self.settle(now, id);
        }
    }

    /// No longer counts a place of somebody who was away.
    pub(super) fn free_place(&mut self, now: Millis, id: RoomId) {
        if let Some(room) = self.rooms.get_mut(&id) {
            room.kept = room.kept.saturating_sub(1);
            self.settle(now, id);
        }
    }

    /// Sees whether a room may make way now, or no longer; a deserted conversation that has ended is forgotten.
    pub(super) fn settle(&mut self, now: Millis, id: RoomId) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let is_deserted = room.is_deserted();
        let may_go = is_deserted && !room.is_worth_keeping(self.is_durable);
        match (may_go, room.empty_since) {
            (true, None) => {
                room.empty_since = Some(now);
                self.empty.insert((now, id));
            }
            (false, Some(since)) => {
                room.empty_since = None;
                self.empty.remove(&(since, id));
            }
            (true, Some(_)) | (false, None) => {}
        }
        if is_deserted && self.get(id).is_some_and(|room| room.is_ended) {
            self.forget(id);
        }
    }

    pub(super) fn settle_all(&mut self, now: Millis) {
        let all: Vec<RoomId> = self.rooms.keys().copied().collect();
        all.into_iter().for_each(|id| self.settle(now, id));
    }

    /// The direct conversation of two people.
    pub(super) fn direct(&self, one: PersonId, two: PersonId) -> Option<RoomId> {
        self.directs
            .range((one, two, RoomId(0))..)
            .next()
            .filter(|entry| (entry.0, entry.1) == (one, two))
            .map(|entry| entry.2)
    }

    fn unlist_direct(&mut self, one: PersonId, two: PersonId, id: RoomId) {
        self.directs.remove(&(one, two, id));
        self.directs.remove(&(two, one, id));
    }

    /// Takes every direct conversation of `person` out of the lists, and forgets those that nobody has a place in. The
    /// others, with whose they still are.
    pub(super) fn unlist_directs_of(&mut self, person: PersonId) -> Vec<(PersonId, RoomId)> {
        let mut left = Vec::new();
        let from = (person, PersonId(0), RoomId(0));
        while let Some(&(_, other, id)) = self.directs.range(from..).next().filter(|entry| entry.0 == person) {
            self.unlist_direct(person, other, id);
            match self.get(id).is_some_and(Room::is_deserted) {
                true => self.forget(id),
                false => left.push((other, id)),
            }
        }
        left
    }
}
