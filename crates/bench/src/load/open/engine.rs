//! The state both threads of an open load share, and everything that may happen to it. The pacer calls
//! [`Engine::act`] when something is due, the receiver `Engine::hear` when something has come.
//!
//! A request goes: [`Engine::begin`] (its ticket), [`Engine::attempt`] (a try), [`Engine::place`] (a connection), sent,
//! then one of the ends, and from there to another try, the session's next request, or the session's end.

use std::collections::VecDeque;
use std::time::Duration;

use mio::Registry;

use super::agenda::{Act, Agenda};
use super::connection::Connection;
use super::strip::Strip;
use super::ticket::{End, Ticket};
use super::wire::{FIRST_NUMBER, Speech};
use super::{Carrier, Glimpse, OpenPlan};
use crate::load::SCRATCH_BYTES;
use crate::load::clock::{monotonic_ns, nanos};
use crate::stats::{Latencies, SplitMix64};

mod ending;
mod hearing;
mod opening;

/// How many trials can be told apart by their nicks: a server holds a nick for a while after a connection broke.
const TRIALS: u64 = 1 << 36;

/// The shared state.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) plan: OpenPlan,
    speech: Speech,
    registry: Registry,
    /// When the schedule starts, on the monotonic clock.
    pub(super) start_ns: u64,
    pub(super) tickets: Vec<Ticket>,
    /// Invariant: as many as the schedule has, in its order.
    sessions: Vec<Live>,
    /// The next session to begin.
    arrivals: usize,
    /// Sessions that have begun and are not over.
    under_way: usize,
    /// All there have ever been, by token; `None` once closed.
    connections: Vec<Option<Box<Connection>>>,
    /// The kept connections' tokens; `None` for one that broke.
    kept: Vec<Option<usize>>,
    /// Kept connections that no session has.
    free: VecDeque<usize>,
    /// Sessions that wait for one; those that no longer do are passed over.
    queue: VecDeque<usize>,
    agenda: Agenda,
    pub(super) strip: Strip,
    /// How long connecting took, with fresh connections, behind the warm-up.
    pub(super) connects_ns: Vec<u64>,
    /// Answers with stamps, and the sum of their times in the server, in nanoseconds.
    pub(super) in_server: (u64, u64),
    /// Why the first request that failed did.
    pub(super) complaint: Option<String>,
    pub(super) running: Option<Running>,
    next_number: u64,
    /// Unlike any other trial's, for nicks.
    trial: u64,
    jitter: SplitMix64,
    scratch: Vec<u8>,
    /// Until when the pacer sleeps.
    wakes_ns: u64,
}

/// A session that has begun.
#[derive(Debug, Clone, Copy, Default)]
struct Live {
    /// Which of its requests.
    place: usize,
    /// That request's ticket.
    ticket: usize,
    /// From when its try's deadline runs.
    try_ns: u64,
    connection: Option<usize>,
    /// The kept connection it has.
    slot: Option<usize>,
    /// Whether it waits for one.
    waits: bool,
    /// Whether its connection was closed between two requests.
    was_cut: bool,
}

/// The counts so far, for somebody who watches.
#[derive(Debug, Default)]
pub(super) struct Running {
    pub(super) ended: u64,
    pub(super) ok: u64,
    pub(super) latencies: Latencies,
}

impl Engine {
    pub(super) fn new(plan: OpenPlan, registry: Registry, is_watched: bool) -> Self {
        let sessions = plan.schedule.sessions.len();
        let rows = match plan.carrier {
            Carrier::Fresh => sessions,
            Carrier::Kept(count) => count,
        };
        let kept = if plan.carrier == Carrier::Fresh { 0 } else { rows };
        Self {
            speech: Speech::new(plan.wire.clone(), plan.body_bytes),
            registry,
            start_ns: 0,
            tickets: Vec::with_capacity(plan.schedule.requests()),
            sessions: vec![Live::default(); sessions],
            arrivals: 0,
            under_way: 0,
            connections: Vec::with_capacity(rows),
            kept: vec![None; kept],
            free: (0..kept).collect(),
            queue: VecDeque::new(),
            agenda: Agenda::default(),
            strip: Strip::new(rows, plan.with_strip),
            connects_ns: Vec::with_capacity(sessions),
            in_server: (0, 0),
            complaint: None,
            running: is_watched.then(Running::default),
            next_number: FIRST_NUMBER,
            trial: monotonic_ns() / 1000 % TRIALS,
            jitter: SplitMix64::new(sessions as u64),
            scratch: vec![0; SCRATCH_BYTES],
            wakes_ns: u64::MAX,
            plan,
        }
    }

    /// When the schedule is over.
    pub(super) fn over_ns(&self) -> u64 {
        self.start_ns + nanos(self.plan.schedule.length)
    }

    /// When the trial ends at the latest.
    pub(super) fn end_ns(&self) -> u64 {
        self.over_ns() + nanos(self.plan.drain)
    }

    /// Whether nothing is left to come.
    pub(super) fn is_over(&self, now_ns: u64) -> bool {
        (self.arrivals == self.sessions.len() && self.under_way == 0) || now_ns >= self.end_ns()
    }

    /// When the next thing is to be done, and whether that is to send something.
    pub(super) fn due(&mut self) -> (u64, bool) {
        let (end_ns, arrival_ns) = (self.end_ns(), self.arrival_ns());
        let act = self.next_act();
        let act_ns = act.map_or(u64::MAX, |(at_ns, _)| at_ns);
        let sends = arrival_ns < act_ns || act.is_some_and(|(_, act)| !matches!(act, Act::GiveUp { .. }));
        (act_ns.min(arrival_ns).min(end_ns), sends)
    }

