//! What the store is told, and what a hub goes on with after a restart.

use proto::message::Hello;

use super::kept::{KEEPING, ann_and_bob, listed};
use super::reading::unread;
use super::shelf::Shelf;
use super::*;
use crate::change::{MembershipState, PersonId, PersonState, Restored, RoomState, RoomTitle, SentState};

pub(super) const DURABLE: HubLimits = HubLimits { is_durable: true, ..KEEPING };

impl Scene {
    /// The server is killed, and another goes on from what the store had.
    fn restart(&mut self, limits: HubLimits, restored: Restored) {
        self.hub = Hub::restore(limits, self.now, restored);
        self.kept.clear();
    }
}

fn person(id: u64, nick: &str, token: u8) -> PersonState {
    let token = Token([token; 16]);
    PersonState { id: PersonId(id), nick: nick.parse().unwrap(), token, keeps: true, away_since: None }
}

fn room(id: u32, title: RoomTitle) -> (RoomState, Seq, bool) {
    let state = RoomState { id: RoomId(id), title, topic: Topic::default(), ephemeral: false, ended: false };
    (state, Seq(10), true)
}

fn named(name: &str) -> RoomTitle {
    RoomTitle::Named(name.parse().unwrap())
}

const fn direct(one: u64, two: u64) -> RoomTitle {
    RoomTitle::Direct(PersonId(one), PersonId(two))
}

/// Announced in the lobby, and nowhere else.
const fn place(person: u64, room: u32, read: u64) -> MembershipState {
    let (person, room, read) = (PersonId(person), RoomId(room), Seq(read));
    MembershipState { person, room, announced: room.0 == 1, by_oneself: true, read }
}

/// A lobby, and ann (1) and bob (2) in it and in a conversation, room 2.
fn small() -> Restored {
    Restored {
        rooms: vec![room(1, named("lobby")), room(2, direct(1, 2))],
        people: vec![person(1, "ann", 1), person(2, "bob", 2)],
        memberships: vec![place(1, 1, 4), place(2, 1, 10), place(1, 2, 0), place(2, 2, 0)],
        sent: vec![SentState { person: PersonId(1), message: MessageId(7), room: RoomId(1), seq: Seq(5) }],
        last_room: 40,
        last_person: 30,
    }
}

#[test]
fn a_room_is_kept_before_anything_is_recorded_in_it() {
    let mut hub = Hub::new(DURABLE);
    let mut shelf = Shelf::default();
    let mut seen = Vec::new();
    let hello = |session: u64, nick: &str| Command::Hello {
        nick: Ok(nick.parse().unwrap()),
        token: token(session),
        resume: None,
        features: 0,
    };
    let say =
        |room, message| Command::Say { room: RoomId(room), message: MessageId(message), text: "x".parse().unwrap() };
    let talk = [
        (1, hello(1, "ann")),
        (2, hello(2, "bob")),
        (1, join("lobby", Since::Now, true)),
        (1, join("tea", Since::Now, true)),
        (1, Command::OpenDirect { nick: "bob".parse().unwrap(), since: Since::Now }),
        (1, say(3, 1)),
        (1, Command::SetTopic { room: RoomId(2), topic: "green".parse().unwrap() }),
        (2, Command::Rename("rob".parse().unwrap())),
        (1, Command::Leave(RoomId(2))),
        (1, Command::Leave(RoomId(1))),
    ];
    for (session, command) in talk {
        let mut effects = Vec::new();
        let request = Request { id: RequestId(1), command: command.clone() };
        hub.handle(Millis(5), SessionId(session), request, &mut effects);
        let keeps_before = effects.iter().position(|effect| !matches!(effect, Effect::Keep(_))).unwrap();
        assert!(effects[keeps_before..].iter().all(|effect| !matches!(effect, Effect::Keep(_))), "{effects:?}");
        seen.extend(records(&effects).iter().map(|record| record.0));
        shelf.keep(&effects);
        shelf.check(&hub);
    }
    let logged: Vec<_> = shelf.logs.iter().map(|(room, log)| (room.0, log.len())).collect();
    assert_eq!(logged, [(1, 2), (2, 3), (3, 2)]);
    assert_eq!(seen.len(), 7, "nothing was recorded where nothing was kept");
}

