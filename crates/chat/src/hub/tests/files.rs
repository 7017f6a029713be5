//! Files: who may ask, tickets, connections that only carry files, and what a room is told.

use proto::Root;
use proto::message::{Announce, FileAnswer, FileRequest, List, Remove};

use super::*;
use crate::effect::TreeName;
use crate::limits::{SIDES_PER_MEMBER_MAX, TICKET_MS, TICKETS_PER_MEMBER_MAX};

pub(super) fn list_in(room: RoomId) -> Command {
    let list = List { room, path: String::new(), recursive: false, after: String::new() };
    Command::File { slot: proto::Slot(0), ask: Box::new(FileRequest::List(list)) }
}

pub(super) fn announce_in(room: RoomId) -> Command {
    let announce = Announce { room, path: "docs".into(), files: 1, bytes: 1 };
    Command::File { slot: proto::Slot(0), ask: Box::new(FileRequest::Announce(announce)) }
}

pub(super) fn remove_in(room: RoomId) -> Command {
    let remove = Remove { room, path: "docs".into(), recursive: true };
    Command::File { slot: proto::Slot(0), ask: Box::new(FileRequest::Remove(remove)) }
}

fn let_through(effects: &Effects) -> Option<(&str, &TreeName)> {
    effects.iter().find_map(|effect| match effect {
        Effect::File(ask) => Some((ask.nick.as_str(), &ask.tree)),
        _ => None,
    })
}

fn file_deed() -> Deed {
    Deed::File { path: "a.txt".into(), size: 3, root: Root([1; 32]) }
}

impl Scene {
    fn ticket(&mut self, session: u64, number: u8) -> Effects {
        self.ask(session, Command::AskTicket { ticket: Token([number; 16]) })
    }

    fn attach(&mut self, session: u64, number: u8) -> Effects {
        self.ask(session, Command::Attach { ticket: Token([number; 16]) })
    }
}

fn is_attached(effects: &Effects) -> bool {
    matches!(effects.as_slice(), [Effect::Attach { .. }])
}

