//! Reading back: who may, how much, and how far somebody has read.

use proto::limits::{PAGE_EVENTS_MAX, SEARCH_BYTES_MAX};
use proto::message::{History, MarkRead, Range, Search};

use super::*;
use crate::change::MembershipState;
use crate::effect::ReadWhat;

pub(super) fn history(room: RoomId, count: u16) -> Command {
    Command::History(History { room, range: Range::Last, count })
}

pub(super) fn search(rooms: &[u32], words: &str) -> Command {
    let rooms = rooms.iter().copied().map(RoomId).collect();
    Command::Search(Search { rooms, words: words.into(), from: None, before: 0, count: u16::MAX })
}

pub(super) fn mark(room: RoomId, seq: u64) -> Command {
    Command::MarkRead(MarkRead { room, seq: Seq(seq) })
}

fn reading(effects: &Effects) -> Option<&ReadWhat> {
    effects.iter().find_map(|effect| match effect {
        Effect::Read(ask) => Some(&ask.reading),
        _ => None,
    })
}

/// For each of somebody's rooms: its number, how far they have read, its newest event.
pub(super) fn unread(effects: &Effects) -> Vec<(u32, u64, u64)> {
    match reading(effects) {
        Some(ReadWhat::Unread(rooms, _)) => rooms.iter().map(|room| (room.room.0, room.read.0, room.head.0)).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_who_is_in_a_room_reads_it() {
    let mut scene = Scene::two_in_lobby();
    scene.direct(1, "bob");
    scene.hello(3, "eve");
    scene.join(3, "lobby");
    let rows = [(1, 1, true), (1, 2, true), (2, 2, true), (3, 1, true), (3, 2, false), (1, 99, false)];
    for (session, room, may) in rows {
        for ask in [history(RoomId(room), 10), search(&[room], "tea"), search(&[1, room], "tea")] {
            let effects = scene.ask(session, ask.clone());
            assert_eq!(reading(&effects).is_some(), may, "{session} {ask:?}");
            assert_eq!(refusal(&effects), (!may).then_some(Code::NotInRoom), "{session} {ask:?}");
        }
        let marked = refusal(&scene.ask(session, mark(RoomId(room), 1)));
        assert_eq!(marked, (!may).then_some(Code::NotInRoom), "{session} {room}");
    }
}

#[test]
fn a_search_without_rooms_is_in_all_of_ones_own() {
    let mut scene = Scene::two_in_lobby();
    scene.direct(1, "bob");
    scene.hello(3, "eve");
    for (session, rooms) in [(1, vec![1, 2]), (2, vec![1, 2]), (3, vec![])] {
        let effects = scene.ask(session, search(&[], "tea"));
        let searched: Vec<u32> = match reading(&effects) {
            Some(ReadWhat::Search(search)) => search.rooms.iter().map(|room| room.0).collect(),
            _ => Vec::new(),
        };
        assert_eq!(searched, rooms);
        assert_eq!(refusal(&effects), rooms.is_empty().then_some(Code::NotInRoom));
    }
}

#[test]
fn what_is_asked_for_is_bounded() {
    let mut scene = Scene::two_in_lobby();
    for (asked, given) in [(0, 0), (7, 7), (PAGE_EVENTS_MAX, PAGE_EVENTS_MAX), (u16::MAX, PAGE_EVENTS_MAX)] {
        match reading(&scene.ask(1, history(RoomId(1), asked))) {
            Some(ReadWhat::History(ask)) => assert_eq!(ask.count, given),
            other => panic!("{other:?}"),
        }
    }
    match reading(&scene.ask(1, search(&[1], &"x".repeat(SEARCH_BYTES_MAX)))) {
        Some(ReadWhat::Search(ask)) => assert_eq!(ask.count, PAGE_EVENTS_MAX),
        other => panic!("{other:?}"),
    }
    let effects = scene.ask(1, search(&[1], &"x".repeat(SEARCH_BYTES_MAX + 1)));
    let [Effect::Reply { reply: ServerMessage::Refused(refusal), .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let limit = refusal.limit.as_ref().map(|limit| (limit.name.as_str(), limit.max));
    assert_eq!((refusal.code, limit), (Code::BadSearch, Some(("search_bytes", SEARCH_BYTES_MAX as u64))));
}

#[test]
fn what_was_read_only_goes_forward_and_never_beyond_the_room() {
    let mut scene = Scene::two_in_lobby();
    for message in 1..=3 {
        scene.say(2, RoomId(1), message, "hm");
    }
    assert_eq!(unread(&scene.ask(1, Command::AskUnread)), [(1, 0, 5)]);
    for (marked, read) in [(3, 3), (2, 3), (u64::MAX, 5), (0, 5)] {
        scene.kept.clear();
        let before = unread(&scene.ask(1, Command::AskUnread))[0].1;
        scene.ask(1, mark(RoomId(1), marked));
        assert_eq!(unread(&scene.ask(1, Command::AskUnread)), [(1, read, 5)], "marked {marked}");
        let kept: Vec<_> = scene.kept.iter().collect();
        match kept.as_slice() {
            [Change::Membership(MembershipState { read: kept, .. })] if read != before => assert_eq!(kept.0, read),
            [] if read == before => {}
            other => panic!("marked {marked}: {other:?}"),
        }
    }
}

#[test]
fn a_room_is_read_up_to_where_its_events_begin() {
    let rows = [(Since::Now, 6, 5), (Since::Last(2), 4, 3), (Since::Last(1000), 1, 0), (Since::After(Seq(4)), 5, 4)];
    for (since, first, read) in rows {
        let mut scene = Scene::two_in_lobby();
        for message in 1..=3 {
            scene.say(1, RoomId(1), message, "hm");
        }
        scene.hello(3, "cat");
        let effects = scene.ask(3, join("lobby", since, true));
        assert_eq!(joined(&effects, 3), [(1, first, read)], "{since:?}");
        scene.ask(3, mark(RoomId(1), 6));
        let effects = scene.ask(3, join("lobby", since, true));
        assert_eq!(joined(&effects, 3)[0].2, 6, "{since:?} again");
    }
}

#[test]
fn the_message_that_opens_a_conversation_is_unread() {
    let mut scene = Scene::two_in_lobby();
    scene.direct(1, "bob");
    scene.say(1, RoomId(2), 1, "hello");
    assert_eq!(unread(&scene.ask(2, Command::AskUnread))[1], (2, 0, 1));
    scene.ask(2, Command::Leave(RoomId(2)));
    let effects = scene.say(1, RoomId(2), 2, "still there?");
    assert_eq!(joined(&effects, 2), [(2, 2, 1)]);
    assert_eq!(unread(&scene.ask(2, Command::AskUnread))[1], (2, 1, 2));
}
