//! Somebody who talks, or only reads, comes back after every break with token and cursors, and believes nothing.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{Bytes, BytesMut};
use proto::message::{Cursor, Join, Resume, Since};
use proto::{ClientMessage, Code, Codec, Kind, MessageId, Refusal, RequestId, RoomId, Seq, ServerMessage, Token};
use tokio_util::codec::Decoder;

use super::ledger::{Ledger, text_of};
use crate::peer::{hello, say};
use crate::server::PATIENCE;

/// Messages said in one go before their answers are waited for.
const BURST: u64 = 24;

/// Whether the round is over.
#[derive(Clone, Copy)]
pub(crate) struct Stop<'a>(pub(crate) &'a AtomicBool);

/// Why somebody stops.
enum End {
    /// The connection broke: that is what a round is for.
    Broken,
    /// Something that must not be.
    Wrong(String),
}

pub(crate) struct Actor {
    nick: String,
    talks: bool,
    wanted: Vec<&'static str>,
    token: Option<Token>,
    /// By name: number, and the event that is due.
    rooms: HashMap<String, (RoomId, Seq)>,
    /// Said and not confirmed, with its room.
    unconfirmed: Vec<(MessageId, RoomId)>,
    last_message: u64,
    line: Option<Line>,
}

impl Actor {
    pub(crate) fn new(nick: &'static str, wanted: &[&'static str], talks: bool) -> Self {
        Self {
            nick: nick.to_owned(),
            talks,
            wanted: wanted.to_vec(),
            token: None,
            rooms: HashMap::new(),
            unconfirmed: Vec::new(),
            last_message: 0,
            line: None,
        }
    }

    /// Comes, and talks or reads until the connection breaks.
    pub(crate) fn live(&mut self, address: SocketAddr, ledger: &Ledger, stop: Stop<'_>) -> Result<(), String> {
        self.line = None;
        let end = self.enter(address, ledger).and_then(|()| {
            loop {
                if stop.0.load(Ordering::Relaxed) {
                    return Err(End::Broken);
                }
                if self.talks {
                    self.speak();
                    self.settle(ledger)?;
                } else {
                    self.read_one(ledger)?;
                }
            }
        });
        self.line = None;
        self.told(end)
    }

    /// Comes back, and says again what was not confirmed. The connection stays.
    pub(crate) fn come_back(&mut self, address: SocketAddr, ledger: &Ledger) -> Result<(), String> {
        let end = self.enter(address, ledger).and_then(|()| self.settle(ledger));
        match end {
            Err(End::Broken) => Err(format!("{}: the connection broke although nobody was killed", self.nick)),
            end => self.told(end),
        }
    }

    /// Reads until it has everything up to `heads`.
    pub(crate) fn read_to(&mut self, heads: &HashMap<RoomId, Seq>, ledger: &Ledger) -> Result<(), String> {
        let is_behind = |rooms: &HashMap<String, (RoomId, Seq)>| {
            rooms.values().any(|(room, next)| heads.get(room).is_some_and(|head| next <= head))
        };
        while is_behind(&self.rooms) {
            match self.read_one(ledger) {
                Ok(()) => {}
                Err(End::Broken) => return Err(format!("{}: the connection broke", self.nick)),
                wrong => return self.told(wrong),
            }
        }
        Ok(())
    }

    fn told(&self, end: Result<(), End>) -> Result<(), String> {
        match end {
            Ok(()) | Err(End::Broken) => Ok(()),
            Err(End::Wrong(why)) => Err(format!("{}: {why}", self.nick)),
        }
    }

    /// Connects and is in every room it wants to be in.
    fn enter(&mut self, address: SocketAddr, ledger: &Ledger) -> Result<(), End> {
        self.line = Some(Line::connect(address)?);
        let read_to = |(room, next): &(RoomId, Seq)| Cursor { room: *room, seq: Seq(next.0 - 1) };
        let resume = self.token.map(|token| Resume { token, cursors: self.rooms.values().map(read_to).collect() });
        let resumes = resume.is_some();
        self.send(&hello(&self.nick, resume), 1)?;
        loop {
            match self.line()?.next()? {
                (ServerMessage::Welcome(welcome), ..) => {
                    // Whoever was welcomed once is known from then on.
                    if resumes && !welcome.resumed {
                        return Err(End::Wrong("its token is not known any more".to_owned()));
                    }
                    self.token = Some(welcome.token);
                    break;
                }
                (ServerMessage::Queued(_), ..) => {}
                // The server died between knowing it and saying so: the nick is held for a token that nobody has.
                (ServerMessage::Refused(Refusal { code: Code::NickTaken, offer: Some(offer), .. }), ..) if !resumes => {
                    self.nick = offer;
                    self.send(&hello(&self.nick, None), 1)?;
                }
                (other, ..) => return Err(End::Wrong(format!("instead of a welcome: {other:?}"))),
            }
        }
        let missing: Vec<_> = self.wanted.iter().filter(|name| !self.rooms.contains_key(**name)).copied().collect();
        for (at, name) in missing.iter().enumerate() {
            let join = Join { room: (*name).to_owned(), since: Since::After(Seq(0)), announce: true, ephemeral: false };
            self.send(&ClientMessage::Join(join), 10 + at as u64)?;
        }
        while self.wanted.iter().any(|name| !self.rooms.contains_key(*name)) {
            self.read_one(ledger)?;
        }
        Ok(())
    }

    /// Thinks of a few more messages.
    fn speak(&mut self) {
        let rooms: Vec<RoomId> = self.rooms.values().map(|(room, _)| *room).collect();
        for _ in 0..1 + self.last_message % BURST {
            self.last_message += 1;
            let room = rooms[usize::try_from(self.last_message).unwrap_or(0) % rooms.len()];
            self.unconfirmed.push((MessageId(self.last_message), room));
        }
    }

    /// Says all that is unconfirmed, and reads until all of it is confirmed.
    fn settle(&mut self, ledger: &Ledger) -> Result<(), End> {
        let mut bytes = Vec::new();
        for (message, room) in &self.unconfirmed {
            let text = text_of(&(self.nick.clone(), *message));
            say(*room, message.0, &text).to_frame(RequestId(1000 + message.0)).write(&mut bytes);
        }
        self.line()?.write(&bytes)?;
        while !self.unconfirmed.is_empty() {
            self.read_one(ledger)?;
        }
        Ok(())
    }

    fn read_one(&mut self, ledger: &Ledger) -> Result<(), End> {
        let wrong = |why: String| Err(End::Wrong(why));
        let (message, id, body) = self.line()?.next()?;
        match message {
            ServerMessage::Event(event) => {
                let Some((_, next)) = self.rooms.values_mut().find(|(room, _)| *room == event.room) else {
                    return wrong(format!("an event of room {} came", event.room));
                };
                if event.seq != *next {
                    return wrong(format!("in room {}, {} came when {next} was due", event.room, event.seq));
                }
                *next = next.next();
                ledger.see(&event, &body).map_err(End::Wrong)
            }
            ServerMessage::Said(said) => {
                let message = MessageId(id.0.saturating_sub(1000));
                self.unconfirmed.retain(|(waiting, _)| *waiting != message);
                ledger.confirm((self.nick.clone(), message), said.room, said.seq).map_err(End::Wrong)
            }
            ServerMessage::Joined(joined) => {
                // Who asks again, because the answer was lost, begins where that answer says.
                let is_asked = id != RequestId(0);
                let held = self.rooms.get(&joined.name).filter(|_| !is_asked);
                let next = held.map_or(joined.first, |(_, next)| *next);
                if joined.first != next {
                    return wrong(format!("{} goes on at {} and {next} was due", joined.name, joined.first));
                }
                self.rooms.insert(joined.name, (joined.room, next));
                Ok(())
            }
            ServerMessage::Refused(refusal) if refusal.code == Code::Busy => Err(End::Broken),
            ServerMessage::Goodbye(_) => Err(End::Broken),
            ServerMessage::Behind(_) | ServerMessage::Pong => Ok(()),
            ServerMessage::Ping => self.send(&ClientMessage::Pong, id.0),
            other => wrong(format!("{other:?}")),
        }
    }

    fn send(&mut self, message: &ClientMessage, id: u64) -> Result<(), End> {
        let mut bytes = Vec::new();
        message.to_frame(RequestId(id)).write(&mut bytes);
        self.line()?.write(&bytes)
    }

    fn line(&mut self) -> Result<&mut Line, End> {
        self.line.as_mut().ok_or(End::Broken)
    }
}

