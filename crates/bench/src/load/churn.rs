//! Connect, one request, close, and again: the accept path. Every connection ends in exactly one way.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Token};

use super::readiness::{Readiness, Waiting};
use super::{Gauge, Span, Usage};
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::stats::{Latencies, Percentiles};

/// A connection that takes longer has failed. SYNs that are dropped come again after 1, 3 and 7 seconds.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);

/// The load of one trial: so many clients, each with one connection at a time.
#[derive(Debug)]
pub struct Churn<'a> {
    address: SocketAddr,
    exchange: Exchange<'a>,
    ready: Readiness,
    slots: Vec<Slot>,
    books: Books,
}

/// What each connection says and wants to hear.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// Sent.
    pub request: &'a [u8],
    /// What has to come back before the server closes.
    pub answer: &'a [u8],
}

#[derive(Debug)]
struct Books {
    count: Tally,
    latencies: Latencies,
}

/// How connections ended. Invariant: once none is open, `offered` is the sum of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Begun.
    pub offered: u64,
    /// Answered as they should be, and closed.
    pub ok: u64,
    /// Refused by the operating system, or closed by the server without a byte of an answer.
    pub refused: u64,
    /// Anything else: a wrong answer, a connection that broke or took too long.
    pub failed: u64,
}

/// What one trial came to.
#[derive(Debug, Clone, PartialEq)]
pub struct ChurnCount {
    /// All connections, warm-up and end included.
    pub all: Tally,
    /// Connections answered while it was measured.
    pub ok: u64,
    /// Of these, from the start of the connect until the answer is complete and the server has closed.
    pub latency: Percentiles,
    /// Who was busy.
    pub usage: Usage,
}

/// One client.
#[derive(Debug, Default)]
struct Slot {
    connection: Option<Connection>,
    /// Counts its connections, so that an event of the one before is not taken for one of this.
    generation: usize,
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    began: Instant,
    asked: bool,
    got: Vec<u8>,
}

/// How a connection ended.
enum End {
    Ok(Duration),
    Refused,
    Failed,
}

impl<'a> Churn<'a> {
    /// `clients` at a time.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn new(
        address: SocketAddr,
        clients: usize,
        exchange: Exchange<'a>,
        waiting: Waiting,
    ) -> Result<Self, BenchError> {
        let slots = (0..clients.max(1)).map(|_| Slot::default()).collect();
        let books = Books { count: Tally::default(), latencies: Latencies::new() };
        Ok(Self { address, exchange, ready: Readiness::new(waiting)?, slots, books })
    }

    /// Runs the trial: warm-up, measuring, and then until no connection is open.
    ///
    /// # Errors
    /// If the person interrupts, or the operating system refuses.
    pub fn run(mut self, span: Span, gauge: &Gauge<'_>, interrupt: &Interrupt) -> Result<ChurnCount, BenchError> {
        for number in 0..self.slots.len() {
            self.begin(number)?;
        }
        self.run_until(Instant::now() + span.warm_up, interrupt)?;
        self.books.latencies = Latencies::new();
        let (before, ok) = (gauge.read(self.ready.idle_seconds()), self.books.count.ok);
        self.run_until(Instant::now() + span.measured, interrupt)?;
        let (after, ok) = (gauge.read(self.ready.idle_seconds()), self.books.count.ok - ok);
        let latency = self.books.latencies.percentiles();
        while self.slots.iter().any(|slot| slot.connection.is_some()) {
            self.turn(interrupt)?;
        }
        Ok(ChurnCount { all: self.books.count, ok, latency, usage: after.since(&before) })
    }

    /// As [`Churn::turn`] until `end`, with every client that is free connecting anew.
    fn run_until(&mut self, end: Instant, interrupt: &Interrupt) -> Result<(), BenchError> {
        while Instant::now() < end {
            self.turn(interrupt)?;
            for number in 0..self.slots.len() {
                if self.slots.get(number).is_some_and(|slot| slot.connection.is_none()) {
                    self.begin(number)?;
                }
            }
        }
        Ok(())
    }

    fn turn(&mut self, interrupt: &Interrupt) -> Result<(), BenchError> {
        self.ready.wait(interrupt)?;
        for event in self.ready.events() {
            let (number, generation) = (event.token().0 % self.slots.len(), event.token().0 / self.slots.len());
            let Some(slot) = self.slots.get_mut(number).filter(|slot| slot.generation == generation) else { continue };
            let Some(connection) = slot.connection.as_mut() else { continue };
            if let Some(end) = connection.step(event, self.exchange) {
                slot.connection = None;
                self.books.book(&end);
            }
        }
        if self.ready.has_time_to_look() {
            self.give_up_on_silent();
        }
        Ok(())
    }

    fn begin(&mut self, number: usize) -> Result<(), BenchError> {
        let slots = self.slots.len();
        let Some(slot) = self.slots.get_mut(number) else { return Ok(()) };
        slot.generation += 1;
        self.books.count.offered += 1;
        let token = Token(slot.generation * slots + number);
        let began = Instant::now();
        match TcpStream::connect(self.address) {
            Ok(stream) => {
                let mut connection = Connection { stream, began, asked: false, got: Vec::new() };
                // On loopback the handshake is over by now, so the request usually need not wait for an event.
                if let Some(end) = connection.ask(self.exchange.request) {
                    self.books.book(&end);
                    return Ok(());
                }
                let both = Interest::READABLE | Interest::WRITABLE;
                self.ready.register(&mut connection.stream, token, both)?;
                slot.connection = Some(connection);
            }
            Err(error) => self.books.book(&Connection::broke(&error, 0)),
        }
        Ok(())
    }

    fn give_up_on_silent(&mut self) {
        for number in 0..self.slots.len() {
            let Some(slot) = self.slots.get_mut(number) else { continue };
            if slot.connection.as_ref().is_some_and(|connection| connection.began.elapsed() > CONNECTION_TIMEOUT) {
                slot.connection = None;
                self.books.book(&End::Failed);
            }
        }
    }
}

