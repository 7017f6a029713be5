//! Going: a connection that broke is held, who asked for it is kept, and everybody else is let go.

use super::Hub;
use crate::change::PersonId;
use crate::command::{Departure, Millis, SessionId};
use crate::effect::Effects;
use crate::member::Presence;

impl Hub {
    /// The end of a session. One that never said a good hello, or was replaced, leaves no trace.
    pub(super) fn end_session(&mut self, now: Millis, session: SessionId, departure: Departure, effects: &mut Effects) {
        if self.side_gone(session) {
            return;
        }
        let Some(id) = self.sessions.remove(&session) else { return };
        let held_ms = match departure {
            Departure::Broken => self.limits.grace_ms,
            Departure::Bye => 0,
        };
        // Nobody can be told of a going while nothing can be written. Whoever came in that time was told to nobody.
        let waits = self.read_only.is_some() && !self.touched.is_unstored(id);
        match held_ms == 0 && !waits {
            true => self.go(now, id, effects),
            false => {
                self.people.set_presence(id, Presence::HeldUntil(now.plus(held_ms)));
            }
        }
        match self.read_only {
            None => self.let_go_beyond(now, effects),
            Some(_) if !waits && self.has_places_beyond(now) => self.remove_member(now, id, effects),
            Some(_) => {}
        }
    }

    /// Lets go whose time is over.
    pub(super) fn let_go_due(&mut self, now: Millis, effects: &mut Effects) {
        while let Some(id) = self.people.first_held_until(now) {
            self.go(now, id, effects);
        }
        while let Some(id) = self.people.first_kept_until(now, self.limits.keep_ms) {
            self.remove_member(now, id, effects);
        }
        self.let_go_beyond(now, effects);
    }

    fn let_go_beyond(&mut self, now: Millis, effects: &mut Effects) {
        let held_max = self.held_max(now);
        while let Some(id) = self.people.first_held_beyond(held_max) {
            self.go(now, id, effects);
        }
        while let Some(id) = self.people.first_kept_beyond(self.limits.kept_max) {
            self.remove_member(now, id, effects);
        }
    }

    fn has_places_beyond(&self, now: Millis) -> bool {
        self.people.held_count() > self.held_max(now) || self.people.away_count() > self.limits.kept_max
    }

    /// How many may be held. All who were here before a restart may come back, so they do not push each other out.
    fn held_max(&self, now: Millis) -> usize {
        let (until, count) = self.restored;
        self.limits.held_max.saturating_add(if now < until { count } else { 0 })
    }

    /// Somebody's connection is over for good: they are away, or gone.
    fn go(&mut self, now: Millis, id: PersonId, effects: &mut Effects) {
        match self.people.get(id).is_some_and(|member| member.keeps) {
            true => self.go_away(now, id, effects),
            false => self.remove_member(now, id, effects),
        }
    }

    /// For everybody else they are gone; but their nick and their places in rooms wait for them.
    fn go_away(&mut self, now: Millis, id: PersonId, effects: &mut Effects) {
        self.people.set_presence(id, Presence::Away(now));
        self.touched.person(id);
        self.end_file_sides(id, effects);
        let Some(member) = self.people.get_mut(id) else { return };
        let (nick, places) = (member.nick.clone(), member.rooms.clone());
        member.rooms.iter_mut().for_each(|place| place.is_told = false);
        for place in places {
            self.rooms.keep_place(now, place.room);
            self.take_out(now, &nick, place, effects);
        }
    }

    /// Takes a person out of every room and forgets them.
    pub(super) fn remove_member(&mut self, now: Millis, id: PersonId, effects: &mut Effects) {
        let Some(member) = self.people.remove(id) else { return };
        self.touched.person_gone(id);
        self.postponed.forget(id);
        for place in &member.rooms {
            match member.is_away() {
                true => self.rooms.free_place(now, place.room),
                false => self.take_out(now, &member.nick, *place, effects),
            }
        }
        self.end_directs_of(id, effects);
        self.end_sides(&member.sides, effects);
    }
}
