//! One sender at a steady pace, many readers, and some who do not read: how long a message is under way, counted from
//! when it should have been sent.

use std::time::{Duration, Instant};

use mio::{Interest, Token};
use socket2::SockRef;

use super::link::Link;
use super::readiness::{Readiness, Waiting};
use super::watch::Watch;
use super::{Gauge, SCRATCH_BYTES, STUCK, Span, Usage};
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::stats::{Latencies, Percentiles};
use crate::targets::{Publisher, Subscriber, Tags, Template};

/// The sender's token; readers have their number, and the stalled theirs behind those.
const SENDER: Token = Token(usize::MAX - 1);

/// What the kernel may take for somebody who reads again.
const AWAKE_BYTES: usize = 1 << 20;

/// How the sender sends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SteadyPlan {
    /// Messages that are said before, as fast as they are confirmed, so that the sockets of those who do not read are full.
    pub(crate) flood: u64,
    /// Between two messages.
    pub(crate) every: Duration,
    /// How long.
    pub(crate) span: Span,
}

/// How many messages of the flood are unconfirmed at a time.
const FLOOD_WINDOW: u64 = 256;

/// How long it is waited before what the socket did not take is offered again.
const BLOCKED: Duration = Duration::from_millis(1);

/// The load of one trial.
#[derive(Debug)]
pub(crate) struct Steady {
    ready: Readiness,
    scratch: Vec<u8>,
    tags: Tags,
    plan: SteadyPlan,
    /// The number of the first message that is measured, and how many there are in all.
    measured_from: u64,
    total: u64,
    readers: Vec<Link>,
    /// Connections that nobody reads until all is sent.
    stalled: Vec<Link>,
    sender: Link,
    template: Template,
    outgoing: Vec<u8>,
    began: Instant,
    sent: u64,
    delivery: Latencies,
    /// By how much each measured message was sent late.
    lateness: Vec<Duration>,
    target: String,
}

/// What one trial came to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SteadyCount {
    /// From when a message should have been sent until a reader has it.
    pub(crate) delivery: Percentiles,
    /// By how much the latest of a hundred messages are sent late, but for two of them.
    pub(crate) late_by: Duration,
    /// Messages sent before the readers came, and since.
    pub(crate) flooded: u64,
    pub(crate) sent: u64,
    /// Messages that reached a reader in all.
    pub(crate) received: u64,
    /// Messages that reached a stalled one in all, once it read.
    pub(crate) stalled_received: u64,
    /// How many of the stalled were told that they are behind.
    pub(crate) told_behind: u64,
    /// From when they began to read until all of the stalled had everything.
    pub(crate) caught_up: Duration,
    /// Who was busy.
    pub(crate) usage: Usage,
}

