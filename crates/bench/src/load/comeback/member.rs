//! One member: who it is to the server, how far it has read, and its connection while it has one.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use proto::message::{Cursor, Joined, Resume, Welcome};
use proto::{ClientMessage, Header, Kind, RequestId, RoomId, Seq, ServerMessage, Token};
use socket2::SockRef;

use crate::dial;
use crate::targets::chat::guest::{hello, join};
use crate::targets::chat::{complain, message, pong, split_frame, wire};
use crate::targets::{Topic, tag};

/// What a member has reached by what has just come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Step {
    /// It is in the room again, or for the first time.
    pub(super) is_greeted: bool,
    /// It has every event that it was to get.
    pub(super) is_current: bool,
}

/// A member.
#[derive(Debug)]
pub(super) struct Member {
    nick: String,
    /// Known once it has been in the room: what it comes back with.
    place: Option<Place>,
    stream: Option<TcpStream>,
    /// What has come of a message that is not complete.
    carry: Vec<u8>,
    said_hello: bool,
    token: Option<Token>,
    is_in: bool,
    was_current: bool,
    bytes: u64,
}

/// A member's place in the room.
#[derive(Debug, Clone, Copy)]
struct Place {
    token: Token,
    room: RoomId,
    /// The number of the next event.
    next: u64,
}

impl Member {
    /// Somebody who has not been there.
    pub(super) const fn new(nick: String) -> Self {
        Self {
            nick,
            place: None,
            stream: None,
            carry: Vec::new(),
            said_hello: false,
            token: None,
            is_in: false,
            was_current: false,
            bytes: 0,
        }
    }

    /// Begins to connect.
    pub(super) fn begin(&mut self, address: SocketAddr) -> io::Result<&mut TcpStream> {
        (self.said_hello, self.is_in, self.was_current, self.token) = (false, false, false, None);
        self.carry.clear();
        Ok(self.stream.insert(dial::begin(address)?))
    }

    /// Breaks the connection, without a word.
    pub(super) fn cut(&mut self) {
        if let Some(stream) = self.stream.take() {
            // A reset: the port is free at once, and the server is told of it as of a broken connection. Where the
            // kernel refuses, it is told of an end, which without a goodbye means the same.
            let _ = SockRef::from(&stream).set_linger(Some(std::time::Duration::ZERO));
        }
    }

    /// What the server sent since it was last counted anew.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Counts anew.
    pub(super) const fn forget_bytes(&mut self) {
        self.bytes = 0;
    }

    /// Says hello if that is not done, and takes what has come.
    ///
    /// # Errors
    /// What the server did against its protocol, or which event is missing.
    pub(super) fn advance(&mut self, scratch: &mut [u8], topic: &Topic, head: u64) -> Result<Step, String> {
        if !self.greet(topic)? {
            return Ok(Step::default());
        }
        let was_in = self.is_in;
        self.read(scratch, topic)?;
        let is_greeted = self.is_in && !was_in;
        let has_all = self.is_in && self.place.is_some_and(|place| place.next > head);
        let is_current = has_all && !std::mem::replace(&mut self.was_current, has_all);
        Ok(Step { is_greeted, is_current })
    }

