//! The reading half: frames into requests, a batch for each read. It waits while answers pile up, so a peer that
//! asks and does not listen stops itself.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use chat::{Command, Request};
use proto::error::CodecError;
use proto::foreign::Caller;
use proto::{Code, Codec, Refusal, RequestId, ServerMessage, Token};
use serve::{GateBusy, RequestGate};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::Instant;
use tokio_util::codec::Decoder;

use super::intake::{Intake, Intaker};
use super::pace::Pace;
use super::{Seat, SessionLimits};
use crate::hub_owner::ToHub;
use crate::outbox::Outbox;

/// Requests handed to the hub at once.
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
    Replaced,
    Draining,
}

#[derive(Debug)]
pub(super) struct Reader<R> {
    input: R,
    buffer: BytesMut,
    codec: Codec,
    intaker: Intaker,
    pace: Pace,
    idle_ms: u64,
    handshake_ms: u64,
    /// Whether a whole frame has come since the last look; bytes alone are no sign of life.
    heard: bool,
}

/// What the frames in the buffer came to.
struct Batch {
    requests: Vec<Request>,
    then: Then,
}

/// What to do when a batch is handed over.
enum Then {
    Read,
    /// The buffer may hold more frames.
    DecodeOn,
    /// The last request has a big answer, which goes out before the next is asked.
    Settle,
    End(Ending),
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(super) fn new(input: R, limits: &SessionLimits) -> Self {
        Self {
            input,
            buffer: BytesMut::new(),
            codec: Codec::control(),
            intaker: Intaker::default(),
            pace: Pace::new(limits.requests_per_second, Instant::now().into_std()),
            idle_ms: limits.idle_ms,
            handshake_ms: limits.handshake_ms,
            heard: false,
        }
    }

    pub(super) const fn input(&mut self) -> &mut R {
        &mut self.input
    }

    /// Reads and hands over until the peer, or its silence, ends it.
    pub(super) async fn run(&mut self, seat: &mut Seat<'_>, gate: &RequestGate) -> Ending {
        match self.meet().await {
            Ok(Caller::Native) => {}
            Ok(caller) => return Ending::Foreign(caller),
            Err(ending) => return ending,
        }
        let outbox = Arc::clone(seat.outbox);
        let silence = tokio::time::sleep(Duration::from_millis(self.handshake_ms));
        tokio::pin!(silence);
        let mut pinged = false;
        loop {
            let batch = self.decode();
            if !batch.requests.is_empty() {
                self.hand_over(seat, gate, batch.requests).await;
            }
            match batch.then {
                Then::Read => {}
                Then::DecodeOn => {
                    outbox.room().await;
                    continue;
                }
                Then::Settle => {
                    outbox.settled().await;
                    continue;
                }
                Then::End(ending) => return ending,
            }
            tokio::select! {
                read = self.read(&outbox) => match read {
                    Ok(0) => return self.at_end(),
                    Ok(_) => {}
                    Err(_) => return Ending::Vanished,
                },
                () = &mut silence => {
                    match self.look(&outbox, &mut pinged) {
                        Some(ending) => return ending,
                        None => silence.as_mut().reset(Instant::now() + Duration::from_millis(self.idle_ms)),
                    }
                }
            }
        }
    }

    /// Reads the first bytes: who calls?
    async fn meet(&mut self) -> Result<Caller, Ending> {
        let first = self.input.read_buf(&mut self.buffer);
        match tokio::time::timeout(Duration::from_millis(self.handshake_ms), first).await {
            Err(_) => Err(Ending::HandshakeTimeout),
            Ok(Err(_)) => Err(Ending::Vanished),
            Ok(Ok(0)) => Err(Ending::Closed),
            Ok(Ok(_)) => Ok(Caller::of(&self.buffer).unwrap_or(Caller::Native)),
        }
    }

    async fn read(&mut self, outbox: &Outbox) -> std::io::Result<usize> {
        if !outbox.has_room() {
            outbox.room().await;
        }
        self.input.read_buf(&mut self.buffer).await
    }

    /// Turns what is in the buffer into requests, up to a batch.
    fn decode(&mut self) -> Batch {
        let mut requests = Vec::new();
        let then = loop {
            if requests.len() == BATCH_MAX {
                break Then::DecodeOn;
            }
            let frame = match self.codec.decode(&mut self.buffer) {
                Ok(Some(frame)) => frame,
                Ok(None) => break Then::Read,
                Err(error) => break Then::End(ending_of(error)),
            };
            self.heard = true;
            match self.intaker.take(&frame, fresh_token) {
                Intake::Ask(request) => requests.push(request),
                Intake::AskAlone(request) => {
                    requests.push(request);
                    break Then::Settle;
                }
                Intake::Heard => {}
                Intake::Bye => break Then::End(Ending::Bye),
                Intake::Fault(refusal) => break Then::End(Ending::Fault(refusal)),
            }
        };
        Batch { requests, then }
    }

    async fn hand_over(&mut self, seat: &mut Seat<'_>, gate: &RequestGate, requests: Vec<Request>) {
        seat.open().await;
        if self.pace.is_bounded() {
            let wait = self.pace.take(requests.len(), Instant::now().into_std());
            if !wait.is_zero() {
                Box::pin(tokio::time::sleep(wait)).await;
            }
        }
        seat.outbox.asked(requests.len());
        let (requests, permit) = match gate.enter().await {
            Ok(permit) => (requests, Some(permit)),
            // Refused by way of the hub, so that the answers keep the order of the requests.
            Err(busy) => (requests.into_iter().map(|request| refused(request, &busy)).collect(), None),
        };
        seat.tell(ToHub::Requests { session: seat.session, requests, permit }).await;
    }

    /// Looks whether the peer is alive, each time it could have been silent for as long as allowed.
    fn look(&mut self, outbox: &Outbox, pinged: &mut bool) -> Option<Ending> {
        self.codec.release(&mut self.buffer);
        if !outbox.is_admitted() {
            return Some(Ending::HandshakeTimeout);
        }
        if std::mem::take(&mut self.heard) {
            *pinged = false;
        } else if std::mem::replace(pinged, true) {
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
