//! The hub: one match over the commands. Who calls it, when, and what becomes of the effects is not its affair.

mod direct;
mod directory;
mod files;
mod lists;
mod people;
mod presence;
mod rooms;
mod tickets;

use std::collections::HashMap;

use proto::{CloseCode, Code, Refusal, RequestId, ServerMessage};

use crate::command::{Command, Departure, Millis, Request, SessionId};
use crate::effect::{Effect, Effects};
use crate::limits::HubLimits;
use crate::member::MemberId;

use directory::Rooms;
use people::People;
use presence::Crowds;
use tickets::Tickets;

/// Everything the chat knows. Owned by one task; takes `now` as an argument and never waits.
#[derive(Debug)]
pub struct Hub {
    limits: HubLimits,
    /// Invariant: a session is here from its good hello until it is gone, and its member is in `people`.
    sessions: HashMap<SessionId, MemberId>,
    /// Connections that only carry files. Invariant: each is in its member's `sides`.
    sides: HashMap<SessionId, MemberId>,
    people: People,
    rooms: Rooms,
    crowds: Crowds,
    tickets: Tickets,
}

/// How many there are of what, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Census {
    /// Sessions that said a good hello.
    pub sessions: usize,
    /// People, held places included.
    pub members: usize,
    /// Rooms, direct conversations included.
    pub rooms: usize,
}

/// Where a command came from: its member, the answer's way, and the time.
#[derive(Debug, Clone, Copy)]
struct Asker {
    now: Millis,
    session: SessionId,
    request: RequestId,
    member: MemberId,
}

impl Asker {
    const fn answer(&self, reply: ServerMessage) -> Effect {
        Effect::Reply { to: self.session, request: self.request, reply }
    }
}

impl Hub {
    /// An empty hub.
    pub fn new(limits: HubLimits) -> Self {
        Self {
            limits,
            sessions: HashMap::new(),
            sides: HashMap::new(),
            people: People::default(),
            rooms: Rooms::with_default_room(),
            crowds: Crowds::default(),
            tickets: Tickets::default(),
        }
    }

    /// Takes one request of a session at the time `now` and appends what has to happen to `effects`: exactly one
    /// answer to `session`, and whatever else follows.
    pub fn handle(&mut self, now: Millis, session: SessionId, request: Request, effects: &mut Effects) {
        let Request { id, command } = request;
        let answer = |reply| Effect::Reply { to: session, request: id, reply };
        let command = match command {
            Command::Refused(refusal) => return effects.push(answer(ServerMessage::Refused(refusal))),
            Command::Ping => return effects.push(answer(ServerMessage::Pong)),
            Command::Hello { nick, token, resume, features: _ } => {
                let outcome = match self.knows(session) {
                    true => Err(out_of_place("you have said hello already; to take another nick, rename")),
                    false => self.hello((session, id), nick, token, resume, effects),
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
            (None, Some(&member)) => self.obey_side(&asker(member), command, effects),
            (None, None) => Err(out_of_place("say hello first")),
        };
        effects.extend(outcome.err().map(|refusal| answer(ServerMessage::Refused(refusal))));
    }

    /// Takes the end of a session. A session that never said a good hello, or was replaced, leaves no trace.
    pub fn gone(&mut self, now: Millis, session: SessionId, departure: Departure, effects: &mut Effects) {
        if self.side_gone(session) {
            return;
        }
        let Some(member) = self.sessions.remove(&session) else { return };
        match departure {
            Departure::Broken if self.limits.grace_ms > 0 => {
                self.people.hold(member, now.plus(self.limits.grace_ms));
                while let Some(member) = self.people.first_held_beyond(self.limits.held_max) {
                    self.remove_member(now, member, effects);
                }
            }
            Departure::Broken | Departure::Bye => self.remove_member(now, member, effects),
        }
    }

    /// Lets go what was held until `now`, and tells counts that are due.
    pub fn tick(&mut self, now: Millis, effects: &mut Effects) {
        while let Some(member) = self.people.first_held_until(now) {
            self.remove_member(now, member, effects);
        }
        self.tell_due_crowds(now, effects);
    }

    /// When [`Self::tick`] next has something to do; `None` while nothing waits.
    pub fn next_tick(&self) -> Option<Millis> {
        [self.people.next_due(), self.crowds.next_due()].into_iter().flatten().min()
    }

    /// How many there are of what.
    pub fn census(&self) -> Census {
        Census { sessions: self.sessions.len(), members: self.people.count(), rooms: self.rooms.count() }
    }

    fn obey(&mut self, asker: &Asker, command: Command, effects: &mut Effects) -> Result<(), Refusal> {
        match command {
            Command::Say { room, message, text } => self.say(asker, room, message, text, effects),
            Command::Join { room, since, announce, ephemeral: _ } => self.join(asker, room, since, announce, effects),
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
            Command::History(_) | Command::Search(_) | Command::AskUnread | Command::MarkRead(_) => {
                Err(out_of_place("not yet"))
            }
            // `handle` has answered these before a member was looked for.
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