    /// Whether hello is said.
    fn greet(&mut self, topic: &Topic) -> Result<bool, String> {
        let Some(stream) = self.stream.as_mut() else { return Ok(false) };
        if self.said_hello {
            return Ok(true);
        }
        if let Ok(Some(error)) | Err(error) = stream.take_error() {
            return Err(format!("it cannot connect: {error}"));
        }
        let resume = self.place.map(|place| Resume {
            token: place.token,
            cursors: vec![Cursor { room: place.room, seq: Seq(place.next - 1) }],
        });
        let is_new = resume.is_none();
        let mut words = wire(&ClientMessage::Hello(hello(&self.nick, resume)).to_frame(RequestId(1)));
        if is_new {
            words.extend_from_slice(&wire(&ClientMessage::Join(join(topic)).to_frame(RequestId(2))));
        }
        match stream.write(&words) {
            Ok(count) if count == words.len() => self.said_hello = true,
            Ok(_) => return Err("a fresh connection did not take a hello".to_owned()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {}
            Err(error) => return Err(format!("the connection broke: {error}")),
        }
        Ok(self.said_hello)
    }

    fn read(&mut self, scratch: &mut [u8], topic: &Topic) -> Result<(), String> {
        loop {
            let held = self.carry.len();
            let Some((carried, room)) = scratch.split_at_mut_checked(held).filter(|(_, room)| !room.is_empty()) else {
                return Err(format!("it sent a message of over {held} bytes"));
            };
            carried.copy_from_slice(&self.carry);
            let (room_bytes, Some(stream)) = (room.len(), self.stream.as_mut()) else { return Ok(()) };
            let count = match stream.read(room) {
                Ok(0) => return Err("it closed the connection".to_owned()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(format!("the connection broke: {error}")),
            };
            self.bytes += count as u64;
            let bytes = scratch.get(..held + count).unwrap_or_default();
            let taken = self.take(bytes, topic)?;
            self.carry.clear();
            self.carry.extend_from_slice(bytes.get(taken..).unwrap_or_default());
            if count < room_bytes {
                return Ok(());
            }
        }
    }

    fn take(&mut self, bytes: &[u8], topic: &Topic) -> Result<usize, String> {
        let mut rest = bytes;
        while let Some((header, body, behind)) = split_frame(rest) {
            rest = behind;
            if header.kind == Kind::Event.number() {
                self.event(header, body, topic)?;
            } else {
                self.other(header, body)?;
            }
        }
        Ok(bytes.len() - rest.len())
    }

    /// Of the room's events none is anything but the next thing said: who comes and goes is silent.
    fn event(&mut self, header: Header, body: &[u8], topic: &Topic) -> Result<(), String> {
        let place = self.place.as_mut().filter(|_| self.is_in).ok_or("an event came before it was in the room")?;
        if header.id != place.next {
            return Err(format!("event {} was to come, but {} came", place.next, header.id));
        }
        let text = body.get(body.len().saturating_sub(topic.text_bytes)..).unwrap_or_default();
        let wanted = tag(header.id - 1);
        if !text.starts_with(&wanted) {
            let (wanted, text) = (wanted.escape_ascii(), text.escape_ascii());
            return Err(format!("event {} was to be message {wanted}, but is {text}", header.id));
        }
        place.next += 1;
        Ok(())
    }

    fn other(&mut self, header: Header, body: &[u8]) -> Result<(), String> {
        let message = message(header, body)?;
        complain(&message)?;
        match message {
            ServerMessage::Welcome(welcome) => self.welcome(&welcome)?,
            ServerMessage::Joined(joined) => self.joined(&joined)?,
            ServerMessage::Ping => {
                let stream = self.stream.as_mut().ok_or("it has no connection")?;
                // A few bytes always fit the socket's buffer.
                stream.write_all(&pong(header)).map_err(|error| format!("a ping could not be answered: {error}"))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn welcome(&mut self, welcome: &Welcome) -> Result<(), String> {
        self.token = Some(welcome.token);
        if self.place.is_some() && !welcome.resumed {
            return Err("it came back with its token and was taken for somebody new".to_owned());
        }
        Ok(())
    }

    fn joined(&mut self, joined: &Joined) -> Result<(), String> {
        let token = self.token.ok_or("it was in the room before it was welcome")?;
        let next = joined.first.0;
        if let Some(place) = self.place.filter(|place| (place.room, place.next) != (joined.room, next)) {
            return Err(format!("its events were to go on with {}, but go on with {next}", place.next));
        }
        self.place = Some(Place { token, room: joined.room, next });
        self.is_in = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
