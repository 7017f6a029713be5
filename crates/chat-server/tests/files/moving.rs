//! Files go to the server and come back.

use proto::limits::GROUP_BYTES;
use proto::message::{Fetch, FileAnswer, ListRooms, OnConflict, OpenDirect, Since, TransferMessage};
use proto::{ClientMessage, Code, ServerMessage, What};

use crate::world::{Put, World, code, names_in, noise, root_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_put_told_and_fetched() {
    let mut world = World::new();
    let (mut ann, mut bob) = (world.member("ann").await, world.member("bob").await);
    let group = usize::try_from(GROUP_BYTES).unwrap();
    for (at, size) in [0, 1, 5, group - 1, group, group + 1, 3 * group, 5_000_000].into_iter().enumerate() {
        let bytes = noise(size, size as u64);
        let path = format!("docs/{size}.bin");
        let put = Put { announce: true, key: u8::try_from(at).unwrap(), ..Put::new(&path, &bytes) };
        let committed = ann.put(&put).await.unwrap();
        assert_eq!((committed.path.as_str(), committed.size, committed.same), (path.as_str(), size as u64, false));
        assert_eq!(committed.root, root_of(&bytes));
        assert_eq!(std::fs::read(world.stored(&path)).unwrap(), bytes);
        let told = What::File { path: path.clone(), size: size as u64, root: root_of(&bytes) };
        assert_eq!(bob.event().await, told);
        assert_eq!(bob.get(7, &path).await.unwrap(), bytes, "{size}");
        assert_eq!(ann.get(7, &path).await.unwrap(), bytes, "{size}");
    }
    assert_eq!(world.parts(), [""; 0]);
}

/// Who sends what, how, and what becomes of it: its path and whether it was the same, or why not.
type Row<'a> = (&'a str, &'a [u8], OnConflict, Result<(&'a str, bool), Code>);

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_path_is_met_as_the_sender_wants() {
    use OnConflict::{Fail, Rename, Replace, Same};
    let other = noise(300_000, 2);
    let same = noise(300_000, 1);
    let bigger = noise(300_001, 3);
    // What is there is ann's, and `same`.
    let rows: &[Row<'_>] = &[
        ("ann", &same, Rename, Ok(("a.bin", true))),
        ("bob", &same, Rename, Ok(("a.bin", true))),
        ("bob", &other, Rename, Ok(("a (1).bin", false))),
        ("ann", &bigger, Rename, Ok(("a (1).bin", false))),
        ("ann", &same, Fail, Err(Code::PathTaken)),
        ("ann", &other, Fail, Err(Code::PathTaken)),
        ("ann", &same, Same, Ok(("a.bin", true))),
        ("ann", &other, Same, Err(Code::PathTaken)),
        ("ann", &bigger, Same, Err(Code::PathTaken)),
        ("ann", &other, Replace, Ok(("a.bin", false))),
        ("ann", &bigger, Replace, Ok(("a.bin", false))),
        ("bob", &same, Replace, Ok(("a.bin", true))),
        ("bob", &other, Replace, Err(Code::NotPermitted)),
        ("bob", &bigger, Replace, Err(Code::NotPermitted)),
    ];
    for with_root in [false, true] {
        for (at, (who, bytes, on_conflict, expected)) in rows.iter().enumerate() {
            let mut world = World::new();
            let (mut ann, mut bob) = (world.member("ann").await, world.member("bob").await);
            ann.put(&Put::new("a.bin", &same)).await.unwrap();
            let sender = if *who == "ann" { &mut ann } else { &mut bob };
            let put = Put { key: 2, on_conflict: *on_conflict, with_root, ..Put::new("a.bin", bytes) };
            let outcome = sender.put(&put).await;
            let outcome = outcome.map(|it| (it.path, it.same)).map_err(|refusal| refusal.code);
            let expected = expected.map(|(path, same)| (path.to_owned(), same));
            assert_eq!(outcome, expected, "row {at}, with root {with_root}");
            if let Ok((path, _)) = &outcome {
                assert_eq!(std::fs::read(world.stored(path)).unwrap(), *bytes);
            }
            assert_eq!(world.parts(), [""; 0], "row {at}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_under_the_same_path_are_not_sent_again() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(3_000_000, 1);
    let put = Put { with_root: true, ..Put::new("a.bin", &bytes) };
    let first = ann.put(&put).await.unwrap();
    let accepted = ann.offer(&Put { key: 9, ..put.clone() }).await.unwrap();
    assert_eq!(accepted.from, 3_000_000);
    let again = ann.outcome(1).await.unwrap();
    assert!(again.same && again.version == first.version && accepted.version == first.version);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_to_one_path_all_find_a_place() {
    let mut world = World::new();
    let files: Vec<_> = (0..20).map(|at| noise(1000 + at, at as u64)).collect();
    let mut tasks = Vec::new();
    for (at, bytes) in files.iter().cloned().enumerate() {
        let mut client = world.member(&format!("m{at}")).await;
        tasks.push(tokio::spawn(async move {
            let put = Put { key: u8::try_from(at).unwrap(), ..Put::new("x.bin", &bytes) };
            client.put(&put).await.unwrap().path
        }));
    }
    let mut paths = Vec::new();
    for task in tasks {
        paths.push(task.await.unwrap());
    }
    for (path, bytes) in paths.iter().zip(&files) {
        assert_eq!(&std::fs::read(world.stored(path)).unwrap(), bytes, "{path}");
    }
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), files.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_can_be_fetched_while_it_comes_and_by_many() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(9_000_000, 1);
    let put = Put { announce: true, ..Put::new("big.bin", &bytes) };
    let accepted = ann.offer(&put).await.unwrap();
    let mut readers = Vec::new();
    for nick in ["bob", "cat", "dan"] {
        let mut reader = world.member(nick).await;
        let fetching = reader.fetch(3, "big.bin", 1 << 20).await.unwrap();
        assert!(fetching.arriving && fetching.version == accepted.version && fetching.root.is_none());
        readers.push(tokio::spawn(async move { reader.drain(3, fetching.size, 0).await.unwrap() }));
    }
    ann.pour(&put, &accepted, bytes.len()).await;
    ann.finish(&put).await;
    ann.outcome(1).await.unwrap();
    for reader in readers {
        assert!(reader.await.unwrap() == bytes);
    }
    let told = [ann.event().await, ann.event().await];
    let sending = What::Sending { path: "big.bin".into(), size: 9_000_000 };
    assert_eq!(told, [sending, What::File { path: "big.bin".into(), size: 9_000_000, root: root_of(&bytes) }]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_of_a_file_that_comes_slows_nobody() {
    let mut world = World::new();
    let (mut ann, mut bob, mut cat) = (world.member("ann").await, world.member("bob").await, world.member("cat").await);
    let bytes = noise(6_000_000, 1);
    let put = Put::new("big.bin", &bytes);
    let accepted = ann.offer(&put).await.unwrap();
    // Bob grants nothing at all.
    bob.fetch(3, "big.bin", 0).await.unwrap();
    let fetching = cat.fetch(3, "big.bin", 1 << 20).await.unwrap();
    ann.pour(&put, &accepted, bytes.len()).await;
    ann.finish(&put).await;
    ann.outcome(1).await.unwrap();
    assert!(cat.drain(3, fetching.size, 0).await.unwrap() == bytes);
    bob.say(3, TransferMessage::Credit { limit: 1 << 20 }).await;
    assert!(bob.drain(3, fetching.size, 0).await.unwrap() == bytes, "later he has it all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_is_answered_while_files_go_both_ways() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(4_000_000, 1);
    ann.put(&Put::new("down.bin", &bytes)).await.unwrap();
    let up = Put { slot: 2, key: 2, ..Put::new("up.bin", &bytes) };
    let accepted = ann.offer(&up).await.unwrap();
    let fetching = ann.fetch(3, "down.bin", 1 << 20).await.unwrap();
    ann.pour(&up, &accepted, 1_000_000).await;
    for _ in 0..5 {
        let id = ann.send(ClientMessage::Ping).await;
        assert_eq!(ann.answer_to(id).await, ServerMessage::Pong);
        let id = ann.send(ClientMessage::ListRooms(ListRooms { after: String::new() })).await;
        assert!(matches!(ann.answer_to(id).await, ServerMessage::RoomList(_)));
    }
    assert!(ann.drain(3, fetching.size, 0).await.unwrap() == bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_direct_conversation_are_for_the_two_and_end_with_it() {
    let mut world = World::new();
    let (mut ann, mut bob, mut eve) = (world.member("ann").await, world.member("bob").await, world.member("eve").await);
    let open = OpenDirect { nick: "bob".into(), since: Since::Now };
    let id = ann.send(ClientMessage::OpenDirect(open)).await;
    let ServerMessage::Joined(joined) = ann.answer_to(id).await else { panic!() };
    let bytes = noise(1000, 1);
    let put = Put { announce: true, ..Put::new("secret.txt", &bytes) };
    let offered = ann.ask_in(1, put.offer(joined.room)).await;
    let ServerMessage::File(FileAnswer::Accepted(accepted)) = offered else { panic!("{offered:?}") };
    ann.pour(&put, &accepted, 1000).await;
    ann.finish(&put).await;
    ann.outcome(1).await.unwrap();
    assert!(matches!(bob.event().await, What::File { .. }));
    let fetch = Fetch { room: joined.room, path: "secret.txt".into(), version: None, from: 0, credit: 1 << 20 };
    assert_eq!(code(eve.fetch_from(1, fetch.clone()).await), Some(Code::NotInRoom));
    let fetching = bob.fetch_from(1, fetch).await.unwrap();
    assert!(bob.drain(1, fetching.size, 0).await.unwrap() == bytes);
    let folder = world.dir.path().join("files/direct");
    assert_eq!(names_in(&folder).len(), 1);
    for client in [&mut ann, &mut bob] {
        client.send(ClientMessage::Bye).await;
        while client.next().await.is_some() {}
    }
    while !names_in(&folder).is_empty() {
        tokio::task::yield_now().await;
    }
}