impl Books {
    fn book(&mut self, end: &End) {
        match end {
            End::Ok(latency) => {
                self.count.ok += 1;
                self.latencies.record(*latency);
            }
            End::Refused => self.count.refused += 1,
            End::Failed => self.count.failed += 1,
        }
    }
}

impl Connection {
    /// Goes on as far as `event` allows; says how it ended, once it has.
    fn step(&mut self, event: &Event, Exchange { request, answer }: Exchange<'_>) -> Option<End> {
        if !self.asked {
            let end = self.ask(request);
            if end.is_some() {
                return end;
            }
        }
        if event.is_readable() { self.read(answer) } else { None }
    }

    /// Sends the request, unless the connection does not stand yet.
    fn ask(&mut self, request: &[u8]) -> Option<End> {
        match self.stream.write(request) {
            // A few bytes into a fresh socket: they fit, or the connection is broken.
            Ok(count) if count == request.len() => {
                self.asked = true;
                None
            }
            Ok(_) => Some(End::Failed),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => None,
            Err(error) => Some(Self::broke(&error, 0)),
        }
    }

    fn read(&mut self, answer: &[u8]) -> Option<End> {
        let mut piece = [0; 1024];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return Some(self.closed(answer)),
                Ok(count) => self.got.extend(piece.iter().take(count)),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => return None,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Some(Self::broke(&error, self.got.len())),
            }
            if self.got.len() > answer.len() {
                return Some(End::Failed);
            }
        }
    }

    /// The server has closed; it was asked once, so that is in order if the answer is there. Dropping the connection
    /// closes our side.
    fn closed(&self, answer: &[u8]) -> End {
        match self.got.as_slice() {
            got if got == answer => End::Ok(self.began.elapsed()),
            [] => End::Refused,
            _ => End::Failed,
        }
    }

    fn broke(error: &std::io::Error, got_bytes: usize) -> End {
        match error.kind() {
            ErrorKind::ConnectionRefused => End::Refused,
            ErrorKind::ConnectionReset if got_bytes == 0 => End::Refused,
            _ => End::Failed,
        }
    }
}
