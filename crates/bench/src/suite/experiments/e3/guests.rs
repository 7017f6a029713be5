//! Connections that ask once whether anybody is there, and then do nothing.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mio::{Events, Poll};
use proto::{Frame, Kind};

use crate::child::RunningServer;
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::suite::experiments::talker::{SCRATCH_BYTES, Talker, Turn};

/// What the server is called in messages.
const TARGET: &str = "echo-server";

/// After how many new connections what has come is read.
const OPENED_A_TURN: usize = 50;

/// A server is quiet once nothing has come from it and it has used no CPU time for this long.
const QUIET: Duration = Duration::from_millis(100);

/// When it is called restless. It bounds hangs and measures nothing.
const RESTLESS: Duration = Duration::from_secs(15);

/// All connections of a trial.
#[derive(Debug)]
pub(super) struct Guests {
    address: SocketAddr,
    poll: Poll,
    events: Events,
    scratch: Vec<u8>,
    guests: Vec<Guest>,
}

/// One connection.
#[derive(Debug)]
struct Guest {
    talker: Option<Talker>,
    state: State,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No answer yet.
    Asked,
    Answered,
    /// Sent away with a word.
    TurnedAway,
    Broken,
}

/// How they fared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fared {
    /// Answered.
    pub(super) answered: u64,
    /// Sent away with a word.
    pub(super) turned_away: u64,
    /// Ended without one.
    pub(super) broken: u64,
    /// Open, and never answered.
    pub(super) starved: u64,
}

impl Guests {
    /// Nobody yet.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub(super) fn new(address: SocketAddr) -> Result<Self, BenchError> {
        let poll = Poll::new().map_err(BenchError::io("cannot make a readiness queue"))?;
        let (events, scratch) = (Events::with_capacity(1024), vec![0; SCRATCH_BYTES]);
        Ok(Self { address, poll, events, scratch, guests: Vec::new() })
    }

    /// Opens connections until there are `count`; each asks once.
    ///
    /// # Errors
    /// If the operating system has no more files or ports, or the person interrupts.
    pub(super) fn grow_to(&mut self, count: usize, interrupt: &Interrupt) -> Result<(), BenchError> {
        while self.guests.len() < count {
            let number = self.guests.len();
            let mut talker = Talker::connect(self.address, TARGET)?;
            let state = match talker.send(&question(number)) {
                Ok(()) => State::Asked,
                Err(_) => State::Broken,
            };
            talker.watch(&self.poll, number)?;
            self.guests.push(Guest { talker: Some(talker), state });
            if self.guests.len().is_multiple_of(OPENED_A_TURN) {
                self.turn(Duration::ZERO, interrupt)?;
            }
        }
        Ok(())
    }

    /// Waits until the server is quiet; whether it became so.
    ///
    /// # Errors
    /// If the person interrupts.
    pub(super) fn settle(&mut self, server: &RunningServer, interrupt: &Interrupt) -> Result<bool, BenchError> {
        let began = Instant::now();
        let (mut quiet_since, mut cpu) = (began, server.cpu_seconds());
        while quiet_since.elapsed() < QUIET {
            let came = self.turn(QUIET / 5, interrupt)?;
            let now = server.cpu_seconds();
            if came || now != cpu {
                (quiet_since, cpu) = (Instant::now(), now);
            }
            if began.elapsed() > RESTLESS {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Closes all of them.
    pub(super) fn leave(&mut self) {
        for guest in &mut self.guests {
            guest.talker = None;
        }
    }

    /// How they have fared so far.
    pub(super) fn fared(&self) -> Fared {
        let count = |state: State| self.guests.iter().filter(|guest| guest.state == state).count() as u64;
        Fared {
            answered: count(State::Answered),
            turned_away: count(State::TurnedAway),
            broken: count(State::Broken),
            starved: count(State::Asked),
        }
    }

    /// Reads what has come; whether anything has.
    fn turn(&mut self, wait: Duration, interrupt: &Interrupt) -> Result<bool, BenchError> {
        interrupt.check()?;
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(false),
            other => other.map_err(BenchError::io("cannot wait for connections"))?,
        }
        for event in &self.events {
            let number = event.token().0;
            let Some(guest) = self.guests.get_mut(number) else { continue };
            let Some(talker) = &mut guest.talker else { continue };
            let state = &mut guest.state;
            let turned = talker.turn(event, &mut self.scratch, |_, frame| take(state, number, &frame));
            match turned {
                Ok(Turn::Open) => {}
                Ok(Turn::Closed) if guest.state == State::TurnedAway => guest.talker = None,
                Ok(Turn::Closed) | Err(_) => *guest = Guest { talker: None, state: State::Broken },
            }
        }
        Ok(!self.events.is_empty())
    }
}

fn question(number: usize) -> Frame {
    Frame::new(Kind::Echo.number(), 1, Bytes::copy_from_slice(&(number as u64).to_be_bytes()))
}

/// Takes a frame. A place in the line is no answer.
fn take(state: &mut State, number: usize, frame: &Frame) -> Result<(), String> {
    match frame.header().kind {
        kind if kind == Kind::Queued.number() => {}
        kind if kind == Kind::Goodbye.number() => *state = State::TurnedAway,
        _ if *frame == question(number) => *state = State::Answered,
        kind => return Err(format!("it sent a frame of kind {kind}")),
    }
    Ok(())
}