#[test]
fn everything_is_as_before_and_everybody_is_held() {
    let mut scene = Scene::new();
    scene.restart(DURABLE, small());
    assert_eq!(scene.kept, []);
    assert_eq!(refusal(&scene.hello(3, "ann")), Some(Code::NickTaken));
    let effects = scene.resume(1, 1, Vec::new());
    assert_eq!(joined(&effects, 1), [(1, 5, 4), (2, 1, 0)]);
    assert_eq!(listed(&mut scene, Some("lobby")), ["ann", "bob"]);
    scene.resume(2, 2, Vec::new());
    assert_eq!(unread(&scene.ask(2, Command::AskUnread)), [(1, 10, 10), (2, 0, 10)]);
    let resent = scene.say(1, RoomId(1), 7, "again");
    let said = proto::message::Said { room: RoomId(1), seq: Seq(5) };
    assert!(matches!(resent.as_slice(), [Effect::Reply { reply: ServerMessage::Said(it), .. }] if *it == said));
    assert_eq!(records(&scene.say(1, RoomId(2), 8, "new"))[0].1, 11);
    scene.join(1, "tea");
    assert!(matches!(&scene.kept[..], [.., Change::Room(room), _] if room.id == RoomId(41)), "{:?}", scene.kept);
    scene.hello(3, "cat");
    assert!(matches!(&scene.kept[..], [.., Change::Person(person)] if person.id == PersonId(31)), "{:?}", scene.kept);
}

#[test]
fn whoever_does_not_come_back_after_a_restart_is_away_or_gone() {
    for (keeps, kept) in [(true, 2), (false, 0)] {
        let mut restored = small();
        restored.people.iter_mut().for_each(|person| person.keeps = keeps);
        let mut scene = Scene::new();
        scene.restart(DURABLE, restored);
        assert_eq!(scene.after(DURABLE.grace_ms - 1), []);
        let effects = scene.after(1);
        assert_eq!(records(&effects), [(1, 11, &Deed::Left), (1, 12, &Deed::Left)]);
        assert_eq!(scene.hub.census().away, kept);
        assert_eq!(effects.contains(&Effect::Forget(RoomId(2))), !keeps, "nobody is left to read the conversation");
        assert_eq!(scene.kept.contains(&Change::RoomGone(RoomId(2))), !keeps);
    }
}

#[test]
fn whoever_was_away_still_is() {
    let mut restored = small();
    let mut scene = Scene::new();
    restored.people[1].away_since = Some(scene.now);
    scene.restart(DURABLE, restored);
    let effects = scene.resume(1, 1, Vec::new());
    assert_eq!(joined(&effects, 1).len(), 2);
    assert_eq!(listed(&mut scene, Some("lobby")), ["ann"]);
    scene.after(DURABLE.keep_ms - 1);
    scene.resume_as(2, 2, Vec::new(), Hello::KEEP);
    assert_eq!(listed(&mut scene, Some("lobby")), ["ann", "bob"]);
}

#[test]
fn all_who_were_here_may_come_back() {
    let people = 50;
    let restored = Restored {
        people: (1..=people).map(|id| person(id, &format!("n{id}"), u8::try_from(id).unwrap())).collect(),
        last_person: people,
        ..Restored::default()
    };
    let mut scene = Scene::new();
    scene.restart(DURABLE, restored);
    scene.hello(100, "new");
    scene.gone(100, Departure::Broken);
    scene.after(1);
    for id in 1..=people {
        assert!(matches!(scene.resume(100 + id, id, Vec::new())[0], Effect::Admit { resumed: true, .. }), "{id}");
    }
}

#[test]
fn the_default_room_is_there_in_any_case_and_stays() {
    let topic: Topic = "tea".parse().unwrap();
    let mut with_topic = small();
    with_topic.rooms[0].0.topic = topic.clone();
    for (restored, head, topic) in [(with_topic, 10, topic), (Restored::default(), 0, Topic::default())] {
        let mut scene = Scene::new();
        let is_new = restored.rooms.is_empty();
        scene.restart(DURABLE, restored);
        scene.hello(9, "eve");
        let effects = scene.ask(9, join("lobby", Since::Now, false));
        let [Effect::Enter { joined, .. }] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!((joined.room.0, joined.head.0, joined.topic.as_str()), (1, head, topic.as_str()));
        let kept = scene.kept.iter().filter(|change| matches!(change, Change::Room(_))).count();
        assert_eq!(kept, usize::from(is_new));
    }
}

