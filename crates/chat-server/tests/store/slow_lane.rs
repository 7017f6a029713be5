//! Whoever is so far behind that the ring has moved on goes on from disk.

use proto::message::{Behind, Leave, Missed, Range, Since};
use proto::{ClientMessage, Seq, ServerMessage};
use room_log::store::Retention;

use crate::client::seqs;
use crate::world::{Wish, World};

/// A ring that holds the newest piece and no more.
const TINY: Wish =
    Wish { has_store: true, ring_bytes: 1, retention: Retention { age_ms: None, events: None, bytes: None } };

/// What a slow stream holds; less than a message.
const STREAM_BYTES: usize = 4096;

#[tokio::test]
async fn a_slow_reader_is_told_once_and_gets_everything() {
    const MESSAGES: u64 = 200;
    let mut world = World::new(TINY);
    let (mut ann, mut slow) = (world.person("ann").await, world.connect_over(STREAM_BYTES));
    slow.hello("slow").await;
    let room = ann.join("lobby", Since::Now).await.room;
    slow.join("lobby", Since::Now).await;
    ann.say_many(room, 1..=MESSAGES, &"x".repeat(8000)).await;
    let (mut behind, mut got) = (Vec::new(), Vec::new());
    while (got.len() as u64) < MESSAGES {
        match slow.next().await {
            ServerMessage::Event(event) => got.push(event.seq.0),
            ServerMessage::Behind(told) => behind.push((told, got.len() as u64)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(got, (1..=MESSAGES).collect::<Vec<_>>());
    let &[(Behind { room: of, next, head }, before)] = behind.as_slice() else { panic!("{behind:?}") };
    assert_eq!((of, next.0), (room, before + 1));
    assert!(next < head && head.0 <= MESSAGES);
    // And it is with the others again.
    ann.say(room, MESSAGES + 1, "still here?").await.unwrap();
    assert_eq!(slow.events(1).await, [MESSAGES + 1]);
}

#[tokio::test]
async fn a_slow_reader_still_gets_answers_and_other_rooms() {
    let mut world = World::new(TINY);
    let (mut ann, mut slow) = (world.person("ann").await, world.connect_over(STREAM_BYTES));
    slow.hello("slow").await;
    let busy = ann.join("busy", Since::Now).await.room;
    let calm = ann.join("calm", Since::Now).await.room;
    slow.join("busy", Since::Now).await;
    slow.join("calm", Since::Now).await;
    ann.say_many(busy, 1..=100, &"x".repeat(8000)).await;
    ann.say(calm, 101, "psst").await.unwrap();
    // It asks while it is far behind, and is answered long before it is through.
    let asked = slow.send(ClientMessage::Ping).await;
    let (mut events, mut answered_at, mut heard_at) = (0, None, None);
    while events < 101 {
        match slow.receive().await {
            (Some(id), ServerMessage::Pong) if id == asked => answered_at = Some(events),
            (None, ServerMessage::Event(event)) => {
                events += 1;
                if event.room == calm {
                    heard_at = Some(events);
                }
            }
            (None, ServerMessage::Behind(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(answered_at.unwrap() < 50 && heard_at.unwrap() < 50, "{answered_at:?} {heard_at:?}");
}

#[tokio::test]
async fn without_a_store_what_is_overtaken_is_missed() {
    let mut world = World::new(Wish { has_store: false, ..TINY });
    let (mut ann, mut slow) = (world.person("ann").await, world.connect_over(STREAM_BYTES));
    slow.hello("slow").await;
    let room = ann.join("lobby", Since::Now).await.room;
    slow.join("lobby", Since::Now).await;
    ann.say_many(room, 1..=20, &"x".repeat(8000)).await;
    let (mut next, mut missed) = (1, 0);
    while next <= 20 {
        match slow.next().await {
            ServerMessage::Event(event) => {
                assert_eq!(event.seq.0, next);
                next += 1;
            }
            ServerMessage::Missed(Missed { room: of, from, to }) => {
                assert_eq!((of, from.0), (room, next));
                missed += to.0 - from.0 + 1;
                next = to.0 + 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(missed > 0);
}

#[tokio::test]
async fn who_comes_back_far_behind_is_told_how_far() {
    let mut world = World::new(TINY);
    let (mut ann, mut bob) = (world.person("ann").await, world.connect());
    let token = bob.hello("bob").await.token;
    let room = ann.join("lobby", Since::Now).await.room;
    bob.join("lobby", Since::Now).await;
    ann.say_many(room, 1..=1500, "x").await;
    let mut world = world.crash().await;
    let mut bob = world.connect();
    bob.resume(token, &[(room, 0)]).await;
    assert!(matches!(bob.next().await, ServerMessage::Joined(joined) if joined.first.0 == 1 && joined.head.0 == 1500));
    assert!(matches!(bob.next().await, ServerMessage::Behind(told) if told.next.0 == 1 && told.head.0 == 1500));
    assert_eq!(bob.events(1500).await, (1..=1500).collect::<Vec<_>>());
    assert_eq!(seqs(&bob.history(room, Range::Last, 2).await.unwrap()), [1499, 1500]);
}

#[tokio::test]
async fn who_leaves_the_room_in_the_lane_hears_no_more_and_who_comes_again_begins_where_they_say() {
    let mut world = World::new(TINY);
    let (mut ann, mut slow) = (world.person("ann").await, world.connect_over(STREAM_BYTES));
    slow.hello("slow").await;
    let room = ann.join("busy", Since::Now).await.room;
    slow.join("busy", Since::Now).await;
    ann.say_many(room, 1..=100, &"x".repeat(8000)).await;
    let left = slow.send(ClientMessage::Leave(Leave { room })).await;
    while slow.receive().await.0 != Some(left) {}
    assert_eq!(slow.ask(ClientMessage::Ping).await, ServerMessage::Pong);
    // What was in hand when it left came before the answer; now there is nothing more.
    let rejoined = slow.join("busy", Since::After(Seq(90))).await;
    assert_eq!((rejoined.first.0, rejoined.head.0), (91, 100));
    let mut got = Vec::new();
    while got.last() != Some(&100) {
        if let (None, ServerMessage::Event(event)) = slow.receive().await {
            got.push(event.seq.0);
        }
    }
    assert_eq!(got, (91..=100).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_trimmed_is_told_and_the_rest_follows() {
    let mut world = World::new(Wish::default());
    let (mut ann, mut bob) = (world.person("ann").await, world.connect());
    let token = bob.hello("bob").await.token;
    let room = ann.join("lobby", Since::Now).await.room;
    bob.join("lobby", Since::Now).await;
    ann.say_many(room, 1..=20, "x").await;
    let retention = Retention { events: Some(5), ..Wish::default().retention };
    let mut world = world.crash_to(Wish { retention, ..Wish::default() }).await;
    let mut bob = world.connect();
    bob.resume(token, &[(room, 20)]).await;
    while bob.history(room, Range::After(Seq(0)), 1).await.unwrap().gone_to != Seq(15) {
        tokio::task::yield_now().await;
    }
    let mut again = world.connect();
    again.resume(token, &[(room, 2)]).await;
    assert!(matches!(again.next().await, ServerMessage::Joined(joined) if joined.first.0 == 3));
    assert_eq!(again.next().await, ServerMessage::Missed(Missed { room, from: Seq(3), to: Seq(15) }));
    assert_eq!(again.events(5).await, [16, 17, 18, 19, 20]);
}
