//! One person of the chat: connects, asks to come in, and hears what is said.

use std::time::Duration;

use bytes::Bytes;
use proto::limits::{MAGIC, VERSION_MAX, VERSION_MIN};
use proto::message::{Hello, Join, Joined, Say, Since};
use proto::{ClientMessage, Frame, MessageId, RequestId, RoomEvent, RoomId, ServerMessage, What};

use super::books::Books;
use crate::suite::experiments::begun::strip_ms;
use crate::suite::experiments::talker::Talker;
use crate::suite::record::{StripRow, StripSpan, StripState};

/// The room.
const ROOM: &str = "lecture";

/// The number of the first message's request; hello and join have those before it.
const FIRST_SAY: u64 = 10;

/// Someone who has come, or tries to.
#[derive(Debug)]
pub(super) struct Person {
    spans: Vec<StripSpan>,
    came_at: Duration,
    inside: Option<Inside>,
    /// Whether the server has sent it away with a word.
    is_turned_away: bool,
    /// Messages heard.
    heard: u64,
}

/// What somebody in the room knows of it.
#[derive(Debug, Clone, Copy)]
struct Inside {
    room: RoomId,
    /// The first event this person gets.
    first: u64,
    /// The next.
    next: u64,
}

impl Person {
    /// Somebody who connects at `at`.
    pub(super) fn new(at: Duration) -> Self {
        let mut person = Self { spans: Vec::new(), came_at: at, inside: None, is_turned_away: false, heard: 0 };
        person.turn_to(StripState::Connecting, at);
        person
    }

    /// Whether this person is in the room.
    pub(super) const fn is_inside(&self) -> bool {
        self.inside.is_some()
    }

    /// Whether this person was told to go.
    pub(super) const fn is_turned_away(&self) -> bool {
        self.is_turned_away
    }

    /// Whether this person's connection broke outside the room.
    pub(super) fn is_lost(&self) -> bool {
        let is_gone = self.spans.last().is_some_and(|span| span.state == StripState::Gone);
        is_gone && !self.is_inside() && !self.is_turned_away
    }

    /// How many messages this person has heard.
    pub(super) const fn heard(&self) -> u64 {
        self.heard
    }

    /// How many of the messages with these places in the room's log this person has to hear.
    pub(super) fn owed(&self, places: impl Iterator<Item = u64>) -> u64 {
        let Some(inside) = self.inside else { return 0 };
        places.filter(|place| *place >= inside.first).count() as u64
    }

    /// What this person did over the trial.
    pub(super) fn row(&self) -> StripRow {
        StripRow { spans: self.spans.clone() }
    }

    /// The state from `at` on.
    pub(super) fn turn_to(&mut self, state: StripState, at: Duration) {
        if self.spans.last().is_none_or(|span| span.state != state) {
            self.spans.push(StripSpan { from_ms: strip_ms(at), state });
        }
    }

    /// Says message `number`; nothing if this person is not inside.
    pub(super) fn say(&self, number: usize, talker: &mut Talker) -> Result<(), String> {
        let Some(inside) = self.inside else { return Ok(()) };
        let number = number as u64;
        let text = Bytes::from(text(number));
        let say = ClientMessage::Say(Say { room: inside.room, message: MessageId(number + 1), text });
        talker.send(&say.to_frame(RequestId(FIRST_SAY + number)))
    }

    /// Takes what the server has sent.
    ///
    /// # Errors
    /// What it did that it must not.
    pub(super) fn take(
        &mut self,
        talker: &mut Talker,
        frame: &Frame,
        at: Duration,
        books: &mut Books,
    ) -> Result<(), String> {
        let message = ServerMessage::from_frame(frame).map_err(|error| format!("it sent what is no frame: {error}"))?;
        match message {
            ServerMessage::Ping => talker.send(&ClientMessage::Pong.to_frame(RequestId(frame.header().id)))?,
            ServerMessage::Queued(queued) => books.queued(queued.place),
            ServerMessage::Welcome(_) => {}
            ServerMessage::Joined(joined) => self.enter(&joined, at, books),
            ServerMessage::Said(said) => {
                books.confirmed(frame.header().id.saturating_sub(FIRST_SAY), said.seq.0)?;
            }
            ServerMessage::Event(event) => self.hear(&event, at, books)?,
            // Outside it is the door that is shut; a word within is a message that got no place in the room.
            ServerMessage::Refused(refusal) if self.is_inside() => {
                books.unsaid(frame.header().id.saturating_sub(FIRST_SAY), &refusal.words);
            }
            ServerMessage::Refused(_) | ServerMessage::Goodbye(_) => {
                self.is_turned_away = !self.is_inside();
                let state = if self.is_turned_away { StripState::TurnedAway } else { StripState::Gone };
                self.turn_to(state, at);
            }
            other => return Err(format!("it sent {:?}", other.kind())),
        }
        Ok(())
    }

    fn enter(&mut self, joined: &Joined, at: Duration, books: &mut Books) {
        let (room, first) = (joined.room, joined.first.0);
        self.inside = Some(Inside { room, first, next: first });
        self.turn_to(StripState::Served, at);
        books.entered(at.saturating_sub(self.came_at));
    }

    fn hear(&mut self, event: &RoomEvent, at: Duration, books: &mut Books) -> Result<(), String> {
        let Some(inside) = &mut self.inside else { return Err("it sent an event of a room not entered".to_owned()) };
        if event.seq.0 != inside.next {
            return Err(format!("event {} was to come, but {} came", inside.next, event.seq));
        }
        inside.next += 1;
        if let What::Said(said) = &event.what {
            let number = said.split(' ').next().and_then(|number| number.parse().ok());
            let number: u64 = number.filter(|number| *said == text(*number)).ok_or("a text came changed")?;
            books.heard(number, at)?;
            self.heard += 1;
        }
        Ok(())
    }
}

/// Says hello and asks to come in, at once.
pub(super) fn knock(number: usize, talker: &mut Talker) -> Result<(), String> {
    let hello = Hello {
        magic: MAGIC,
        version_min: VERSION_MIN,
        version_max: VERSION_MAX,
        features: 0,
        nick: format!("person{number}"),
        agent: concat!("bench-client ", env!("CARGO_PKG_VERSION")).to_owned(),
        resume: None,
    };
    talker.send(&ClientMessage::Hello(hello).to_frame(RequestId(1)))?;
    let join = Join { room: ROOM.to_owned(), since: Since::Now, announce: true, ephemeral: false };
    talker.send(&ClientMessage::Join(join).to_frame(RequestId(2)))
}

/// The text of message `number`: a short sentence's length.
fn text(number: u64) -> String {
    format!("{number} {:.<60}", "")
}
