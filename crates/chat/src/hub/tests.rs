//! The hub's rules, one small dialogue each: sessions speak, and every answer and record is there to read.

use proto::message::{Cursor, Resume, Since};
use proto::{CloseCode, Code, MessageId, Nick, RequestId, RoomId, Seq, ServerMessage, Text, Token, Topic};

use super::Hub;
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
}

impl Scene {
    fn new() -> Self {
        Self::within(LIMITS)
    }

    fn within(limits: HubLimits) -> Self {
        Self { hub: Hub::new(limits), now: Millis(1_000_000), asked: 0 }
    }

    fn ask(&mut self, session: u64, command: Command) -> Effects {
        self.asked += 1;
        let mut effects = Vec::new();
        let request = Request { id: RequestId(self.asked), command };
        self.hub.handle(self.now, SessionId(session), request, &mut effects);
        effects
    }

    fn hello(&mut self, session: u64, nick: &str) -> Effects {
        let token = Token([u8::try_from(session).unwrap(); 16]);
        self.ask(session, Command::Hello { nick: Ok(nick.parse().unwrap()), token, resume: None })
    }

    fn resume(&mut self, session: u64, of: u64, cursors: Vec<Cursor>) -> Effects {
        let token = |n: u64| Token([u8::try_from(n).unwrap(); 16]);
        let resume = Some(Resume { token: token(of), cursors });
        self.ask(
            session,
            Command::Hello { nick: Err(proto::Refusal::new(Code::BadNick, "no")), token: token(session), resume },
        )
    }

    fn join(&mut self, session: u64, room: &str) -> Effects {
        self.ask(session, Command::Join { room: room.parse().unwrap(), since: Since::Last(10), announce: true })
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
        effects
    }

    fn after(&mut self, ms: u64) -> Effects {
        self.now = self.now.plus(ms);
        let mut effects = Vec::new();
        self.hub.tick(self.now, &mut effects);
        effects
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
            _ => false,
        })
        .count()
}

mod files;
mod people;
mod rooms;

#[test]
fn every_command_has_exactly_one_answer() {
    let nick = || "cat".parse::<Nick>().unwrap();
    let commands: Vec<Command> = vec![
        Command::Ping,
        Command::Hello { nick: Ok(nick()), token: Token([9; 16]), resume: None },
        Command::Join { room: "lobby".parse().unwrap(), since: Since::Now, announce: true },
        Command::Join { room: "other".parse().unwrap(), since: Since::After(Seq(7)), announce: false },
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
        Command::Refused(proto::Refusal::new(Code::BadText, "no")),
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
