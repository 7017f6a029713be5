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
            | Effect::Enter { to, request, .. } => to_session(to, request),
            _ => false,
        })
        .count()
}

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

#[test]
fn a_taken_nick_is_refused_and_another_offered() {
    let mut scene = Scene::two_in_lobby();
    for (nick, offer) in [("ann", "ann-2"), ("ANN", "ANN-2")] {
        let effects = scene.hello(3, nick);
        let [Effect::Reply { reply: ServerMessage::Refused(refusal), .. }] = effects.as_slice() else {
            panic!("{effects:?}")
        };
        assert_eq!((refusal.code, refusal.offer.as_deref()), (Code::NickTaken, Some(offer)));
    }
    assert!(matches!(scene.hello(3, "ann-2").as_slice(), [Effect::Admit { resumed: false, .. }]));
}

#[test]
fn a_resend_gets_the_first_answer_and_no_second_record() {
    let mut scene = Scene::two_in_lobby();
    let said = |effects: &Effects| {
        effects.iter().find_map(|effect| match effect {
            Effect::Reply { reply: ServerMessage::Said(said), .. } => Some(said.seq.0),
            _ => None,
        })
    };
    assert_eq!(said(&scene.say(1, RoomId(1), 1, "once")), Some(3));
    assert_eq!(said(&scene.say(1, RoomId(1), 2, "twice")), Some(4));
    for (message, seq) in [(1, 3), (2, 4)] {
        let effects = scene.say(1, RoomId(1), message, "again");
        assert_eq!((said(&effects), records(&effects).len()), (Some(seq), 0));
    }
    assert_eq!(said(&scene.say(2, RoomId(1), 1, "another person's number")), Some(5));
}

#[test]
fn a_broken_connection_is_held_and_taken_up_behind_its_cursor() {
    let mut scene = Scene::two_in_lobby();
    assert_eq!(scene.gone(1, Departure::Broken), []);
    scene.say(2, RoomId(1), 1, "missed");
    let effects = scene.resume(3, 1, vec![Cursor { room: RoomId(1), seq: Seq(2) }]);
    assert!(matches!(&effects[0], Effect::Admit { nick, resumed: true, .. } if nick.as_str() == "ann"), "{effects:?}");
    assert_eq!(entered(&effects, 3), [(1, 3, Reach::SayGap)]);
    // What the old session still says finds nobody.
    assert_eq!(refusal(&scene.say(1, RoomId(1), 9, "ghost")), Some(Code::OutOfPlace));
}

#[test]
fn a_second_connection_of_the_same_person_replaces_the_first() {
    let mut scene = Scene::two_in_lobby();
    let effects = scene.resume(3, 1, Vec::new());
    assert!(effects.contains(&Effect::Close { session: SessionId(1), code: CloseCode::Replaced }), "{effects:?}");
    // The end of the replaced session changes nothing.
    assert_eq!(scene.gone(1, Departure::Broken), []);
    assert_eq!(scene.after(LIMITS.grace_ms * 2), []);
    assert_eq!(refusal(&scene.say(3, RoomId(1), 1, "still here")), None);
}

#[test]
fn an_unknown_token_is_a_fresh_hello() {
    let mut scene = Scene::two_in_lobby();
    let effects = scene.resume(3, 200, vec![Cursor { room: RoomId(1), seq: Seq(1) }]);
    assert_eq!(refusal(&effects), Some(Code::BadNick), "its nick counts: {effects:?}");
}

#[test]
fn a_cursor_beyond_the_log_is_cut_back_to_it() {
    let mut scene = Scene::two_in_lobby();
    let effects = scene.resume(3, 1, vec![Cursor { room: RoomId(1), seq: Seq(u64::MAX) }]);
    assert_eq!(entered(&effects, 3), [(1, 3, Reach::SayGap)]);
}

#[test]
fn whoever_does_not_return_in_time_leaves() {
    let mut scene = Scene::two_in_lobby();
    scene.gone(1, Departure::Broken);
    assert_eq!(scene.hub.next_tick(), Some(scene.now.plus(LIMITS.grace_ms)));
    assert_eq!(scene.after(LIMITS.grace_ms - 1), []);
    assert_eq!(records(&scene.after(1)), [(1, 3, &Deed::Left)]);
    assert!(matches!(scene.hello(3, "ann").as_slice(), [Effect::Admit { .. }]));
    assert_eq!(scene.hub.next_tick(), None);
}

