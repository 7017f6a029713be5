//! Frames, on a task.

use futures::{FutureExt, SinkExt, StreamExt};
use proto::error::CodecError;
use proto::foreign::Caller;
use proto::{CloseCode, Codec, Frame};
use serve::net::TcpStream;
use serve::{CloseReason, Connection, RequestGate};
use tokio::io::AsyncWriteExt;
use tokio_util::codec::Framed;

use super::frames::{self, Step};
use super::interrupts::{EndedBy, Interrupts};
use super::journal::Journal;
use super::raw::linger;
use super::service::EchoService;
use super::watch::Start;

/// The most of a stranger's first bytes that is looked at.
pub(super) const FIRST_BYTES: usize = 16;

pub(super) async fn serve(service: &EchoService, connection: Connection) -> CloseReason {
    let Connection { id, peer, accepted, mut stream, gate, phase, limits } = connection;
    let start = service.watch.start(accepted);
    let mut journal = Journal::open(id, peer);
    let mut interrupts = Interrupts::new(limits.idle_ms, phase);
    if let Err(reason) = greet(&mut stream, &mut interrupts).await {
        return journal.close(reason);
    }
    let framed = Framed::new(stream, Codec::control());
    let mut talk = Talk { service, framed, gate, interrupts, start };
    let ended = talk.converse(&mut journal).await.unwrap_or_else(|reason| reason);
    journal.close(ended)
}

/// Waits for the first bytes, and sends away who does not speak frames.
async fn greet(stream: &mut TcpStream, interrupts: &mut Interrupts) -> Result<(), CloseReason> {
    let mut first = [0; FIRST_BYTES];
    let peeked = interrupts.wait(EndedBy::SilenceOrDrain, stream.peek(&mut first)).await?;
    let bytes = peeked.map_err(|_| CloseReason::PeerVanished)?;
    match Caller::of(first.get(..bytes).unwrap_or_default()) {
        None => Err(CloseReason::PeerClosed),
        Some(Caller::Native) => Ok(()),
        Some(stranger) => {
            // If it cannot be told, it is gone.
            let _told = stream.write_all(stranger.answer().as_bytes()).await;
            linger(stream).await;
            Err(CloseReason::PeerFault)
        }
    }
}

struct Talk<'a> {
    service: &'a EchoService,
    framed: Framed<TcpStream, Codec>,
    gate: RequestGate,
    interrupts: Interrupts,
    start: Start,
}

impl Talk<'_> {
    async fn converse(&mut self, journal: &mut Journal) -> Result<CloseReason, CloseReason> {
        loop {
            let frame = match self.next().await? {
                None => return Ok(CloseReason::PeerClosed),
                Some(Ok(frame)) => frame,
                Some(Err(CodecError::Io(_))) => return Ok(CloseReason::PeerVanished),
                Some(Err(CodecError::Decode(error))) => {
                    self.say(frames::goodbye(CloseCode::PeerFault, Some((&error).into()))).await?;
                    return self.end(CloseReason::PeerFault).await;
                }
            };
            self.interrupts.heard();
            journal.came(frame.body());
            match frames::step(&frame) {
                Step::Skip => {}
                Step::Say(answer) => self.say(answer).await?,
                Step::Leave(goodbye) => {
                    self.say(goodbye).await?;
                    return self.end(CloseReason::PeerClosed).await;
                }
                Step::Work => {
                    let answer = match self.service.work(&self.gate, frame.body()).await {
                        Ok(stages) => {
                            let stamps = self.service.watch.stamps(self.start, stages);
                            frames::answer(&self.service.reply, &frame, &stamps)
                        }
                        Err(undone) => frames::undone(&frame, &undone),
                    };
                    self.say(answer).await?;
                    if self.service.once {
                        return self.end(CloseReason::Done).await;
                    }
                }
            }
        }
    }

    /// The next frame. Answers are written before it is waited for, together if frames came together.
    async fn next(&mut self) -> Result<Option<Result<Frame, CodecError>>, CloseReason> {
        let waited = match self.framed.next().now_or_never() {
            Some(frame) => self.interrupts.wait(EndedBy::SilenceOrDrain, async { frame }).await,
            None => {
                self.flush().await?;
                self.interrupts.wait(EndedBy::SilenceOrDrain, self.framed.next()).await
            }
        };
        let reason = match waited {
            Ok(frame) => return Ok(frame),
            Err(reason) => reason,
        };
        let code = if reason == CloseReason::Idle { CloseCode::Idle } else { CloseCode::Draining };
        self.say(frames::goodbye(code, None)).await?;
        self.end(reason).await?;
        Err(reason)
    }

    async fn say(&mut self, frame: Frame) -> Result<(), CloseReason> {
        written(self.framed.feed(frame), &mut self.interrupts).await
    }

    async fn flush(&mut self) -> Result<(), CloseReason> {
        written(self.framed.flush(), &mut self.interrupts).await
    }

    /// Writes what is left to say, and ends.
    async fn end(&mut self, reason: CloseReason) -> Result<CloseReason, CloseReason> {
        self.flush().await?;
        linger(self.framed.get_mut()).await;
        Ok(reason)
    }
}

async fn written(
    write: impl Future<Output = Result<(), CodecError>>,
    interrupts: &mut Interrupts,
) -> Result<(), CloseReason> {
    match interrupts.wait(EndedBy::Silence, write).await {
        Ok(written) => written.map_err(|_| CloseReason::PeerVanished),
        Err(_) => Err(CloseReason::Stalled),
    }
}
