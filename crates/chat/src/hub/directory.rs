//! The rooms there are, and the ways to find one: by number, by name, by look, by the two who talk.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proto::limits::DEFAULT_ROOM;
use proto::name::LookAlikeKey;
use proto::{Code, Nick, Refusal, RoomId, RoomName};

use crate::command::Millis;
use crate::effect::{Effect, Effects};
use crate::member::MemberId;
use crate::room::{Room, Title};

/// The rooms, and the ways to find one.
///
/// Invariant: `empty` has exactly the rooms without members that may be forgotten, with their [`Room::empty_since`].
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

    /// The rooms as a server begins: the default room is there, and stays.
    pub(super) fn with_default_room() -> Self {
        let mut rooms = Self::default();
        if let Ok(name) = DEFAULT_ROOM.parse::<RoomName>() {
            let id = RoomId(1);
            rooms.last_id = id.0;
            rooms.list(id, &Title::Named(name.clone()));
            rooms.rooms.insert(id, Room { is_lasting: true, ..Room::new(Millis::default(), id, Title::Named(name)) });
        }
        rooms
    }

    /// The room of exactly this name.
    pub(super) fn named(&self, name: &RoomName) -> Option<&Room> {
        self.by_name.get(name).and_then(|id| self.get(*id))
    }

    /// The room of this name, for somebody who would join it. Refused if there is one that looks like it and is in
    /// use; one that nobody is in makes way.
    pub(super) fn find(&mut self, name: &RoomName, effects: &mut Effects) -> Result<Option<RoomId>, Refusal> {
        let Some(&id) = self.by_key.get(&name.look_alike_key()) else { return Ok(None) };
        let Some(room) = self.get(id) else { return Ok(None) };
        match &room.title {
            Title::Named(held) if held == name => Ok(Some(id)),
            _ if room.members.is_empty() && !room.is_lasting => {
                self.forget(id, effects);
                Ok(None)
            }
            Title::Named(held) => Err(Refusal::new(
                Code::LooksLikeRoom,
                format!("{name} looks like the room {held}; join that, or choose another name"),
            )
            .with_offer(held.as_str())),
            Title::Direct(..) => Ok(None),
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
        let full = || {
            let words = format!("the server has {max} rooms in use, and no more fit; try later or join another");
            Refusal::new(Code::ServerRoomsFull, words).with_limit("rooms", max as u64)
        };
        if self.rooms.len() >= max {
            let &(_, oldest) = self.empty.first().ok_or_else(full)?;
            self.forget(oldest, effects);
        }
        // Never another room's number, so a server that has given them all out makes no more rooms.
        self.last_id = self.last_id.checked_add(1).ok_or_else(full)?;
        let id = RoomId(self.last_id);
        self.list(id, &title);
        self.rooms.insert(id, Room::new(now, id, title));
        self.empty.insert((now, id));
        Ok(id)
    }

    fn list(&mut self, id: RoomId, title: &Title) {
        match title {
            Title::Named(name) => {
                self.by_key.insert(name.look_alike_key(), id);
                self.by_name.insert(name.clone(), id);
            }
            Title::Direct(one, two) => {
                self.directs.extend([(*one, *two, id), (*two, *one, id)]);
            }
        }
    }

    pub(super) fn forget(&mut self, id: RoomId, effects: &mut Effects) {
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

    /// Takes a member out. A room that is empty then can make way for another; an ended conversation is forgotten.
    pub(super) fn drain(&mut self, now: Millis, id: RoomId, nick: &Nick, effects: &mut Effects) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        if room.members.remove(nick).is_none() || !room.members.is_empty() || room.is_lasting {
            return;
        }
        room.empty_since = now;
        let is_ended = room.is_ended;
        self.empty.insert((now, id));
        if is_ended {
            self.forget(id, effects);
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

    /// Takes every direct conversation of `member` out of the lists, and forgets those that nobody is in. The others,
    /// with who is in them.
    pub(super) fn unlist_directs_of(&mut self, member: MemberId, effects: &mut Effects) -> Vec<(MemberId, RoomId)> {
        let mut left = Vec::new();
        let from = (member, MemberId(0), RoomId(0));
        while let Some(&(_, other, id)) = self.directs.range(from..).next().filter(|entry| entry.0 == member) {
            self.unlist_direct(member, other, id);
            match self.get(id).is_some_and(|room| room.members.is_empty()) {
                true => self.forget(id, effects),
                false => left.push((other, id)),
            }
        }
        left
    }
}
