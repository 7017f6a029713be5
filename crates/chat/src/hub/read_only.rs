//! While the store cannot be written: nothing is recorded or made, everything can be read, and what cannot wait to be
//! told is told afterwards.

use std::collections::BTreeSet;

use proto::{Nick, Refusal, RoomId};

use super::Hub;
use crate::change::PersonId;
use crate::command::Millis;
use crate::effect::Effects;

/// Comings and goings that their rooms could not be told of. Bounded by the places in rooms there are.
#[derive(Debug, Default)]
pub(super) struct Postponed {
    comings: BTreeSet<(PersonId, RoomId)>,
    goings: BTreeSet<(Nick, RoomId)>,
}

impl Postponed {
    /// Somebody came. True if the room still believes them to be there, as it was not told of their going.
    pub(super) fn came(&mut self, person: PersonId, nick: &Nick, room: RoomId) -> bool {
        self.goings.remove(&(nick.clone(), room)) || {
            self.comings.insert((person, room));
            false
        }
    }

    pub(super) fn went(&mut self, nick: &Nick, room: RoomId) {
        self.goings.insert((nick.clone(), room));
    }

    /// Somebody of whom nobody was told is gone.
    pub(super) fn forget(&mut self, person: PersonId) {
        while let Some(&coming) = self.comings.range((person, RoomId(0))..).next().filter(|coming| coming.0 == person) {
            self.comings.remove(&coming);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.comings.is_empty() && self.goings.is_empty()
    }
}

impl Hub {
    /// Tells the hub that its store cannot be written, and what to answer to whoever would have something written; or
    /// that it can again. Nothing is told to rooms and nobody is let go in that time; what was put off happens with
    /// the next call after it.
    pub fn set_read_only(&mut self, refusal: Option<Refusal>) {
        self.read_only = refusal;
    }

    pub(super) fn check_writable(&self) -> Result<(), Refusal> {
        self.read_only.clone().map_or(Ok(()), Err)
    }

    /// Tells rooms who came and went while nothing could be written.
    pub(super) fn catch_up(&mut self, now: Millis, effects: &mut Effects) {
        if self.read_only.is_some() || self.postponed.is_empty() {
            return;
        }
        let postponed = std::mem::take(&mut self.postponed);
        for (nick, room) in postponed.goings {
            self.tell_going(now, &nick, room, effects);
        }
        for (person, room) in postponed.comings {
            self.come(now, person, room, effects);
        }
    }
}
