//! What goes over the wire and how an answer is checked: frames, plain bytes, chat. No I/O.
//!
//! A request's body is its number (eight bytes, little-endian), the work it asks for in nanoseconds (eight more), and
//! letters up to its size. An echo has to be these very bytes, with the server's stamps behind them or without.

use bytes::Bytes;
use proto::limits::HEADER_BYTES;
use proto::message::Say;
use proto::{ClientMessage, CloseCode, Code, Frame, Header, Kind, MessageId, RequestId, RoomId, ServerMessage};

use super::Wire;
use super::ticket::{STAMPS_BYTES, Stamps};
use crate::targets::message_text;

/// The number and the work at the start of a body.
pub(super) const BODY_BYTES_MIN: usize = 16;

/// Numbers below are a greeting's.
pub(super) const FIRST_NUMBER: u64 = 16;

/// How a raw echo server of ours turns somebody away.
const RAW_REFUSAL: &[u8] = b"refused:";

/// One request under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    /// Its number, unlike that of any other try.
    pub(super) number: u64,
    /// The work it asks for, in nanoseconds.
    pub(super) work_ns: u64,
}

/// What a server said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard<'a> {
    /// An answer to the request of this number.
    Answer(u64, &'a [u8]),
    /// Not now, and the connection lives.
    Busy(u64),
    /// This one request is refused for another reason.
    Refused(u64, String),
    /// The connection is turned away.
    SentAway(String),
    /// The connection ends for another reason.
    Ended(String),
    /// Nothing that matters: a place in a queue, an event of a room.
    Aside,
    /// It wants to hear these bytes.
    Asks(Vec<u8>),
}

/// Speaks one wire.
#[derive(Debug)]
pub(super) struct Speech {
    wire: Wire,
    /// The letters of every body.
    letters: Bytes,
}

impl Speech {
    pub(super) fn new(wire: Wire, body_bytes: usize) -> Self {
        Self { wire, letters: Bytes::from(message_text(body_bytes)) }
    }

    /// Appends a request. `room` is the connection's, for chat.
    pub(super) fn ask(&self, asked: Asked, room: RoomId, out: &mut Vec<u8>) {
        match &self.wire {
            Wire::Raw => self.body(asked, out),
            Wire::Framed => {
                let len = u32::try_from(self.letters.len()).unwrap_or(u32::MAX);
                Header { len, kind: Kind::Echo.number(), flags: 0, slot: 0, id: asked.number }.write(out);
                self.body(asked, out);
            }
            Wire::Chat { .. } => {
                let say = Say { room, message: MessageId(asked.number), text: self.letters.clone() };
                ClientMessage::Say(say).to_frame(RequestId(asked.number)).write(out);
            }
        }
    }

    /// What is said before leaving.
    pub(super) fn farewell(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if matches!(self.wire, Wire::Chat { .. }) {
            ClientMessage::Bye.to_frame(RequestId(0)).write(&mut bytes);
        }
        bytes
    }

    fn body(&self, asked: Asked, out: &mut Vec<u8>) {
        out.extend_from_slice(&asked.number.to_le_bytes());
        out.extend_from_slice(&asked.work_ns.to_le_bytes());
        out.extend_from_slice(self.letters.get(BODY_BYTES_MIN..).unwrap_or_default());
    }

