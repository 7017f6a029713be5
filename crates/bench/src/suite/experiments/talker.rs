//! A connection of a lab that speaks frames and never blocks: what it is told goes out as the socket takes it, and
//! what comes is handed on frame by frame.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use proto::limits::HEADER_BYTES;
use proto::{Frame, Header};

use crate::error::BenchError;

/// A read of this many bytes at most; a lab's connections share the buffer.
pub(super) const SCRATCH_BYTES: usize = 64 * 1024;

/// How long a lab's loop sleeps at most before it looks whether the person wants it to end.
const TURN: Duration = Duration::from_millis(50);

/// A sleep may end this much late; nearer to its time a loop asks again and again.
pub(super) const SLEEP_MARGIN: Duration = Duration::from_millis(2);

/// Waits until something comes on a watched connection, but no longer than `left` and not for long at a time. Returns
/// how long it asked again and again and nothing came: CPU time that is no work.
///
/// # Errors
/// If the operating system cannot wait.
pub(super) fn listen(poll: &mut Poll, events: &mut Events, left: Duration) -> Result<Duration, BenchError> {
    let wait = left.saturating_sub(SLEEP_MARGIN).min(TURN);
    let began = Instant::now();
    match poll.poll(events, Some(wait)) {
        Err(error) if error.kind() == ErrorKind::Interrupted => events.clear(),
        other => other.map_err(BenchError::io("cannot wait for connections"))?,
    }
    Ok(if wait.is_zero() && events.is_empty() { began.elapsed() } else { Duration::ZERO })
}

/// The connection.
#[derive(Debug)]
pub(super) struct Talker {
    stream: TcpStream,
    inbox: BytesMut,
    outbox: BytesMut,
    is_connected: bool,
}

/// What a turn found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It goes on.
    Open,
    /// The server has closed it.
    Closed,
}

impl Talker {
    /// Begins to connect.
    ///
    /// # Errors
    /// [`BenchError::CannotConnect`] if the operating system refuses at once: no more files or ports.
    pub(super) fn connect(address: SocketAddr, target: &str) -> Result<Self, BenchError> {
        let cannot = |source| BenchError::CannotConnect { target: target.to_owned(), source };
        let stream = TcpStream::connect(address).map_err(cannot)?;
        Ok(Self { stream, inbox: BytesMut::new(), outbox: BytesMut::new(), is_connected: false })
    }

    /// Watches it for both interests, under this number.
    ///
    /// # Errors
    /// If the operating system cannot.
    pub(super) fn watch(&mut self, poll: &Poll, number: usize) -> Result<(), BenchError> {
        poll.registry()
            .register(&mut self.stream, Token(number), Interest::READABLE | Interest::WRITABLE)
            .map_err(BenchError::io("cannot watch a connection"))
    }

    /// Whether its handshake is over.
    pub(super) const fn is_connected(&self) -> bool {
        self.is_connected
    }

    /// Sends a frame, or keeps it until it can be sent.
    ///
    /// # Errors
    /// How the connection broke.
    pub(super) fn send(&mut self, frame: &Frame) -> Result<(), String> {
        frame.write(&mut self.outbox);
        if self.is_connected { self.flush() } else { Ok(()) }
    }

    /// Takes an event of its socket: finishes connecting, sends what waits, and hands on every frame that has come.
    ///
    /// # Errors
    /// How the connection broke, what came that is no frame, or what `each` objects to.
    pub(super) fn turn(
        &mut self,
        event: &Event,
        scratch: &mut [u8],
        each: impl FnMut(&mut Self, Frame) -> Result<(), String>,
    ) -> Result<Turn, String> {
        if event.is_writable() {
            self.finish_connecting()?;
            self.flush()?;
        }
        if event.is_readable() && self.is_connected {
            return self.read(scratch, each);
        }
        Ok(Turn::Open)
    }

    fn finish_connecting(&mut self) -> Result<(), String> {
        if self.is_connected {
            return Ok(());
        }
        if let Ok(Some(error)) | Err(error) = self.stream.take_error() {
            return Err(format!("it could not connect: {error}"));
        }
        // Without a peer the event was a stray one, and another comes.
        if self.stream.peer_addr().is_ok() {
            self.stream.set_nodelay(true).map_err(|error| format!("it could not connect: {error}"))?;
            self.is_connected = true;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), String> {
        while self.is_connected && !self.outbox.is_empty() {
            match self.stream.write(&self.outbox) {
                Ok(count) => drop(self.outbox.split_to(count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("the connection broke: {error}")),
            }
        }
        Ok(())
    }

    fn read(
        &mut self,
        scratch: &mut [u8],
        mut each: impl FnMut(&mut Self, Frame) -> Result<(), String>,
    ) -> Result<Turn, String> {
        loop {
            let count = match self.stream.read(scratch) {
                Ok(0) => return Ok(Turn::Closed),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Turn::Open),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(format!("the connection broke: {error}")),
            };
            self.inbox.extend_from_slice(scratch.get(..count).unwrap_or_default());
            while let Some(frame) = next_frame(&mut self.inbox)? {
                each(self, frame)?;
            }
        }
    }
}

/// Takes the first frame off `inbox`, if it is there whole.
fn next_frame(inbox: &mut BytesMut) -> Result<Option<Frame>, String> {
    let Some(head) = inbox.first_chunk::<HEADER_BYTES>() else { return Ok(None) };
    let header = Header::read(head);
    let body_bytes = header.len as usize;
    if body_bytes > header.body_bytes_max(0) {
        return Err(format!("it sent a frame of {body_bytes} bytes"));
    }
    if inbox.len() < HEADER_BYTES + body_bytes {
        return Ok(None);
    }
    inbox.advance(HEADER_BYTES);
    let body = inbox.split_to(body_bytes).freeze();
    Ok(Some(Frame::new(header.kind, header.id, body).with_flags(header.flags)))
}
