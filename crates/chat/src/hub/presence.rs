//! Who is told who comes and goes.
//!
//! In a small room everybody is told by name. In a big one that would be n messages to n members; there, comings
//! and goings are counted, and the count is told when it changed by a sixteenth of the room, or after an interval.
//! So filling a room with n people costs O(n) bytes in all: the counts told while it doubles are sixteen or fewer.

use std::collections::BTreeSet;

use proto::{Nick, RoomId};

use super::Hub;
use crate::change::PersonId;
use crate::command::Millis;
use crate::effect::{Deed, Effect, Effects};
use crate::room::Room;

/// A count is told at once when it changed by this part of the room.
const TELL_AT_PART: u32 = 16;

/// Rooms with a count that was not told yet, in the order they are due.
#[derive(Debug, Default)]
pub(super) struct Crowds {
    due: BTreeSet<(Millis, RoomId)>,
}

impl Crowds {
    pub(super) fn next_due(&self) -> Option<Millis> {
        self.due.first().map(|(due, _)| *due)
    }
}

impl Hub {
    /// Tells a room that somebody came, if they want it told and it does not know; while nothing can be written, that
    /// waits.
    pub(super) fn come(&mut self, now: Millis, person: PersonId, room: RoomId, effects: &mut Effects) {
        let Some(member) = self.people.get_mut(person).filter(|member| !member.is_away()) else { return };
        let nick = member.nick.clone();
        let Some(place) = member.place_in_mut(room).filter(|place| place.announced && !place.is_told) else { return };
        if self.read_only.is_some() {
            place.is_told = self.postponed.came(person, &nick, room);
            return;
        }
        place.is_told = true;
        self.tell(now, &nick, room, Deed::Joined, effects);
    }

    pub(super) fn tell_going(&mut self, now: Millis, nick: &Nick, room: RoomId, effects: &mut Effects) {
        self.tell(now, nick, room, Deed::Left, effects);
    }

    fn tell(&mut self, now: Millis, nick: &Nick, id: RoomId, deed: Deed, effects: &mut Effects) {
        let Some(room) = self.rooms.get_mut(id) else { return };
        if room.members.len() <= self.limits.named_presence_max {
            effects.push(Effect::Append(room.record(now, Some(nick.clone()), deed)));
            return;
        }
        match deed {
            Deed::Joined => room.crowd.joined += 1,
            _ => room.crowd.left += 1,
        }
        let changed = room.crowd.joined + room.crowd.left;
        if changed >= (room.members_count() / TELL_AT_PART).max(1) {
            effects.push(tell_crowd(now, room, &mut self.crowds));
        } else if room.crowd.due.is_none() {
            let due = now.plus(self.limits.crowd_interval_ms);
            room.crowd.due = Some(due);
            self.crowds.due.insert((due, id));
        }
    }

    pub(super) fn tell_due_crowds(&mut self, now: Millis, effects: &mut Effects) {
        while let Some(&(due, id)) = self.crowds.due.first().filter(|(due, _)| *due <= now) {
            match self.rooms.get_mut(id) {
                Some(room) if room.crowd.due == Some(due) => effects.push(tell_crowd(now, room, &mut self.crowds)),
                // The room is gone, or its count was told meanwhile.
                _ => {
                    self.crowds.due.remove(&(due, id));
                }
            }
        }
    }
}

fn tell_crowd(now: Millis, room: &mut Room, crowds: &mut Crowds) -> Effect {
    let counted = std::mem::take(&mut room.crowd);
    if let Some(due) = counted.due {
        crowds.due.remove(&(due, room.id));
    }
    let deed = Deed::Crowd { members: room.members_count(), joined: counted.joined, left: counted.left };
    Effect::Append(room.record(now, None, deed))
}
