//! One connection of an open load: what is still to be written, what has come of an answer, who waits for it.

use std::io::{self, ErrorKind, Read, Write};

use mio::net::TcpStream;
use proto::RoomId;

use super::wire::Asked;

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// When connecting began.
    pub(super) began_ns: u64,
    /// Whether the handshake is over.
    pub(super) is_established: bool,
    /// Its row: a kept connection's number, a fresh one's session.
    pub(super) row: usize,
    /// Whose it is now.
    pub(super) session: Option<usize>,
    /// The request under way.
    pub(super) asked: Option<Asked>,
    /// Requests given up whose answers may still come.
    pub(super) abandoned: Vec<u64>,
    /// Whether anything has come at all.
    pub(super) was_heard: bool,
    /// Whether a request has been answered, and be it with "busy".
    pub(super) was_served: bool,
    /// The chat room's number.
    pub(super) room: RoomId,
    unsent: Vec<u8>,
    written: usize,
    /// What has come and is not yet understood.
    pub(super) carry: Vec<u8>,
}

/// What reading came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pulled {
    /// All there is has been read.
    All,
    /// The server has closed.
    Closed,
}

impl Connection {
    pub(super) const fn new(stream: TcpStream, row: usize, session: Option<usize>, began_ns: u64) -> Self {
        Self {
            stream,
            began_ns,
            is_established: false,
            row,
            session,
            asked: None,
            abandoned: Vec::new(),
            was_heard: false,
            was_served: false,
            room: RoomId(0),
            unsent: Vec::new(),
            written: 0,
            carry: Vec::new(),
        }
    }

    /// For the readiness queue.
    pub(super) const fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Where requests are put before [`Connection::push`].
    pub(super) const fn outbox(&mut self) -> &mut Vec<u8> {
        &mut self.unsent
    }

    /// Whether this was a request that was given up; its answer is not expected any more.
    pub(super) fn forget(&mut self, number: u64) -> bool {
        let at = self.abandoned.iter().position(|one| *one == number);
        at.map(|at| self.abandoned.swap_remove(at)).is_some()
    }

    /// Whether the handshake is over now.
    ///
    /// # Errors
    /// What the server's machine said instead.
    pub(super) fn has_connected(&self) -> io::Result<bool> {
        if let Some(error) = self.stream.take_error()? {
            return Err(error);
        }
        match self.stream.peer_addr() {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes what the socket takes now.
    ///
    /// # Errors
    /// If the connection broke.
    pub(super) fn push(&mut self) -> io::Result<()> {
        while let Some(rest) = self.unsent.get(self.written..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(count) => self.written += count,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.unsent.clear();
        self.written = 0;
        Ok(())
    }

    /// Whether nothing is left to be written.
    pub(super) const fn is_sent(&self) -> bool {
        self.unsent.is_empty()
    }

    /// Reads all there is into [`Connection::carry`], through `scratch`. `to_end` if the server is known to have closed.
    ///
    /// # Errors
    /// If the connection broke; what came before is kept.
    pub(super) fn pull(&mut self, scratch: &mut [u8], to_end: bool) -> io::Result<Pulled> {
        loop {
            match self.stream.read(scratch) {
                Ok(0) => return Ok(Pulled::Closed),
                Ok(count) => {
                    self.was_heard = true;
                    self.carry.extend_from_slice(scratch.get(..count).unwrap_or_default());
                    // Readiness is told on edges; a read that does not fill the buffer has emptied the socket.
                    if count < scratch.len() && !to_end {
                        return Ok(Pulled::All);
                    }
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    return Ok(Pulled::All);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
