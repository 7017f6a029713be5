//! What outlives the server.

use proto::RoomId;
use proto::message::{Hello, Join, Range, Resume, Since, Welcome};
use proto::{ClientMessage, ServerMessage};

use crate::client::{Client, seqs};
use crate::world::{Wish, World};

async fn joined(client: &mut Client) -> proto::message::Joined {
    match client.next().await {
        ServerMessage::Joined(joined) => joined,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_confirmed_is_there_after_a_crash() {
    let mut world = World::new(Wish::default());
    let mut ann = world.connect();
    let welcome = ann.hello("ann").await;
    assert_eq!(welcome.features & (Welcome::DURABLE | Welcome::KEPT), Welcome::DURABLE);
    let room = ann.join("tea", Since::Now).await.room;
    ann.say_many(room, 1..=3, "green").await;
    let before = ann.history(room, Range::Last, 10).await.unwrap();
    let mut world = world.crash().await;
    let mut ann = world.connect();
    ann.resume(welcome.token, &[(room, 3)]).await;
    let joined = joined(&mut ann).await;
    assert_eq!((joined.room, joined.name.as_str(), joined.head.0), (room, "tea", 3));
    assert_eq!(seqs(&before), [1, 2, 3]);
    assert_eq!(ann.history(room, Range::Last, 10).await.unwrap(), before);
}

#[tokio::test]
async fn who_comes_back_with_a_cursor_gets_what_follows_once() {
    let mut world = World::new(Wish::default());
    let (mut ann, mut bob) = (world.person("ann").await, world.connect());
    let token = bob.hello("bob").await.token;
    let room = ann.join("lobby", Since::Now).await.room;
    bob.join("lobby", Since::Now).await;
    ann.say_many(room, 1..=5, "x").await;
    let mut world = world.crash().await;
    let (mut cat, mut bob) = (world.person("cat").await, world.connect());
    bob.resume(token, &[(room, 2)]).await;
    assert_eq!(joined(&mut bob).await.first.0, 3);
    cat.join("lobby", Since::Now).await;
    cat.say(room, 1, "y").await.unwrap();
    assert_eq!(bob.events(4).await, [3, 4, 5, 6]);
}

#[tokio::test]
async fn a_resend_after_a_crash_is_the_same_message() {
    let mut world = World::new(Wish::default());
    let mut ann = world.connect();
    let token = ann.hello("ann").await.token;
    let room = ann.join("lobby", Since::Now).await.room;
    let seq = ann.say(room, 77, "once").await.unwrap();
    let mut world = world.crash().await;
    let mut ann = world.connect();
    ann.resume(token, &[]).await;
    assert_eq!(ann.say(room, 77, "once").await, Ok(seq));
    assert_eq!(ann.say(room, 78, "then").await, Ok(seq.next()));
}

#[tokio::test]
async fn newcomers_after_a_restart_get_the_last_ones_without_being_told_that_they_are_behind() {
    let mut world = World::new(Wish::default());
    let mut ann = world.person("ann").await;
    let room = ann.join("tea", Since::Now).await.room;
    ann.say_many(room, 1..=30, "x").await;
    let mut world = world.crash().await;
    let mut bob = world.person("bob").await;
    assert_eq!(bob.join("tea", Since::Last(20)).await.first.0, 11);
    assert_eq!(bob.events(20).await, (11..=30).collect::<Vec<_>>());
    bob.say(room, 1, "thanks").await.unwrap();
    assert_eq!(bob.events(1).await, [31]);
}

#[tokio::test]
async fn a_message_to_somebody_away_waits_for_them_over_a_restart() {
    let mut world = World::new(Wish::default());
    let (mut ann, mut bob) = (world.connect(), world.connect());
    let ann_token = ann.hello("ann").await.token;
    let welcome = bob.hello_with("bob", Hello::KEEP, None).await;
    assert_eq!(welcome.features & Welcome::KEPT, Welcome::KEPT);
    bob.send(ClientMessage::Bye).await;
    while !matches!(bob.next().await, ServerMessage::Goodbye(_)) {}
    let room = ann.open_direct("bob").await.room;
    ann.say(room, 1, "for later").await.unwrap();
    let mut world = world.crash().await;
    let mut bob = world.connect();
    let resume = Resume { token: welcome.token, cursors: Vec::new() };
    assert_eq!(bob.hello_with("bob", Hello::KEEP, Some(resume)).await.nick, "bob");
    let joined = joined(&mut bob).await;
    assert_eq!((joined.room, joined.direct, joined.name.as_str()), (room, true, "ann"));
    assert_eq!(bob.events(1).await, [1]);
    let mut ann = world.connect();
    ann.resume(ann_token, &[]).await;
    assert_eq!(ann.say(room, 2, "there you are").await.map(|seq| seq.0), Ok(2));
}

#[tokio::test]
async fn an_ephemeral_room_ends_with_the_server() {
    let mut world = World::new(Wish::default());
    let mut ann = world.connect();
    let token = ann.hello("ann").await.token;
    let join = |room: &str| Join { room: room.into(), since: Since::Last(10), announce: false, ephemeral: true };
    let joined = ann.join_with(join("mist")).await;
    assert!(joined.ephemeral);
    let room: RoomId = joined.room;
    ann.say_many(room, 1..=3, "x").await;
    // As long as it is in memory it can be read.
    assert_eq!(seqs(&ann.history(room, Range::Last, 2).await.unwrap()), [2, 3]);
    let mut bob = world.person("bob").await;
    assert!(bob.join_with(join("mist")).await.ephemeral);
    assert_eq!(bob.events(3).await, [1, 2, 3]);
    let mut world = world.crash().await;
    let mut ann = world.connect();
    ann.resume(token, &[(room, 3)]).await;
    assert_eq!(ann.history(room, Range::Last, 2).await, Err(proto::Code::NotInRoom));
    let joined = ann.join("mist", Since::Last(10)).await;
    assert!(joined.room != room && !joined.ephemeral && joined.head.0 == 0);
}
