//! What has come: from readiness to the end of a request.

use std::io;

use mio::event::Event;

use super::{Engine, at};
use crate::load::clock::{monotonic_ns, nanos};
use crate::load::open::connection::Pulled;
use crate::load::open::ticket::{End, Stamps};
use crate::load::open::wire::{Heard, stamps_of};
use crate::suite::record::StripState;

impl Engine {
    /// A connection is ready.
    pub(in crate::load::open) fn hear(&mut self, event: &Event) {
        let token = event.token().0;
        let Some(connection) = at(&mut self.connections, token) else { return };
        if !connection.is_established {
            match connection.has_connected() {
                Ok(true) => self.established(token),
                Ok(false) => return,
                Err(error) => return self.broke(token, Some(&error)),
            }
        }
        if event.is_writable() {
            self.push(token);
        }
        if event.is_readable() || event.is_read_closed() || event.is_error() {
            self.take(token, event.is_read_closed() || event.is_error());
        }
        self.serve_queue();
    }

    fn take(&mut self, token: usize, to_end: bool) {
        let Some(connection) = at(&mut self.connections, token) else { return };
        let pulled = connection.pull(&mut self.scratch, to_end);
        self.understand(token);
        match pulled {
            Ok(Pulled::All) => {}
            Ok(Pulled::Closed) => self.broke(token, None),
            Err(error) => self.broke(token, Some(&error)),
        }
    }

    /// The connection cannot be written to: hears what it still says, then gives it up.
    pub(super) fn drain(&mut self, token: usize, error: &io::Error) {
        if let Some(connection) = at(&mut self.connections, token) {
            // That it is broken is known already.
            let _ = connection.pull(&mut self.scratch, true);
            self.understand(token);
        }
        self.broke(token, Some(error));
    }

    /// Goes through what has come, message by message.
    fn understand(&mut self, token: usize) {
        let Some(connection) = at(&mut self.connections, token) else { return };
        let mut carry = std::mem::take(&mut connection.carry);
        let mut used = 0;
        loop {
            match self.speech.hear(carry.get(used..).unwrap_or_default()) {
                Ok(None) => break,
                Ok(Some((heard, bytes))) => {
                    used += bytes;
                    self.heard(token, heard);
                }
                Err(why) => return self.lost(token, End::Failed, &why),
            }
            if self.connections.get(token).is_none_or(Option::is_none) {
                return;
            }
        }
        carry.drain(..used);
        if let Some(connection) = at(&mut self.connections, token) {
            connection.carry = carry;
        }
    }

    fn heard(&mut self, token: usize, heard: Heard<'_>) {
        match heard {
            Heard::Aside => {}
            Heard::Answer(number, body) => self.answered(token, number, body),
            Heard::Busy(number) => self.declined(token, number, None),
            Heard::Refused(number, why) => self.declined(token, number, Some(&why)),
            Heard::SentAway(why) => self.lost(token, End::Refused, &why),
            Heard::Ended(why) => self.lost(token, End::Failed, &why),
            Heard::Asks(bytes) => {
                if let Some(connection) = at(&mut self.connections, token) {
                    connection.outbox().extend_from_slice(&bytes);
                }
                self.push(token);
            }
        }
    }

    fn answered(&mut self, token: usize, number: u64, body: &[u8]) {
        let now_ns = monotonic_ns();
        let Some(connection) = at(&mut self.connections, token) else { return };
        if connection.forget(number) {
            connection.was_served = true;
            self.strip.note(connection.row, now_ns, StripState::Served);
            return self.count_time(stamps_of(body, self.plan.body_bytes));
        }
        let Some(asked) = connection.asked.filter(|asked| asked.number == number) else {
            let why = format!("it answered request {number}, which is not under way");
            return self.lost(token, End::Failed, &why);
        };
        let stamps = match self.speech.check(asked, body) {
            Ok(stamps) => stamps,
            Err(why) => return self.lost(token, End::Failed, &why),
        };
        connection.was_served = true;
        self.strip.note(connection.row, now_ns, StripState::Served);
        let Some(session) = connection.session else { return };
        let try_ns = self.sessions[session].try_ns;
        // Too late, and giving it up is the next thing the pacer does.
        let is_late = self.plan.deadline.is_some_and(|deadline| now_ns > try_ns + nanos(deadline));
        if !is_late {
            connection.asked = None;
        }
        self.count_time(stamps);
        if !is_late {
            let ticket = &mut self.tickets[self.sessions[session].ticket];
            (ticket.stamps, ticket.was_served) = (stamps, true);
            self.try_ended(session, End::Ok);
        }
    }

    /// A request was turned away and the connection lives; `why` if it was not for being busy.
    fn declined(&mut self, token: usize, number: u64, why: Option<&str>) {
        let Some(connection) = at(&mut self.connections, token) else { return };
        if connection.forget(number) {
            return;
        }
        if connection.asked.is_none_or(|asked| asked.number != number) {
            let unasked = || format!("it is too busy for request {number}, which is not under way");
            return self.lost(token, End::Failed, &why.map_or_else(unasked, str::to_owned));
        }
        connection.asked = None;
        self.strip.note(connection.row, monotonic_ns(), StripState::TurnedAway);
        let Some(session) = connection.session else { return };
        match why {
            None => self.try_ended(session, End::Shed),
            Some(why) => self.fail(session, why),
        }
    }

    /// For Little's law.
    const fn count_time(&mut self, stamps: Option<Stamps>) {
        if let Some(stamps) = stamps {
            self.in_server.0 += 1;
            self.in_server.1 += stamps.done_ns.saturating_sub(stamps.read_ns);
        }
    }
}
