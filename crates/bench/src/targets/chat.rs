//! `chat-server`: headers are walked, events counted, their sequence numbers and texts checked.

pub(crate) mod guest;
pub(crate) mod speaker;

use std::net::SocketAddr;
use std::path::Path;

use bytes::{Bytes, BytesMut};
use proto::limits::HEADER_BYTES;
use proto::message::{Joined, Say};
use proto::{ClientMessage, Frame, Header, Kind, MessageId, RequestId, ServerMessage};

use super::{Arrival, Intake, Keeping, Ledger, Publisher, Subscriber, Template, Topic, message_text, program_file};
use crate::child::{Ready, ServerCommand};
use crate::dial::Dialed;
use crate::error::BenchError;

/// What the server is called in errors.
pub(crate) const NAME: &str = "chat-server";

/// How to start one that takes any load: no rate limit, room for as many connections as a bench opens. With `data_dir`
/// it stores what is said; `more` are further options.
pub(crate) fn command(bin_dir: &Path, data_dir: Option<&Path>, more: &[&str]) -> ServerCommand {
    let fixed = "--listen 127.0.0.1:0 --strategy spawn --rate 0 --max-connections 20000 --max-per-address 20000";
    let mut arguments: Vec<String> = fixed.split(' ').chain(more.iter().copied()).map(str::to_owned).collect();
    if let Some(data_dir) = data_dir {
        arguments.extend(["--data-dir".to_owned(), data_dir.display().to_string()]);
    }
    ServerCommand {
        name: NAME.to_owned(),
        program: bin_dir.join(program_file(NAME)),
        arguments,
        ready: Ready::Line,
        way_out: "build it: cargo build --release -p chat-server, or say --bin-dir",
    }
}

pub(super) fn subscribe(address: SocketAddr, topic: &Topic, number: usize) -> Result<Subscriber, BenchError> {
    receiver(Dialed::connect(address, NAME)?, topic, number)
}

/// Receiver number `number`, by a connection that is there already.
///
/// # Errors
/// If the server does not greet as it should.
pub(crate) fn receiver(dialed: Dialed, topic: &Topic, number: usize) -> Result<Subscriber, BenchError> {
    let (dialed, joined) = guest::enter(dialed, topic, &format!("{}r{number}", topic.nick_prefix))?;
    let intake = Box::new(Events { next: joined.first.0, text_bytes: topic.text_bytes });
    Ok(Subscriber { dialed, intake, farewell: bye(), may_acknowledge_late: true })
}

pub(super) fn publish(address: SocketAddr, topic: &Topic) -> Result<Publisher, BenchError> {
    let dialed = Dialed::connect(address, NAME)?;
    let (dialed, joined) = guest::enter(dialed, topic, &format!("{}s", topic.nick_prefix))?;
    let text = Bytes::from(message_text(topic.text_bytes));
    let say = ClientMessage::Say(Say { room: joined.room, message: MessageId(0), text });
    let bytes = wire(&say.to_frame(RequestId(0)));
    // The header's id, and behind the room's four bytes the message's number.
    let (id_at, message_at, text_at) = (8, HEADER_BYTES + 4, HEADER_BYTES + 12);
    let template = Template { bytes, text_at, numbers_at: vec![id_at, message_at] };
    Ok(Publisher { dialed, intake: Box::new(Confirmations), template, answered: true, farewell: bye() })
}

/// Says hello and joins `room`, which is not told of it. `nick` is nobody else's.
///
/// # Errors
/// If the server cannot be reached or does not greet as it should.
pub(crate) fn enter_silently(address: SocketAddr, room: &str, nick: &str) -> Result<(Dialed, Joined), BenchError> {
    let topic = Topic {
        room: room.to_owned(),
        nick_prefix: String::new(),
        text_bytes: 0,
        receivers: 0,
        arrival: Arrival::Silent,
        keeping: Keeping::Any,
    };
    guest::enter(Dialed::connect(address, NAME)?, &topic, nick)
}

