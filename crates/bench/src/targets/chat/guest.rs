//! Somebody on a server of ours who asks one thing at a time and waits for the answer.

use std::net::SocketAddr;
use std::time::Duration;

use proto::limits::{MAGIC, VERSION_MAX, VERSION_MIN};
use proto::message::{Hello, Join, Joined, Page, Resume, Search, Since, Welcome};
use proto::{ClientMessage, RequestId, ServerMessage};

use super::{Arrival, Keeping, NAME, Topic, complain, pong};
use crate::dial::Dialed;
use crate::error::BenchError;

/// How long an answer may take. It bounds hangs and measures nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// The request number of the first question; the greeting has used those before.
const FIRST_REQUEST: u64 = 16;

/// A greeted connection whose every question is answered before the next.
#[derive(Debug)]
pub(crate) struct Guest {
    dialed: Dialed,
    next: u64,
}

impl Guest {
    /// Says hello.
    ///
    /// # Errors
    /// If the server cannot be reached, or does not greet as it should.
    pub(crate) fn greet(address: SocketAddr, nick: &str) -> Result<Self, BenchError> {
        let mut dialed = Dialed::connect(address, NAME)?;
        dialed.send_frame(&ClientMessage::Hello(hello(nick, None)).to_frame(RequestId(1)))?;
        loop {
            match answer(&mut dialed)? {
                (_, ServerMessage::Welcome(welcome)) => {
                    Keeping::Stored.check_welcome(&welcome, &dialed)?;
                    return Self::after(dialed);
                }
                (_, ServerMessage::Queued(_)) => {}
                (_, other) => return Err(dialed.unexpected(&format!("{:?}", other.kind()))),
            }
        }
    }

    /// Goes on behind a greeting.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub(crate) fn after(mut dialed: Dialed) -> Result<Self, BenchError> {
        dialed.past_greeting(PATIENCE)?;
        Ok(Self { dialed, next: FIRST_REQUEST })
    }

    /// Joins a room, which is not told of it.
    ///
    /// # Errors
    /// If it is refused.
    pub(crate) fn join(&mut self, room: &str) -> Result<Joined, BenchError> {
        let join = Join { room: room.to_owned(), since: Since::Now, announce: false, ephemeral: false };
        match self.ask(&ClientMessage::Join(join))? {
            ServerMessage::Joined(joined) => Ok(joined),
            other => Err(self.dialed.unexpected(&format!("{:?} as the answer to a join", other.kind()))),
        }
    }

    /// Searches.
    ///
    /// # Errors
    /// If it is refused.
    pub(crate) fn search(&mut self, search: Search) -> Result<Page, BenchError> {
        match self.ask(&ClientMessage::Search(search))? {
            ServerMessage::Page(page) => Ok(page),
            other => Err(self.dialed.unexpected(&format!("{:?} as the answer to a search", other.kind()))),
        }
    }

    /// Asks, and waits for the answer; events and pings come in between as they like.
    fn ask(&mut self, question: &ClientMessage) -> Result<ServerMessage, BenchError> {
        let id = self.next;
        self.next += 1;
        self.dialed.send_frame(&question.to_frame(RequestId(id)))?;
        loop {
            let (of, message) = answer(&mut self.dialed)?;
            if of == id && !matches!(message, ServerMessage::Event(_) | ServerMessage::Ping) {
                return Ok(message);
            }
        }
    }
}

/// What to say first.
pub(crate) fn hello(nick: &str, resume: Option<Resume>) -> Hello {
    Hello {
        magic: MAGIC,
        version_min: VERSION_MIN,
        version_max: VERSION_MAX,
        features: 0,
        nick: nick.to_owned(),
        agent: concat!("bench-client ", env!("CARGO_PKG_VERSION")).to_owned(),
        resume,
    }
}

/// What to say to come into a topic's room.
pub(crate) fn join(topic: &Topic) -> Join {
    Join {
        room: topic.room.clone(),
        since: Since::Now,
        announce: matches!(topic.arrival, Arrival::Announced),
        ephemeral: topic.keeping == Keeping::Ephemeral,
    }
}

/// Says hello and joins, both at once.
pub(super) fn enter(mut dialed: Dialed, topic: &Topic, nick: &str) -> Result<(Dialed, Joined), BenchError> {
    dialed.send_frame(&ClientMessage::Hello(hello(nick, None)).to_frame(RequestId(1)))?;
    dialed.send_frame(&ClientMessage::Join(join(topic)).to_frame(RequestId(2)))?;
    loop {
        match answer(&mut dialed)? {
            (_, ServerMessage::Joined(joined)) => {
                topic.keeping.check_joined(&joined, &dialed)?;
                return Ok((dialed, joined));
            }
            (_, ServerMessage::Welcome(welcome)) => topic.keeping.check_welcome(&welcome, &dialed)?,
            (_, ServerMessage::Queued(_) | ServerMessage::Ping) => {}
            (_, other) => return Err(dialed.unexpected(&format!("{:?}", other.kind()))),
        }
    }
}

/// The next message and its number. Pings are answered here; refusals, losses and goodbyes are errors.
fn answer(dialed: &mut Dialed) -> Result<(u64, ServerMessage), BenchError> {
    let frame = dialed.read_frame()?;
    let header = *frame.header();
    let message = ServerMessage::from_frame(&frame).map_err(|error| dialed.unexpected(&error.to_string()))?;
    complain(&message).map_err(|why| BenchError::protocol(dialed.target(), why))?;
    if message == ServerMessage::Ping {
        dialed.send(&pong(header))?;
    }
    Ok((header.id, message))
}

impl Keeping {
    fn check_welcome(self, welcome: &Welcome, dialed: &Dialed) -> Result<(), BenchError> {
        let is_durable = welcome.features & Welcome::DURABLE != 0;
        if self == Self::Any || is_durable {
            return Ok(());
        }
        Err(dialed.unexpected("a Welcome without the word that it stores what is said"))
    }

    fn check_joined(self, joined: &Joined, dialed: &Dialed) -> Result<(), BenchError> {
        if self == Self::Any || joined.ephemeral == (self == Self::Ephemeral) {
            return Ok(());
        }
        Err(dialed.unexpected("a Joined that says otherwise of whether the room is stored"))
    }
}
