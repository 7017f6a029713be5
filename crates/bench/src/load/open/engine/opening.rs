//! Connections of an open load: opened, written to, lost.

use std::io::{self, ErrorKind};

use mio::{Interest, Token};

use super::{Engine, at};
use crate::dial;
use crate::error::BenchError;
use crate::load::clock::{monotonic_ns, nanos};
use crate::load::open::connection::Connection;
use crate::load::open::ticket::End;
use crate::load::open::wire::Asked;
use crate::load::open::{Carrier, Wire};
use crate::suite::record::StripState;
use crate::targets::chat;

impl Engine {
    /// Opens the kept connections; the handshakes may take their time.
    ///
    /// # Errors
    /// If a chat server cannot be entered.
    pub(in crate::load::open) fn open_kept(&mut self) -> Result<(), BenchError> {
        for slot in 0..self.kept.len() {
            match self.plan.wire.clone() {
                Wire::Chat { room } => self.enter(slot, &room)?,
                Wire::Framed | Wire::Raw => {
                    // One that is refused is tried again when a session takes it, and counted then.
                    let _ = self.connect(slot, None);
                }
            }
        }
        Ok(())
    }

    /// Whether any connection is still in its handshake.
    pub(in crate::load::open) fn is_connecting(&self) -> bool {
        self.connections.iter().flatten().any(|connection| !connection.is_established)
    }

    fn enter(&mut self, slot: usize, room: &str) -> Result<(), BenchError> {
        let began_ns = monotonic_ns();
        let (dialed, joined) = chat::enter_silently(self.plan.address, room, &format!("l{:x}n{slot}", self.trial))?;
        let mut connection = Connection::new(dialed.into_nonblocking()?, slot, None, began_ns);
        (connection.room, connection.is_established) = (joined.room, true);
        self.watch(connection).map_err(BenchError::io("cannot watch a connection"))?;
        Ok(())
    }

    /// Begins to connect for `row`; says the new connection's token.
    fn connect(&mut self, row: usize, session: Option<usize>) -> io::Result<usize> {
        let began_ns = monotonic_ns();
        self.strip.note(row, began_ns, StripState::Connecting);
        let stream = dial::begin(self.plan.address)?;
        self.watch(Connection::new(stream, row, session, began_ns))
    }

    fn watch(&mut self, mut connection: Connection) -> io::Result<usize> {
        let (token, row) = (self.connections.len(), connection.row);
        let both = Interest::READABLE | Interest::WRITABLE;
        self.registry.register(connection.stream(), Token(token), both)?;
        if connection.is_established {
            self.strip.note(row, monotonic_ns(), StripState::Waiting);
        }
        self.connections.push(Some(Box::new(connection)));
        if let Some(kept) = self.kept.get_mut(row) {
            *kept = Some(token);
        }
        Ok(token)
    }

    /// A new connection for a session's try.
    pub(super) fn open(&mut self, session: usize, row: usize) {
        if matches!(self.plan.wire, Wire::Chat { .. }) {
            return self.fail(session, "a connection that was closed cannot enter the room again");
        }
        self.sessions[session].was_cut = false;
        let ticket = &mut self.tickets[self.sessions[session].ticket];
        (ticket.sent_ns, ticket.row) = (Some(monotonic_ns()), Some(row));
        match self.connect(row, Some(session)) {
            Ok(token) => {
                self.sessions[session].connection = Some(token);
                self.ask(session, token);
                self.push(token);
            }
            Err(error) => {
                self.strip.note(row, monotonic_ns(), StripState::Gone);
                match error.kind() {
                    ErrorKind::ConnectionRefused => self.try_ended(session, End::Refused),
                    _ => self.fail(session, &format!("cannot connect: {error}")),
                }
            }
        }
    }

    /// A session's try on a connection that is there.
    pub(super) fn send(&mut self, session: usize, token: usize) {
        self.sessions[session].connection = Some(token);
        self.tickets[self.sessions[session].ticket].sent_ns = Some(monotonic_ns());
        self.ask(session, token);
        self.push(token);
    }

    /// Puts the session's request into the connection's outbox.
    fn ask(&mut self, session: usize, token: usize) {
        let Some(connection) = at(&mut self.connections, token) else { return };
        let request = &self.plan.schedule.sessions[session].requests[self.sessions[session].place];
        let asked = Asked { number: self.next_number, work_ns: nanos(request.work) };
        self.next_number += 1;
        (connection.session, connection.asked) = (Some(session), Some(asked));
        self.speech.ask(asked, connection.room, connection.outbox());
        self.tickets[self.sessions[session].ticket].row = Some(connection.row);
    }

    /// Writes what can be written. On loopback a handshake is over at once, so that a new connection can be written to
    /// without waiting for it to become ready.
    pub(super) fn push(&mut self, token: usize) {
        let Some(connection) = at(&mut self.connections, token) else { return };
        match connection.push() {
            Ok(()) if connection.is_sent() && !connection.is_established => self.established(token),
            Ok(()) => {}
            // It may have said why before it went.
            Err(error) => self.drain(token, &error),
        }
    }

    /// The handshake is over.
    pub(super) fn established(&mut self, token: usize) {
        let measured_ns = self.start_ns + nanos(self.plan.warm_up);
        let Some(connection) = at(&mut self.connections, token) else { return };
        connection.is_established = true;
        let now_ns = monotonic_ns();
        self.strip.note(connection.row, now_ns, StripState::Waiting);
        if self.plan.carrier == Carrier::Fresh && connection.began_ns >= measured_ns {
            self.connects_ns.push(now_ns.saturating_sub(connection.began_ns));
        }
    }

    /// A connection is lost, and with it the request on it.
    pub(super) fn lost(&mut self, token: usize, end: End, why: &str) {
        let Some(connection) = self.connections.get_mut(token).and_then(Option::take) else { return };
        let state = if end == End::Refused && connection.was_heard { StripState::TurnedAway } else { StripState::Gone };
        self.strip.note(connection.row, monotonic_ns(), state);
        if let Some(kept) = self.kept.get_mut(connection.row).filter(|kept| **kept == Some(token)) {
            *kept = None;
        }
        let Some(session) = connection.session else { return };
        self.sessions[session].connection = None;
        self.tickets[self.sessions[session].ticket].was_served = connection.was_served;
        match (connection.asked, end) {
            // Between two requests, or two tries of one.
            (None, _) => self.sessions[session].was_cut = true,
            (Some(_), End::Failed) => self.fail(session, why),
            (Some(_), end) => self.try_ended(session, end),
        }
    }

    /// As [`Engine::lost`], from what the operating system says; without an error the server has closed.
    pub(super) fn broke(&mut self, token: usize, error: Option<&io::Error>) {
        let was_heard = at(&mut self.connections, token).is_some_and(|connection| connection.was_heard);
        let (is_refusal, why) = match error {
            // Not a word was said: it was turned away.
            None => (!was_heard, "the server closed the connection".to_owned()),
            Some(error) => {
                let is_cut = matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe);
                let is_refusal = error.kind() == ErrorKind::ConnectionRefused || (is_cut && !was_heard);
                (is_refusal, format!("the connection broke: {error}"))
            }
        };
        self.lost(token, if is_refusal { End::Refused } else { End::Failed }, &why);
    }
}
