//! The reading half: frames into requests, a batch for each read. It waits while answers pile up, so a peer that
//! asks and does not listen stops itself.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use chat::{Command, Request};
use proto::error::CodecError;
use proto::foreign::Caller;
use proto::limits::BULK_BYTES_MAX;
use proto::{CloseCode, Code, Codec, Refusal, RequestId, ServerMessage, Token};
use serve::{GateBusy, RequestGate};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::Instant;
use tokio_util::codec::Decoder;

use super::intake::{Intake, Intaker};
use super::pace::Pace;
use super::{Seat, Surroundings};
use crate::files::{Desk, no_files};
use crate::hub_owner::ToHub;
use crate::outbox::Outbox;

/// Frames decoded, and requests handed to the hub, at once.
const BATCH_MAX: usize = 256;

/// When a request that found every worker taken may be tried again, in milliseconds.
const BUSY_RETRY_AFTER_MS: u32 = 100;

/// Why the reading came to an end, or the session did before it.
#[derive(Debug)]
pub(super) enum Ending {
    Bye,
    Closed,
    Vanished,
    Fault(Refusal),
    Foreign(Caller),
    HandshakeTimeout,
    Idle,
    Stalled,
    /// The hub has closed the session, and said why.
    Told(CloseCode),
    Draining,
}

#[derive(Debug)]
pub(super) struct Reader<R> {
    input: R,
    buffer: BytesMut,
    codec: Codec,
    intaker: Intaker,
    files: Option<Arc<Desk>>,
    pace: Pace,
    /// Until when the peer, who asks faster than allowed, is not read.
    paused_until: Option<Instant>,
    idle_ms: u64,
    handshake_ms: u64,
    /// Whether anything has come at all.
    met: bool,
    /// Whether a whole frame has come since the last look; bytes alone are no sign of life.
    heard: bool,
    /// Whether the peer was asked at the last look.
    pinged: bool,
}

/// What the frames in the buffer came to.
struct Batch {
    requests: Vec<Request>,
    /// Frames taken, those without an answer included, but not those within transfers: credit bounds them.
    frames: usize,
    then: Then,
}

/// What follows a batch.
enum Then {
    Wait(Wait),
    End(Ending),
}

/// What is waited for before the next batch.
#[derive(Debug, Clone, Copy)]
enum Wait {
    /// Bytes from the peer.
    Bytes,
    /// Nothing but room in the outbox: the buffer may hold more frames.
    Room,
    /// The last request has a big answer, which goes out before the next is asked.
    Settled,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(super) fn new(input: R, around: &Surroundings) -> Self {
        let limits = &around.limits;
        Self {
            input,
            buffer: BytesMut::new(),
            codec: around
                .files
                .as_ref()
                .map_or_else(Codec::control, |desk| Codec::new(BULK_BYTES_MAX).with_spares(desk.read_buffers())),
            intaker: Intaker::default(),
            files: around.files.clone(),
            pace: Pace::new(limits.requests_per_second, Instant::now().into_std()),
            paused_until: None,
            idle_ms: limits.idle_ms,
            handshake_ms: limits.handshake_ms,
            met: false,
            heard: false,
            pinged: false,
        }
    }

    pub(super) const fn input(&mut self) -> &mut R {
        &mut self.input
    }

    /// Reads and hands over until the peer, or its silence, ends it. Every wait for the peer is beside the timer, so
    /// that none can outlive it.
    pub(super) async fn run(&mut self, seat: &mut Seat<'_>, gate: &RequestGate) -> Ending {
        let outbox = Arc::clone(seat.outbox);
        let silence = tokio::time::sleep(Duration::from_millis(self.handshake_ms));
        tokio::pin!(silence);
        let mut wait = Wait::Bytes;
        loop {
            tokio::select! {
                biased;
                () = &mut silence => match self.look(&outbox) {
                    Some(ending) => return ending,
                    None => silence.as_mut().reset(Instant::now() + Duration::from_millis(self.idle_ms)),
                },
                ready = self.ready(&outbox, wait) => match ready {
                    Some(ending) => return ending,
                    // Boxed: a batch may cost an allocation; a session that waits shall not carry the room for it.
                    None => match Box::pin(self.take_batch(seat, gate)).await {
                        Then::Wait(next) => wait = next,
                        Then::End(ending) => return ending,
                    },
                },
            }
        }
    }

    /// Waits until there is something to decode; an ending if there never will be. May be given up at any point.
    async fn ready(&mut self, outbox: &Outbox, wait: Wait) -> Option<Ending> {
        if let Some(until) = self.paused_until {
            Box::pin(tokio::time::sleep_until(until)).await;
            self.paused_until = None;
        }
        match wait {
            Wait::Settled => outbox.settled().await,
            Wait::Room => outbox.room().await,
            Wait::Bytes => {
                outbox.room().await;
                match self.input.read_buf(&mut self.buffer).await {
                    Ok(0) => return Some(self.at_end()),
                    Ok(_) => {}
                    Err(_) => return Some(Ending::Vanished),
                }
                if !std::mem::replace(&mut self.met, true) {
                    return Caller::of(&self.buffer).filter(|caller| *caller != Caller::Native).map(Ending::Foreign);
                }
            }
        }
        None
    }

