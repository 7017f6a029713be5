//! Waiting for connections. A load with a core of its own never sleeps: if it did, the server's write would have to
//! wake it, and how often that happens depends on how fast the load is and not on the server. (Measured, one message
//! at a time to 100 receivers in a virtual machine: the interrupts that wake a sleeping load were a third of our
//! server's time, and an eighth of that of one which happened to write just fast enough to keep the load awake.)

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use mio::event::Source;
use mio::{Events, Interest, Poll, Token};

use super::TURN;
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::machine::Pinning;

/// How long a spinning load asks before it looks at the clock and the rest.
const SPIN: Duration = Duration::from_millis(1);

/// How a load waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// It asks again and again.
    Spinning,
    /// It lets the system wake it.
    Sleeping,
}

/// A readiness queue and the events of its last turn.
#[derive(Debug)]
pub(super) struct Readiness {
    poll: Poll,
    events: Events,
    waiting: Waiting,
    idle: Duration,
    /// When it last had time to look for what does not move.
    looked: Instant,
}

impl Waiting {
    /// Spinning if the load has a core of its own.
    pub const fn on(pinning: &Pinning) -> Self {
        if pinning.load.is_some() { Self::Spinning } else { Self::Sleeping }
    }
}

impl Readiness {
    pub(super) fn new(waiting: Waiting) -> Result<Self, BenchError> {
        let poll = Poll::new().map_err(BenchError::io("cannot make a readiness queue"))?;
        Ok(Self { poll, events: Events::with_capacity(1024), waiting, idle: Duration::ZERO, looked: Instant::now() })
    }

    pub(super) fn register(
        &self,
        source: &mut impl Source,
        token: Token,
        interest: Interest,
    ) -> Result<(), BenchError> {
        self.poll.registry().register(source, token, interest).map_err(BenchError::io("cannot watch a connection"))
    }

    /// Waits for readiness once; afterwards [`Readiness::events`] holds what is ready, which may be nothing.
    pub(super) fn wait(&mut self, interrupt: &Interrupt) -> Result<(), BenchError> {
        self.wait_at_most(TURN, interrupt)
    }

    /// The same, for somebody who has something to do after `most`.
    pub(super) fn wait_at_most(&mut self, most: Duration, interrupt: &Interrupt) -> Result<(), BenchError> {
        interrupt.check()?;
        match self.waiting {
            Waiting::Sleeping => self.poll(most.min(TURN)),
            Waiting::Spinning => self.spin(most.min(SPIN)),
        }
    }

    /// Asks until something is ready, or for a short while.
    fn spin(&mut self, most: Duration) -> Result<(), BenchError> {
        self.poll(Duration::ZERO)?;
        if !self.events.is_empty() {
            return Ok(());
        }
        let began = Instant::now();
        while self.events.is_empty() && began.elapsed() < most {
            self.poll(Duration::ZERO)?;
        }
        self.idle += began.elapsed();
        Ok(())
    }

    fn poll(&mut self, timeout: Duration) -> Result<(), BenchError> {
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => self.events.clear(),
            other => other.map_err(BenchError::io("cannot wait for connections"))?,
        }
        Ok(())
    }

    pub(super) const fn events(&self) -> &Events {
        &self.events
    }

    /// Whether nothing is ready and it is time to look for what does not move; true once a turn's length at most.
    pub(super) fn has_time_to_look(&mut self) -> bool {
        let has_time = self.events.is_empty() && self.looked.elapsed() >= TURN;
        if has_time {
            self.looked = Instant::now();
        }
        has_time
    }

    /// How long it has spun for nothing, in seconds: CPU time that is no work.
    pub(super) const fn idle_seconds(&self) -> f64 {
        self.idle.as_secs_f64()
    }
}
