//! Members of one room who are cut off and come back all at once, with their tokens and cursors.

mod member;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use super::watch::Watch;
use super::{SCRATCH_BYTES, STUCK, TURN};
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::targets::Topic;
use crate::targets::chat::NAME;

use member::Member;

/// Greetings that are under way at a time. A server's kernel holds some thousands that are not accepted yet; what comes
/// beyond would be tried again by the kernel after a second, and the trial would measure that.
const GREETINGS_MAX: usize = 2000;

/// The members.
#[derive(Debug)]
pub(crate) struct Members {
    poll: Poll,
    events: Events,
    scratch: Vec<u8>,
    topic: Topic,
    members: Vec<Member>,
}

/// What a return came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Comeback {
    /// From the first connection begun until everybody has everything.
    pub(crate) took: Duration,
    /// What the server sent to all of them together.
    pub(crate) bytes: u64,
}

impl Members {
    /// Nobody yet. `topic` says where they go, and begins their nicks.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub(crate) fn new(topic: Topic) -> Result<Self, BenchError> {
        Ok(Self {
            poll: Poll::new().map_err(BenchError::io("cannot make a readiness queue"))?,
            events: Events::with_capacity(1024),
            scratch: vec![0; SCRATCH_BYTES],
            topic,
            members: Vec::new(),
        })
    }

    /// More come for the first time, until there are `count`.
    ///
    /// # Errors
    /// If the server does not let one in.
    pub(crate) fn grow_to(
        &mut self,
        count: usize,
        address: SocketAddr,
        interrupt: &Interrupt,
    ) -> Result<(), BenchError> {
        let from = self.members.len();
        let nick = |number| format!("{}m{number}", self.topic.nick_prefix);
        self.members.extend((from..count).map(|number| Member::new(nick(number))));
        self.bring(from, address, 0, interrupt)
    }

    /// Breaks every connection, without a word.
    pub(crate) fn cut(&mut self) {
        self.members.iter_mut().for_each(Member::cut);
    }

    /// All come back, and get every event up to number `head`.
    ///
    /// # Errors
    /// [`BenchError::Protocol`] if an event is missing, doubled or another, or nothing moves any more.
    pub(crate) fn come_back(
        &mut self,
        address: SocketAddr,
        head: u64,
        interrupt: &Interrupt,
    ) -> Result<Comeback, BenchError> {
        self.members.iter_mut().for_each(Member::forget_bytes);
        let began = Instant::now();
        self.bring(0, address, head, interrupt)?;
        Ok(Comeback { took: began.elapsed(), bytes: self.members.iter().map(Member::bytes).sum() })
    }

    /// Brings those from number `from` on in, until all of them have every event up to `head`.
    fn bring(&mut self, from: usize, address: SocketAddr, head: u64, interrupt: &Interrupt) -> Result<(), BenchError> {
        let (mut next, mut greeted, mut current) = (from, 0, 0);
        let mut watch = Watch::new(0);
        let wanted = self.members.len() - from;
        let mut bytes = 0;
        while current < wanted {
            interrupt.check()?;
            while next < self.members.len() && next - from - greeted < GREETINGS_MAX {
                self.begin(next, address)?;
                next += 1;
            }
            self.wait()?;
            for event in &self.events {
                let number = event.token().0;
                let Some(member) = self.members.get_mut(number) else { continue };
                let before = member.bytes();
                let step = member
                    .advance(&mut self.scratch, &self.topic, head)
                    .map_err(|why| BenchError::protocol(NAME, format!("member {number}: {why}")))?;
                bytes += member.bytes() - before;
                greeted += usize::from(step.is_greeted);
                current += usize::from(step.is_current);
            }
            watch.look(bytes, || {
                let why = format!(
                    "nothing came for {} seconds: of {wanted} members {greeted} are in and {current} have everything",
                    STUCK.as_secs()
                );
                BenchError::protocol(NAME, why)
            })?;
        }
        Ok(())
    }

    fn begin(&mut self, number: usize, address: SocketAddr) -> Result<(), BenchError> {
        let Some(member) = self.members.get_mut(number) else { return Ok(()) };
        let cannot = |source| BenchError::CannotConnect { target: NAME.to_owned(), source };
        let stream = member.begin(address).map_err(cannot)?;
        self.poll
            .registry()
            .register(stream, Token(number), Interest::READABLE | Interest::WRITABLE)
            .map_err(BenchError::io("cannot watch a connection"))
    }

    fn wait(&mut self) -> Result<(), BenchError> {
        match self.poll.poll(&mut self.events, Some(TURN)) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => self.events.clear(),
            other => other.map_err(BenchError::io("cannot wait for connections"))?,
        }
        Ok(())
    }
}
