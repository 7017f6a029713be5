//! Closed loop: each connection sends a message, waits for all of its echo, and sends the next. Finds a ceiling; its
//! latencies are those of a saturated server and are not to be compared with an open loop's.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Instant;

use mio::net::TcpStream;
use mio::{Interest, Token};

use super::readiness::{Readiness, Waiting};
use super::{Gauge, SCRATCH_BYTES, STUCK, Span, Usage};
use crate::dial::Dialed;
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::stats::{Latencies, Percentiles};

/// The load of one trial.
#[derive(Debug)]
pub struct Closed {
    ready: Readiness,
    scratch: Vec<u8>,
    lines: Vec<Line>,
    latencies: Latencies,
    answered: u64,
    target: String,
}

/// What one trial came to.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedCount {
    /// Messages echoed while it was measured.
    pub answered: u64,
    /// From sending a message until its echo is complete.
    pub latency: Percentiles,
    /// Who was busy.
    pub usage: Usage,
}

/// One connection and the message it has under way.
#[derive(Debug)]
struct Line {
    stream: TcpStream,
    /// What is sent; its first bytes count up, so that no echo can be taken for another.
    message: Vec<u8>,
    number: u64,
    written: usize,
    got: usize,
    began: Instant,
    /// Whether the echo is complete and nothing is under way.
    resting: bool,
}

impl Closed {
    /// Opens `connections`, each to send messages of `message_bytes`.
    ///
    /// # Errors
    /// If the server cannot be reached or the operating system refuses.
    pub fn open(
        address: SocketAddr,
        target: &str,
        connections: usize,
        message_bytes: usize,
        waiting: Waiting,
    ) -> Result<Self, BenchError> {
        let ready = Readiness::new(waiting)?;
        let mut lines = Vec::with_capacity(connections);
        for number in 0..connections {
            let mut stream = Dialed::connect(address, target)?.into_nonblocking()?;
            ready.register(&mut stream, Token(number), Interest::READABLE | Interest::WRITABLE)?;
            let message = crate::targets::message_text(message_bytes);
            let line = Line { stream, message, number: 0, written: 0, got: 0, began: Instant::now(), resting: true };
            lines.push(line);
        }
        let latencies = Latencies::new();
        Ok(Self { ready, scratch: vec![0; SCRATCH_BYTES], lines, latencies, answered: 0, target: target.to_owned() })
    }

    /// Runs the trial: warm-up, measuring, and then until every echo is complete.
    ///
    /// # Errors
    /// [`BenchError::Protocol`] if an echo differs from what was sent, or nothing moves any more.
    pub fn run(mut self, span: Span, gauge: &Gauge<'_>, interrupt: &Interrupt) -> Result<ClosedCount, BenchError> {
        let start = Instant::now();
        for line in &mut self.lines {
            line.next(start).map_err(|why| BenchError::protocol(&self.target, why))?;
        }
        self.run_until(start + span.warm_up, interrupt)?;
        self.latencies = Latencies::new();
        let (before, answered) = (gauge.read(self.ready.idle_seconds()), self.answered);
        self.run_until(Instant::now() + span.measured, interrupt)?;
        let (after, count) = (gauge.read(self.ready.idle_seconds()), self.answered - answered);
        let latency = self.latencies.percentiles();
        while self.lines.iter().any(|line| !line.resting) {
            self.turn(Goes::End, interrupt)?;
        }
        Ok(ClosedCount { answered: count, latency, usage: after.since(&before) })
    }

    fn run_until(&mut self, end: Instant, interrupt: &Interrupt) -> Result<(), BenchError> {
        while Instant::now() < end {
            self.turn(Goes::On, interrupt)?;
        }
        Ok(())
    }

    fn turn(&mut self, goes: Goes, interrupt: &Interrupt) -> Result<(), BenchError> {
        self.ready.wait(interrupt)?;
        if self.ready.has_time_to_look() && self.lines.iter().any(|line| !line.resting && line.began.elapsed() > STUCK)
        {
            let why = format!("no echo for {} seconds", STUCK.as_secs());
            return Err(BenchError::protocol(&self.target, why));
        }
        for event in self.ready.events() {
            let Some(line) = self.lines.get_mut(event.token().0) else { continue };
            let failed = |why: String| BenchError::protocol(&self.target, why);
            if event.is_writable() {
                line.write().map_err(failed)?;
            }
            if event.is_readable() && line.read(&mut self.scratch).map_err(failed)? {
                let now = Instant::now();
                self.latencies.record(now.duration_since(line.began));
                self.answered += 1;
                match goes {
                    Goes::On => line.next(now).map_err(failed)?,
                    Goes::End => line.resting = true,
                }
            }
        }
        Ok(())
    }
}

/// What a connection does after an echo.
#[derive(Debug, Clone, Copy)]
enum Goes {
    On,
    End,
}

impl Line {
    /// Sends the next message.
    fn next(&mut self, now: Instant) -> Result<(), String> {
        self.number += 1;
        let stamp = self.number.to_be_bytes();
        for (place, byte) in self.message.iter_mut().zip(stamp) {
            *place = byte;
        }
        (self.written, self.got, self.began, self.resting) = (0, 0, now, false);
        self.write()
    }

    fn write(&mut self) -> Result<(), String> {
        while let Some(rest) = self.message.get(self.written..).filter(|rest| !rest.is_empty() && !self.resting) {
            match self.stream.write(rest) {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("the connection broke: {error}")),
            }
        }
        Ok(())
    }

    /// Reads what there is; true once the echo is complete.
    fn read(&mut self, scratch: &mut [u8]) -> Result<bool, String> {
        loop {
            let count = match self.stream.read(scratch) {
                Ok(0) => return Err("it closed the connection".to_owned()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(format!("the connection broke: {error}")),
            };
            let wanted = self.message.get(self.got..self.got + count);
            if wanted.is_none() || wanted != scratch.get(..count) {
                return Err(format!("the echo of message {} differs from it", self.number));
            }
            self.got += count;
            if self.got == self.message.len() {
                return Ok(true);
            }
            // The read did not fill the buffer, so the socket is empty and more is a new edge.
            if count < scratch.len() {
                return Ok(false);
            }
        }
    }
}
