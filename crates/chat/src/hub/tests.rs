//! The hub's rules, one small dialogue each: sessions speak, and every answer and record is there to read.

use proto::message::{Cursor, Resume, Since};
use proto::{CloseCode, Code, MessageId, Nick, Refusal, RequestId, RoomId, Seq, ServerMessage, Text, Token, Topic};

use super::Hub;
use crate::change::Change;
use crate::command::{Command, Departure, Millis, Request, SessionId};
use crate::effect::{Deed, Effect, Effects, Reach, Record};
use crate::limits::HubLimits;

const LIMITS: HubLimits = HubLimits {
    rooms_max: 5,
    rooms_per_member_max: 3,
    grace_ms: 1000,
    held_max: 3,
    named_presence_max: 4,
    crowd_interval_ms: 60_000,
    keep_ms: 0,
    kept_max: 0,
    is_durable: false,
    tickets_max: 6,
};

struct Scene {
    hub: Hub,
    now: Millis,
    asked: u64,
    /// What the store was told.
    kept: Vec<Change>,
}

impl Scene {
    fn new() -> Self {
        Self::within(LIMITS)
    }

    fn within(limits: HubLimits) -> Self {
        Self { hub: Hub::new(limits), now: Millis(1_000_000), asked: 0, kept: Vec::new() }
    }

    /// What is told to sessions and rooms; what the store is told goes aside.
    fn but_kept(&mut self, mut effects: Effects) -> Effects {
        let kept = effects.extract_if(.., |effect| matches!(effect, Effect::Keep(_)));
        self.kept.extend(kept.filter_map(|effect| match effect {
            Effect::Keep(change) => Some(change),
            _ => None,
        }));
        effects
    }

    fn ask(&mut self, session: u64, command: Command) -> Effects {
        self.asked += 1;
        let mut effects = Vec::new();
        let request = Request { id: RequestId(self.asked), command };
        self.hub.handle(self.now, SessionId(session), request, &mut effects);
        self.but_kept(effects)
    }

    fn hello(&mut self, session: u64, nick: &str) -> Effects {
        self.hello_as(session, nick, 0)
    }

    fn hello_as(&mut self, session: u64, nick: &str, features: u64) -> Effects {
        let nick = Ok(nick.parse().unwrap());
        self.ask(session, Command::Hello { nick, token: token(session), resume: None, features })
    }

    fn resume(&mut self, session: u64, of: u64, cursors: Vec<Cursor>) -> Effects {
        self.resume_as(session, of, cursors, 0)
    }

    fn resume_as(&mut self, session: u64, of: u64, cursors: Vec<Cursor>, features: u64) -> Effects {
        let resume = Some(Resume { token: token(of), cursors });
        let nick = Err(Refusal::new(Code::BadNick, "no"));
        self.ask(session, Command::Hello { nick, token: token(session), resume, features })
    }

    fn join(&mut self, session: u64, room: &str) -> Effects {
        self.ask(session, join(room, Since::Last(10), true))
    }

    fn say(&mut self, session: u64, room: RoomId, message: u64, text: &str) -> Effects {
        let text: Text = text.parse().unwrap();
        self.ask(session, Command::Say { room, message: MessageId(message), text })
    }

    fn direct(&mut self, session: u64, nick: &str) -> Effects {
        self.ask(session, Command::OpenDirect { nick: nick.parse().unwrap(), since: Since::Now })
    }

    fn gone(&mut self, session: u64, departure: Departure) -> Effects {
        let mut effects = Vec::new();
        self.hub.gone(self.now, SessionId(session), departure, &mut effects);
        self.but_kept(effects)
    }

    fn after(&mut self, ms: u64) -> Effects {
        self.now = self.now.plus(ms);
        let mut effects = Vec::new();
        self.hub.tick(self.now, &mut effects);
        self.but_kept(effects)
    }

    /// Two people, sessions 1 and 2, in `lobby`, which is room 1.
    fn two_in_lobby() -> Self {
        let mut scene = Self::new();
        for (session, nick) in [(1, "ann"), (2, "bob")] {
            scene.hello(session, nick);
            scene.join(session, "lobby");
        }
        scene
    }
}

fn token(session: u64) -> Token {
    Token([u8::try_from(session).unwrap(); 16])
}

fn join(room: &str, since: Since, announce: bool) -> Command {
    Command::Join { room: room.parse().unwrap(), since, announce, ephemeral: false }
}

fn records(effects: &Effects) -> Vec<(u32, u64, &Deed)> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Append(Record { room, seq, deed, .. }) => Some((room.0, seq.0, deed)),
            _ => None,
        })
        .collect()
}

