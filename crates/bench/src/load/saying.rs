//! Clients that say things, each as fast as its window allows: a message leaves it when it is confirmed.

use std::time::{Duration, Instant};

use mio::{Interest, Token};
use proto::RoomId;

use super::link::Link;
use super::readiness::{Readiness, Waiting};
use super::watch::Watch;
use super::{Gauge, SCRATCH_BYTES, STUCK, Span, Usage};
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::stats::{Latencies, Percentiles};
use crate::targets::Tags;
use crate::targets::chat::speaker::{Speaker, write_say};

/// What clients say.
pub(crate) trait Texts {
    /// Appends the text of `client`'s message `number`; appends nothing if there is no further one.
    fn write(&mut self, client: usize, number: u64, out: &mut Vec<u8>);
}

/// The load of one trial.
#[derive(Debug)]
pub(crate) struct Saying<T> {
    ready: Readiness,
    scratch: Vec<u8>,
    tags: Tags,
    clients: Vec<Client>,
    window: u64,
    texts: T,
    /// With one client and a window of 1, from sending a message until it is confirmed.
    rounds: Latencies,
    target: String,
}

/// What one trial came to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SayingCount {
    /// Confirmed while it was measured.
    pub(crate) confirmed: u64,
    /// Confirmed in all, by client; as many as were sent.
    pub(crate) by_client: Vec<u64>,
    /// With one client and a window of 1, from sending a message until it is confirmed.
    pub(crate) rounds: Option<Percentiles>,
    /// Who was busy.
    pub(crate) usage: Usage,
}

/// One of them.
#[derive(Debug)]
struct Client {
    link: Link,
    room: RoomId,
    sent: u64,
    sent_at: Instant,
    /// Whether it has nothing more to say.
    is_done: bool,
    /// Encoded and not yet taken by the socket.
    outgoing: Vec<u8>,
    written: usize,
    writable: bool,
}

