//! The reference: what each client was told, what each room's log holds, what the store was told.

use std::collections::BTreeMap;

use proto::message::Hello;

use super::super::reading;
use super::super::shelf::Shelf;
use super::super::*;
use super::client::Client;
use super::{CLIENTS, Step, What};
use crate::change::RoomTitle;

const LIMITS: HubLimits = HubLimits {
    rooms_max: 6,
    rooms_per_member_max: 3,
    held_max: 2,
    named_presence_max: 2,
    crowd_interval_ms: 1000,
    keep_ms: 5000,
    kept_max: 2,
    is_durable: true,
    ..super::super::LIMITS
};

pub(super) struct World {
    pub(super) hub: Hub,
    pub(super) now: Millis,
    /// Every event that anybody could see.
    pub(super) logs: BTreeMap<RoomId, Vec<Record>>,
    pub(super) shelf: Shelf,
    /// What each number was a room of, of all that were ever told and stored.
    pub(super) titles: BTreeMap<RoomId, RoomTitle>,
    pub(super) clients: Vec<Client>,
    /// The next batch cannot be stored.
    pub(super) fails: bool,
    /// The batch that could not be stored; nothing can, until it is.
    pub(super) unstored: Option<Effects>,
    pub(super) numbers: u64,
}

impl World {
    pub(super) fn new() -> Self {
        let client = |number| Client { nick: format!("n{number}"), ..Client::default() };
        Self {
            hub: Hub::restore(LIMITS, Millis(0), Shelf::default().restored()),
            now: Millis(1000),
            logs: BTreeMap::new(),
            shelf: Shelf::default(),
            titles: BTreeMap::new(),
            clients: (0..CLIENTS).map(client).collect(),
            fails: false,
            unstored: None,
            numbers: 100,
        }
    }

    pub(super) fn take(&mut self, step: Step) {
        match step {
            Step::Hello { who, features, with_cursors } => self.hello(who, features, with_cursors),
            Step::Beside { who } => self.beside(who),
            Step::Stranger { as_who } => self.stranger(as_who),
            Step::Join { who, room, since, announce, ephemeral } => {
                self.ask(who, Command::Join { room: room.parse().unwrap(), since, announce, ephemeral });
            }
            Step::At { who, place, what } => {
                if let Some(room) = self.clients[who].find(place) {
                    self.at(who, room, what);
                }
            }
            Step::Resend { who, back } => {
                if let Some(&(message, room, _)) = self.clients[who].messages.iter().rev().nth(back) {
                    self.say(who, message, room);
                }
            }
            Step::Direct { who, with } => {
                let nick = self.clients[with].nick.parse().unwrap();
                self.ask(who, Command::OpenDirect { nick, since: Since::Now });
            }
            Step::Rename { who, to } => {
                let to = format!("n{who}r{to}");
                let done = |effect: &Effect| matches!(effect, Effect::Reply { reply: ServerMessage::Done, .. });
                let effects = self.ask(who, Command::Rename(to.parse().unwrap()));
                if effects.is_some_and(|effects| effects.iter().any(done)) {
                    self.clients[who].nick = to;
                }
            }
            Step::Gone { who, departure } => {
                if let Some(session) = self.clients[who].hang_up() {
                    self.batch(|hub, now, effects| hub.gone(now, session, departure, effects));
                }
            }
            Step::Later { ms } => {
                self.now = self.now.plus(ms);
                self.batch(Hub::tick);
            }
            Step::Fail => self.fails = true,
            Step::Recover => self.recover(),
            Step::Restart => self.restart(),
        }
    }

