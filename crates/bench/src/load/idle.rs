//! Connections that do nothing: opened step by step, read so that nothing stands in their way, held until measured.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use super::link::Link;
use super::{SCRATCH_BYTES, STUCK, TURN};
use crate::child::RunningServer;
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::readings::Memory;
use crate::targets::{Protocol, Tags, Topic};

/// After how many new connections what has come is read.
const OPENED_A_TURN: usize = 100;

/// A server is quiet once nothing has come from it and it has used no CPU time for this long.
const QUIET: Duration = Duration::from_millis(400);

/// Members of one room that say nothing.
#[derive(Debug)]
pub struct Crowd {
    poll: Poll,
    events: Events,
    scratch: Vec<u8>,
    tags: Tags,
    protocol: Protocol,
    address: SocketAddr,
    topic: Topic,
    members: Vec<Link>,
}

impl Crowd {
    /// Nobody yet.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn new(protocol: Protocol, address: SocketAddr, topic: Topic) -> Result<Self, BenchError> {
        Ok(Self {
            poll: Poll::new().map_err(BenchError::io("cannot make a readiness queue"))?,
            events: Events::with_capacity(1024),
            scratch: vec![0; SCRATCH_BYTES],
            tags: Tags::new(1),
            protocol,
            address,
            topic,
            members: Vec::new(),
        })
    }

    /// Opens connections until there are `members`.
    ///
    /// # Errors
    /// If the server refuses one, or the operating system has no more files or ports.
    pub fn grow_to(&mut self, members: usize, interrupt: &Interrupt) -> Result<(), BenchError> {
        while self.members.len() < members {
            let number = self.members.len();
            let subscriber = self.protocol.subscribe(self.address, &self.topic, number)?;
            let mut link = Link::new(subscriber.dialed, subscriber.intake, subscriber.farewell)?;
            self.poll
                .registry()
                .register(link.stream(), Token(number), Interest::READABLE)
                .map_err(BenchError::io("cannot watch a connection"))?;
            self.members.push(link);
            if self.members.len().is_multiple_of(OPENED_A_TURN) {
                self.turn(Duration::ZERO, interrupt)?;
            }
        }
        Ok(())
    }

    /// Waits until the server is quiet and says what it holds; `None` where that cannot be read.
    ///
    /// # Errors
    /// [`BenchError::Protocol`] if it does not become quiet.
    pub fn measure(&mut self, server: &RunningServer, interrupt: &Interrupt) -> Result<Option<Memory>, BenchError> {
        let deadline = Instant::now() + STUCK;
        let (mut quiet_since, mut cpu) = (Instant::now(), server.cpu_seconds());
        while quiet_since.elapsed() < QUIET {
            let came = self.turn(TURN, interrupt)?;
            let now = server.cpu_seconds();
            if came > 0 || now != cpu {
                (quiet_since, cpu) = (Instant::now(), now);
            }
            if Instant::now() > deadline {
                let why = format!("it is not quiet after {} seconds without requests", STUCK.as_secs());
                return Err(BenchError::protocol(self.protocol.name(), why));
            }
        }
        Ok(server.memory())
    }

    /// Reads what has come and returns how many bytes it was.
    fn turn(&mut self, wait: Duration, interrupt: &Interrupt) -> Result<usize, BenchError> {
        interrupt.check()?;
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(0),
            other => other.map_err(BenchError::io("cannot wait for connections"))?,
        }
        let mut total = 0;
        for event in &self.events {
            let number = event.token().0;
            let Some(member) = self.members.get_mut(number) else { continue };
            total += member
                .read(&mut self.scratch, &self.tags)
                .map_err(|why| BenchError::protocol(self.protocol.name(), format!("member {number}: {why}")))?;
        }
        Ok(total)
    }
}