/// Changes a good [`Restored`] into one that cannot be; what the store is told then, and what is left alone.
fn check(name: &str, spoil: impl FnOnce(&mut Restored), told: &[Change], left_out: usize) {
    let mut restored = small();
    spoil(&mut restored);
    let mut scene = Scene::new();
    scene.restart(DURABLE, restored);
    assert_eq!(scene.hub.left_out(), left_out, "{name}");
    let mut effects = Vec::new();
    scene.hub.tick(scene.now, &mut effects);
    let kept = scene.but_kept(effects);
    assert_eq!(scene.kept, told, "{name}: {kept:?}");
    for gone in told {
        if let Change::RoomGone(id) = gone {
            assert!(kept.contains(&Effect::Forget(*id)), "{name}");
        }
    }
    // It works all the same.
    scene.resume(1, 1, Vec::new());
    assert_eq!(refusal(&scene.say(1, RoomId(1), 1, "hello")), None, "{name}");
}

#[test]
fn what_does_not_fit_together_is_put_right_or_left_out() {
    let changed = |id, nick| Change::Person(PersonState { token: Token([9; 16]), ..person(id, nick, 0) });
    let gone = |person, room| Change::MembershipGone(PersonId(person), RoomId(room));
    let ended = |mut room: RoomState| {
        room.ended = true;
        Change::Room(room)
    };
    check("nothing", |_| {}, &[], 0);
    check("unknown room", |it| it.memberships.push(place(1, 77, 1)), &[gone(1, 77)], 0);
    check("unknown person", |it| it.memberships.push(place(77, 1, 1)), &[gone(77, 1)], 0);
    check(
        "a third in a conversation",
        |it| {
            it.people.push(person(3, "eve", 9));
            it.memberships.push(place(3, 2, 1));
        },
        &[gone(3, 2)],
        0,
    );
    check("read beyond the room", |it| it.memberships[1].read = Seq(99), &[Change::Membership(place(2, 1, 10))], 0);
    check("twice in a room", |it| it.memberships.push(place(1, 1, 1)), &[], 0);
    check(
        "a conversation of strangers",
        |it| it.rooms.push(room(3, direct(77, 78))),
        &[Change::RoomGone(RoomId(3))],
        0,
    );
    check("with oneself", |it| it.rooms.push(room(3, direct(1, 1))), &[Change::RoomGone(RoomId(3))], 0);
    check(
        "a conversation with nobody",
        |it| {
            it.rooms.push(room(3, direct(1, 77)));
            it.memberships.push(place(1, 3, 1));
        },
        &[ended(room(3, direct(1, 77)).0)],
        0,
    );
    check(
        "ended and deserted",
        |it| {
            it.rooms.push(room(3, direct(1, 77)));
            it.rooms[2].0.ended = true;
        },
        &[Change::RoomGone(RoomId(3))],
        0,
    );
    check("a second conversation of two", |it| it.rooms.push(room(3, direct(2, 1))), &[], 1);
    check("the same nick", |it| it.people.push(person(3, "ann", 9)), &[changed(3, "ann-2")], 0);
    check("a nick that looks alike", |it| it.people.push(person(3, "b0b", 9)), &[changed(3, "b0b-2")], 0);
    check("the same token", |it| it.people.push(person(3, "eve", 1)), &[Change::PersonGone(PersonId(3))], 0);
    check("the same person", |it| it.people.push(person(1, "eve", 9)), &[], 1);
    check("the same room", |it| it.rooms.push(room(1, named("tea"))), &[], 1);
    check("the same name", |it| it.rooms.push(room(3, named("lobby"))), &[], 1);
    check("a name that looks alike", |it| it.rooms.push(room(3, named("1obby"))), &[], 0);
    check("unknown sender", |it| it.sent[0].person = PersonId(77), &[], 0);
    check("numbers that were given", |it| (it.last_room, it.last_person) = (0, 0), &[], 0);
}

#[test]
fn rooms_that_look_alike_in_an_old_store_can_both_be_joined() {
    let mut restored = small();
    restored.rooms.push(room(3, named("1obby")));
    let mut scene = Scene::new();
    scene.restart(DURABLE, restored);
    scene.hello(3, "cat");
    for (name, id) in [("lobby", 1), ("1obby", 3)] {
        assert_eq!(entered(&scene.join(3, name), 3)[0].0, id);
    }
}