    fn at(&mut self, who: usize, room: RoomId, what: What) {
        let command = match what {
            What::Leave => {
                // Also where the answer is lost: whoever comes again has read what they have read then.
                let client = &mut self.clients[who];
                client.reads.remove(&room);
                client.cursors.remove(&room);
                Command::Leave(room)
            }
            What::Topic(topic) => Command::SetTopic { room, topic: topic.to_string().parse().unwrap() },
            What::MarkRead(seq) => {
                for command in [Command::AskUnread, reading::mark(room, seq.0), Command::AskUnread] {
                    self.ask(who, command);
                }
                return;
            }
            What::Say => {
                let message = MessageId(self.number());
                self.clients[who].messages.push((message, room, None));
                return self.say(who, message, room);
            }
            What::Read => return self.read(who, room),
            What::Post => {
                let deed = Deed::Folder { path: "p".into(), files: 1, bytes: 1 };
                let nick = self.nick_of(who).parse().unwrap();
                self.batch(|hub, now, effects| hub.post(now, room, nick, deed, effects));
                return;
            }
        };
        self.ask(who, command);
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Has something handled as a batch of its own, and carries it out if it can be stored.
    fn batch(&mut self, handle: impl FnOnce(&mut Hub, Millis, &mut Effects)) -> Effects {
        let mut effects = Vec::new();
        handle(&mut self.hub, self.now, &mut effects);
        let writes = effects.iter().any(|effect| matches!(effect, Effect::Append(_) | Effect::Keep(_)));
        match writes && self.fails && self.unstored.is_none() {
            true => {
                self.fails = false;
                let refusal = Refusal::new(Code::StorageFailed, "chat.db: the disk is full");
                self.hub.set_read_only(Some(refusal));
                self.unstored = Some(effects);
                Vec::new()
            }
            false => {
                assert!(!writes || self.unstored.is_none(), "written while nothing can be: {effects:?}");
                self.carry_out(&effects);
                effects
            }
        }
    }

    fn ask(&mut self, who: usize, command: Command) -> Option<Effects> {
        let session = self.clients[who].session?;
        // Whoever waits for an answer asks no more: answers keep their order.
        if self.unstored.as_ref().is_some_and(|unstored| answers(unstored, session.0) > 0) {
            return None;
        }
        let request = Request { id: RequestId(self.number()), command };
        let effects = self.batch(|hub, now, effects| hub.handle(now, session, request.clone(), effects));
        if self.unstored.is_none() {
            assert_eq!(answers(&effects, session.0), 1, "{request:?}: {effects:?}");
        }
        Some(effects)
    }

    fn greet(&mut self, session: SessionId, nick: &str, resume: Option<Resume>, features: u64) -> Effects {
        let token = Token(u128::from(self.number()).to_be_bytes());
        let command = Command::Hello { nick: Ok(nick.parse().unwrap()), token, resume, features };
        let request = Request { id: RequestId(1), command };
        self.batch(|hub, now, effects| hub.handle(now, session, request, effects))
    }

    /// A client connects, with the token it has. If it is connected already, by its other eye.
    fn hello(&mut self, who: usize, features: u64, with_cursors: bool) {
        let session = SessionId(self.number());
        let client = &mut self.clients[who];
        if client.session.is_some() && features & Hello::YIELD != 0 {
            let resume = client.resume(false);
            let nick = self.nick_of(who);
            let effects = self.greet(session, &nick, resume, features);
            assert!(self.unstored.is_some() || refusal(&effects) == Some(Code::NickTaken), "{effects:?}");
            return;
        }
        let before = client.hang_up();
        client.session = Some(session);
        client.resumes_behind = if with_cursors { client.cursors.clone() } else { BTreeMap::new() };
        let (nick, resume) = (client.nick.clone(), client.resume(with_cursors));
        let effects = self.greet(session, &nick, resume, features);
        let is_admitted = effects.iter().any(|effect| matches!(effect, Effect::Admit { .. }));
        let client = &mut self.clients[who];
        if !is_admitted && self.unstored.as_ref().is_none_or(|unstored| !admits(unstored, session)) {
            client.session = before;
        }
    }

    /// The nick that a client's person has by now, which it need not have been told yet.
    fn nick_of(&self, who: usize) -> String {
        let client = &self.clients[who];
        let person =
            client.token.and_then(|token| self.hub.people.by_token(token)).and_then(|id| self.hub.people.get(id));
        person.map_or_else(|| client.nick.clone(), |member| member.nick.as_str().to_owned())
    }

    fn beside(&mut self, who: usize) {
        let session = SessionId(self.number());
        let Some(resume) = self.clients[who].resume(true) else { return };
        let is_known = self.hub.people.by_token(resume.token).is_some();
        let effects = self.greet(session, "nobody", Some(resume), Hello::BESIDE);
        if self.unstored.is_none() {
            assert_eq!(refusal(&effects).is_none(), is_known);
        }
        self.batch(|hub, now, effects| hub.gone(now, session, Departure::Broken, effects));
    }

    /// Nobody else gets the nick of somebody who is known.
    fn stranger(&mut self, as_who: usize) {
        let session = SessionId(self.number());
        let nick = self.nick_of(as_who);
        let is_known = self.clients[as_who].token.is_some_and(|token| self.hub.people.by_token(token).is_some());
        let effects = self.greet(session, &nick, None, 0);
        if self.unstored.is_none() && is_known {
            assert_eq!(refusal(&effects), Some(Code::NickTaken));
        }
        self.batch(|hub, now, effects| hub.gone(now, session, Departure::Bye, effects));
    }

    fn say(&mut self, who: usize, message: MessageId, room: RoomId) {
        let text = format!("{message}").parse().unwrap();
        self.ask(who, Command::Say { room, message, text });
    }

    fn read(&mut self, who: usize, room: RoomId) {
        let follows = self.clients[who].follows.contains_key(&room);
        let Some(effects) = self.ask(who, reading::history(room, 10)) else { return };
        let may = effects.iter().any(|effect| matches!(effect, Effect::Read(_)));
        if self.unstored.is_none() {
            assert_eq!(may, follows, "client {who}, {room}: {effects:?}");
        }
        assert!(!may || self.may_know(who, room), "client {who} reads the conversation {room}");
        self.ask(who, Command::AskUnread);
    }

    /// The batch that could not be stored is, and what was put off happens.
    fn recover(&mut self) {
        self.fails = false;
        let Some(unstored) = self.unstored.take() else { return };
        self.carry_out(&unstored);
        self.hub.set_read_only(None);
        self.batch(Hub::tick);
    }

    fn restart(&mut self) {
        self.fails = false;
        self.hub = Hub::restore(LIMITS, self.now, self.shelf.restored());
        assert_eq!(self.hub.left_out(), 0);
        let was_writable = self.unstored.take().is_none();
        self.logs.retain(|room, _| self.shelf.rooms.contains_key(room));
        for client in &mut self.clients {
            client.hang_up();
            let person = client.token.and_then(|token| self.hub.people.by_token(token));
            let places = &self.shelf.places;
            client.reads.retain(|room, read| {
                let kept = person.and_then(|person| places.get(&(person, *room)));
                // What was marked while nothing could be stored is lost, and nothing else.
                assert!(kept.is_none_or(|place| !was_writable || place.read >= *read), "{room}: {kept:?}, {read}");
                *read = kept.map_or(*read, |place| place.read);
                kept.is_some()
            });
        }
    }

    /// Whether a client may know what stands in a room, as far as conversations go.
    pub(super) fn may_know(&self, who: usize, room: RoomId) -> bool {
        let person = self.clients[who].token.and_then(|token| self.hub.people.by_token(token));
        match self.hub.rooms.get(room).map(|room| &room.title) {
            Some(RoomTitle::Direct(one, two)) => person.is_some_and(|person| [*one, *two].contains(&person)),
            _ => true,
        }
    }

    pub(super) fn check(&self) {
        if self.unstored.is_none() && !self.hub.has_changes() {
            self.shelf.check(&self.hub);
        }
        self.check_places();
        let in_conversation =
            |(who, client): (usize, &Client)| client.follows.keys().all(|room| self.may_know(who, *room));
        assert!(self.clients.iter().enumerate().all(in_conversation));
        let census = self.hub.census();
        assert!(census.away <= LIMITS.kept_max + CLIENTS && census.rooms <= LIMITS.rooms_max, "{census:?}");
    }
}

impl World {
    /// Every place is in a room that is there, and every room counts those who are in it and those who are away.
    fn check_places(&self) {
        let mut counts: BTreeMap<RoomId, (usize, usize)> = BTreeMap::new();
        for (_, member) in self.hub.people.all() {
            for place in &member.rooms {
                let (here, kept) = counts.entry(place.room).or_default();
                *(if member.is_away() { kept } else { here }) += 1;
            }
        }
        for room in self.hub.rooms.all() {
            let counted = counts.remove(&room.id).unwrap_or_default();
            assert_eq!((room.members.len(), room.kept), counted, "{room:?}");
        }
        assert!(counts.is_empty(), "places in rooms that are not there: {counts:?}");
    }
}

fn admits(effects: &Effects, session: SessionId) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Admit { to, .. } if *to == session))
}
