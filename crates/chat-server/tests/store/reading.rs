//! History, search, and what was not read.

use proto::message::{MarkRead, Range, Since, Unread};
use proto::{ClientMessage, Code, RoomId, Seq, ServerMessage};

use crate::client::{Client, seqs};
use crate::world::{Wish, World};

/// What somebody has not read: room, read, head, said, more.
async fn unread(client: &mut Client) -> Vec<(RoomId, u64, u64, u32, bool)> {
    match client.ask(ClientMessage::AskUnread).await {
        ServerMessage::Unread(Unread { rooms }) => {
            rooms.iter().map(|room| (room.room, room.read.0, room.head.0, room.said, room.more)).collect()
        }
        other => panic!("{other:?}"),
    }
}

async fn mark(client: &mut Client, room: RoomId, seq: u64) {
    assert_eq!(client.ask(ClientMessage::MarkRead(MarkRead { room, seq: Seq(seq) })).await, ServerMessage::Done);
}

#[tokio::test]
async fn history_is_the_same_with_a_store_and_without() {
    for has_store in [true, false] {
        let mut world = World::new(Wish { has_store, ..Wish::default() });
        let mut ann = world.person("ann").await;
        let room = ann.join("tea", Since::Now).await.room;
        ann.say_many(room, 1..=20, "x").await;
        let rows: &[(Range, u16, std::ops::RangeInclusive<u64>, bool)] = &[
            (Range::Last, 5, 16..=20, true),
            (Range::Last, u16::MAX, 1..=20, false),
            (Range::Before(Seq(16)), 5, 11..=15, true),
            (Range::Before(Seq(6)), 5, 1..=5, false),
            (Range::After(Seq(0)), 5, 1..=5, true),
            (Range::After(Seq(15)), 5, 16..=20, false),
            (Range::Since(0), 3, 1..=3, true),
        ];
        for (range, count, expected, more) in rows {
            let page = ann.history(room, *range, *count).await.unwrap();
            assert_eq!(seqs(&page), expected.clone().collect::<Vec<_>>(), "{has_store} {range:?}");
            assert_eq!((page.more, page.gone_to.0), (*more, 0), "{has_store} {range:?}");
        }
        assert_eq!(seqs(&ann.history(room, Range::Since(u64::MAX / 4), 3).await.unwrap()), [0; 0]);
    }
}

#[tokio::test]
async fn what_others_said_is_unread_until_it_is_marked_and_a_restart_changes_nothing() {
    let mut world = World::new(Wish::default());
    let (mut ann, mut bob) = (world.person("ann").await, world.connect());
    let token = bob.hello("bob").await.token;
    let room = ann.join("tea", Since::Now).await.room;
    bob.join("tea", Since::Now).await;
    ann.say_many(room, 1..=5, "x").await;
    bob.say(room, 1, "own").await.unwrap();
    assert_eq!(unread(&mut bob).await, [(room, 0, 6, 5, false)]);
    mark(&mut bob, room, 3).await;
    assert_eq!(unread(&mut bob).await, [(room, 3, 6, 2, false)]);
    let mut world = world.crash().await;
    let mut bob = world.connect();
    bob.resume(token, &[(room, 6)]).await;
    assert_eq!(unread(&mut bob).await, [(room, 3, 6, 2, false)]);
    mark(&mut bob, room, 99).await;
    assert_eq!(unread(&mut bob).await, [(room, 6, 6, 0, false)]);
}

#[tokio::test]
async fn without_a_store_there_is_no_search_but_a_count() {
    let mut world = World::new(Wish { has_store: false, ..Wish::default() });
    let (mut ann, mut bob) = (world.person("ann").await, world.person("bob").await);
    let room = ann.join("tea", Since::Now).await.room;
    bob.join("tea", Since::Now).await;
    ann.say_many(room, 1..=5, "x").await;
    assert_eq!(bob.search(&[room], "x").await, Err(Code::NoStore));
    assert_eq!(unread(&mut bob).await, [(room, 0, 5, 5, false)]);
}

#[tokio::test]
async fn a_third_person_cannot_tell_a_direct_conversation_from_none() {
    let mut world = World::new(Wish::default());
    let (mut ann, mut bob, mut cat) = (world.person("ann").await, world.person("bob").await, world.person("cat").await);
    let room = ann.open_direct("bob").await.room;
    assert!(matches!(bob.next().await, ServerMessage::Joined(joined) if joined.room == room));
    ann.say(room, 1, "secret").await.unwrap();
    for room in [room, RoomId(room.0 + 1)] {
        assert_eq!(cat.history(room, Range::Last, 10).await, Err(Code::NotInRoom));
        assert_eq!(cat.search(&[room], "secret").await, Err(Code::NotInRoom));
        assert_eq!(cat.say(room, 1, "me too").await, Err(Code::NotInRoom));
    }
    cat.join("lobby", Since::Now).await;
    assert_eq!(seqs(&cat.search(&[], "secret").await.unwrap()), [0; 0]);
    assert_eq!(seqs(&bob.history(room, Range::Last, 10).await.unwrap()), [1]);
}

#[tokio::test]
async fn a_search_finds_what_the_asker_may_read_newest_first() {
    let mut world = World::new(Wish::default());
    let (mut ann, mut bob) = (world.person("ann").await, world.person("bob").await);
    let tea = ann.join("tea", Since::Now).await.room;
    let den = ann.join("den", Since::Now).await.room;
    bob.join("tea", Since::Now).await;
    for (message, room, text) in
        [(1, tea, "the kettle is on"), (2, den, "another kettle"), (3, tea, "\u{6c34}\u{58f6}"), (4, tea, "Kettle!")]
    {
        ann.say(room, message, text).await.unwrap();
    }
    while ann.search(&[], "kettle").await.unwrap().unindexed {
        tokio::task::yield_now().await;
    }
    let rows: &[(&[RoomId], &str, &[u64])] = &[
        (&[], "kettle", &[3, 1]),
        (&[tea], "KETT*", &[3, 1]),
        (&[tea], "\u{6c34}\u{58f6}", &[2]),
        (&[tea], "the kettle", &[1]),
        (&[tea], "cup", &[]),
    ];
    for (rooms, words, expected) in rows {
        let page = bob.search(rooms, words).await.unwrap();
        assert_eq!(seqs(&page), *expected, "{rooms:?} {words}");
        assert!(!page.more, "{rooms:?} {words}");
    }
    assert_eq!(bob.search(&[den], "kettle").await, Err(Code::NotInRoom));
    for words in ["", "!?", &"x".repeat(1000)] {
        assert_eq!(bob.search(&[], words).await, Err(Code::BadSearch), "{words}");
    }
}
