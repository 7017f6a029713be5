//! The rooms the client is in, and how far it has read in each.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use proto::limits::CURSORS_MAX;
use proto::message::{Behind, Cursor, Join, Joined, Missed, OpenDirect, Since};
use proto::{ClientMessage, RoomEvent, RoomId, Seq, What};

use crate::error::Fault;
use crate::event::{Entered, Event, Heard, How, RoomKey, RoomRef};
use crate::files::ask::RoomStand;

/// The rooms the client is in.
///
/// Invariant: `by_id` has exactly the rooms that the present token has been let into.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    rooms: BTreeMap<RoomKey, Room>,
    by_id: HashMap<RoomId, RoomKey>,
    /// Rooms this connection has not been let into, but was told of: it can be read there, and nothing else.
    told: HashMap<RoomId, RoomRef>,
    last_key: u32,
    /// How often the rooms, their names or their readiness have changed.
    changes: u64,
}

/// A room and the cursor in its log.
#[derive(Debug)]
pub(super) struct Room {
    room: RoomRef,
    id: RoomId,
    /// The event that is due.
    next: Seq,
    /// Events up to this one happened before we came.
    history_to: Seq,
    /// Whether this connection has been let into it, so that it can be spoken in.
    ready: bool,
    announce: bool,
    ephemeral: bool,
}

impl Rooms {
    pub(super) fn get(&self, key: RoomKey) -> Option<&Room> {
        self.rooms.get(&key)
    }

    pub(super) fn room_ref(&self, key: RoomKey) -> Option<RoomRef> {
        self.get(key).map(|room| room.room.clone())
    }

    pub(super) const fn changes(&self) -> u64 {
        self.changes
    }

    pub(super) fn stands(&self) -> BTreeMap<RoomKey, RoomStand> {
        let stand = |(key, room): (&RoomKey, &Room)| {
            let RoomRef { name, direct, .. } = room.room.clone();
            (*key, RoomStand { id: room.id, name, direct, ready: room.ready })
        };
        self.rooms.iter().map(stand).collect()
    }

    /// The server's number for a room that can be spoken in now.
    pub(super) fn id(&self, key: RoomKey) -> Option<RoomId> {
        self.get(key).filter(|room| room.ready).map(|room| room.id)
    }

    /// The server's number for a room that can be read in now.
    pub(super) fn id_to_read(&self, key: RoomKey) -> Option<RoomId> {
        let told = || self.told.iter().find(|(_, room)| room.key == key).map(|(id, _)| *id);
        self.id(key).or_else(told)
    }

    /// Takes note of a room that the server says we have a place in.
    pub(super) fn told(&mut self, id: RoomId, name: String, direct: bool) -> RoomRef {
        if let Some(room) = self.by_id.get(&id).and_then(|key| self.rooms.get(key)) {
            return room.room.clone();
        }
        let known = self.told.get(&id).map(|room| room.key);
        let key = known.unwrap_or_else(|| self.next_key());
        let room = RoomRef { key, name: name.into(), direct };
        self.told.insert(id, room.clone());
        room
    }

    /// A room by the server's number; one that nobody has told us the name of is called by it.
    pub(super) fn ref_of(&mut self, id: RoomId) -> RoomRef {
        match self.told.get(&id) {
            Some(room) => room.clone(),
            None => self.told(id, format!("room {id}"), false),
        }
    }

    fn next_key(&mut self) -> RoomKey {
        self.last_key += 1;
        RoomKey(self.last_key)
    }

    /// How far the client has read, for a resume.
    pub(super) fn cursors(&self) -> Vec<Cursor> {
        let read_to = |(id, key): (&RoomId, &RoomKey)| {
            let next = self.rooms.get(key)?.next;
            Some(Cursor { room: *id, seq: Seq(next.0.saturating_sub(1)) })
        };
        self.by_id.iter().filter_map(read_to).take(CURSORS_MAX).collect()
    }

    /// The connection broke. The server's numbers stay: a resume goes on with them.
    pub(super) fn wait(&mut self) {
        self.changes += 1;
        self.rooms.values_mut().for_each(|room| room.ready = false);
    }

    /// The server took up the broken connection: these rooms it still knows us in, and we can speak there at once.
    pub(super) fn resume(&mut self) -> Vec<RoomKey> {
        self.changes += 1;
        let keys: Vec<_> = self.by_id.values().copied().collect();
        for key in &keys {
            if let Some(room) = self.rooms.get_mut(key) {
                room.ready = true;
            }
        }
        keys
    }

    /// The server has forgotten us: its numbers mean nothing any more.
    pub(super) fn forgotten(&mut self) {
        self.by_id.clear();
        self.told.clear();
    }

    /// How to come again into each room that this token has not been let into.
    pub(super) fn to_enter_again(&self) -> Vec<(RoomKey, ClientMessage)> {
        let again = |(key, room): (&RoomKey, &Room)| {
            let name = room.room.name.to_string();
            let message = match room.room.direct {
                true => ClientMessage::OpenDirect(OpenDirect { nick: name, since: Since::Now }),
                false => ClientMessage::Join(Join {
                    room: name,
                    since: Since::Now,
                    announce: room.announce,
                    ephemeral: room.ephemeral,
                }),
            };
            (*key, message)
        };
        self.rooms.iter().filter(|(key, _)| !self.by_id.values().any(|held| held == *key)).map(again).collect()
    }