    /// The first thing in `bytes` and how many bytes it is; `None` if it is not complete.
    ///
    /// # Errors
    /// What is against the protocol.
    pub(super) fn hear<'a>(&self, bytes: &'a [u8]) -> Result<Option<(Heard<'a>, usize)>, String> {
        match &self.wire {
            Wire::Raw => Ok(self.hear_raw(bytes)),
            Wire::Framed | Wire::Chat { .. } => self.hear_frame(bytes),
        }
    }

    fn hear_raw<'a>(&self, bytes: &'a [u8]) -> Option<(Heard<'a>, usize)> {
        if bytes.starts_with(RAW_REFUSAL) {
            let words = String::from_utf8_lossy(bytes).trim_end().to_owned();
            return Some((Heard::SentAway(words), bytes.len()));
        }
        let body = bytes.get(..self.letters.len())?;
        let number = u64::from_le_bytes(*body.first_chunk()?);
        Some((Heard::Answer(number, body), body.len()))
    }

    fn hear_frame<'a>(&self, bytes: &'a [u8]) -> Result<Option<(Heard<'a>, usize)>, String> {
        let Some((head, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else { return Ok(None) };
        let header = Header::read(head);
        let len = header.len as usize;
        if len > header.body_bytes_max(0) {
            return Err(format!("it sent a frame of kind {} with {len} bytes", header.kind));
        }
        let Some(body) = rest.get(..len) else { return Ok(None) };
        let is_answer = match self.wire {
            Wire::Chat { .. } => header.kind == Kind::Said.number(),
            Wire::Framed | Wire::Raw => header.kind == Kind::Echo.number(),
        };
        let heard = if is_answer {
            Heard::Answer(header.id, body)
        } else if matches!(Kind::from_number(header.kind), Some(Kind::Event | Kind::Queued)) {
            Heard::Aside
        } else {
            rare(header, body)?
        };
        Ok(Some((heard, HEADER_BYTES + len)))
    }

    /// Whether `body` answers `asked`, and the stamps behind it.
    ///
    /// # Errors
    /// How it differs.
    pub(super) fn check(&self, asked: Asked, body: &[u8]) -> Result<Option<Stamps>, String> {
        if matches!(self.wire, Wire::Chat { .. }) {
            return Ok(None);
        }
        let wrong = || format!("the echo of request {} differs from it", asked.number);
        let (same, behind) = body.split_at_checked(self.letters.len()).ok_or_else(wrong)?;
        let (number, rest) = same.split_first_chunk::<8>().ok_or_else(wrong)?;
        let (work, letters) = rest.split_first_chunk::<8>().ok_or_else(wrong)?;
        if *number != asked.number.to_le_bytes()
            || *work != asked.work_ns.to_le_bytes()
            || Some(letters) != self.letters.get(BODY_BYTES_MIN..)
        {
            return Err(wrong());
        }
        match behind {
            [] => Ok(None),
            _ => <&[u8; STAMPS_BYTES]>::try_from(behind).map(|stamps| Some(Stamps::read(stamps))).map_err(|_| wrong()),
        }
    }
}

/// The stamps of an answer that nobody waits for any more.
pub(super) fn stamps_of(body: &[u8], body_bytes: usize) -> Option<Stamps> {
    let (_, behind) = body.split_at_checked(body_bytes)?;
    <&[u8; STAMPS_BYTES]>::try_from(behind).ok().map(Stamps::read)
}

/// Frames that are neither answers nor events.
#[cold]
fn rare<'a>(header: Header, body: &[u8]) -> Result<Heard<'a>, String> {
    let frame = Frame::new(header.kind, header.id, Bytes::copy_from_slice(body));
    match ServerMessage::from_frame(&frame).map_err(|error| format!("it sent a frame that is none: {error}"))? {
        ServerMessage::Ping => {
            let mut pong = Vec::new();
            ClientMessage::Pong.to_frame(RequestId(header.id)).write(&mut pong);
            Ok(Heard::Asks(pong))
        }
        ServerMessage::Refused(refusal) if refusal.code == Code::Busy => Ok(Heard::Busy(header.id)),
        ServerMessage::Refused(refusal) => Ok(Heard::Refused(header.id, format!("it refused: {refusal}"))),
        ServerMessage::Goodbye(goodbye) => {
            let why = goodbye.refusal.map_or_else(|| format!("{:?}", goodbye.code), |refusal| refusal.to_string());
            match goodbye.code {
                CloseCode::Refused | CloseCode::Draining => Ok(Heard::SentAway(why)),
                _ => Ok(Heard::Ended(format!("it said goodbye: {why}"))),
            }
        }
        ServerMessage::Pong | ServerMessage::Done => Ok(Heard::Aside),
        ServerMessage::Missed(missed) => Err(format!("it lost events {} to {}", missed.from, missed.to)),
        other => Err(format!("it sent {:?}, which nobody asked for", other.kind())),
    }
}
