//! One connection of the load: reads in large pieces, hands complete messages to the protocol, keeps the rest.

use std::io::{ErrorKind, Read, Write};

use mio::net::TcpStream;

use crate::dial::Dialed;
use crate::error::BenchError;
use crate::targets::{Intake, Ledger, Tags};

/// A greeted connection in a readiness loop.
#[derive(Debug)]
pub(super) struct Link {
    stream: TcpStream,
    intake: Box<dyn Intake>,
    /// What has come of a message that is not complete.
    carry: Vec<u8>,
    /// What the protocol wants sent back.
    answers: Vec<u8>,
    farewell: Vec<u8>,
    got: u64,
    behind: u64,
    acknowledging: Acknowledging,
    reads: u32,
}

/// When a receiver's kernel acknowledges what it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acknowledging {
    /// As it likes: for small messages one by one that is at every read, which doubles what a read costs.
    AtOnce,
    /// As for somebody who is about to answer: after 40 ms, or with what is sent next. Linux only.
    Late,
}

/// Reads after which the kernel is told again to acknowledge late; it forgets when its timer has run.
const READS_A_REMINDER: u32 = 8;

impl Link {
    pub(super) fn new(dialed: Dialed, intake: Box<dyn Intake>, farewell: Vec<u8>) -> Result<Self, BenchError> {
        let stream = dialed.into_nonblocking()?;
        Ok(Self {
            stream,
            intake,
            carry: Vec::new(),
            answers: Vec::new(),
            farewell,
            got: 0,
            behind: 0,
            acknowledging: Acknowledging::AtOnce,
            reads: 0,
        })
    }

    pub(super) const fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Chooses when to acknowledge.
    pub(super) const fn acknowledge(&mut self, acknowledging: Acknowledging) {
        self.acknowledging = acknowledging;
    }

    /// How many messages have come, or for a sender how many were confirmed.
    pub(super) const fn got(&self) -> u64 {
        self.got
    }

    /// The next message is number `got`: those before were said before it came.
    pub(super) const fn begin_at(&mut self, got: u64) {
        self.got = got;
    }

    /// How often the server said that it is behind.
    pub(super) const fn behind(&self) -> u64 {
        self.behind
    }

    /// Reads all there is and returns how many bytes it was. `scratch` is only borrowed for the call.
    ///
    /// Readiness is told on edges. A read that does not fill the buffer has emptied the socket, and what comes later
    /// is a new edge, so such a read is the last; this saves the read that would say `WouldBlock`.
    pub(super) fn read(&mut self, scratch: &mut [u8], tags: &Tags) -> Result<usize, String> {
        let mut total = 0;
        self.remind();
        loop {
            let held = self.carry.len();
            let Some((carried, room)) = scratch.split_at_mut_checked(held).filter(|(_, room)| !room.is_empty()) else {
                return Err(format!("it sent a message of over {held} bytes"));
            };
            carried.copy_from_slice(&self.carry);
            let room_bytes = room.len();
            let count = match self.stream.read(room) {
                Ok(0) => return Err("it closed the connection".to_owned()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(total),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(format!("the connection broke: {error}")),
            };
            total += count;
            self.take(scratch.get(..held + count).unwrap_or_default(), tags)?;
            if count < room_bytes {
                return Ok(total);
            }
        }
    }

    fn remind(&mut self) {
        if self.acknowledging == Acknowledging::Late {
            if self.reads.is_multiple_of(READS_A_REMINDER) {
                acknowledge_late(&self.stream);
            }
            self.reads = self.reads.wrapping_add(1);
        }
    }

    fn take(&mut self, bytes: &[u8], tags: &Tags) -> Result<(), String> {
        let mut ledger = Ledger { got: self.got, behind: self.behind, tags, answers: &mut self.answers };
        let taken = self.intake.take(bytes, &mut ledger)?;
        (self.got, self.behind) = (ledger.got, ledger.behind);
        self.carry.clear();
        self.carry.extend_from_slice(bytes.get(taken..).unwrap_or_default());
        if !self.answers.is_empty() {
            // A few bytes after seconds of silence in this direction always fit the socket's buffer.
            self.stream.write_all(&self.answers).map_err(|error| format!("a ping could not be answered: {error}"))?;
            self.answers.clear();
        }
        Ok(())
    }

    /// Writes what the socket takes now and returns how many bytes that were.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<usize, String> {
        loop {
            match self.stream.write(bytes) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("the connection broke: {error}")),
            }
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // Politeness only: the server may have gone already.
        let _ = self.stream.write(&self.farewell);
    }
}

#[cfg(target_os = "linux")]
fn acknowledge_late(stream: &TcpStream) {
    // If the kernel refuses, reads only cost more, and the load's share shows it.
    let _ = rustix::net::sockopt::set_tcp_quickack(stream, false);
}

#[cfg(not(target_os = "linux"))]
const fn acknowledge_late(_stream: &TcpStream) {}