    /// Does the next thing, which is due.
    pub(super) fn act(&mut self) {
        let arrival_ns = self.arrival_ns();
        match self.next_act() {
            Some((at_ns, act)) if at_ns <= arrival_ns => {
                self.agenda.done();
                match act {
                    Act::Next(session) => self.begin(session, at_ns),
                    Act::Again(session) => self.attempt(session, at_ns),
                    Act::GiveUp { session, .. } => self.give_up(session),
                }
            }
            _ if arrival_ns < u64::MAX => {
                let session = self.arrivals;
                self.arrivals += 1;
                self.under_way += 1;
                self.begin(session, arrival_ns);
            }
            _ => {}
        }
        self.serve_queue();
    }

    /// The pacer sleeps until `until_ns`.
    pub(super) const fn pacer_sleeps(&mut self, until_ns: u64) {
        self.wakes_ns = until_ns;
    }

    /// Whether something is due before the pacer wakes.
    pub(super) fn wants_pacer(&mut self) -> bool {
        let wakes_ns = self.wakes_ns;
        let wants = self.due().0 < wakes_ns || self.is_over(0);
        if wants {
            // Once is enough: it will look by itself then.
            self.wakes_ns = 0;
        }
        wants
    }

    /// How it stands, if anybody watches.
    pub(super) fn glimpse(&self, now_ns: u64) -> Option<Glimpse> {
        let running = self.running.as_ref()?;
        let elapsed = Duration::from_nanos(now_ns.saturating_sub(self.start_ns));
        Some(Glimpse { elapsed, ended: running.ended, ok: running.ok, intended: running.latencies.percentiles() })
    }

    fn arrival_ns(&self) -> u64 {
        let next = self.plan.schedule.sessions.get(self.arrivals);
        next.map_or(u64::MAX, |session| self.start_ns + nanos(session.at))
    }

    fn next_act(&mut self) -> Option<(u64, Act)> {
        let tickets = &self.tickets;
        self.agenda.next(|act| match act {
            Act::GiveUp { ticket, tries, .. } => {
                let waits = |ticket: &Ticket| ticket.end == End::InFlight && ticket.tries == *tries && !ticket.pauses;
                !tickets.get(*ticket).is_some_and(waits)
            }
            Act::Next(_) | Act::Again(_) => false,
        })
    }

    fn ticket(&mut self, session: usize, intended_ns: u64) {
        let place = self.sessions[session].place;
        let class = self.plan.schedule.sessions[session].requests[place].class;
        self.sessions[session].ticket = self.tickets.len();
        self.tickets.push(Ticket::new(session, class, intended_ns));
    }

    /// A request's turn has come.
    fn begin(&mut self, session: usize, intended_ns: u64) {
        self.ticket(session, intended_ns);
        if std::mem::take(&mut self.sessions[session].was_cut) {
            self.fail(session, "the server closed the connection between two requests");
        } else {
            self.attempt(session, intended_ns);
        }
    }

    /// Tries the session's request; the try's deadline runs from `from_ns`.
    fn attempt(&mut self, session: usize, from_ns: u64) {
        let number = self.sessions[session].ticket;
        self.sessions[session].try_ns = from_ns;
        let ticket = &mut self.tickets[number];
        ticket.tries += 1;
        ticket.pauses = false;
        ticket.turned_ns.get_or_insert_with(monotonic_ns);
        if let Some(deadline) = self.plan.deadline {
            let act = Act::GiveUp { session, ticket: number, tries: ticket.tries };
            self.agenda.add(from_ns + nanos(deadline), act);
        }
        self.place(session);
    }

    /// Puts the session's try on its connection, on another one, or into the queue for one.
    fn place(&mut self, session: usize) {
        if let Some(token) = self.sessions[session].connection {
            return self.send(session, token);
        }
        if self.plan.carrier == Carrier::Fresh {
            return self.open(session, session);
        }
        let Some(slot) = self.sessions[session].slot.or_else(|| self.free.pop_front()) else {
            self.sessions[session].waits = true;
            self.queue.push_back(session);
            return;
        };
        self.sessions[session].slot = Some(slot);
        match self.kept.get(slot).copied().flatten() {
            Some(token) => self.send(session, token),
            None => self.open(session, slot),
        }
    }

    /// Gives free connections to those who wait for one.
    pub(super) fn serve_queue(&mut self) {
        while !self.free.is_empty()
            && let Some(session) = self.queue.pop_front()
        {
            if std::mem::take(&mut self.sessions[session].waits) {
                self.place(session);
            }
        }
    }

    /// The session's connection.
    fn connection_of(&mut self, session: usize) -> Option<&mut Connection> {
        at(&mut self.connections, self.sessions[session].connection?)
    }

    /// Writes down whether the session's connection has got any service yet.
    fn note_service(&mut self, session: usize) {
        if let Some(was_served) = self.connection_of(session).map(|connection| connection.was_served)
            && let Some(ticket) = self.tickets.get_mut(self.sessions[session].ticket)
            && ticket.session == session
        {
            ticket.was_served = was_served;
        }
    }
}

/// The connection of a token, if it is still there.
fn at(connections: &mut [Option<Box<Connection>>], token: usize) -> Option<&mut Connection> {
    connections.get_mut(token)?.as_deref_mut()
}