/// A connection that may break at any moment.
struct Line {
    stream: TcpStream,
    codec: Codec,
    buffer: BytesMut,
}

impl Line {
    fn connect(address: SocketAddr) -> Result<Self, End> {
        let stream = TcpStream::connect(address).map_err(|_| End::Broken)?;
        let is_set = stream
            .set_read_timeout(Some(PATIENCE))
            .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
            .and_then(|()| stream.set_nodelay(true));
        is_set.map_err(|_| End::Broken)?;
        Ok(Self { stream, codec: Codec::control(), buffer: BytesMut::new() })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), End> {
        self.stream.write_all(bytes).map_err(broken)
    }

    /// The next message, its frame's id, and its body.
    fn next(&mut self) -> Result<(ServerMessage, RequestId, Bytes), End> {
        loop {
            match self.codec.decode(&mut self.buffer) {
                Ok(Some(frame)) => {
                    let message = ServerMessage::from_frame(&frame).map_err(|error| {
                        End::Wrong(format!("{:?}: {error}", Kind::from_number(frame.header().kind)))
                    })?;
                    return Ok((message, RequestId(frame.header().id), frame.body().clone()));
                }
                Ok(None) => {}
                Err(error) => return Err(End::Wrong(error.to_string())),
            }
            let mut scratch = [0; 16 * 1024];
            match self.stream.read(&mut scratch).map_err(broken)? {
                0 => return Err(End::Broken),
                count => self.buffer.extend_from_slice(&scratch[..count]),
            }
        }
    }
}

/// A connection that nobody closed and on which nothing comes is a fault of the server.
fn broken(error: io::Error) -> End {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => End::Wrong(format!("nothing came within {PATIENCE:?}")),
        _ => End::Broken,
    }
}
