//! One sender, many receivers, one room: everything sent has to reach everybody, in order.

use std::time::{Duration, Instant};

use mio::{Interest, Token};

use super::link::{Acknowledging, Link};
use super::readiness::{Readiness, Waiting};
use super::watch::Watch;
use super::{Gauge, SCRATCH_BYTES, STUCK, Span, Usage};
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::stats::{Latencies, Percentiles};
use crate::targets::{Publisher, Subscriber, Tags, Template};

/// The sender's token; receivers have their number.
const SENDER: Token = Token(usize::MAX - 1);

/// The load of one trial.
#[derive(Debug)]
pub struct Fanout {
    ready: Readiness,
    scratch: Vec<u8>,
    tags: Tags,
    receivers: Vec<Link>,
    sender: Link,
    template: Template,
    answered: bool,
    /// Encoded and not yet taken by the socket.
    outgoing: Vec<u8>,
    written: usize,
    writable: bool,
    window: u64,
    sent: u64,
    /// With a window of 1, from sending a message until everybody has it.
    rounds: Latencies,
    round_began: Instant,
    target: String,
}

/// What one trial came to.
#[derive(Debug, Clone, PartialEq)]
pub struct FanoutCount {
    /// Messages that reached a receiver while it was measured.
    pub deliveries: u64,
    /// Messages sent in all, warm-up and end included.
    pub sent: u64,
    /// Messages that reached a receiver in all: `sent` times the receivers.
    pub received: u64,
    /// With a window of 1, from sending a message until everybody has it.
    pub rounds: Option<Percentiles>,
    /// Who was busy.
    pub usage: Usage,
}

impl Fanout {
    /// Takes the connections. The sender stays at most `window` messages ahead of the slowest receiver; it sends once
    /// it may send an eighth of that, the same for every server.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn new(
        publisher: Publisher,
        subscribers: Vec<Subscriber>,
        window: usize,
        waiting: Waiting,
    ) -> Result<Self, BenchError> {
        let ready = Readiness::new(waiting)?;
        let mut receivers = Vec::with_capacity(subscribers.len());
        for (number, subscriber) in subscribers.into_iter().enumerate() {
            let may_acknowledge_late = subscriber.may_acknowledge_late;
            let mut link = Link::new(subscriber.dialed, subscriber.intake, subscriber.farewell)?;
            if window == 1 && may_acknowledge_late {
                link.acknowledge(Acknowledging::Late);
            }
            ready.register(link.stream(), Token(number), Interest::READABLE)?;
            receivers.push(link);
        }
        let target = publisher.dialed.target().to_owned();
        let mut sender = Link::new(publisher.dialed, publisher.intake, publisher.farewell)?;
        ready.register(sender.stream(), SENDER, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self {
            ready,
            scratch: vec![0; SCRATCH_BYTES],
            tags: Tags::new(window),
            receivers,
            sender,
            template: publisher.template,
            answered: publisher.answered,
            outgoing: Vec::new(),
            written: 0,
            writable: true,
            window: window as u64,
            sent: 0,
            rounds: Latencies::new(),
            round_began: Instant::now(),
            target,
        })
    }

    /// Runs the trial: warm-up, measuring, and then until everybody has everything.
    ///
    /// # Errors
    /// [`BenchError::Protocol`] if a message is lost, doubled or out of order, or nothing moves any more.
    pub fn run(mut self, span: Span, gauge: &Gauge<'_>, interrupt: &Interrupt) -> Result<FanoutCount, BenchError> {
        self.run_for(span.warm_up, interrupt)?;
        self.rounds = Latencies::new();
        let (before, delivered) = (gauge.read(self.ready.idle_seconds()), self.delivered());
        self.run_for(span.measured, interrupt)?;
        let (after, deliveries) = (gauge.read(self.ready.idle_seconds()), self.delivered() - delivered);
        self.finish(interrupt)?;
        let rounds = (self.window == 1).then(|| self.rounds.percentiles());
        Ok(FanoutCount { deliveries, sent: self.sent, received: self.delivered(), rounds, usage: after.since(&before) })
    }

    fn run_for(&mut self, span: Duration, interrupt: &Interrupt) -> Result<(), BenchError> {
        let end = Instant::now() + span;
        let mut watch = Watch::new(self.slowest());
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            self.say(now)?;
            self.turn(interrupt)?;
            watch.look(self.slowest(), || self.stuck())?;
        }
    }

    /// Sends nothing new and waits until everything sent has come, and is confirmed where the server confirms.
    fn finish(&mut self, interrupt: &Interrupt) -> Result<(), BenchError> {
        let mut watch = Watch::new(self.slowest());
        while self.slowest() < self.sent || (self.answered && self.sender.got() < self.sent) {
            self.write()?;
            self.turn(interrupt)?;
            watch.look(self.slowest() + self.sender.got(), || self.stuck())?;
        }
        Ok(())
    }

    /// Waits for readiness once and reads what has come.
    fn turn(&mut self, interrupt: &Interrupt) -> Result<(), BenchError> {
        self.ready.wait(interrupt)?;
        for event in self.ready.events() {
            if event.token() == SENDER {
                self.writable |= event.is_writable();
                self.sender
                    .read(&mut self.scratch, &self.tags)
                    .map_err(|why| BenchError::protocol(&self.target, format!("sender: {why}")))?;
            } else if let Some(link) = self.receivers.get_mut(event.token().0) {
                link.read(&mut self.scratch, &self.tags).map_err(|why| {
                    BenchError::protocol(&self.target, format!("receiver {}: {why}", event.token().0))
                })?;
            }
        }
        Ok(())
    }

    /// Sends what the window allows.
    fn say(&mut self, now: Instant) -> Result<(), BenchError> {
        let slowest = self.slowest();
        let credit = slowest + self.window - self.sent;
        if self.outgoing.is_empty() && credit >= (self.window / 8).max(1) {
            if self.window == 1 && self.sent > 0 {
                self.rounds.record(now.duration_since(self.round_began));
            }
            self.round_began = now;
            for seq in self.sent..self.sent + credit {
                let tag = self.tags.enter(seq);
                self.template.write(seq, tag, &mut self.outgoing);
            }
            self.sent += credit;
        }
        self.write()
    }

    fn write(&mut self) -> Result<(), BenchError> {
        let rest = self.outgoing.get(self.written..).unwrap_or_default();
        if rest.is_empty() || !self.writable {
            return Ok(());
        }
        let (wanted, target) = (rest.len(), &self.target);
        let count = self.sender.write(rest).map_err(|why| BenchError::protocol(target, format!("sender: {why}")))?;
        self.written += count;
        // A write that was cut short has filled the socket; the next readiness is a new edge.
        self.writable = count == wanted;
        if self.written == self.outgoing.len() {
            self.outgoing.clear();
            self.written = 0;
        }
        Ok(())
    }

    /// How many messages everybody has.
    fn slowest(&self) -> u64 {
        self.receivers.iter().map(Link::got).min().unwrap_or(self.sent)
    }

    fn delivered(&self) -> u64 {
        self.receivers.iter().map(Link::got).sum()
    }

    fn stuck(&self) -> BenchError {
        let (sent, slowest, confirmed) = (self.sent, self.slowest(), self.sender.got());
        let why = format!(
            "nothing moved for {} seconds: {sent} sent, {confirmed} confirmed, {slowest} at the slowest receiver",
            STUCK.as_secs()
        );
        BenchError::protocol(&self.target, why)
    }
}
