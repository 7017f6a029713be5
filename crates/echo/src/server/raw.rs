//! Raw bytes, on a task.

use std::time::Duration;

use serve::net::TcpStream;
use serve::{CloseReason, Connection, RequestGate};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::interrupts::{EndedBy, Interrupts};
use super::journal::Journal;
use super::service::EchoService;
use super::watch::Undone;
use crate::conversation::{Conversation, Reply, Request};

/// What one read takes at most, in bytes.
pub(super) const READ_BYTES: usize = 16 * 1024;
/// Answers of one read are written in pieces of about this many bytes.
pub(super) const WRITE_BYTES: usize = 16 * 1024;
/// How long a peer that had its one answer may go on talking until it is cut, so that a reset does not eat the answer.
pub(super) const LINGER: Duration = Duration::from_secs(1);

pub(super) async fn serve(service: &EchoService, connection: Connection) -> CloseReason {
    let Connection { id, peer, stream, gate, phase, limits, .. } = connection;
    let mut journal = Journal::open(id, peer);
    let interrupts = Interrupts::new(limits.idle_ms, phase);
    let mut raw = Raw { service, stream, gate, interrupts };
    let ended = if service.reply == Reply::Echo && !service.once {
        raw.echo(&mut journal).await
    } else {
        raw.converse(&mut journal).await
    };
    journal.close(ended.unwrap_or_else(|reason| reason))
}

struct Raw<'a> {
    service: &'a EchoService,
    stream: TcpStream,
    gate: RequestGate,
    interrupts: Interrupts,
}

/// What a connection waits for.
enum Event {
    Read(std::io::Result<usize>),
    Pause,
}

impl Raw<'_> {
    /// Echo is the plain loop: a read, the same bytes back.
    async fn echo(&mut self, journal: &mut Journal) -> Result<CloseReason, CloseReason> {
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let read = self.interrupts.wait(EndedBy::SilenceOrDrain, self.stream.read(&mut buffer));
            let bytes = match read.await? {
                Ok(0) => return Ok(CloseReason::PeerClosed),
                Ok(bytes) => buffer.get(..bytes).unwrap_or_default(),
                Err(_) => return Ok(CloseReason::PeerVanished),
            };
            self.interrupts.heard();
            journal.came(bytes);
            match self.service.work(&self.gate, bytes).await {
                Ok(_) => write_all(&mut self.stream, bytes, &mut self.interrupts).await?,
                Err(undone) => write_all(&mut self.stream, busy_line(&undone).as_bytes(), &mut self.interrupts).await?,
            }
        }
    }

    /// Everything else asks where a message ends.
    async fn converse(&mut self, journal: &mut Journal) -> Result<CloseReason, CloseReason> {
        let mut buffer = vec![0; READ_BYTES];
        let mut talk = Conversation::new(self.service.reply.clone(), self.service.once);
        loop {
            let patience = talk.patience(self.service.quiet);
            let event = async {
                tokio::select! {
                    biased;
                    read = self.stream.read(&mut buffer) => Event::Read(read),
                    () = pause(patience) => Event::Pause,
                }
            };
            let bytes = match self.interrupts.wait(EndedBy::SilenceOrDrain, event).await? {
                Event::Pause => {
                    self.end_open(&mut talk).await?;
                    &[]
                }
                Event::Read(Ok(0)) => {
                    self.end_open(&mut talk).await?;
                    let mut rest = Vec::new();
                    talk.finish(&mut rest);
                    self.write(&mut rest).await?;
                    return Ok(if talk.is_over() { CloseReason::Done } else { CloseReason::PeerClosed });
                }
                Event::Read(Ok(bytes)) => buffer.get(..bytes).unwrap_or_default(),
                Event::Read(Err(_)) => return Ok(CloseReason::PeerVanished),
            };
            if !bytes.is_empty() {
                self.interrupts.heard();
                journal.came(bytes);
                self.answer_all(&mut talk, bytes).await?;
            }
            if talk.is_over() {
                let mut rest = Vec::new();
                talk.finish(&mut rest);
                self.write(&mut rest).await?;
                self.linger().await;
                return Ok(CloseReason::Done);
            }
        }
    }

    async fn answer_all(&mut self, talk: &mut Conversation, bytes: &[u8]) -> Result<(), CloseReason> {
        let mut out = Vec::new();
        let mut rest = bytes;
        while let Some(request) = talk.next(&mut rest) {
            self.answer(talk, &request, &mut out).await;
            if out.len() >= WRITE_BYTES {
                self.write(&mut out).await?;
            }
        }
        self.write(&mut out).await
    }

    async fn end_open(&mut self, talk: &mut Conversation) -> Result<(), CloseReason> {
        let Some(request) = talk.end_open() else { return Ok(()) };
        let mut out = Vec::new();
        self.answer(talk, &request, &mut out).await;
        self.write(&mut out).await
    }

    async fn answer(&self, talk: &mut Conversation, request: &Request<'_>, out: &mut Vec<u8>) {
        match self.service.work(&self.gate, request.bytes).await {
            Ok(_) => talk.answer(request, out),
            Err(undone) => out.extend_from_slice(busy_line(&undone).as_bytes()),
        }
    }

    async fn write(&mut self, out: &mut Vec<u8>) -> Result<(), CloseReason> {
        if !out.is_empty() {
            write_all(&mut self.stream, out, &mut self.interrupts).await?;
            out.clear();
        }
        Ok(())
    }

    /// Our side is done: waits for the peer to see it.
    async fn linger(&mut self) {
        linger(&mut self.stream).await;
    }
}

/// Ends our side, and reads the peer out for a moment.
pub(super) async fn linger(stream: &mut TcpStream) {
    let reading_out = async {
        stream.shutdown().await?;
        let mut scrap = [0; 1024];
        while stream.read(&mut scrap).await? > 0 {}
        Ok::<(), std::io::Error>(())
    };
    // Whatever happens, the connection is over.
    let _over = tokio::time::timeout(LINGER, reading_out).await;
}

/// The line a raw client gets instead of its answer.
fn busy_line(undone: &Undone) -> String {
    format!("busy: {undone}\n")
}

async fn pause(patience: Option<Duration>) {
    match patience {
        Some(patience) => tokio::time::sleep(patience).await,
        None => std::future::pending().await,
    }
}

async fn write_all(stream: &mut TcpStream, bytes: &[u8], interrupts: &mut Interrupts) -> Result<(), CloseReason> {
    match interrupts.wait(EndedBy::Silence, stream.write_all(bytes)).await {
        Ok(written) => written.map_err(|_| CloseReason::PeerVanished),
        Err(_) => Err(CloseReason::Stalled),
    }
}