    pub(super) fn remove(&mut self, key: RoomKey) -> Option<RoomRef> {
        self.changes += 1;
        let room = self.rooms.remove(&key)?;
        self.by_id.retain(|_, held| *held != key);
        Some(room.room)
    }

    /// The key under which `id` is known.
    pub(super) fn key_of(&self, id: RoomId) -> Option<RoomKey> {
        self.by_id.get(&id).copied()
    }

    /// Takes note of a room that the server has let us into, under `key` if we were in it before.
    pub(super) fn enter(&mut self, key: Option<RoomKey>, joined: Joined, how: How, announce: bool) -> Entered {
        self.changes += 1;
        let how = match how {
            How::Rejoined { .. } => How::Rejoined { may_have_missed: self.may_have_missed(key, &joined) },
            how => how,
        };
        let told = self.told.remove(&joined.room).map(|room| room.key);
        let key = key.or(told).unwrap_or_else(|| self.next_key());
        let room = RoomRef { key, name: joined.name.as_str().into(), direct: joined.direct };
        let history_to = match how {
            How::Resumed => self.rooms.get(&key).map_or(joined.head, |room| room.history_to),
            _ => joined.head,
        };
        let Joined { room: id, first, ephemeral, .. } = joined;
        let held = Room { room: room.clone(), id, next: first, history_to, ready: true, announce, ephemeral };
        self.rooms.insert(key, held);
        // The other side may have opened a conversation that we were about to open again: then it had a second key.
        if let Some(second) = self.by_id.insert(id, key).filter(|second| *second != key) {
            self.rooms.remove(&second);
        }
        let Joined { topic, members, head, read, .. } = joined;
        Entered { room, how, topic, members, first, head, read, ephemeral }
    }

    /// Takes an event: hands it on, unless it is not the one that is due.
    pub(super) fn heard(
        &mut self,
        event: RoomEvent,
        own_nick: &mut String,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Fault> {
        // What was on its way when the client left has no reader.
        let Some(room) = self.by_id.get(&event.room).and_then(|key| self.rooms.get_mut(key)) else { return Ok(()) };
        if event.seq != room.next {
            return Err(Fault::Hole { room: room.id, expected: room.next, got: event.seq });
        }
        room.next = event.seq.next();
        let history = event.seq <= room.history_to;
        let heard = Heard {
            room: room.room.clone(),
            seq: event.seq,
            at_ms: event.at_ms,
            nick: event.nick,
            what: event.what,
            history,
        };
        if let (What::Renamed(to), false) = (&heard.what, history) {
            if room.room.direct && *room.room.name == *heard.nick {
                room.room.name = Arc::from(to.as_str());
                self.changes += 1;
            }
            if *own_nick == heard.nick {
                own_nick.clone_from(to);
            }
        }
        events.push_back(Event::Heard(heard));
        Ok(())
    }

    /// Takes word that events are gone.
    pub(super) fn missed(&mut self, missed: Missed, events: &mut VecDeque<Event>) -> Result<(), Fault> {
        let Some(room) = self.by_id.get(&missed.room).and_then(|key| self.rooms.get_mut(key)) else { return Ok(()) };
        if missed.from != room.next || missed.to < missed.from {
            return Err(Fault::Hole { room: room.id, expected: room.next, got: missed.from });
        }
        room.next = missed.to.next();
        events.push_back(Event::Missed { room: room.room.clone(), from: missed.from, to: missed.to });
        Ok(())
    }

    /// Takes word that what comes next comes from disk. It is for the person: the cursor stays.
    pub(super) fn behind(&self, behind: Behind, events: &mut VecDeque<Event>) {
        if let Some(room) = self.by_id.get(&behind.room).and_then(|key| self.rooms.get(key)) {
            let by = behind.head.next().0.saturating_sub(behind.next.0);
            events.push_back(Event::Behind { room: room.room.clone(), by });
        }
    }

    /// Checks that a resumed room goes on where it stopped; says what is gone if it goes on later.
    pub(super) fn check_resumed(&self, key: RoomKey, first: Seq) -> Result<Option<(Seq, Seq)>, Fault> {
        match self.get(key) {
            Some(room) if first < room.next => Err(Fault::Hole { room: room.id, expected: room.next, got: first }),
            Some(room) if first > room.next => Ok(Some((room.next, Seq(first.0 - 1)))),
            _ => Ok(None),
        }
    }

    pub(super) fn announce_of(&self, key: RoomKey) -> bool {
        self.get(key).is_none_or(|room| room.announce)
    }

    /// What a client missed that was away too long, if it is the same room still. A server that has begun anew gives
    /// numbers that cannot be compared; then nobody knows.
    fn may_have_missed(&self, key: Option<RoomKey>, joined: &Joined) -> Option<u64> {
        let before = key.and_then(|key| self.rooms.get(&key))?;
        let read_to = before.next.0.saturating_sub(1);
        (before.id == joined.room && joined.head.0 >= read_to).then(|| joined.head.0 - read_to)
    }
}