/// A receiver's reading.
#[derive(Debug)]
pub(super) struct Events {
    /// The sequence number of the next event.
    pub(super) next: u64,
    pub(super) text_bytes: usize,
}

impl Intake for Events {
    fn take(&mut self, bytes: &[u8], ledger: &mut Ledger<'_>) -> Result<usize, String> {
        let mut rest = bytes;
        while let Some((header, body, behind)) = split_frame(rest) {
            rest = behind;
            if header.kind != Kind::Event.number() {
                other(header, body, ledger)?;
                continue;
            }
            if header.id != self.next {
                return Err(format!("event {} was to come, but {} came", self.next, header.id));
            }
            self.next += 1;
            if body.get(WHAT_AT) == Some(&WHAT_SAID) {
                let text_at = body.len().saturating_sub(self.text_bytes);
                ledger.book(body.get(text_at..).unwrap_or_default())?;
            }
        }
        Ok(bytes.len() - rest.len())
    }
}

/// Where an event's body says what happened, and the number of "said"; see `proto::event`.
const WHAT_AT: usize = 12;
const WHAT_SAID: u8 = 1;

/// The sender's reading: it is a member too, so it gets the events beside the confirmations.
#[derive(Debug)]
struct Confirmations;

impl Intake for Confirmations {
    fn take(&mut self, bytes: &[u8], ledger: &mut Ledger<'_>) -> Result<usize, String> {
        let mut rest = bytes;
        while let Some((header, body, behind)) = split_frame(rest) {
            rest = behind;
            match header.kind {
                kind if kind == Kind::Said.number() => ledger.got += 1,
                kind if kind == Kind::Event.number() => {}
                _ => other(header, body, ledger)?,
            }
        }
        Ok(bytes.len() - rest.len())
    }
}

/// The first frame of `bytes` and what is behind it, if it is complete.
#[inline]
pub(crate) fn split_frame(bytes: &[u8]) -> Option<(Header, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<HEADER_BYTES>()?;
    let header = Header::read(head);
    let (body, behind) = rest.split_at_checked(header.len as usize)?;
    Some((header, body, behind))
}

/// The message in a frame that has come.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn message(header: Header, body: &[u8]) -> Result<ServerMessage, String> {
    let frame = Frame::new(header.kind, header.id, Bytes::copy_from_slice(body));
    ServerMessage::from_frame(&frame).map_err(|error| format!("it sent a frame that is none: {error}"))
}

/// Frames beside the flood: pings are answered, refusals and losses make the trial invalid.
#[cold]
fn other(header: Header, body: &[u8], ledger: &mut Ledger<'_>) -> Result<(), String> {
    match message(header, body)? {
        ServerMessage::Ping => ledger.answers.extend_from_slice(&pong(header)),
        ServerMessage::Behind(_) => ledger.behind += 1,
        other => complain(&other)?,
    }
    Ok(())
}

/// Refusals, losses and goodbyes, in words.
///
/// # Errors
/// If it is one of them.
pub(crate) fn complain(message: &ServerMessage) -> Result<(), String> {
    match message {
        ServerMessage::Refused(refusal) => Err(format!("it refused: {refusal}")),
        ServerMessage::Goodbye(goodbye) => Err(format!("it said goodbye: {:?}", goodbye.code)),
        ServerMessage::Missed(missed) => Err(format!("it lost events {} to {}", missed.from, missed.to)),
        _ => Ok(()),
    }
}

/// The answer to a ping.
pub(crate) fn pong(ping: Header) -> Vec<u8> {
    wire(&ClientMessage::Pong.to_frame(RequestId(ping.id)))
}

pub(crate) fn bye() -> Vec<u8> {
    wire(&ClientMessage::Bye.to_frame(RequestId(3)))
}

/// A frame's bytes.
pub(crate) fn wire(frame: &Frame) -> Vec<u8> {
    let mut bytes = BytesMut::with_capacity(frame.wire_bytes());
    frame.write(&mut bytes);
    bytes.to_vec()
}
