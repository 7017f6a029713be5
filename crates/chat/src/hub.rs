//! The hub: one match over the commands. Who calls it, when, and what becomes of the effects is not its affair.

mod direct;
mod directory;
mod files;
mod going;
mod hello;
mod lists;
mod people;
mod presence;
mod read_only;
mod reading;
mod rename;
mod restore;
mod rooms;
mod sides;
mod tickets;
mod touched;

use std::collections::HashMap;

use proto::{CloseCode, Code, Refusal, RequestId, RoomId, ServerMessage};

use crate::change::{PersonId, Restored};
use crate::command::{Command, Departure, Millis, Request, SessionId};
use crate::effect::{Effect, Effects};
use crate::limits::HubLimits;

use directory::Rooms;
use hello::Greeting;
use people::People;
use presence::Crowds;
use read_only::Postponed;
use rooms::Wish;
use sides::Side;
use tickets::Tickets;
use touched::Touched;

/// Everything the chat knows. Owned by one task; takes `now` as an argument and never waits.
#[derive(Debug)]
pub struct Hub {
    limits: HubLimits,
    /// Invariant: a session is here from its good hello until it is gone, and its member is in `people`.
    sessions: HashMap<SessionId, PersonId>,
    /// Connections beside those that talk. Invariant: each is in its member's `sides`.
    sides: HashMap<SessionId, (PersonId, Side)>,
    people: People,
    rooms: Rooms,
    crowds: Crowds,
    tickets: Tickets,
    touched: Touched,
    /// What is answered to whoever would have something written, while nothing can be.
    read_only: Option<Refusal>,
    /// Invariant: empty outside of [`Self::handle`] and the like, unless nothing can be written, or could not until now.
    postponed: Postponed,
    /// Until when those who were here before a restart are held, and how many they were.
    restored: (Millis, usize),
    left_out: usize,
}

/// How many there are of what, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Census {
    /// Sessions that said a good hello.
    pub sessions: usize,
    /// People, with those whose place is held or kept.
    pub members: usize,
    /// Those of them who are away, with their place kept.
    pub away: usize,
    /// Rooms, direct conversations included.
    pub rooms: usize,
}

/// Where a command came from: its member, the answer's way, and the time.
#[derive(Debug, Clone, Copy)]
struct Asker {
    now: Millis,
    session: SessionId,
    request: RequestId,
    member: PersonId,
}

impl Asker {
    const fn answer(&self, reply: ServerMessage) -> Effect {
        Effect::Reply { to: self.session, request: self.request, reply }
    }
}

impl Hub {
    /// An empty hub.
    pub fn new(limits: HubLimits) -> Self {
        Self::restore(limits, Millis::default(), Restored::default())
    }

    fn with(limits: HubLimits, people: People, rooms: Rooms) -> Self {
        Self {
            limits,
            sessions: HashMap::new(),
            sides: HashMap::new(),
            people,
            rooms,
            crowds: Crowds::default(),
            tickets: Tickets::default(),
            touched: Touched::default(),
            read_only: None,
            postponed: Postponed::default(),
            restored: (Millis::default(), 0),
            left_out: 0,
        }
    }

    /// Takes one request of a session at the time `now` and appends what has to happen to `effects`: exactly one
    /// answer to `session`, and whatever else follows.
    pub fn handle(&mut self, now: Millis, session: SessionId, request: Request, effects: &mut Effects) {
        let begin = effects.len();
        self.catch_up(now, effects);
        self.take(now, session, request, effects);
        self.put_out_changes(begin, effects);
    }

    /// Takes the end of a session. A session that never said a good hello, or was replaced, leaves no trace.
    pub fn gone(&mut self, now: Millis, session: SessionId, departure: Departure, effects: &mut Effects) {
        let begin = effects.len();
        self.catch_up(now, effects);
        self.end_session(now, session, departure, effects);
        self.put_out_changes(begin, effects);
    }

    /// Lets go what was held or kept until `now`, and tells counts that are due. While nothing can be written, it waits.
    pub fn tick(&mut self, now: Millis, effects: &mut Effects) {
        if self.read_only.is_some() {
            return;
        }
        let begin = effects.len();
        self.catch_up(now, effects);
        self.let_go_due(now, effects);
        self.tell_due_crowds(now, effects);
        self.put_out_changes(begin, effects);
    }

