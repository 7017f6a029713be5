//! Trees: list, remove, move, make folders, verify, announce.

use proto::limits::GROUP_BYTES;
use proto::message::{
    Announce, Entries, FileAnswer, FileRequest, List, MakeFolder, Move, OnConflict, Remove, Sort, Verify,
};
use proto::{Code, RoomId, ServerMessage, What};

use crate::world::{Client, Put, World, noise, refused, root_of};

const ROOM: RoomId = RoomId(1);

async fn list(client: &mut Client, path: &str, recursive: bool, after: &str) -> Entries {
    let list = List { room: ROOM, path: path.into(), recursive, after: after.into() };
    match client.ask(FileRequest::List(list)).await {
        ServerMessage::File(FileAnswer::Entries(entries)) => entries,
        other => panic!("{other:?}"),
    }
}

async fn paths(client: &mut Client, path: &str, recursive: bool) -> Vec<String> {
    list(client, path, recursive, "").await.entries.into_iter().map(|entry| entry.path).collect()
}

fn remove(path: &str, recursive: bool) -> FileRequest {
    FileRequest::Remove(Remove { room: ROOM, path: path.into(), recursive })
}

fn moved(from: &str, to: &str) -> FileRequest {
    FileRequest::Move(Move { room: ROOM, from: from.into(), to: to.into(), on_conflict: OnConflict::Rename })
}

