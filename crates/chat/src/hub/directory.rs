//! The rooms there are, and the ways to find one: by number, by name, by look, by the two who talk.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proto::name::LookAlikeKey;
use proto::{Code, Nick, Refusal, RoomId, RoomName};

use crate::command::Millis;
use crate::effect::{Effect, Effects};
use crate::member::MemberId;
use crate::room::{Room, Title};

/// The rooms, and the ways to find one.
///
/// Invariant: `empty` has exactly the rooms without members, with their [`Room::empty_since`].
#[derive(Debug, Default)]
pub(super) struct Rooms {
    rooms: HashMap<RoomId, Room>,
    by_key: HashMap<LookAlikeKey, RoomId>,
    pub(super) by_name: BTreeMap<RoomName, RoomId>,
    /// Each direct conversation twice, under either member first.
    directs: BTreeSet<(MemberId, MemberId, RoomId)>,
    empty: BTreeSet<(Millis, RoomId)>,
    last_id: u32,
}

impl Rooms {
    pub(super) fn get(&self, id: RoomId) -> Option<&Room> {
        self.rooms.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: RoomId) -> Option<&mut Room> {
        self.rooms.get_mut(&id)
    }

    pub(super) fn count(&self) -> usize {
        self.rooms.len()
    }

    /// The room of this name; refused if only one that looks like it is there.
    pub(super) fn find(&self, name: &RoomName) -> Result<Option<RoomId>, Refusal> {
        let Some(&id) = self.by_key.get(&name.look_alike_key()) else { return Ok(None) };
        match self.get(id).map(|room| &room.title) {
            Some(Title::Named(held)) if held != name => Err(Refusal::new(
                Code::LooksLikeRoom,
                format!("{name} looks like the room {held}; join that, or choose another name"),
            )
            .with_offer(held.as_str())),
            _ => Ok(Some(id)),
        }
    }

    /// A new, empty room; the one that has been empty longest makes place for it where there are `max`.
    pub(super) fn add(
        &mut self,
        now: Millis,
        title: Title,
        max: usize,
        effects: &mut Effects,
    ) -> Result<RoomId, Refusal> {
        if self.rooms.len() >= max {
            let Some(&(_, oldest)) = self.empty.first() else {
                return Err(Refusal::new(
                    Code::ServerRoomsFull,
                    format!("the server has {max} rooms in use, and no more fit; try later or join another"),
                )
                .with_limit("rooms", max as u64));
            };
            self.forget(oldest, effects);
        }
        self.last_id += 1;
        let id = RoomId(self.last_id);
        match &title {
            Title::Named(name) => {
                self.by_key.insert(name.look_alike_key(), id);
                self.by_name.insert(name.clone(), id);
            }
            Title::Direct(one, two) => {
                self.directs.extend([(*one, *two, id), (*two, *one, id)]);
            }
        }
        self.rooms.insert(id, Room::new(now, id, title));
        self.empty.insert((now, id));
        Ok(id)
    }

    fn forget(&mut self, id: RoomId, effects: &mut Effects) {
        let Some(room) = self.rooms.remove(&id) else { return };
        self.empty.remove(&(room.empty_since, id));
        match room.title {
            Title::Named(name) => {
                self.by_key.remove(&name.look_alike_key());
                self.by_name.remove(&name);
            }
            Title::Direct(one, two) => self.unlist_direct(one, two, id),
        }
        effects.push(Effect::Forget(id));
    }

    pub(super) fn fill(&mut self, id: RoomId, nick: Nick, member: MemberId) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        if room.members.is_empty() {
            self.empty.remove(&(room.empty_since, id));
        }
        room.members.insert(nick, member);
    }

    pub(super) fn drain(&mut self, now: Millis, id: RoomId, nick: &Nick) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        if room.members.remove(nick).is_some() && room.members.is_empty() {
            room.empty_since = now;
            self.empty.insert((now, id));
        }
    }

    /// The direct conversation of two members.
    pub(super) fn direct(&self, one: MemberId, two: MemberId) -> Option<RoomId> {
        self.directs
            .range((one, two, RoomId(0))..)
            .next()
            .filter(|entry| (entry.0, entry.1) == (one, two))
            .map(|entry| entry.2)
    }

    fn unlist_direct(&mut self, one: MemberId, two: MemberId, id: RoomId) {
        self.directs.remove(&(one, two, id));
        self.directs.remove(&(two, one, id));
    }

    /// One side of a direct conversation is gone for good: nobody may find it under their nick again. Whoever is
    /// still in it can read on.
    pub(super) fn end_directs_of(&mut self, member: MemberId, effects: &mut Effects) {
        let from = (member, MemberId(0), RoomId(0));
        while let Some(&(_, other, id)) = self.directs.range(from..).next().filter(|entry| entry.0 == member) {
            self.unlist_direct(member, other, id);
            if self.get(id).is_some_and(|room| room.members.is_empty()) {
                self.forget(id, effects);
            }
        }
    }
}