    /// When [`Self::tick`] next has something to do; `None` while nothing waits.
    pub fn next_tick(&self) -> Option<Millis> {
        if self.read_only.is_some() {
            return None;
        }
        let overdue = (self.has_changes() || !self.postponed.is_empty()).then_some(Millis::default());
        let due = [overdue, self.people.next_due(self.limits.keep_ms), self.crowds.next_due()];
        due.into_iter().flatten().min()
    }

    /// How many there are of what.
    pub fn census(&self) -> Census {
        Census {
            sessions: self.sessions.len(),
            members: self.people.count(),
            away: self.people.away_count(),
            rooms: self.rooms.count(),
        }
    }

    /// Whether records of this room are for the store: it is there, and not ephemeral.
    pub fn is_stored(&self, room: RoomId) -> bool {
        self.rooms.get(room).is_some_and(|room| !room.is_ephemeral)
    }

    fn take(&mut self, now: Millis, session: SessionId, request: Request, effects: &mut Effects) {
        let Request { id, command } = request;
        let answer = |reply| Effect::Reply { to: session, request: id, reply };
        let command = match command {
            Command::Refused(refusal) => return effects.push(answer(ServerMessage::Refused(refusal))),
            Command::Ping => return effects.push(answer(ServerMessage::Pong)),
            Command::Hello { nick, token, resume, features } => {
                let outcome = match self.knows(session) {
                    true => Err(out_of_place("you have said hello already; to take another nick, rename")),
                    false => self.hello(now, (session, id), Greeting { nick, token, resume, features }, effects),
                };
                return effects.extend(outcome.err().map(|refusal| answer(ServerMessage::Refused(refusal))));
            }
            Command::Attach { ticket } => {
                let outcome = match self.knows(session) {
                    true => Err(answer(ServerMessage::Refused(out_of_place("this connection has begun already")))),
                    false => self.attach(now, (session, id), ticket, effects).map_err(|refusal| Effect::Close {
                        session,
                        code: CloseCode::Refused,
                        refusal: Some(refusal),
                    }),
                };
                return effects.extend(outcome.err());
            }
            other => other,
        };
        let asker = |member| Asker { now, session, request: id, member };
        let outcome = match (self.sessions.get(&session), self.sides.get(&session)) {
            (Some(&member), _) => self.obey(&asker(member), command, effects),
            (None, Some(&(member, side))) => self.obey_side(&asker(member), side, command, effects),
            (None, None) => Err(out_of_place("say hello first")),
        };
        effects.extend(outcome.err().map(|refusal| answer(ServerMessage::Refused(refusal))));
    }

    fn obey(&mut self, asker: &Asker, command: Command, effects: &mut Effects) -> Result<(), Refusal> {
        match command {
            Command::Say { room, message, text } => self.say(asker, room, message, text, effects),
            Command::Join { room, since, announce, ephemeral } => {
                self.join(asker, Wish { name: room, since, announce, ephemeral }, effects)
            }
            Command::Leave(room) => self.leave(asker, room, effects),
            Command::SetTopic { room, topic } => self.set_topic(asker, room, topic, effects),
            Command::OpenDirect { nick, since } => self.open_direct(asker, &nick, since, effects),
            Command::Rename(nick) => self.rename(asker, nick, effects),
            Command::ListRooms { after } => {
                effects.push(asker.answer(self.list_rooms(&after)));
                Ok(())
            }
            Command::ListMembers { room, after } => {
                effects.push(asker.answer(self.list_members(room.as_ref(), &after)?));
                Ok(())
            }
            Command::File { slot, ask } => self.file(asker, slot, ask, effects),
            Command::AskTicket { ticket } => self.ask_ticket(asker, ticket, effects),
            Command::History(ask) => self.history(asker, ask, effects),
            Command::Search(ask) => self.search(asker, ask, effects),
            Command::AskUnread => self.ask_unread(asker, effects),
            Command::MarkRead(mark) => self.mark_read(asker, mark, effects),
            // `take` has answered these before a member was looked for.
            Command::Hello { .. } | Command::Attach { .. } | Command::Ping | Command::Refused(_) => Ok(()),
        }
    }

    fn knows(&self, session: SessionId) -> bool {
        self.sessions.contains_key(&session) || self.sides.contains_key(&session)
    }
}

fn out_of_place(words: &str) -> Refusal {
    Refusal::new(Code::OutOfPlace, words)
}

#[cfg(test)]
mod tests;