impl Steady {
    /// Takes the sender's connection, and those of members who do not read.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub(crate) fn new(
        publisher: Publisher,
        stalled: Vec<Subscriber>,
        plan: SteadyPlan,
        waiting: Waiting,
    ) -> Result<Self, BenchError> {
        let ready = Readiness::new(waiting)?;
        let target = publisher.dialed.target().to_owned();
        let mut sender = Link::new(publisher.dialed, publisher.intake, publisher.farewell)?;
        ready.register(sender.stream(), SENDER, Interest::READABLE)?;
        let count = |time: Duration| u64::try_from(time.as_nanos() / plan.every.as_nanos().max(1)).unwrap_or(u64::MAX);
        let measured_from = plan.flood + count(plan.span.warm_up);
        let total = measured_from + count(plan.span.measured).max(1);
        Ok(Self {
            ready,
            scratch: vec![0; SCRATCH_BYTES],
            // Whoever reads at the end is as far behind as the trial is long.
            tags: Tags::new(usize::try_from(total).unwrap_or(usize::MAX)),
            plan,
            measured_from,
            total,
            readers: Vec::new(),
            stalled: stalled.into_iter().map(link).collect::<Result<_, _>>()?,
            sender,
            template: publisher.template,
            outgoing: Vec::new(),
            began: Instant::now(),
            sent: 0,
            delivery: Latencies::new(),
            lateness: Vec::new(),
            target,
        })
    }

    /// Says what is said before, and waits until it is confirmed.
    ///
    /// # Errors
    /// [`BenchError::Protocol`] if it is not.
    pub(crate) fn flood(&mut self, interrupt: &Interrupt) -> Result<(), BenchError> {
        while self.sent < self.plan.flood {
            for _ in self.sent..self.plan.flood.min(self.sender.got() + FLOOD_WINDOW) {
                self.encode();
            }
            self.turn(interrupt)?;
        }
        self.wait(interrupt, self.plan.flood, |load| load.sender.got())
    }

    /// Takes the connections of those who read, and who have come since.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub(crate) fn take_readers(&mut self, readers: Vec<Subscriber>) -> Result<(), BenchError> {
        for reader in readers {
            let mut reader = link(reader)?;
            reader.begin_at(self.plan.flood);
            self.ready.register(reader.stream(), Token(self.readers.len()), Interest::READABLE)?;
            self.readers.push(reader);
        }
        Ok(())
    }

    /// Sends everything at its time; waits until the readers have it; then the stalled read, until they have it too.
    ///
    /// # Errors
    /// [`BenchError::Protocol`] if a message is lost, doubled or out of order, or nothing moves any more.
    pub(crate) fn run(mut self, gauge: &Gauge<'_>, interrupt: &Interrupt) -> Result<SteadyCount, BenchError> {
        self.began = Instant::now() + Duration::from_millis(1);
        while self.sent < self.measured_from {
            self.send_due()?;
            self.turn(interrupt)?;
        }
        let before = gauge.read(self.ready.idle_seconds());
        while self.sent < self.total {
            self.send_due()?;
            self.turn(interrupt)?;
        }
        let after = gauge.read(self.ready.idle_seconds());
        let Self { total, plan: SteadyPlan { flood, .. }, .. } = self;
        let got = |links: &[Link]| links.iter().map(Link::got).sum::<u64>();
        self.wait(interrupt, total * self.readers.len() as u64, |load| load.readers.iter().map(Link::got).sum())?;
        self.wait(interrupt, total, |load| load.sender.got())?;
        let awake = Instant::now();
        self.wake()?;
        self.wait(interrupt, total * self.stalled.len() as u64, |load| load.stalled.iter().map(Link::got).sum())?;
        Ok(SteadyCount {
            delivery: self.delivery.percentiles(),
            late_by: late_by(&mut self.lateness),
            flooded: flood,
            sent: self.sent - flood,
            received: got(&self.readers) - flood * self.readers.len() as u64,
            stalled_received: got(&self.stalled),
            told_behind: self.stalled.iter().filter(|link| link.behind() > 0).count() as u64,
            caught_up: awake.elapsed(),
            usage: after.since(&before),
        })
    }

    /// Waits until `got` says that `wanted` messages have come.
    fn wait(&mut self, interrupt: &Interrupt, wanted: u64, got: fn(&Self) -> u64) -> Result<(), BenchError> {
        let mut watch = Watch::new(got(self));
        while got(self) < wanted {
            self.turn(interrupt)?;
            watch.look(got(self), || {
                let why = format!("{} of {wanted} messages came, then none for {} seconds", got(self), STUCK.as_secs());
                BenchError::protocol(&self.target, why)
            })?;
        }
        Ok(())
    }

    /// The stalled read from here on.
    fn wake(&mut self) -> Result<(), BenchError> {
        for (number, link) in self.stalled.iter_mut().enumerate() {
            // Where the kernel refuses, they are slower.
            let _ = SockRef::from(&*link.stream()).set_recv_buffer_size(AWAKE_BYTES);
            self.ready.register(link.stream(), Token(self.readers.len() + number), Interest::READABLE)?;
        }
        Ok(())
    }

    /// Waits for readiness once, at most until more is due, and reads what has come.
    fn turn(&mut self, interrupt: &Interrupt) -> Result<(), BenchError> {
        self.write()?;
        self.ready.wait_at_most(self.until_due(), interrupt)?;
        let readable: Vec<Token> = self.ready.events().iter().map(mio::event::Event::token).collect();
        for token in readable {
            self.read(token)?;
            if self.sent >= self.plan.flood && !self.readers.is_empty() {
                // A turn through all readers takes longer than what is due may wait.
                self.send_due()?;
            }
        }
        Ok(())
    }

    fn read(&mut self, token: Token) -> Result<(), BenchError> {
        let behind = token.0.wrapping_sub(self.readers.len());
        let link = match token {
            SENDER => Some(&mut self.sender),
            Token(number) if number < self.readers.len() => self.readers.get_mut(number),
            _ => self.stalled.get_mut(behind),
        };
        let Some(link) = link else { return Ok(()) };
        let before = link.got();
        link.read(&mut self.scratch, &self.tags)
            .map_err(|why| BenchError::protocol(&self.target, format!("connection {}: {why}", token.0)))?;
        let after = link.got();
        if token.0 < self.readers.len() {
            let now = Instant::now();
            for number in before.max(self.measured_from)..after {
                self.delivery.record(now.saturating_duration_since(self.due(number)));
            }
        }
        Ok(())
    }

    /// Sends every message whose time has come.
    fn send_due(&mut self) -> Result<(), BenchError> {
        while self.sent < self.total {
            let Some(lateness) = Instant::now().checked_duration_since(self.due(self.sent)) else { break };
            if self.sent >= self.measured_from {
                self.lateness.push(lateness);
            }
            self.encode();
        }
        self.write()
    }

    /// The next message is on its way to the socket.
    fn encode(&mut self) {
        let tag = self.tags.enter(self.sent);
        self.template.write(self.sent, tag, &mut self.outgoing);
        self.sent += 1;
    }

    fn write(&mut self) -> Result<(), BenchError> {
        if !self.outgoing.is_empty() {
            let failed = |why| BenchError::protocol(&self.target, format!("sender: {why}"));
            let count = self.sender.write(&self.outgoing).map_err(failed)?;
            self.outgoing.drain(..count);
        }
        Ok(())
    }

    /// How long nothing is to be sent.
    fn until_due(&self) -> Duration {
        if !self.outgoing.is_empty() {
            return BLOCKED;
        }
        if self.readers.is_empty() || self.sent == self.total {
            return super::TURN;
        }
        self.due(self.sent).saturating_duration_since(Instant::now())
    }

    /// When a message behind the flood is to be sent.
    fn due(&self, number: u64) -> Instant {
        let nanos = super::clock::nanos(self.plan.every).saturating_mul(number.saturating_sub(self.plan.flood));
        self.began + Duration::from_nanos(nanos)
    }
}

/// By how much 98 of a hundred messages are late at most.
fn late_by(lateness: &mut [Duration]) -> Duration {
    lateness.sort_unstable();
    let place = (lateness.len() * 98).div_ceil(100).saturating_sub(1);
    lateness.get(place).copied().unwrap_or_default()
}

fn link(subscriber: Subscriber) -> Result<Link, BenchError> {
    Link::new(subscriber.dialed, subscriber.intake, subscriber.farewell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_a_hundred_messages_may_be_later() {
        let check = |millis: &[u64], want: u64| {
            let mut lateness: Vec<Duration> = millis.iter().copied().map(Duration::from_millis).collect();
            assert_eq!(late_by(&mut lateness), Duration::from_millis(want), "{millis:?}");
        };
        let hundred: Vec<u64> = (1..=100).rev().collect();
        check(&hundred, 98);
        check(&[5, 1], 5);
        check(&[], 0);
    }
}
