//! How tries, requests and sessions end, and what comes after them.

use std::time::Duration;

use super::{Engine, Running};
use crate::load::clock::{monotonic_ns, nanos};
use crate::load::open::Carrier;
use crate::load::open::agenda::Act;
use crate::load::open::ticket::{End, Ticket};
use crate::load::schedule::unit;
use crate::suite::record::StripState;

/// A pause before a retry is at most doubled so often.
const DOUBLINGS_MAX: u32 = 16;

impl Engine {
    /// The deadline of a session's try has come.
    pub(super) fn give_up(&mut self, session: usize) {
        self.note_service(session);
        self.sessions[session].waits = false;
        match self.plan.carrier {
            Carrier::Fresh => self.close_connection(session),
            Carrier::Kept(_) => {
                if let Some(connection) = self.connection_of(session)
                    && let Some(asked) = connection.asked.take()
                {
                    connection.abandoned.push(asked.number);
                }
            }
        }
        self.try_ended(session, End::TimedOut);
    }

    pub(super) fn fail(&mut self, session: usize, why: &str) {
        self.complaint.get_or_insert_with(|| why.to_owned());
        self.try_ended(session, End::Failed);
    }

    /// A try ended so; the request goes on to another try, or ends so too.
    pub(super) fn try_ended(&mut self, session: usize, end: End) {
        let now_ns = monotonic_ns();
        let ticket = &mut self.tickets[self.sessions[session].ticket];
        let may_be_retried = matches!(end, End::Shed | End::Refused | End::TimedOut);
        if may_be_retried && ticket.tries <= self.plan.retries.most {
            let doublings = (ticket.tries - 1).min(DOUBLINGS_MAX);
            let jitter = 0.5 + unit(&mut self.jitter);
            let pause = self.plan.retries.pause.mul_f64(f64::from(1_u32 << doublings) * jitter);
            ticket.pauses = true;
            self.agenda.add(now_ns + nanos(pause), Act::Again(session));
            return;
        }
        (ticket.end, ticket.ended_ns) = (end, now_ns);
        if let Some(running) = &mut self.running {
            running.note(ticket);
        }
        if !matches!(end, End::Ok | End::Shed) || !self.follow(session, now_ns) {
            self.finish(session);
        }
    }

    /// Sets the session's next request up; false if there is none, or not before the schedule is over.
    fn follow(&mut self, session: usize, now_ns: u64) -> bool {
        let requests = &self.plan.schedule.sessions[session].requests;
        let next = self.sessions[session].place + 1;
        let place = if next < requests.len() { next } else { 0 };
        let think_ns = nanos(requests[place].think);
        let intended_ns = now_ns + think_ns;
        if (place == 0 && !self.plan.schedule.repeats) || intended_ns >= self.over_ns() {
            return false;
        }
        self.sessions[session].place = place;
        match think_ns {
            0 => self.begin(session, intended_ns),
            _ => self.agenda.add(intended_ns, Act::Next(session)),
        }
        true
    }

    /// The session is over.
    fn finish(&mut self, session: usize) {
        self.under_way -= 1;
        match self.sessions[session].slot.take() {
            None => self.close_connection(session),
            Some(slot) => {
                if let Some(connection) = self.connection_of(session) {
                    connection.session = None;
                }
                self.sessions[session].connection = None;
                self.free.push_back(slot);
            }
        }
    }

    fn close_connection(&mut self, session: usize) {
        let token = self.sessions[session].connection.take();
        if let Some(connection) = token.and_then(|token| self.connections.get_mut(token)?.take()) {
            self.strip.note(connection.row, monotonic_ns(), StripState::Gone);
        }
    }

    /// Enters what was to begin and never did, so that it is counted, and what is known of those under way.
    pub(in crate::load::open) fn close(&mut self) {
        let farewell = self.speech.farewell();
        for connection in self.connections.iter_mut().flatten() {
            connection.outbox().extend_from_slice(&farewell);
            // Politeness only: the server may have gone already.
            let _ = connection.push();
        }
        for session in 0..self.sessions.len() {
            self.note_service(session);
        }
        for session in self.arrivals..self.sessions.len() {
            let intended_ns = self.start_ns + nanos(self.plan.schedule.sessions[session].at);
            self.ticket(session, intended_ns);
        }
        while let Some((at_ns, act)) = self.agenda.next(|_| false) {
            self.agenda.done();
            if let Act::Next(session) = act {
                self.ticket(session, at_ns);
            }
        }
    }
}

impl Running {
    fn note(&mut self, ticket: &Ticket) {
        self.ended += 1;
        if ticket.end == End::Ok {
            self.ok += 1;
            self.latencies.record(Duration::from_nanos(ticket.ended_ns.saturating_sub(ticket.intended_ns)));
        }
    }
}