fn closed(effects: &Effects) -> Vec<(u64, CloseCode, Option<Code>)> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Close { session, code, refusal } => {
                Some((session.0, *code, refusal.as_ref().map(|refusal| refusal.code)))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn only_who_is_in_a_room_may_ask_for_its_files() {
    let mut scene = Scene::two_in_lobby();
    scene.hello(3, "cat");
    let effects = scene.ask(1, list_in(RoomId(1)));
    assert_eq!(let_through(&effects), Some(("ann", &TreeName::Room("lobby".parse().unwrap()))));
    assert_eq!(refusal(&scene.ask(3, list_in(RoomId(1)))), Some(Code::NotInRoom));
    assert_eq!(refusal(&scene.ask(1, list_in(RoomId(99)))), Some(Code::NotInRoom));
    assert_eq!(refusal(&scene.ask(9, list_in(RoomId(1)))), Some(Code::OutOfPlace), "before the hello");
}

#[test]
fn a_direct_conversation_has_a_tree_of_its_own_until_the_other_is_gone() {
    let mut scene = Scene::two_in_lobby();
    scene.direct(1, "bob");
    assert_eq!(let_through(&scene.ask(2, announce_in(RoomId(2)))), Some(("bob", &TreeName::Direct(RoomId(2)))));
    scene.gone(2, Departure::Bye);
    assert!(let_through(&scene.ask(1, list_in(RoomId(2)))).is_some(), "what is there can still be had");
    assert_eq!(refusal(&scene.ask(1, announce_in(RoomId(2)))), Some(Code::NoSuchPerson));
    assert!(scene.ask(1, Command::Leave(RoomId(2))).contains(&Effect::Forget(RoomId(2))));
}

#[test]
fn a_file_that_was_sent_is_told_as_an_event_of_the_room() {
    let mut scene = Scene::two_in_lobby();
    let mut effects = Vec::new();
    scene.hub.post(scene.now, RoomId(1), "ann".parse().unwrap(), file_deed(), &mut effects);
    scene.hub.post(scene.now, RoomId(9), "ann".parse().unwrap(), file_deed(), &mut effects);
    assert_eq!(records(&effects), [(1, 3, &file_deed())]);
}

#[test]
fn a_file_for_somebody_who_left_the_conversation_calls_them_back() {
    let mut scene = Scene::two_in_lobby();
    scene.direct(1, "bob");
    scene.ask(2, Command::Leave(RoomId(2)));
    let mut effects = Vec::new();
    scene.hub.post(scene.now, RoomId(2), "ann".parse().unwrap(), file_deed(), &mut effects);
    assert_eq!(entered(&effects, 2).len(), 1, "{effects:?}");
    assert_eq!(records(&effects), [(2, 1, &file_deed())]);
}

#[test]
fn a_ticket_lets_in_once_and_not_for_long() {
    let mut scene = Scene::two_in_lobby();
    let good_ms = u32::try_from(TICKET_MS).unwrap();
    let given = FileAnswer::Ticket(proto::message::Ticket { ticket: Token([7; 16]), good_ms });
    assert!(matches!(&scene.ticket(1, 7)[..], [Effect::Reply { reply: ServerMessage::File(it), .. }] if *it == given));
    assert!(is_attached(&scene.attach(10, 7)));
    let refused = [(11, CloseCode::Refused, Some(Code::BadTicket))];
    assert_eq!(closed(&scene.attach(11, 7)), refused, "used");
    scene.ticket(1, 8);
    scene.after(TICKET_MS);
    assert_eq!(closed(&scene.attach(11, 8)), refused, "too old");
    assert_eq!(refusal(&scene.attach(10, 9)), Some(Code::OutOfPlace), "attached already");
    assert_eq!(refusal(&scene.attach(1, 9)), Some(Code::OutOfPlace), "this one talks");
}

#[test]
fn tickets_are_bounded_for_each_and_for_all() {
    let mut scene = Scene::two_in_lobby();
    let max = u8::try_from(TICKETS_PER_MEMBER_MAX).unwrap();
    for number in 0..=max {
        assert_eq!(refusal(&scene.ticket(1, number)), None);
    }
    assert_eq!(closed(&scene.attach(10, 0)).len(), 1, "the oldest made place");
    assert!(is_attached(&scene.attach(10, 1)));
    assert_eq!(refusal(&scene.ticket(2, 50)), None);
    assert_eq!(refusal(&scene.ticket(2, 51)), None);
    assert_eq!(refusal(&scene.ticket(2, 52)), Some(Code::Busy), "a used one counts until it is old");
    scene.after(TICKET_MS);
    assert_eq!(refusal(&scene.ticket(2, 53)), None);
    let mut scene = Scene::within(HubLimits { tickets_max: 0, ..LIMITS });
    scene.hello(1, "ann");
    assert_eq!(refusal(&scene.ticket(1, 1)), Some(Code::NoFiles));
}

#[test]
fn a_connection_for_files_carries_only_files_and_takes_nobodys_place() {
    let mut scene = Scene::two_in_lobby();
    scene.ticket(1, 7);
    scene.attach(10, 7);
    assert_eq!(let_through(&scene.ask(10, list_in(RoomId(1)))).map(|ask| ask.0), Some("ann"));
    assert_eq!(answers(&scene.ask(10, Command::Ping), 10), 1);
    let text = "x".parse().unwrap();
    let say = Command::Say { room: RoomId(1), message: MessageId(1), text };
    for command in [say, Command::AskTicket { ticket: Token([9; 16]) }, Command::Leave(RoomId(1))] {
        assert_eq!(refusal(&scene.ask(10, command)), Some(Code::OutOfPlace));
    }
    assert_eq!(refusal(&scene.hello(10, "eve")), Some(Code::OutOfPlace));
    assert!(scene.gone(10, Departure::Broken).is_empty(), "nobody is told");
    assert_eq!(records(&scene.say(1, RoomId(1), 1, "still here")).len(), 1);
    assert_eq!(refusal(&scene.ask(10, list_in(RoomId(1)))), Some(Code::OutOfPlace), "gone");
}

#[test]
fn connections_for_files_outlive_a_broken_one_and_end_with_the_member() {
    let mut scene = Scene::two_in_lobby();
    scene.ticket(1, 7);
    scene.attach(10, 7);
    scene.gone(1, Departure::Broken);
    assert!(let_through(&scene.ask(10, list_in(RoomId(1)))).is_some(), "the place is held");
    assert!(closed(&scene.resume(3, 1, Vec::new())).is_empty());
    assert_eq!(closed(&scene.gone(3, Departure::Bye)), [(10, CloseCode::Bye, None)]);
    assert_eq!(refusal(&scene.ask(10, list_in(RoomId(1)))), Some(Code::OutOfPlace));
}

#[test]
fn one_person_has_so_many_connections_for_files() {
    let mut scene = Scene::two_in_lobby();
    for number in 0..SIDES_PER_MEMBER_MAX as u64 + 1 {
        scene.now = scene.now.plus(TICKET_MS);
        let number = u8::try_from(number).unwrap();
        scene.ticket(1, number);
        let effects = scene.attach(10 + u64::from(number), number);
        match usize::from(number) < SIDES_PER_MEMBER_MAX {
            true => assert!(is_attached(&effects), "{number}"),
            false => assert_eq!(closed(&effects)[0].2, Some(Code::TooManyTransfers)),
        }
    }
}
