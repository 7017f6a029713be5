//! A disk that takes nothing for a while. Here somebody else holds the file, which for whoever writes is the same.

use std::path::Path;

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