#[test]
fn a_stored_room_makes_way_until_something_was_said_in_it() {
    let say = |room| Command::Say { room, message: MessageId(9), text: "x".parse().unwrap() };
    let topic = |room| Command::SetTopic { room, topic: "x".parse().unwrap() };
    let nothing = |_| Command::Ping;
    type Ask = fn(RoomId) -> Command;
    for (ask, ephemeral, is_durable, makes_way) in [
        (nothing as Ask, false, true, true),
        (say, false, true, false),
        (topic, false, true, false),
        (say, true, true, true),
        (say, false, false, true),
    ] {
        let mut scene = Scene::within(HubLimits { rooms_max: 2, is_durable, ..DURABLE });
        scene.hello(1, "ann");
        let wish =
            |name: &str| Command::Join { room: name.parse().unwrap(), since: Since::Now, announce: true, ephemeral };
        scene.ask(1, wish("1ist"));
        scene.ask(1, ask(RoomId(2)));
        scene.ask(1, Command::Leave(RoomId(2)));
        let full = (!makes_way).then_some(Code::ServerRoomsFull);
        let alike = (!makes_way).then_some(Code::LooksLikeRoom);
        assert_eq!(refusal(&scene.ask(1, wish("list"))), alike, "{ephemeral} {is_durable}");
        assert_eq!(refusal(&scene.ask(1, wish("other"))), if makes_way { Some(Code::ServerRoomsFull) } else { full });
        let gone = scene.kept.contains(&Change::RoomGone(RoomId(2)));
        assert_eq!(gone, makes_way);
    }
}

#[test]
fn a_file_that_arrives_in_an_empty_room_is_not_lost_to_another() {
    let mut scene = Scene::within(HubLimits { rooms_max: 2, ..DURABLE });
    scene.hello(1, "ann");
    scene.join(1, "tea");
    scene.ask(1, Command::Leave(RoomId(2)));
    let mut effects = Vec::new();
    let deed = Deed::Sending { path: "a".into(), size: 1 };
    scene.hub.post(scene.now, RoomId(2), "ann".parse().unwrap(), deed, &mut effects);
    assert_eq!(refusal(&scene.join(1, "other")), Some(Code::ServerRoomsFull));
    let mut shelf = Shelf::default();
    shelf.keep(&scene.kept.iter().cloned().map(Effect::Keep).collect());
    scene.restart(
        HubLimits { rooms_max: 2, ..DURABLE },
        Restored { rooms: vec![room(2, named("tea"))], ..shelf.restored() },
    );
    scene.resume(1, 1, Vec::new());
    assert_eq!(refusal(&scene.join(1, "other")), Some(Code::ServerRoomsFull), "nor after a restart");
}

#[test]
fn an_ephemeral_room_is_told_so_and_is_for_no_store() {
    let mut scene = ann_and_bob(HubLimits { rooms_per_member_max: 5, ..DURABLE });
    scene.kept.clear();
    let wish = |name: &str, ephemeral| Command::Join {
        room: name.parse().unwrap(),
        since: Since::Now,
        announce: true,
        ephemeral,
    };
    for (session, name, asked, ephemeral) in [
        (1, "mist", true, true),
        (2, "mist", false, true),
        (1, "lobby", true, false),
        (1, "tea", false, false),
        (2, "tea", true, false),
    ] {
        let effects = scene.ask(session, wish(name, asked));
        let told = effects.iter().find_map(|effect| match effect {
            Effect::Enter { joined, .. } => Some((joined.ephemeral, scene.hub.is_stored(joined.room))),
            _ => None,
        });
        assert_eq!(told, Some((ephemeral, !ephemeral)), "{name}");
    }
    assert_eq!(records(&scene.say(1, RoomId(3), 1, "x"))[0].1, 3, "numbered as anywhere");
    scene.ask(1, reading::mark(RoomId(3), 3));
    scene.ask(1, Command::SetTopic { room: RoomId(3), topic: "x".parse().unwrap() });
    scene.ask(1, Command::Leave(RoomId(3)));
    let of_mist = scene.kept.iter().filter(|change| match change {
        Change::Room(room) => room.id == RoomId(3),
        Change::Membership(place) => place.room == RoomId(3),
        Change::RoomGone(room) | Change::MembershipGone(_, room) => *room == RoomId(3),
        Change::Person(_) | Change::PersonGone(_) => false,
    });
    let of_mist: Vec<_> = of_mist.collect();
    assert_eq!(of_mist, [&Change::RoomGone(RoomId(3))], "its number is taken, and no more");
}
