//! While the store cannot be written.

use proto::message::Hello;

use super::kept::{KEEPING, ann_and_bob, listed};
use super::reading::unread;
use super::*;
use crate::change::MembershipState;

fn full() -> Refusal {
    Refusal::new(Code::StorageFailed, "chat.db: the disk is full").with_retry_after_ms(1000)
}

/// Ann and bob, and cat (session 3), who has only said hello; and from now on nothing can be written.
fn full_disk() -> Scene {
    let mut scene = ann_and_bob(KEEPING);
    scene.hello(3, "cat");
    scene.say(1, RoomId(1), 1, "before");
    scene.hub.set_read_only(Some(full()));
    scene.kept.clear();
    scene
}

#[test]
fn what_would_be_written_is_refused_and_the_rest_is_not() {
    let say =
        |room, message| Command::Say { room: RoomId(room), message: MessageId(message), text: "x".parse().unwrap() };
    let direct = |nick: &str| Command::OpenDirect { nick: nick.parse().unwrap(), since: Since::Now };
    let rows = [
        (1, say(1, 2), false),
        (1, say(1, 1), false),
        (1, Command::SetTopic { room: RoomId(1), topic: "tea".parse().unwrap() }, false),
        (1, Command::Rename("anna".parse().unwrap()), false),
        (3, join("other", Since::Now, true), false),
        (3, join("other", Since::Now, false), false),
        (3, direct("ann"), false),
        (1, direct("bob"), true),
        (3, join("lobby", Since::Now, true), true),
        (1, Command::Leave(RoomId(1)), true),
        (1, Command::Ping, true),
        (1, reading::mark(RoomId(1), 3), true),
        (1, reading::history(RoomId(1), 5), true),
        (1, reading::search(&[], "tea"), true),
        (1, Command::AskUnread, true),
        (1, Command::ListRooms { after: String::new() }, true),
        (1, Command::AskTicket { ticket: token(7) }, true),
        (1, files::list_in(RoomId(1)), true),
    ];
    for (session, command, may) in rows {
        let mut scene = full_disk();
        let effects = scene.ask(session, command.clone());
        assert_eq!(answers(&effects, session), 1, "{command:?}");
        assert!(records(&effects).is_empty() && scene.kept.is_empty(), "{command:?}: {effects:?}");
        let refused = Effect::Reply {
            to: SessionId(session),
            request: RequestId(scene.asked),
            reply: ServerMessage::Refused(full()),
        };
        assert_eq!(effects.contains(&refused), !may, "{command:?}: {effects:?}");
        scene.hub.set_read_only(None);
        assert_eq!(refusal(&scene.ask(session, command.clone())).is_some(), command == Command::Leave(RoomId(1)));
    }
}

#[test]
fn comings_and_goings_are_told_afterwards() {
    let mut scene = full_disk();
    scene.ask(3, join("lobby", Since::Now, true));
    scene.ask(1, Command::Leave(RoomId(1)));
    assert_eq!(scene.gone(2, Departure::Bye), []);
    assert_eq!((scene.after(10_000_000), scene.hub.next_tick()), (Vec::new(), None));
    assert_eq!(listed(&mut scene, None), ["ann", "bob", "cat"], "bob is held until he can be let go");
    scene.hub.set_read_only(None);
    assert!(scene.hub.next_tick() < Some(scene.now));
    let effects = scene.after(0);
    let told: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Append(record) => Some((record.nick.as_ref().unwrap().as_str(), record.deed.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(told, [("ann", Deed::Left), ("cat", Deed::Joined), ("bob", Deed::Left)]);
    assert_eq!(scene.hub.census().away, 1);
}

#[test]
fn whoever_leaves_and_comes_again_meanwhile_was_never_gone() {
    let mut scene = full_disk();
    scene.ask(1, Command::Leave(RoomId(1)));
    scene.ask(1, join("lobby", Since::Now, true));
    scene.gone(2, Departure::Broken);
    scene.resume_as(4, 2, Vec::new(), Hello::KEEP);
    scene.ask(3, join("lobby", Since::Now, true));
    scene.ask(3, Command::Leave(RoomId(1)));
    scene.hub.set_read_only(None);
    assert_eq!(scene.after(0), []);
    assert_eq!(records(&scene.ask(1, Command::Leave(RoomId(1)))), [(1, 4, &Deed::Left)]);
}

#[test]
fn whoever_returns_meanwhile_is_told_of_afterwards() {
    let mut scene = ann_and_bob(KEEPING);
    scene.gone(2, Departure::Bye);
    scene.hub.set_read_only(Some(full()));
    let effects = scene.resume_as(3, 2, Vec::new(), Hello::KEEP);
    assert_eq!((entered(&effects, 3).len(), records(&effects).len()), (2, 0));
    scene.hub.set_read_only(None);
    assert_eq!(records(&scene.after(0)), [(1, 4, &Deed::Joined)]);
}

#[test]
fn what_was_read_meanwhile_is_kept_afterwards_once() {
    let mut scene = full_disk();
    for seq in 1..=3 {
        scene.ask(2, reading::mark(RoomId(1), seq));
    }
    assert_eq!(unread(&scene.ask(2, Command::AskUnread))[0], (1, 3, 3));
    assert_eq!(scene.kept, []);
    scene.hub.set_read_only(None);
    scene.ask(3, Command::Ping);
    assert!(matches!(scene.kept.as_slice(), [Change::Membership(MembershipState { read: Seq(3), .. })]));
}

#[test]
fn strangers_who_come_and_go_meanwhile_leave_nothing_behind() {
    let mut scene = full_disk();
    let before = scene.hub.census();
    for session in 10..200 {
        scene.hello_as(session, &format!("n{session}"), if session % 2 == 0 { Hello::KEEP } else { 0 });
        scene.join(session, "lobby");
        scene.gone(session, if session % 3 == 0 { Departure::Broken } else { Departure::Bye });
    }
    let census = scene.hub.census();
    assert!(census.members <= before.members + KEEPING.held_max + KEEPING.kept_max, "{census:?}");
    scene.hub.set_read_only(None);
    scene.after(0);
    let strangers = scene.kept.iter().filter(|change| matches!(change, Change::Person(_) | Change::PersonGone(_)));
    assert!(strangers.count() <= KEEPING.held_max + KEEPING.kept_max, "{:?}", scene.kept);
}

#[test]
fn files_are_told_of_only_when_they_can_be() {
    let mut scene = full_disk();
    let mut effects = Vec::new();
    let deed = Deed::Sending { path: "a".into(), size: 1 };
    scene.hub.post(scene.now, RoomId(1), "ann".parse().unwrap(), deed.clone(), &mut effects);
    assert_eq!(effects, []);
    scene.hub.set_read_only(None);
    scene.hub.post(scene.now, RoomId(1), "ann".parse().unwrap(), deed.clone(), &mut effects);
    assert_eq!(records(&effects), [(1, 4, &deed)]);
}