#[test]
fn a_bye_frees_the_nick_at_once() {
    let mut scene = Scene::two_in_lobby();
    assert_eq!(records(&scene.gone(1, Departure::Bye)), [(1, 3, &Deed::Left)]);
    assert!(matches!(scene.hello(3, "ann").as_slice(), [Effect::Admit { .. }]));
}

#[test]
fn an_unannounced_member_comes_and_goes_unseen() {
    let mut scene = Scene::two_in_lobby();
    scene.hello(3, "script");
    let join = Command::Join { room: "lobby".parse().unwrap(), since: Since::Now, announce: false };
    assert_eq!(records(&scene.ask(3, join)), []);
    assert_eq!(records(&scene.gone(3, Departure::Bye)), []);
}

#[test]
fn a_direct_conversation_is_a_room_of_two_that_opens_for_both() {
    let mut scene = Scene::two_in_lobby();
    let effects = scene.direct(1, "BOB");
    assert_eq!((entered(&effects, 1).len(), entered(&effects, 2).len()), (1, 1), "{effects:?}");
    let names: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Enter { joined, .. } => Some((joined.name.as_str(), joined.direct, joined.members)),
            _ => None,
        })
        .collect();
    assert_eq!(names, [("bob", true, 2), ("ann", true, 2)]);
    // Asked again, by either, it is the same room.
    assert_eq!(entered(&scene.direct(2, "ann"), 2)[0].0, 2);
    // No list shows it, and nobody else can speak in it.
    scene.hello(3, "eve");
    let effects = scene.ask(3, Command::ListRooms { after: String::new() });
    assert!(!format!("{effects:?}").contains("direct"), "{effects:?}");
    assert_eq!(refusal(&scene.say(3, RoomId(2), 1, "hi")), Some(Code::NotInRoom));
    assert_eq!(refusal(&scene.ask(3, Command::Leave(RoomId(2)))), Some(Code::NotInRoom));
}

#[test]
fn a_nick_that_merely_looks_like_another_finds_nobody() {
    let mut scene = Scene::two_in_lobby();
    scene.hello(3, "mary");
    assert_eq!(refusal(&scene.direct(1, "rnary")), Some(Code::NoSuchPerson));
    assert_eq!(refusal(&scene.direct(1, "MARY")), None);
}

#[test]
fn what_is_said_directly_calls_back_whoever_left_and_is_not_missed() {
    let mut scene = Scene::two_in_lobby();
    scene.direct(1, "bob");
    scene.ask(2, Command::Leave(RoomId(2)));
    let effects = scene.say(1, RoomId(2), 1, "come back");
    assert_eq!(entered(&effects, 2), [(2, 1, Reach::AsFarAsHeld)]);
    assert_eq!(records(&effects).len(), 1);
}

#[test]
fn a_direct_conversation_is_never_found_under_a_nick_somebody_else_took() {
    let mut scene = Scene::two_in_lobby();
    scene.direct(1, "bob");
    scene.say(1, RoomId(2), 1, "a secret");
    scene.gone(2, Departure::Bye);
    scene.hello(3, "bob");
    let effects = scene.direct(1, "bob");
    assert_eq!(entered(&effects, 3), [(3, 1, Reach::AsFarAsHeld)], "a new room");
    assert_eq!(refusal(&scene.say(1, RoomId(2), 2, "to the one who left")), Some(Code::NoSuchPerson));
}

#[test]
fn limits_name_themselves() {
    let mut scene = Scene::two_in_lobby();
    scene.join(1, "a");
    scene.join(1, "b");
    assert_eq!(refusal(&scene.join(1, "c")), Some(Code::TooManyRooms));
    assert_eq!(refusal(&scene.join(1, "lobby")), None, "a room one is in can be joined again");
    scene.join(2, "d");
    scene.join(2, "e");
    scene.hello(3, "cat");
    assert_eq!(refusal(&scene.join(3, "f")), Some(Code::ServerRoomsFull));
    // An empty room makes place.
    scene.ask(2, Command::Leave(RoomId(5)));
    let effects = scene.join(3, "f");
    assert!(effects.contains(&Effect::Forget(RoomId(5))), "{effects:?}");
    assert_eq!(refusal(&effects), None);
}

