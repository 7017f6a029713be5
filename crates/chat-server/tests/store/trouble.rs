//! A disk that takes nothing for a while. Here somebody else holds the file, which for whoever writes is the same.

use std::path::Path;

use chat::Deed;
use proto::event::What;
use proto::message::{Range, Since};
use proto::{ClientMessage, Code, ServerMessage};
use rusqlite::Connection;

use crate::client::{say, seqs};
use crate::world::{Wish, World};

/// While it stands, nobody can write the store in `path`.
fn hold(path: &Path) -> Connection {
    let connection = Connection::open(path.join("chat.db")).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

/// All tasks of a test share a thread, so they have had their turn after this; what comes next is another batch.
async fn let_the_hub_take_it() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_confirmed_and_reading_goes_on() {
    let mut world = World::new(Wish::default());
    let (mut ann, mut bob) = (world.person("ann").await, world.person("bob").await);
    let room = ann.join("tea", Since::Now).await.room;
    bob.join("tea", Since::Now).await;
    ann.say_many(room, 1..=2, "x").await;
    assert_eq!(bob.events(2).await, [1, 2]);
    let held = hold(world.path());
    let unanswered = ann.send(say(room, 3, "is it there?")).await;
    let_the_hub_take_it().await;
    // The first to find out is not answered; everybody after that is told.
    let ServerMessage::Refused(refusal) = bob.ask(say(room, 1, "hello?")).await else { panic!("stored") };
    assert_eq!(refusal.code, Code::StorageFailed);
    assert!(refusal.words.contains("chat.db") && refusal.retry_after_ms == Some(1000), "{refusal:?}");
    // What is on disk can be read, also by whoever waits for an answer; what is not has not happened.
    for client in [&mut ann, &mut bob] {
        assert_eq!(seqs(&client.history(room, Range::Last, 10).await.unwrap()), [1, 2]);
        assert_eq!(client.ask(ClientMessage::Ping).await, ServerMessage::Pong);
    }
    let mut cat = world.person("cat").await;
    let joined = cat.join("tea", Since::Last(10)).await;
    assert_eq!((joined.first.0, joined.head.0), (1, 2));
    assert_eq!(cat.events(2).await, [1, 2]);
    drop(held);
    assert!(matches!(ann.answer_to(unanswered).await, ServerMessage::Said(said) if said.seq.0 == 3));
    for client in [&mut bob, &mut cat] {
        assert_eq!(client.events(1).await, [3]);
    }
    assert_eq!(bob.say(room, 1, "hello!").await.map(|seq| seq.0), Ok(4));
    let mut world = world.crash().await;
    let mut dan = world.person("dan").await;
    assert_eq!(dan.join("tea", Since::Last(10)).await.first.0, 1);
    assert_eq!(dan.events(4).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn who_leaves_meanwhile_finds_their_message_once() {
    let mut world = World::new(Wish::default());
    let (mut ann, mut bob) = (world.connect(), world.person("bob").await);
    let token = ann.hello("ann").await.token;
    let room = ann.join("tea", Since::Now).await.room;
    bob.join("tea", Since::Now).await;
    let held = hold(world.path());
    ann.send(say(room, 7, "and gone")).await;
    let_the_hub_take_it().await;
    assert!(matches!(bob.ask(say(room, 1, "hello?")).await, ServerMessage::Refused(_)));
    // Back on another connection: she is there, her message is not.
    let mut again = world.connect();
    again.resume(token, &[(room, 0)]).await;
    drop(ann);
    assert!(matches!(again.next().await, ServerMessage::Joined(joined) if joined.head.0 == 0));
    assert_eq!(seqs(&again.history(room, Range::Last, 10).await.unwrap()), [0; 0]);
    assert_eq!(again.say(room, 8, "and another").await, Err(Code::StorageFailed));
    drop(held);
    assert_eq!(again.events(1).await, [1]);
    assert_eq!(again.say(room, 7, "and gone").await.map(|seq| seq.0), Ok(1));
    assert_eq!(again.say(room, 8, "and another").await.map(|seq| seq.0), Ok(2));
    assert_eq!(bob.events(2).await, [1, 2]);
}

#[tokio::test]
async fn a_file_that_came_meanwhile_is_told_behind_what_waited() {
    let mut world = World::new(Wish::default());
    let (mut ann, mut bob) = (world.person("ann").await, world.person("bob").await);
    let room = ann.join("tea", Since::Now).await.room;
    bob.join("tea", Since::Now).await;
    let held = hold(world.path());
    let unanswered = ann.send(say(room, 1, "look")).await;
    let_the_hub_take_it().await;
    assert!(matches!(bob.ask(say(room, 1, "where?")).await, ServerMessage::Refused(_)));
    world.post(room, "ann", Deed::Folder { path: "pictures".into(), files: 2, bytes: 9 }).await;
    assert_eq!(bob.ask(ClientMessage::Ping).await, ServerMessage::Pong);
    drop(held);
    assert!(matches!(ann.answer_to(unanswered).await, ServerMessage::Said(said) if said.seq.0 == 1));
    assert!(matches!(bob.next().await, ServerMessage::Event(event) if matches!(event.what, What::Said(_))));
    assert!(matches!(bob.next().await, ServerMessage::Event(event) if matches!(event.what, What::Folder { .. })));
}

#[tokio::test]
async fn who_came_meanwhile_is_still_there_after_a_restart() {
    let mut world = World::new(Wish::default());
    let mut ann = world.person("ann").await;
    let room = ann.join("tea", Since::Now).await.room;
    let held = hold(world.path());
    let unanswered = ann.send(say(room, 1, "hello?")).await;
    let_the_hub_take_it().await;
    let mut bob = world.connect();
    let token = bob.hello("bob").await.token;
    bob.join("tea", Since::Now).await;
    drop(held);
    assert!(matches!(ann.answer_to(unanswered).await, ServerMessage::Said(_)));
    assert_eq!(bob.events(1).await, [1]);
    // What the hub could not let keep is kept with the next thing that happens.
    assert_eq!(ann.say(room, 2, "there you are").await.map(|seq| seq.0), Ok(2));
    let mut world = world.crash().await;
    let mut bob = world.connect();
    bob.resume(token, &[(room, 1)]).await;
    assert!(matches!(bob.next().await, ServerMessage::Joined(joined) if joined.room == room));
    assert_eq!(bob.events(1).await, [2]);
}