fn refusal(effects: &Effects) -> Option<Code> {
    effects.iter().find_map(|effect| match effect {
        Effect::Reply { reply: ServerMessage::Refused(refusal), .. } => Some(refusal.code),
        _ => None,
    })
}

fn entered(effects: &Effects, session: u64) -> Vec<(u32, u64, Reach)> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Enter { to, joined, reach, .. } if to.0 == session => Some((joined.room.0, joined.first.0, *reach)),
            _ => None,
        })
        .collect()
}

/// For each room that a session enters: its number, where its events begin, how far it is read.
fn joined(effects: &Effects, session: u64) -> Vec<(u32, u64, u64)> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Enter { to, joined, .. } if to.0 == session => Some((joined.room.0, joined.first.0, joined.read.0)),
            _ => None,
        })
        .collect()
}

fn answers(effects: &Effects, session: u64) -> usize {
    let to_session = |to: &SessionId, request: &RequestId| to.0 == session && request.0 != 0;
    effects
        .iter()
        .filter(|effect| match effect {
            Effect::Reply { to, request, .. }
            | Effect::Admit { to, request, .. }
            | Effect::Attach { to, request }
            | Effect::Enter { to, request, .. } => to_session(to, request),
            Effect::File(ask) => to_session(&ask.to, &ask.request),
            Effect::Read(ask) => to_session(&ask.to, &ask.request),
            _ => false,
        })
        .count()
}

mod beside;
mod files;
mod kept;
mod model;
mod people;
mod read_only;
mod reading;
mod restart;
mod rooms;
mod shelf;

#[test]
fn every_command_has_exactly_one_answer() {
    let nick = || "cat".parse::<Nick>().unwrap();
    let commands: Vec<Command> = vec![
        Command::Ping,
        Command::Hello { nick: Ok(nick()), token: Token([9; 16]), resume: None, features: 0 },
        join("lobby", Since::Now, true),
        join("other", Since::After(Seq(7)), false),
        Command::Leave(RoomId(1)),
        Command::Leave(RoomId(99)),
        Command::Say { room: RoomId(1), message: MessageId(1), text: "x".parse().unwrap() },
        Command::Say { room: RoomId(99), message: MessageId(2), text: "x".parse().unwrap() },
        Command::SetTopic { room: RoomId(1), topic: "t".parse().unwrap() },
        Command::SetTopic { room: RoomId(99), topic: Topic::default() },
        Command::ListRooms { after: String::new() },
        Command::ListMembers { room: None, after: String::new() },
        Command::ListMembers { room: Some("nowhere".parse().unwrap()), after: String::new() },
        Command::OpenDirect { nick: "bob".parse().unwrap(), since: Since::Now },
        Command::OpenDirect { nick: nick(), since: Since::Now },
        Command::OpenDirect { nick: "ann".parse().unwrap(), since: Since::Now },
        Command::Rename(nick()),
        Command::Rename("ann".parse().unwrap()),
        Command::Rename("bob".parse().unwrap()),
        reading::history(RoomId(1), 10),
        reading::history(RoomId(99), 10),
        reading::search(&[], "tea"),
        reading::search(&[99], "tea"),
        Command::AskUnread,
        reading::mark(RoomId(1), 2),
        reading::mark(RoomId(99), 2),
        Command::Refused(Refusal::new(Code::BadText, "no")),
        files::list_in(RoomId(1)),
        files::list_in(RoomId(99)),
        Command::AskTicket { ticket: Token([8; 16]) },
    ];
    for command in commands {
        for session in [1, 7] {
            let effects = Scene::two_in_lobby().ask(session, command.clone());
            assert_eq!(answers(&effects, session), 1, "session {session}, {command:?}: {effects:?}");
        }
    }
}

#[test]
fn a_rooms_events_are_numbered_without_holes() {
    let mut scene = Scene::two_in_lobby();
    let effects = scene.say(1, RoomId(1), 1, "hello");
    assert_eq!(records(&effects), [(1, 3, &Deed::Said("hello".parse().unwrap()))]);
    let effects = scene.ask(2, Command::SetTopic { room: RoomId(1), topic: "tea".parse().unwrap() });
    assert_eq!(records(&effects), [(1, 4, &Deed::Topic("tea".parse().unwrap()))]);
    let effects = scene.ask(2, Command::Rename("bo".parse().unwrap()));
    assert_eq!(records(&effects), [(1, 5, &Deed::Renamed("bo".parse().unwrap()))]);
    let effects = scene.ask(2, Command::Leave(RoomId(1)));
    assert_eq!(records(&effects), [(1, 6, &Deed::Left)]);
}