fn placed(answer: &ServerMessage) -> Option<&str> {
    match answer {
        ServerMessage::File(FileAnswer::Placed(placed)) => Some(&placed.path),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_is_listed_as_it_stands_with_what_is_coming() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    assert_eq!(paths(&mut ann, "", true).await, [""; 0], "nothing is made by looking");
    assert!(!world.stored("").exists());
    ann.put(&Put::new("b/one.txt", b"one")).await.unwrap();
    std::fs::write(world.stored("a.txt"), b"from the operator").unwrap();
    let bytes = noise(2_000_000, 1);
    let coming = Put { slot: 2, key: 2, ..Put::new("b/coming.bin", &bytes) };
    let accepted = ann.offer(&coming).await.unwrap();
    ann.pour(&coming, &accepted, 600_000).await;
    ann.wait_until_arrived("b/coming.bin", 2 * GROUP_BYTES).await;
    assert_eq!(paths(&mut ann, "", true).await, ["a.txt", "b", "b/coming.bin", "b/one.txt"]);
    assert_eq!(paths(&mut ann, "", false).await, ["a.txt", "b"]);
    assert_eq!(paths(&mut ann, "b", false).await, ["b/coming.bin", "b/one.txt"]);
    let entries = list(&mut ann, "", true, "").await.entries;
    let told: Vec<_> = entries.iter().map(|it| (it.sort, it.size, it.root, it.by.as_str())).collect();
    let root = Some(root_of(b"one"));
    assert_eq!(told[0], (Sort::File, 17, None, ""));
    assert_eq!(told[1], (Sort::Folder, 0, None, ""));
    assert_eq!(told[2], (Sort::Arriving(2 * GROUP_BYTES), 2_000_000, None, "ann"));
    assert_eq!(told[3], (Sort::File, 3, root, "ann"));
    let list = List { room: ROOM, path: "none".into(), recursive: false, after: String::new() };
    assert_eq!(refused(&ann.ask(FileRequest::List(list)).await), Some(Code::NoSuchFile));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_comes_in_pages_and_nothing_is_missing() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    ann.put(&Put::new("x", b"x")).await.unwrap();
    for at in 0..1300 {
        std::fs::write(world.stored(&format!("{at:05}-{}", "long".repeat(20))), b"").unwrap();
    }
    for at in [0_u8, 7, 13] {
        let path = format!("{:05}-coming", u32::from(at) * 100);
        ann.offer(&Put { slot: u16::from(at) + 1, key: at + 2, ..Put::new(&path, b"abc") }).await.unwrap();
    }
    let (mut seen, mut after, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = list(&mut ann, "", true, &after).await;
        pages += 1;
        seen.extend(page.entries.into_iter().map(|entry| entry.path));
        after = seen.last().unwrap().clone();
        if !page.more {
            break;
        }
    }
    assert!(pages >= 3, "{pages}");
    assert_eq!(seen.len(), 1304);
    assert!(seen.is_sorted());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_ones_own_is_removed_or_moved() {
    let mut world = World::new();
    let (mut ann, mut bob) = (world.member("ann").await, world.member("bob").await);
    ann.put(&Put::new("d/ann.txt", b"ann's")).await.unwrap();
    bob.put(&Put::new("d/bob.txt", b"bob's")).await.unwrap();
    std::fs::write(world.stored("operator.txt"), b"the operator's").unwrap();
    let rows: Vec<(FileRequest, Option<Code>)> = vec![
        (remove("d/bob.txt", false), Some(Code::NotPermitted)),
        (remove("operator.txt", false), Some(Code::NotPermitted)),
        (remove("d", true), Some(Code::NotPermitted)),
        (remove("d", false), Some(Code::WrongSort)),
        (remove("none", false), Some(Code::NoSuchFile)),
        (moved("d/bob.txt", "mine.txt"), Some(Code::NotPermitted)),
        (moved("d", "e"), Some(Code::NotPermitted)),
        (moved("none", "e"), Some(Code::NoSuchFile)),
        (moved("d/ann.txt", "d/moved.txt"), None),
        (remove("d/moved.txt", false), None),
    ];
    for (request, expected) in rows {
        assert_eq!(refused(&ann.ask(request.clone()).await), expected, "{request:?}");
    }
    assert_eq!(paths(&mut ann, "", true).await, ["d", "d/bob.txt", "operator.txt"]);
    assert_eq!(placed(&bob.ask(moved("d", "e/f")).await), Some("e/f"));
    assert_eq!(bob.get(3, "e/f/bob.txt").await.unwrap(), b"bob's");
    assert_eq!(bob.ask(remove("e", true)).await, ServerMessage::Done);
    assert_eq!(paths(&mut ann, "", true).await, ["operator.txt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_are_made_and_told_of() {
    let mut world = World::new();
    let (mut ann, mut bob) = (world.member("ann").await, world.member("bob").await);
    let make = |path: &str| FileRequest::MakeFolder(MakeFolder { room: ROOM, path: path.into() });
    let announce = |path: &str| FileRequest::Announce(Announce { room: ROOM, path: path.into(), files: 3, bytes: 30 });
    assert_eq!(refused(&ann.ask(announce("a/b")).await), Some(Code::NoSuchFile));
    assert_eq!(placed(&ann.ask(make("a/b")).await), Some("a/b"));
    assert_eq!(placed(&ann.ask(make("A/b")).await), Some("a/b"), "one that some system takes for it");
    ann.put(&Put::new("a/file", b"x")).await.unwrap();
    assert_eq!(refused(&ann.ask(make("a/file")).await), Some(Code::WrongSort));
    assert_eq!(refused(&ann.ask(announce("a/file")).await), Some(Code::WrongSort));
    assert_eq!(ann.ask(announce("a/b")).await, ServerMessage::Done);
    assert_eq!(bob.event().await, What::Folder { path: "a/b".into(), files: 3, bytes: 30 });
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_of_a_stored_file_is_found_and_never_delivered() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(1_000_000, 1);
    ann.put(&Put::new("a.bin", &bytes)).await.unwrap();
    std::fs::write(world.stored("plain.bin"), &bytes).unwrap();
    let verify = |path: &str| FileRequest::Verify(Verify { room: ROOM, path: path.into() });
    let checked = |answer: ServerMessage| match answer {
        ServerMessage::File(FileAnswer::Checked(checked)) => checked,
        other => panic!("{other:?}"),
    };
    let root = root_of(&bytes);
    let good = checked(ann.ask(verify("a.bin")).await);
    assert_eq!((good.size, good.root, good.expected, good.damaged_at), (1_000_000, root, Some(root), None));
    let plain = checked(ann.ask(verify("plain.bin")).await);
    assert_eq!((plain.root, plain.expected, plain.damaged_at), (root, None, None));
    // The disk turns a bit; size and time stay.
    let path = world.stored("a.bin");
    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    let mut rotten = bytes.clone();
    rotten[700_000] ^= 1;
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    std::io::Write::write_all(&mut &file, &rotten).unwrap();
    file.set_modified(modified).unwrap();
    drop(file);
    let bad = checked(ann.ask(verify("a.bin")).await);
    assert_eq!((bad.expected, bad.damaged_at), (Some(root), Some(2 * GROUP_BYTES)));
    assert_eq!(bad.root, root_of(&rotten));
    assert_eq!(refused(&ann.ask(verify("none")).await), Some(Code::NoSuchFile));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_came_another_way_is_known_once_it_was_fetched() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    ann.put(&Put::new("x", b"x")).await.unwrap();
    let bytes = noise(700_000, 1);
    std::fs::write(world.stored("plain.bin"), &bytes).unwrap();
    let version = ann.fetch(2, "plain.bin", 1 << 20).await.unwrap().version;
    assert!(ann.drain(2, 700_000, 0).await.unwrap() == bytes);
    while ann.listed("plain.bin").await[0].root.is_none() {
        tokio::task::yield_now().await;
    }
    let known = ann.fetch(3, "plain.bin", 0).await.unwrap();
    assert_eq!((known.root, known.version), (Some(root_of(&bytes)), version));
    std::fs::write(world.stored("plain.bin"), b"changed").unwrap();
    assert_eq!(ann.listed("plain.bin").await[0].root, None, "not what it was");
}
