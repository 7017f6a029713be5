//! Somebody on a server of ours who says much and counts what is confirmed.

use std::net::SocketAddr;

use proto::limits::HEADER_BYTES;
use proto::{Header, Kind, RoomId, ServerMessage};

use super::{NAME, bye, guest, message, other, split_frame};
use crate::dial::Dialed;
use crate::error::BenchError;
use crate::targets::{Intake, Ledger, Topic};

/// The request number, and the message's, of a speaker's message 0; the greeting has used those before.
const FIRST: u64 = 16;

/// A connection in a room of a server that confirms what it stored.
#[derive(Debug)]
pub(crate) struct Speaker {
    /// Greeted, and in the room.
    pub(crate) dialed: Dialed,
    /// Counts confirmations; checks them, and the room's events beside them.
    pub(crate) intake: Box<dyn Intake>,
    /// The room.
    pub(crate) room: RoomId,
    /// What to send before closing.
    pub(crate) farewell: Vec<u8>,
}

impl Speaker {
    /// Says hello as `nick` and joins.
    ///
    /// # Errors
    /// If the server cannot be reached or does not greet as it should.
    pub(crate) fn enter(address: SocketAddr, topic: &Topic, nick: &str) -> Result<Self, BenchError> {
        let (dialed, joined) = guest::enter(Dialed::connect(address, NAME)?, topic, nick)?;
        let intake = Box::new(Confirmed { request: FIRST, said: joined.head.0, next: joined.first.0 });
        Ok(Self { dialed, intake, room: joined.room, farewell: bye() })
    }
}

/// Appends the frame that says message `number`, whose text `text` appends.
pub(crate) fn write_say(room: RoomId, number: u64, out: &mut Vec<u8>, text: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    let id = number + FIRST;
    Header { len: 0, kind: Kind::Say.number(), flags: 0, slot: 0, id }.write(out);
    out.extend_from_slice(&room.0.to_be_bytes());
    out.extend_from_slice(&id.to_be_bytes());
    text(out);
    let body_bytes = u32::try_from(out.len() - start - HEADER_BYTES).unwrap_or(u32::MAX);
    if let Some(len) = out.get_mut(start..start + 4) {
        len.copy_from_slice(&body_bytes.to_be_bytes());
    }
}

/// Confirmations come in the order of what was said, each with a place behind the one before; events have no hole.
#[derive(Debug)]
struct Confirmed {
    /// The request that is answered next.
    request: u64,
    /// The place of what was confirmed last.
    said: u64,
    /// The place of the next event.
    next: u64,
}

impl Confirmed {
    fn confirm(&mut self, header: Header, body: &[u8]) -> Result<(), String> {
        let ServerMessage::Said(said) = message(header, body)? else { return Err("it sent a broken Said".to_owned()) };
        if header.id != self.request {
            return Err(format!("request {} was to be answered, but {} was", self.request, header.id));
        }
        if said.seq.0 <= self.said {
            return Err(format!("it confirmed place {} behind place {}", said.seq, self.said));
        }
        self.request += 1;
        self.said = said.seq.0;
        Ok(())
    }
}

impl Intake for Confirmed {
    fn take(&mut self, bytes: &[u8], ledger: &mut Ledger<'_>) -> Result<usize, String> {
        let mut rest = bytes;
        while let Some((header, body, behind)) = split_frame(rest) {
            rest = behind;
            match header.kind {
                kind if kind == Kind::Said.number() => {
                    self.confirm(header, body)?;
                    ledger.got += 1;
                }
                kind if kind == Kind::Event.number() && header.id == self.next => self.next += 1,
                kind if kind == Kind::Event.number() => {
                    return Err(format!("event {} was to come, but {} came", self.next, header.id));
                }
                _ => other(header, body, ledger)?,
            }
        }
        Ok(bytes.len() - rest.len())
    }
}

#[cfg(test)]
mod tests {
    use proto::event::{Rest, write};
    use proto::message::Said;
    use proto::{ClientMessage, Frame, RequestId, Seq};

    use super::*;
    use crate::targets::Tags;

    fn said(id: u64, seq: u64) -> Vec<u8> {
        super::super::wire(&ServerMessage::Said(Said { room: RoomId(1), seq: Seq(seq) }).to_frame(RequestId(id)))
    }

    fn event(seq: u64) -> Vec<u8> {
        let mut out = Vec::new();
        write(Seq(seq), RoomId(1), 0, "x", Rest::Said(b"text"), &mut out);
        out
    }

    #[test]
    fn confirmations_and_events_are_held_to_their_order() {
        let check = |frames: &[Vec<u8>], want: Result<u64, &str>| {
            let (tags, mut answers) = (Tags::new(1), Vec::new());
            let mut ledger = Ledger { got: 0, behind: 0, tags: &tags, answers: &mut answers };
            let mut intake = Confirmed { request: FIRST, said: 0, next: 1 };
            let taken = intake.take(&frames.concat(), &mut ledger).map(|_| ledger.got);
            match want {
                Ok(got) => assert_eq!(taken, Ok(got), "{frames:?}"),
                Err(why) => assert!(taken.as_ref().is_err_and(|error| error.contains(why)), "{taken:?}"),
            }
        };
        check(&[said(16, 1), event(1), event(2), said(17, 2)], Ok(2));
        check(&[said(17, 1)], Err("request 16 was to be answered"));
        check(&[said(16, 2), said(17, 2)], Err("place 2 behind place 2"));
        check(&[event(2)], Err("event 1 was to come"));
    }

    #[test]
    fn a_written_message_is_the_one_that_proto_writes() {
        let mut out = b"before".to_vec();
        write_say(RoomId(7), 2, &mut out, |out| out.extend_from_slice(b"hello"));
        let say = proto::message::Say { room: RoomId(7), message: proto::MessageId(18), text: "hello".into() };
        let frame: Frame = ClientMessage::Say(say).to_frame(RequestId(18));
        assert_eq!(out, [b"before".to_vec(), super::super::wire(&frame)].concat());
    }
}
