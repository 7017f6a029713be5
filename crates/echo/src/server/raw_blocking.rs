//! Raw bytes, on a thread.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use serve::{BlockingConnection, CloseReason, Phase, PhaseWatch, RequestGate};

use super::journal::Journal;
use super::raw::{LINGER, READ_BYTES, WRITE_BYTES};
use super::service::EchoService;
use crate::conversation::{Conversation, Request};

pub(super) fn serve(service: &EchoService, connection: BlockingConnection) -> CloseReason {
    let BlockingConnection { id, peer, stream, gate, phase, limits, .. } = connection;
    let mut journal = Journal::open(id, peer);
    let Ok(socket) = Patient::new(stream, limits.idle_ms) else { return journal.close(CloseReason::PeerVanished) };
    let mut raw = Raw { service, socket, gate, phase };
    let ended = raw.converse(&mut journal).unwrap_or_else(|reason| reason);
    journal.close(ended)
}

struct Raw<'a> {
    service: &'a EchoService,
    socket: Patient,
    gate: RequestGate,
    phase: PhaseWatch,
}

impl Raw<'_> {
    fn converse(&mut self, journal: &mut Journal) -> Result<CloseReason, CloseReason> {
        let mut buffer = vec![0; READ_BYTES];
        let mut out = Vec::new();
        let mut talk = Conversation::new(self.service.reply.clone(), self.service.once);
        loop {
            let patience = talk.patience(self.service.quiet);
            let bytes = match self.socket.read(&mut buffer, patience) {
                Ok(0) => return self.last_words(&mut talk),
                Ok(bytes) => buffer.get(..bytes).unwrap_or_default(),
                Err(error) if !is_timeout(&error) => return Ok(CloseReason::PeerVanished),
                Err(_) if patience.is_none() => return Ok(CloseReason::Idle),
                Err(_) => {
                    if let Some(request) = talk.end_open() {
                        self.answer(&mut talk, &request, &mut out)?;
                    }
                    &[]
                }
            };
            if !bytes.is_empty() {
                journal.came(bytes);
            }
            let mut rest = bytes;
            while let Some(request) = talk.next(&mut rest) {
                self.answer(&mut talk, &request, &mut out)?;
            }
            self.write(&mut out)?;
            if talk.is_over() {
                talk.finish(&mut out);
                self.write(&mut out)?;
                self.socket.linger();
                return Ok(CloseReason::Done);
            }
            if self.phase.current() != Phase::Running {
                return Ok(CloseReason::Drained);
            }
        }
    }

    /// The peer has closed its side, or the server drains, which looks the same here.
    fn last_words(&mut self, talk: &mut Conversation) -> Result<CloseReason, CloseReason> {
        let mut out = Vec::new();
        if let Some(request) = talk.end_open() {
            self.answer(talk, &request, &mut out)?;
        }
        talk.finish(&mut out);
        self.write(&mut out)?;
        Ok(if talk.is_over() {
            CloseReason::Done
        } else if self.phase.current() == Phase::Running {
            CloseReason::PeerClosed
        } else {
            CloseReason::Drained
        })
    }

    fn answer(&mut self, talk: &mut Conversation, request: &Request<'_>, out: &mut Vec<u8>) -> Result<(), CloseReason> {
        // Only work that is asked for can be refused here, and raw requests do not ask.
        let _stages = self.service.work_blocking(&self.gate, request.bytes);
        talk.answer(request, out);
        if out.len() >= WRITE_BYTES { self.write(out) } else { Ok(()) }
    }

    fn write(&mut self, out: &mut Vec<u8>) -> Result<(), CloseReason> {
        if !out.is_empty() {
            self.socket.write_all(out)?;
            out.clear();
        }
        Ok(())
    }
}

/// A socket whose reads and writes wait only so long.
#[derive(Debug)]
pub(super) struct Patient {
    stream: TcpStream,
    idle: Option<Duration>,
    /// The read timeout as set, so that it is set only when it changes.
    waits: Option<Duration>,
}

impl Patient {
    /// Waits `idle_ms` milliseconds for a write, and for a read that says nothing else; 0: without end.
    pub(super) fn new(stream: TcpStream, idle_ms: u64) -> io::Result<Self> {
        let idle = (idle_ms > 0).then(|| Duration::from_millis(idle_ms));
        stream.set_write_timeout(idle)?;
        stream.set_read_timeout(idle)?;
        Ok(Self { stream, idle, waits: idle })
    }

    /// One read, which waits for `patience`, or the idle time.
    pub(super) fn read(&mut self, buffer: &mut [u8], patience: Option<Duration>) -> io::Result<usize> {
        let waits = patience.or(self.idle);
        if waits != self.waits {
            self.stream.set_read_timeout(waits)?;
            self.waits = waits;
        }
        loop {
            match self.stream.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    /// The first bytes, left where they are.
    pub(super) fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.peek(buffer)
    }

    pub(super) fn write_all(&mut self, bytes: &[u8]) -> Result<(), CloseReason> {
        self.stream
            .write_all(bytes)
            .map_err(|error| if is_timeout(&error) { CloseReason::Stalled } else { CloseReason::PeerVanished })
    }

    /// Ends our side, and reads the peer out for a moment.
    pub(super) fn linger(&mut self) {
        let until = Instant::now() + LINGER;
        if self.stream.shutdown(Shutdown::Write).is_err() {
            return;
        }
        let mut scrap = [0; 1024];
        while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            if !matches!(self.read(&mut scrap, Some(left)), Ok(1..)) {
                return;
            }
        }
    }
}

/// Whether a read or write ended because its time was up: systems disagree on the name for it.
pub(super) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
