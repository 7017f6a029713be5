//! Frames, on a thread.

use bytes::BytesMut;
use proto::error::CodecError;
use proto::foreign::Caller;
use proto::{CloseCode, Codec, Frame};
use serve::{BlockingConnection, CloseReason, Phase, PhaseWatch, RequestGate};
use tokio_util::codec::Decoder;

use super::framed::FIRST_BYTES;
use super::frames::{self, Step};
use super::journal::Journal;
use super::raw::READ_BYTES;
use super::raw_blocking::{Patient, is_timeout};
use super::service::EchoService;
use super::watch::Start;

pub(super) fn serve(service: &EchoService, connection: BlockingConnection) -> CloseReason {
    let BlockingConnection { id, peer, accepted, stream, gate, phase, limits } = connection;
    let start = service.watch.start(accepted);
    let mut journal = Journal::open(id, peer);
    let Ok(socket) = Patient::new(stream, limits.idle_ms) else { return journal.close(CloseReason::PeerVanished) };
    let mut talk = Talk { service, socket, gate, phase, codec: Codec::control(), came: BytesMut::new(), start };
    let ended = talk.greet().and_then(|()| talk.converse(&mut journal)).unwrap_or_else(|reason| reason);
    journal.close(ended)
}

struct Talk<'a> {
    service: &'a EchoService,
    socket: Patient,
    gate: RequestGate,
    phase: PhaseWatch,
    codec: Codec,
    came: BytesMut,
    start: Start,
}

impl Talk<'_> {
    /// Waits for the first bytes, and sends away who does not speak frames.
    fn greet(&mut self) -> Result<(), CloseReason> {
        let mut first = [0; FIRST_BYTES];
        let bytes = match self.socket.peek(&mut first) {
            Ok(bytes) => bytes,
            Err(error) if is_timeout(&error) => return Err(CloseReason::Idle),
            Err(_) => return Err(CloseReason::PeerVanished),
        };
        match Caller::of(first.get(..bytes).unwrap_or_default()) {
            None => Err(self.end_of_stream()),
            Some(Caller::Native) => Ok(()),
            Some(stranger) => {
                self.socket.write_all(stranger.answer().as_bytes())?;
                self.socket.linger();
                Err(CloseReason::PeerFault)
            }
        }
    }

    fn converse(&mut self, journal: &mut Journal) -> Result<CloseReason, CloseReason> {
        loop {
            let frame = self.next()?;
            journal.came(frame.body());
            match frames::step(&frame) {
                Step::Skip => {}
                Step::Say(answer) => self.say(&answer)?,
                Step::Leave(goodbye) => return self.end(&goodbye, CloseReason::PeerClosed),
                Step::Work => {
                    let answer = match self.service.work_blocking(&self.gate, frame.body()) {
                        Ok(stages) => {
                            let stamps = self.service.watch.stamps(self.start, stages);
                            frames::answer(&self.service.reply, &frame, &stamps)
                        }
                        Err(bad) => frames::undone(&frame, &bad.into()),
                    };
                    self.say(&answer)?;
                    if self.service.once {
                        self.socket.linger();
                        return Ok(CloseReason::Done);
                    }
                }
            }
        }
    }

    /// The next frame, or how the connection ended.
    fn next(&mut self) -> Result<Frame, CloseReason> {
        let mut buffer = [0; READ_BYTES];
        loop {
            match self.codec.decode(&mut self.came) {
                Ok(Some(frame)) => return Ok(frame),
                Ok(None) => {}
                Err(CodecError::Io(_)) => return Err(CloseReason::PeerVanished),
                Err(CodecError::Decode(error)) => {
                    self.end(&frames::goodbye(CloseCode::PeerFault, Some((&error).into())), CloseReason::PeerFault)?;
                    return Err(CloseReason::PeerFault);
                }
            }
            match self.socket.read(&mut buffer, None) {
                Ok(0) => return Err(self.end_of_stream()),
                Ok(bytes) => self.came.extend_from_slice(buffer.get(..bytes).unwrap_or_default()),
                Err(error) if is_timeout(&error) => {
                    self.end(&frames::goodbye(CloseCode::Idle, None), CloseReason::Idle)?;
                    return Err(CloseReason::Idle);
                }
                Err(_) => return Err(CloseReason::PeerVanished),
            }
        }
    }

    /// The peer has closed its side, inside a frame or not; or the server drains, which looks the same here.
    fn end_of_stream(&mut self) -> CloseReason {
        if self.phase.current() == Phase::Running {
            return match self.codec.decode_eof(&mut self.came) {
                Ok(_) => CloseReason::PeerClosed,
                Err(_) => CloseReason::PeerFault,
            };
        }
        // If it cannot be told, it is gone.
        let _told = self.end(&frames::goodbye(CloseCode::Draining, None), CloseReason::Drained);
        CloseReason::Drained
    }

    fn say(&mut self, frame: &Frame) -> Result<(), CloseReason> {
        let mut bytes = BytesMut::with_capacity(frame.wire_bytes());
        frame.write(&mut bytes);
        self.socket.write_all(&bytes)
    }

    fn end(&mut self, last: &Frame, reason: CloseReason) -> Result<CloseReason, CloseReason> {
        self.say(last)?;
        self.socket.linger();
        Ok(reason)
    }
}