impl<T: Texts> Saying<T> {
    /// Takes the connections. A client sends once it may send an eighth of its window.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub(crate) fn new(speakers: Vec<Speaker>, window: u64, texts: T, waiting: Waiting) -> Result<Self, BenchError> {
        let ready = Readiness::new(waiting)?;
        let target = speakers.first().map(|speaker| speaker.dialed.target().to_owned()).unwrap_or_default();
        let mut clients = Vec::with_capacity(speakers.len());
        for (number, speaker) in speakers.into_iter().enumerate() {
            let mut link = Link::new(speaker.dialed, speaker.intake, speaker.farewell)?;
            ready.register(link.stream(), Token(number), Interest::READABLE | Interest::WRITABLE)?;
            clients.push(Client {
                link,
                room: speaker.room,
                sent: 0,
                sent_at: Instant::now(),
                is_done: false,
                outgoing: Vec::new(),
                written: 0,
                writable: true,
            });
        }
        let (scratch, tags) = (vec![0; SCRATCH_BYTES], Tags::new(1));
        Ok(Self { ready, scratch, tags, clients, window, texts, rounds: Latencies::new(), target })
    }

    /// Runs a trial: warm-up, measuring, and then until everything said is confirmed.
    ///
    /// # Errors
    /// [`BenchError::Protocol`] if a confirmation is missing or out of order, or nothing moves any more.
    pub(crate) fn run(
        mut self,
        span: Span,
        gauge: &Gauge<'_>,
        interrupt: &Interrupt,
    ) -> Result<SayingCount, BenchError> {
        self.run_for(span.warm_up, interrupt)?;
        self.rounds = Latencies::new();
        let (before, confirmed) = (gauge.read(self.ready.idle_seconds()), self.confirmed());
        self.run_for(span.measured, interrupt)?;
        let (after, confirmed) = (gauge.read(self.ready.idle_seconds()), self.confirmed() - confirmed);
        self.clients.iter_mut().for_each(|client| client.is_done = true);
        self.say_all(interrupt, |_| {})?;
        let by_client = self.clients.iter().map(|client| client.link.got()).collect();
        let rounds = self.is_one_by_one().then(|| self.rounds.percentiles());
        Ok(SayingCount { confirmed, by_client, rounds, usage: after.since(&before) })
    }

    /// Says everything there is to say, and waits until it is confirmed; `watcher` is told how much is.
    ///
    /// # Errors
    /// As [`Saying::run`].
    pub(crate) fn say_all(&mut self, interrupt: &Interrupt, mut watcher: impl FnMut(u64)) -> Result<(), BenchError> {
        let mut watch = Watch::new(self.confirmed());
        while !self.clients.iter().all(Client::is_over) {
            self.turn(interrupt)?;
            let confirmed = self.confirmed();
            watcher(confirmed);
            watch.look(confirmed, || self.stuck())?;
        }
        Ok(())
    }

    fn run_for(&mut self, span: Duration, interrupt: &Interrupt) -> Result<(), BenchError> {
        let end = Instant::now() + span;
        let mut watch = Watch::new(self.confirmed());
        while Instant::now() < end {
            self.turn(interrupt)?;
            watch.look(self.confirmed(), || self.stuck())?;
        }
        Ok(())
    }

    /// Says what the windows allow, waits for readiness once and reads what has come.
    fn turn(&mut self, interrupt: &Interrupt) -> Result<(), BenchError> {
        let (window, target) = (self.window, &self.target);
        let failed = |number: usize, why: String| BenchError::protocol(target, format!("client {number}: {why}"));
        for (number, client) in self.clients.iter_mut().enumerate() {
            client.say(number, window, &mut self.texts).map_err(|why| failed(number, why))?;
        }
        self.ready.wait(interrupt)?;
        let is_one_by_one = self.clients.len() == 1 && window == 1;
        for event in self.ready.events() {
            let number = event.token().0;
            let Some(client) = self.clients.get_mut(number) else { continue };
            client.writable |= event.is_writable();
            let before = client.link.got();
            client.link.read(&mut self.scratch, &self.tags).map_err(|why| failed(number, why))?;
            if is_one_by_one && client.link.got() > before {
                self.rounds.record(client.sent_at.elapsed());
            }
        }
        Ok(())
    }

    const fn is_one_by_one(&self) -> bool {
        self.clients.len() == 1 && self.window == 1
    }

    fn confirmed(&self) -> u64 {
        self.clients.iter().map(|client| client.link.got()).sum()
    }

    fn stuck(&self) -> BenchError {
        let sent: u64 = self.clients.iter().map(|client| client.sent).sum();
        let (seconds, confirmed) = (STUCK.as_secs(), self.confirmed());
        let why = format!("nothing moved for {seconds} seconds: {sent} sent, {confirmed} confirmed");
        BenchError::protocol(&self.target, why)
    }
}

impl Client {
    /// Sends what the window allows, and what the socket did not take before.
    fn say(&mut self, client: usize, window: u64, texts: &mut impl Texts) -> Result<(), String> {
        let credit = window + self.link.got() - self.sent;
        if !self.is_done && self.outgoing.is_empty() && credit >= (window / 8).max(1) {
            self.sent_at = Instant::now();
            for number in self.sent..self.sent + credit {
                let start = self.outgoing.len();
                let mut text_bytes = 0;
                write_say(self.room, number, &mut self.outgoing, |out| {
                    let before = out.len();
                    texts.write(client, number, out);
                    text_bytes = out.len() - before;
                });
                if text_bytes == 0 {
                    self.outgoing.truncate(start);
                    self.is_done = true;
                    break;
                }
                self.sent += 1;
            }
        }
        let rest = self.outgoing.get(self.written..).unwrap_or_default();
        if rest.is_empty() || !self.writable {
            return Ok(());
        }
        let wanted = rest.len();
        let count = self.link.write(rest)?;
        self.written += count;
        // A write that was cut short has filled the socket; the next readiness is a new edge.
        self.writable = count == wanted;
        if self.writable {
            self.outgoing.clear();
            self.written = 0;
        }
        Ok(())
    }

    /// Whether everything it had to say is confirmed.
    fn is_over(&self) -> bool {
        self.is_done && self.link.got() == self.sent
    }
}
