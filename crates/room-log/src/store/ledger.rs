//! What the writer knows without asking the disk: where each room ends, whose messages are counted, which number is next.
//!
//! A transaction changes it as it goes; one that fails takes back what it changed.

use std::collections::HashMap;

use proto::{RoomId, Seq};

/// Where a room's events end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct RoomEnd {
    /// The newest event; 0 for none.
    pub(super) head: Seq,
    /// The bytes of all its events ever.
    pub(super) upto: u64,
    /// Whether there was ever anything but comings and goings.
    pub(super) has_content: bool,
}

/// The numbers that are not of one room or person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Numbers {
    /// The next event's.
    pub(super) next: u64,
    /// The row of `sent` that comes next.
    pub(super) sent_row: i64,
    /// Entries in `sent`.
    pub(super) sent_held: u64,
    /// Those of them that are still of use.
    pub(super) sent_live: u64,
    /// Entries since `sent` was last cleaned.
    pub(super) sent_new: u64,
}

/// What the writer knows.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) numbers: Numbers,
    rooms: HashMap<RoomId, RoomEnd>,
    /// How many messages of each person were ever counted.
    people: HashMap<u64, u64>,
    before: Numbers,
    undo: Vec<Undo>,
}

/// What stood where something was changed.
#[derive(Debug)]
enum Undo {
    Room(RoomId, Option<RoomEnd>),
    Person(u64, Option<u64>),
}

impl Ledger {
    /// From here on, changes can be taken back.
    pub(super) fn begin(&mut self) {
        self.undo.clear();
        self.before = self.numbers;
    }

    /// Takes back what was changed since [`Self::begin`].
    pub(super) fn take_back(&mut self) {
        self.numbers = self.before;
        for undo in self.undo.drain(..).rev() {
            match undo {
                Undo::Room(id, Some(room)) => drop(self.rooms.insert(id, room)),
                Undo::Room(id, None) => drop(self.rooms.remove(&id)),
                Undo::Person(id, Some(counted)) => drop(self.people.insert(id, counted)),
                Undo::Person(id, None) => drop(self.people.remove(&id)),
            }
        }
    }

    /// Where a room ends; `None` if there is no such room.
    pub(super) fn room(&self, id: RoomId) -> Option<RoomEnd> {
        self.rooms.get(&id).copied()
    }

    /// All rooms.
    pub(super) fn rooms(&self) -> impl Iterator<Item = RoomId> {
        self.rooms.keys().copied()
    }

    /// A room ends elsewhere, or is new.
    pub(super) fn set_room(&mut self, id: RoomId, room: RoomEnd) {
        let before = self.rooms.insert(id, room);
        self.undo.push(Undo::Room(id, before));
    }

    /// A room is gone.
    pub(super) fn remove_room(&mut self, id: RoomId) {
        let before = self.rooms.remove(&id);
        self.undo.push(Undo::Room(id, before));
    }

    /// How many messages of a person were ever counted; `None` if there is no such person.
    pub(super) fn counted(&self, person: u64) -> Option<u64> {
        self.people.get(&person).copied()
    }

    /// So many messages of a person are counted.
    pub(super) fn set_counted(&mut self, person: u64, counted: u64) {
        let before = self.people.insert(person, counted);
        self.undo.push(Undo::Person(person, before));
    }

    /// A person is gone. How many of their messages were counted.
    pub(super) fn remove_person(&mut self, person: u64) -> Option<u64> {
        let before = self.people.remove(&person);
        self.undo.push(Undo::Person(person, before));
        before
    }
}
