//! What is refused, with the numbers; what ends a transfer, and what ends a connection.

use std::time::Duration;

use bytes::Bytes;
use chat_server::files::FileLimits;
use chat_server::session::{SessionEnd, SessionLimits};
use proto::limits::GROUP_BYTES;
use proto::message::{Fetch, FileRequest, MakeFolder, TransferMessage, Verify};
use proto::{ClientMessage, Code, Refusal, RoomId, ServerMessage, Slot};

use crate::world::{Client, FILES, LIMITS, Put, World, code, noise, refused};

fn numbers(result: Result<impl Sized, Refusal>) -> Option<(Code, String, u64)> {
    let refusal = result.err()?;
    let limit = refusal.limit?;
    Some((refusal.code, limit.name, limit.max))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_room_is_refused_before_it_moves_and_with_the_numbers() {
    let bytes = noise(600_000, 1);
    let rows: [(FileLimits, Code, &str, u64); 4] = [
        (FileLimits { file_bytes: 599_999, ..FILES }, Code::FileTooLarge, "file_bytes", 599_999),
        (FileLimits { total_bytes: 1_000_000, ..FILES }, Code::QuotaFull, "server_bytes", 1_000_000),
        (FileLimits { room_bytes: 1_000_000, ..FILES }, Code::QuotaFull, "room_bytes", 1_000_000),
        (FileLimits { person_bytes: 1_000_000, ..FILES }, Code::QuotaFull, "person_bytes", 1_000_000),
    ];
    for (limits, code, name, max) in rows {
        let mut world = World::within(limits);
        let mut ann = world.member("ann").await;
        let put = |key, path| Put { key, path, ..Put::new("", &bytes) };
        if code == Code::QuotaFull {
            ann.put(&put(1, "one.bin")).await.unwrap();
        }
        assert_eq!(numbers(ann.offer(&put(2, "two.bin")).await), Some((code, name.to_owned(), max)));
        if code == Code::QuotaFull {
            let small = Put { key: 3, ..Put::new("small.bin", &bytes[..400_000]) };
            ann.put(&small).await.unwrap();
            let remove = proto::message::Remove { room: RoomId(1), path: "one.bin".into(), recursive: false };
            assert_eq!(ann.ask(FileRequest::Remove(remove)).await, ServerMessage::Done);
            ann.put(&put(2, "two.bin")).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_promised_counts_and_is_given_back() {
    let mut world = World::within(FileLimits { person_bytes: 1_000_000, ..FILES });
    let mut ann = world.member("ann").await;
    let bytes = noise(600_000, 1);
    let (one, two) = (Put::new("one.bin", &bytes), Put { slot: 2, key: 2, ..Put::new("two.bin", &bytes) });
    ann.offer(&one).await.unwrap();
    assert_eq!(code(ann.offer(&two).await), Some(Code::QuotaFull));
    let refusal = Refusal::new(Code::Stopped, "enough");
    ann.say(1, TransferMessage::Stop(proto::message::Stop { refusal, keep: false })).await;
    ann.settle().await;
    while !world.parts().is_empty() {
        tokio::task::yield_now().await;
    }
    // The promise is given back a moment after the part is gone.
    let mut offered = ann.offer(&two).await;
    while code(offered.as_ref().map_err(Clone::clone)) == Some(Code::QuotaFull) {
        offered = ann.offer(&two).await;
    }
    offered.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_before_anything_comes() {
    let mut world = World::within(FileLimits { min_free_bytes: u64::MAX, ..FILES });
    let mut ann = world.member("ann").await;
    let found = numbers(ann.offer(&Put::new("a.bin", b"x")).await);
    assert_eq!(found, Some((Code::NoSpace, "free_bytes".to_owned(), 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_in_the_room_gets_nothing() {
    let mut world = World::new();
    let (mut ann, mut eve) = (world.member("ann").await, world.connect());
    eve.hello("eve").await;
    ann.put(&Put::new("a.txt", b"hello")).await.unwrap();
    assert_eq!(code(eve.offer(&Put::new("b.txt", b"x")).await), Some(Code::NotInRoom));
    assert_eq!(code(eve.fetch(1, "a.txt", 100).await), Some(Code::NotInRoom));
    let verify = FileRequest::Verify(Verify { room: RoomId(1), path: "a.txt".into() });
    assert_eq!(refused(&eve.ask(verify).await), Some(Code::NotInRoom));
    assert_eq!(code(eve.offer(&Put::new("b.txt", b"x")).await), Some(Code::NotInRoom), "the slot is free again");
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_are_checked() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(2_000_000, 1);
    let put = Put::new("a.bin", &bytes);
    assert_eq!(code(ann.offer(&Put { slot: 0, ..put.clone() }).await), Some(Code::BadSlot));
    let accepted = ann.offer(&put).await.unwrap();
    assert_eq!(code(ann.offer(&Put { key: 2, ..put.clone() }).await), Some(Code::BadSlot));
    assert_eq!(code(ann.fetch(1, "a.bin", 0).await), Some(Code::BadSlot));
    ann.pour(&put, &accepted, bytes.len()).await;
    ann.finish(&put).await;
    ann.outcome(1).await.unwrap();
    for slot in 1..=64 {
        ann.fetch(slot, "a.bin", 0).await.unwrap();
    }
    assert_eq!(numbers(ann.fetch(65, "a.bin", 0).await), Some((Code::TooManyTransfers, "transfers".to_owned(), 64)));
    ann.say(64, TransferMessage::Taken).await;
    ann.fetch(65, "a.bin", 0).await.unwrap();
}

/// What a client says within an upload of 2 MB that was just accepted, and how the upload ends.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_place_in_an_upload_ends_it_and_nothing_else() {
    let chunk = |offset, len| TransferMessage::Chunk { offset, bytes: Bytes::from(vec![7; len]) };
    let hashes = |first, count: usize| TransferMessage::Hashes { first, hashes: Bytes::from(vec![7; 32 * count]) };
    let finish = |size| TransferMessage::Finish { size, root: proto::Root([7; 32]) };
    let rows: Vec<(&str, Vec<TransferMessage>, Code)> = vec![
        ("a chunk that is not due", vec![chunk(1, 10)], Code::Overrun),
        ("the same chunk again", vec![chunk(0, 10), chunk(0, 10)], Code::Overrun),
        ("a chunk beyond the size", vec![chunk(2_000_000, 10)], Code::Overrun),
        ("hashes before their bytes", vec![hashes(0, 1)], Code::Overrun),
        ("hashes that are not due", vec![chunk(0, 300_000), hashes(1, 1)], Code::Overrun),
        ("an early end", vec![finish(2_000_000)], Code::Overrun),
        ("another size", vec![finish(1)], Code::Overrun),
        ("a credit", vec![TransferMessage::Credit { limit: 5 }], Code::OutOfPlace),
        ("a repair", vec![TransferMessage::Repair { from: 0 }], Code::OutOfPlace),
        ("taken", vec![TransferMessage::Taken], Code::OutOfPlace),
    ];
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(2_000_000, 1);
    for (at, (what, said, expected)) in rows.into_iter().enumerate() {
        let slot = u16::try_from(at).unwrap() + 1;
        let put = Put { slot, key: u8::try_from(at).unwrap(), ..Put::new("a.bin", &bytes) };
        ann.offer(&put).await.unwrap();
        for message in said {
            ann.say(slot, message).await;
        }
        assert_eq!(code(ann.outcome(slot).await), Some(expected), "{what}");
        ann.settle().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_was_granted_ends_the_upload() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(20_000_000, 1);
    let accepted = ann.offer(&Put::new("a.bin", &bytes)).await.unwrap();
    // Without hashes nothing beyond what may be unhashed is ever granted.
    let mut at = 0;
    while at <= accepted.credit + (16 << 20) {
        ann.say(1, TransferMessage::Chunk { offset: at, bytes: Bytes::from(vec![1; 500_000]) }).await;
        at += 500_000;
    }
    assert_eq!(code(ann.outcome(1).await), Some(Code::Overrun));
    ann.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_place_in_a_download_ends_it_and_nothing_else() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(2_000_000, 1);
    ann.put(&Put::new("a.bin", &bytes)).await.unwrap();
    let chunk = TransferMessage::Chunk { offset: 0, bytes: Bytes::from_static(b"x") };
    let rows = [
        (chunk, Code::OutOfPlace),
        (TransferMessage::Finish { size: 1, root: proto::Root([0; 32]) }, Code::OutOfPlace),
        (TransferMessage::Repair { from: 1 }, Code::Overrun),
        (TransferMessage::Repair { from: 100 * GROUP_BYTES }, Code::Overrun),
    ];
    for (at, (message, expected)) in rows.into_iter().enumerate() {
        let slot = u16::try_from(at).unwrap() + 1;
        let fetching = ann.fetch(slot, "a.bin", 0).await.unwrap();
        ann.say(slot, message).await;
        assert_eq!(code(ann.drain(slot, fetching.size, 0).await), Some(expected), "{at}");
    }
    assert!(ann.get(9, "a.bin").await.unwrap() == bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_group_is_asked_for_again() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(1_000_000, 1);
    let mut damaged = bytes.clone();
    damaged[600_000] ^= 1;
    let put = Put::new("a.bin", &bytes);
    let mut accepted = ann.offer(&put).await.unwrap();
    // The hashes are those of the good bytes.
    ann.pour_as(&put, &accepted, bytes.len(), &damaged).await;
    let from = ann
        .wait_for(|_, message| match message {
            ServerMessage::Transfer(Slot(1), TransferMessage::Repair { from }) => Some(*from),
            _ => None,
        })
        .await;
    assert_eq!(from, 2 * GROUP_BYTES);
    accepted.from = from;
    ann.pour(&put, &accepted, bytes.len()).await;
    ann.finish(&put).await;
    ann.outcome(1).await.unwrap();
    assert!(std::fs::read(world.stored("a.bin")).unwrap() == bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_to_no_transfer_is_ignored_until_it_is_too_much() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    for message in [TransferMessage::Taken, TransferMessage::Credit { limit: 9 }, TransferMessage::Repair { from: 0 }] {
        ann.say(77, message).await;
    }
    ann.say(77, TransferMessage::Chunk { offset: 0, bytes: Bytes::from(vec![0; 1 << 20]) }).await;
    ann.settle().await;
    ann.say(77, TransferMessage::Chunk { offset: 0, bytes: Bytes::from_static(b"x") }).await;
    let goodbye = ann.next().await.unwrap().1;
    let ServerMessage::Goodbye(goodbye) = goodbye else { panic!("{goodbye:?}") };
    assert_eq!(goodbye.refusal.map(|refusal| refusal.code), Some(Code::Overrun));
    drop(ann.framed);
    assert_eq!(ann.end.await.unwrap(), SessionEnd::PeerFault);
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_that_are_never_followed_are_bounded() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(300_000, 1);
    for at in 0..64 {
        let path = format!("{at}.bin");
        ann.offer(&Put { slot: u16::from(at) + 1, key: at, ..Put::new(&path, &bytes) }).await.unwrap();
    }
    let more = Put { slot: 65, key: 65, ..Put::new("more.bin", &bytes) };
    assert_eq!(code(ann.offer(&more).await), Some(Code::TooManyTransfers));
    // Over another connection of the same name they count, too.
    drop(ann);
    let mut other = world.member("bob").await;
    other.offer(&more).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn somebodys_oldest_part_makes_place_for_their_newest() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(300_000, 1);
    for at in 0..70_u8 {
        let path = format!("{at}.bin");
        let put = Put { key: at, ..Put::new(&path, &bytes) };
        ann.offer(&put).await.unwrap();
        let refusal = Refusal::new(Code::Stopped, "later");
        ann.say(1, TransferMessage::Stop(proto::message::Stop { refusal, keep: true })).await;
        if at == 35 {
            // What is held for a moment counts, but cannot make place.
            ann.bye().await;
            world = world.restarted(FILES).await;
            ann = world.member("ann").await;
        }
    }
    assert!(world.parts().len() <= 2 * 64, "{}", world.parts().len());
}

#[tokio::test(start_paused = true)]
async fn a_sender_who_brings_too_little_is_set_aside() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(1_000_000, 1);
    let put = Put::new("a.bin", &bytes);
    let accepted = ann.offer(&put).await.unwrap();
    ann.pour(&put, &accepted, 300_000).await;
    let started = tokio::time::Instant::now();
    let mut at = 300_000;
    let refusal = loop {
        let bytes = Bytes::copy_from_slice(&put.bytes[at..=at]);
        ann.say(1, TransferMessage::Chunk { offset: at as u64, bytes }).await;
        at += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let id = ann.send(ClientMessage::Ping).await;
        let stop = ann
            .wait_for(|of, message| match message {
                ServerMessage::Transfer(Slot(1), TransferMessage::Stop(stop)) => Some(Some(stop.refusal.clone())),
                ServerMessage::Pong if of == id => Some(None),
                _ => None,
            })
            .await;
        if let Some(refusal) = stop {
            break refusal;
        }
    };
    assert_eq!(refusal.code, Code::TooSlow);
    assert!((59..70).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    let again = ann.offer(&put).await.unwrap();
    assert_eq!((again.from, again.version), (GROUP_BYTES, accepted.version), "what is verified is kept");
}

#[tokio::test(start_paused = true)]
async fn a_sender_who_never_says_that_it_was_all_is_set_aside() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(300_000, 1);
    let put = Put::new("a.bin", &bytes);
    let accepted = ann.offer(&put).await.unwrap();
    ann.pour(&put, &accepted, bytes.len()).await;
    let started = tokio::time::Instant::now();
    assert_eq!(code(ann.outcome(1).await), Some(Code::TooSlow));
    assert!((59..70).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_told_for_whom() {
    let mut world = World::new();
    let (mut ann, mut bob) = (world.member("ann").await, world.member("bob").await);
    let bytes = noise(1_000_000, 1);
    let put = Put::new("a.bin", &bytes);
    let accepted = ann.offer(&put).await.unwrap();
    bob.fetch(1, "a.bin", 1 << 20).await.unwrap();
    ann.pour(&put, &accepted, 300_000).await;
    bob.wait_for(|_, message| match message {
        ServerMessage::Transfer(Slot(1), TransferMessage::Stalled(by)) => Some(*by),
        _ => None,
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_said_within_transfers_does_not_count_as_requests() {
    let mut world = World::new();
    let mut ann = world.connect_with(SessionLimits { requests_per_second: 1, ..LIMITS }, 1 << 20);
    ann.hello("ann").await;
    ann.join("lobby").await;
    let bytes = noise(30_000, 1);
    let put = Put::new("a.bin", &bytes);
    let accepted = ann.offer(&put).await.unwrap();
    let started = tokio::time::Instant::now();
    assert!(accepted.credit >= 30_000);
    for at in 0..3000_u64 {
        let from = usize::try_from(at * 10).unwrap();
        let bytes = Bytes::copy_from_slice(&put.bytes[from..from + 10]);
        ann.say(1, TransferMessage::Chunk { offset: at * 10, bytes }).await;
    }
    let hashes = Bytes::copy_from_slice(&crate::world::root_of(&bytes).0);
    ann.say(1, TransferMessage::Hashes { first: 0, hashes }).await;
    ann.finish(&put).await;
    ann.outcome(1).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_at_once_are_all_answered() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let mut ids = Vec::new();
    for at in 0..3000 {
        let make = MakeFolder { room: RoomId(1), path: format!("d{}", at % 10) };
        ids.push(ann.send(ClientMessage::File(Slot(0), FileRequest::MakeFolder(make))).await);
        if at % 500 == 499 {
            for id in ids.drain(..) {
                assert!(matches!(ann.answer_to(id).await, ServerMessage::File(_)));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_server_ends_transfers_and_keeps_what_has_come() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(1_000_000, 1);
    let put = Put::new("a.bin", &bytes);
    let accepted = ann.offer(&put).await.unwrap();
    ann.pour(&put, &accepted, 900_000).await;
    ann.wait_until_arrived("a.bin", 3 * GROUP_BYTES).await;
    world.phase.send_replace(serve::Phase::Draining);
    while let Some((_, message)) = ann.next().await {
        assert!(matches!(message, ServerMessage::Goodbye(_) | ServerMessage::Transfer(..)), "{message:?}");
    }
    drop(ann);
    let mut world = world.restarted(FILES).await;
    let mut ann: Client = world.member("ann").await;
    assert_eq!(ann.offer(&put).await.unwrap().from, 3 * GROUP_BYTES);
    let fetch = Fetch { room: RoomId(1), path: "a.bin".into(), version: None, from: 0, credit: 0 };
    assert!(ann.fetch_from(2, fetch).await.unwrap().arriving);
}