    async fn take_batch(&mut self, seat: &mut Seat<'_>, gate: &RequestGate) -> Then {
        let batch = self.decode(seat.outbox);
        if !batch.requests.is_empty() {
            hand_over(seat, gate, batch.requests).await;
        }
        if let Some(code) = seat.outbox.closing() {
            return Then::End(Ending::Told(code));
        }
        if self.pace.is_bounded() {
            let now = Instant::now();
            let pause = self.pace.take(batch.frames, now.into_std());
            self.paused_until = (!pause.is_zero()).then(|| now + pause);
        }
        batch.then
    }

    /// Turns what is in the buffer into requests, up to a batch.
    fn decode(&mut self, outbox: &Arc<Outbox>) -> Batch {
        let mut requests = Vec::new();
        let (mut frames, mut within_transfers) = (0, 0);
        let then = loop {
            if frames == BATCH_MAX {
                break Then::Wait(Wait::Room);
            }
            let frame = match self.codec.decode(&mut self.buffer) {
                Ok(Some(frame)) => frame,
                Ok(None) => break Then::Wait(Wait::Bytes),
                Err(error) => break Then::End(ending_of(error)),
            };
            frames += 1;
            self.heard = true;
            match self.intaker.take(&frame, fresh_token) {
                Intake::Ask(request) => requests.push(request),
                Intake::AskAlone(request) => {
                    requests.push(request);
                    break Then::Wait(Wait::Settled);
                }
                Intake::Transfer(slot, message) => {
                    let Some(desk) = &self.files else { continue };
                    match outbox.files_of(desk).take(slot, message) {
                        Ok(is_within) => within_transfers += usize::from(is_within),
                        Err(refusal) => break Then::End(Ending::Fault(refusal)),
                    }
                }
                Intake::Pack(id, pack) => requests.push(match &self.files {
                    Some(desk) => outbox.files_of(desk).put_aside(id, pack),
                    None => Request { id, command: Command::Refused(no_files()) },
                }),
                Intake::Heard => {}
                Intake::Bye => break Then::End(Ending::Bye),
                Intake::Fault(refusal) => break Then::End(Ending::Fault(refusal)),
            }
        };
        Batch { requests, frames: frames - within_transfers, then }
    }

    /// Looks whether the peer is alive, each time it could have been silent for as long as allowed.
    fn look(&mut self, outbox: &Outbox) -> Option<Ending> {
        self.codec.release(&mut self.buffer);
        if let Some(code) = outbox.closing() {
            return Some(Ending::Told(code));
        }
        if !outbox.is_admitted() {
            return Some(Ending::HandshakeTimeout);
        }
        // A peer that takes what is written is alive, however long a ping has to wait its turn; and one whose
        // answers have piled up is not read, so it cannot be heard.
        let has_progressed = outbox.take_progress();
        if std::mem::take(&mut self.heard) || has_progressed || !outbox.has_room() {
            self.pinged = false;
        } else if std::mem::replace(&mut self.pinged, true) {
            return Some(Ending::Idle);
        } else {
            outbox.answer(RequestId(0), &ServerMessage::Ping.to_frame(RequestId(0)));
        }
        None
    }

    fn at_end(&mut self) -> Ending {
        match self.codec.decode_eof(&mut self.buffer) {
            Ok(_) => Ending::Closed,
            Err(_) => Ending::Vanished,
        }
    }
}

async fn hand_over(seat: &mut Seat<'_>, gate: &RequestGate, requests: Vec<Request>) {
    seat.open().await;
    seat.outbox.asked(requests.len());
    let (requests, permit) = match gate.enter().await {
        Ok(permit) => (requests, Some(permit)),
        // Refused by way of the hub, so that the answers keep the order of the requests.
        Err(busy) => (requests.into_iter().map(|request| refused(request, &busy)).collect(), None),
    };
    seat.tell(ToHub::Requests { session: seat.session, requests, permit }).await;
}

fn ending_of(error: CodecError) -> Ending {
    match error {
        CodecError::Decode(error) => Ending::Fault(Refusal::from(&error)),
        CodecError::Io(_) => Ending::Vanished,
    }
}

fn refused(request: Request, busy: &GateBusy) -> Request {
    let refusal = Refusal::new(Code::Busy, busy.to_string()).with_retry_after_ms(BUSY_RETRY_AFTER_MS);
    Request { id: request.id, command: Command::Refused(refusal) }
}

/// 128 random bits from the operating system; `None` if it gives none.
fn fresh_token() -> Option<Token> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).inspect_err(|error| tracing::error!(%error, "no random bytes")).ok()?;
    Some(Token(bytes))
}
