//! Connections that only read, beside the one that talks.

use proto::message::{Fetch, FileRequest, Hello};

use super::files::list_in;
use super::kept::{KEEPING, ann_and_bob};
use super::*;
use crate::limits::SIDES_PER_MEMBER_MAX;

fn beside(scene: &mut Scene, session: u64, of: u64) -> Effects {
    // Whatever else is asked for: it reads only, and takes nobody's place.
    scene.resume_as(session, of, vec![Cursor { room: RoomId(1), seq: Seq(1) }], Hello::BESIDE | Hello::KEEP)
}

fn is_admitted(effects: &Effects) -> bool {
    matches!(effects.as_slice(), [Effect::Admit { resumed: true, .. }])
}

fn fetch() -> Command {
    let fetch = Fetch { room: RoomId(1), path: "a".into(), version: None, from: 0, credit: 1 };
    Command::File { slot: proto::Slot(1), ask: Box::new(FileRequest::Fetch(fetch)) }
}

#[test]
fn it_may_read_and_nothing_else() {
    let mut scene = ann_and_bob(KEEPING);
    assert!(is_admitted(&beside(&mut scene, 10, 2)));
    let text = || "x".parse::<Text>().unwrap();
    let rows = [
        (Command::Ping, true),
        (reading::history(RoomId(1), 5), true),
        (reading::search(&[], "tea"), true),
        (Command::AskUnread, true),
        (reading::mark(RoomId(1), 1), true),
        (Command::ListRooms { after: String::new() }, true),
        (Command::ListMembers { room: None, after: String::new() }, true),
        (list_in(RoomId(1)), true),
        (fetch(), true),
        (files::announce_in(RoomId(1)), false),
        (files::remove_in(RoomId(1)), false),
        (Command::Say { room: RoomId(1), message: MessageId(1), text: text() }, false),
        (join("lobby", Since::Now, true), false),
        (join("other", Since::Now, true), false),
        (Command::Leave(RoomId(1)), false),
        (Command::SetTopic { room: RoomId(1), topic: Topic::default() }, false),
        (Command::OpenDirect { nick: "ann".parse().unwrap(), since: Since::Now }, false),
        (Command::Rename("rob".parse().unwrap()), false),
        (Command::AskTicket { ticket: token(7) }, false),
        (Command::Attach { ticket: token(7) }, false),
    ];
    for (command, may) in rows {
        let effects = scene.ask(10, command.clone());
        assert_eq!(answers(&effects, 10), 1, "{command:?}: {effects:?}");
        assert_eq!(refusal(&effects), (!may).then_some(Code::OutOfPlace), "{command:?}");
        assert_eq!((records(&effects).len(), entered(&effects, 10).len()), (0, 0), "{command:?}");
    }
    assert_eq!(refusal(&scene.hello(10, "eve")), Some(Code::OutOfPlace));
}

#[test]
fn it_needs_a_token_that_is_known() {
    let mut scene = ann_and_bob(KEEPING);
    assert_eq!(refusal(&beside(&mut scene, 10, 99)), Some(Code::NoSuchPerson));
    assert_eq!(refusal(&scene.hello_as(10, "eve", Hello::BESIDE)), Some(Code::NoSuchPerson));
    assert!(matches!(scene.hello(10, "eve").as_slice(), [Effect::Admit { resumed: false, .. }]), "a hello may follow");
}

#[test]
fn it_changes_nothing_for_its_person() {
    let mut scene = ann_and_bob(KEEPING);
    scene.gone(2, Departure::Bye);
    assert!(is_admitted(&beside(&mut scene, 10, 2)), "beside somebody away");
    assert_eq!(kept::listed(&mut scene, None), ["ann"]);
    assert_eq!(scene.ask(1, join("lobby", Since::Now, true)).len(), 1);
    assert_eq!(scene.gone(10, Departure::Broken), []);
    assert!(is_admitted(&beside(&mut scene, 11, 1)), "beside somebody here");
    assert_eq!(refusal(&scene.say(1, RoomId(1), 1, "still here")), None);
    assert_eq!(scene.gone(11, Departure::Bye), []);
    assert_eq!(refusal(&scene.say(1, RoomId(1), 2, "still here")), None);
}

#[test]
fn it_stays_through_coming_and_going_and_ends_with_its_person() {
    let mut scene = ann_and_bob(KEEPING);
    beside(&mut scene, 10, 2);
    scene.gone(2, Departure::Bye);
    scene.resume_as(3, 2, Vec::new(), Hello::KEEP);
    scene.gone(3, Departure::Bye);
    assert_eq!(refusal(&scene.ask(10, Command::AskUnread)), None);
    let effects = scene.after(KEEPING.keep_ms);
    assert_eq!(effects, [Effect::Close { session: SessionId(10), code: CloseCode::Bye, refusal: None }]);
    assert_eq!(refusal(&scene.ask(10, Command::AskUnread)), Some(Code::OutOfPlace));
}

#[test]
fn connections_for_files_end_when_their_person_leaves_though_the_place_is_kept() {
    let mut scene = ann_and_bob(KEEPING);
    for ticket in [7, 8] {
        scene.ask(2, Command::AskTicket { ticket: token(ticket) });
    }
    scene.ask(20, Command::Attach { ticket: token(7) });
    beside(&mut scene, 10, 2);
    let effects = scene.gone(2, Departure::Bye);
    let closed = Effect::Close { session: SessionId(20), code: CloseCode::Bye, refusal: None };
    assert!(effects.contains(&closed), "{effects:?}");
    assert_eq!(refusal(&scene.ask(10, Command::AskUnread)), None);
    let effects = scene.ask(21, Command::Attach { ticket: token(8) });
    assert!(matches!(effects.as_slice(), [Effect::Close { code: CloseCode::Refused, .. }]), "{effects:?}");
}

#[test]
fn one_person_has_so_many_of_them_whatever_carries_files() {
    let mut scene = ann_and_bob(KEEPING);
    scene.ask(2, Command::AskTicket { ticket: token(7) });
    scene.ask(20, Command::Attach { ticket: token(7) });
    for number in 0..SIDES_PER_MEMBER_MAX as u64 {
        assert!(is_admitted(&beside(&mut scene, 30 + number, 2)), "{number}");
    }
    assert_eq!(refusal(&beside(&mut scene, 40, 2)), Some(Code::Busy));
    scene.gone(30, Departure::Broken);
    assert!(is_admitted(&beside(&mut scene, 41, 2)));
}