#[test]
fn conversations_that_others_opened_keep_nobody_out_of_a_room() {
    let mut scene = Scene::within(HubLimits { rooms_max: 100, ..LIMITS });
    scene.hello(1, "ann");
    scene.join(1, "lobby");
    for session in 3..=40 {
        scene.hello(session, &format!("x{session}"));
        assert_eq!(refusal(&scene.direct(session, "ann")), None, "{session}");
        scene.gone(session, Departure::Bye);
    }
    assert_eq!(refusal(&scene.join(1, "a")), None);
    // Those that ended are held to a number; the rooms they had are free again.
    assert!(scene.hub.census().rooms <= 2 + 16, "{:?}", scene.hub.census());
}

#[test]
fn held_places_are_bounded_and_the_first_to_go_goes_first() {
    let mut scene = Scene::new();
    for session in 1..=5 {
        scene.hello(session, &format!("h{session}"));
        scene.gone(session, Departure::Broken);
        scene.now = scene.now.plus(1);
    }
    assert_eq!(scene.hub.census().members, LIMITS.held_max);
    assert!(matches!(scene.resume(9, 1, Vec::new())[0], Effect::Reply { .. }), "the first is gone");
    assert!(matches!(scene.resume(9, 5, Vec::new())[0], Effect::Admit { resumed: true, .. }));
}

#[test]
fn a_new_nick_is_taken_at_a_pace() {
    let mut scene = Scene::two_in_lobby();
    assert_eq!(refusal(&scene.ask(1, Command::Rename("ann1".parse().unwrap()))), None);
    assert_eq!(refusal(&scene.ask(1, Command::Rename("ann2".parse().unwrap()))), Some(Code::Busy));
    scene.after(1000);
    assert_eq!(refusal(&scene.ask(1, Command::Rename("ann2".parse().unwrap()))), None);
}

#[test]
fn a_look_alike_that_nobody_is_in_makes_way() {
    let mut scene = Scene::two_in_lobby();
    scene.join(1, "1ist");
    assert_eq!(refusal(&scene.join(2, "list")), Some(Code::LooksLikeRoom));
    scene.ask(1, Command::Leave(RoomId(2)));
    let effects = scene.join(2, "list");
    assert_eq!(refusal(&effects), None);
    assert!(effects.contains(&Effect::Forget(RoomId(2))), "{effects:?}");
}

#[test]
fn a_room_that_looks_like_another_is_refused() {
    let mut scene = Scene::two_in_lobby();
    assert_eq!(refusal(&scene.join(1, "1obby")), Some(Code::LooksLikeRoom));
}

#[test]
fn filling_a_big_room_costs_a_line_in_all() {
    let mut scene = Scene::new();
    let mut told = 0;
    let mut told_to = 0;
    for session in 1..=2000_u64 {
        let token = Token(u128::from(session).to_be_bytes());
        let nick = format!("n{session:05}").parse().unwrap();
        scene.ask(session, Command::Hello { nick: Ok(nick), token, resume: None });
        let effects = scene.join(session, "big");
        told += records(&effects).len();
        told_to += records(&effects).len() as u64 * session;
    }
    // Counts at every sixteenth: about 16 ln(2000 / 64) after the first ones by name and by single steps.
    assert!(told < 300, "{told} events");
    assert!(told_to < 2000 * 20, "{told_to} deliveries for 2000 joins");
    let effects = scene.after(LIMITS.crowd_interval_ms);
    let counted =
        |effects: &Effects| matches!(records(effects).as_slice(), [(_, _, Deed::Crowd { members: 2000, .. })]);
    assert!(counted(&effects) || effects.is_empty(), "{effects:?}");
    assert_eq!(scene.hub.next_tick(), None);
}

#[test]
fn lists_are_paged_in_order_and_within_a_frame() {
    let mut scene = Scene::new();
    for session in 1..=1200_u64 {
        let token = Token(u128::from(session).to_be_bytes());
        let nick = format!("n{session:05}").parse().unwrap();
        scene.ask(session, Command::Hello { nick: Ok(nick), token, resume: None });
    }
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let effects = scene.ask(1, Command::ListMembers { room: None, after: after.clone() });
        let [Effect::Reply { reply, .. }] = effects.as_slice() else { panic!("{effects:?}") };
        assert!(reply.to_frame(RequestId(1)).body().len() <= proto::limits::CONTROL_BYTES_MAX);
        let ServerMessage::MemberList(page) = reply else { panic!("{reply:?}") };
        seen.extend(page.members.iter().map(|member| member.nick.clone()));
        if !page.more {
            break;
        }
        after = seen.last().unwrap().clone();
    }
    assert_eq!(seen.len(), 1200);
    assert!(seen.is_sorted());
}
