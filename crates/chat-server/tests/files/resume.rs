//! What breaks off goes on from what is verified.

use proto::limits::GROUP_BYTES;
use proto::message::{Fetch, Stop, TransferMessage};
use proto::{Code, Refusal, RoomId};
use transfer::group::{GroupHasher, prefix_hash};

use crate::world::{Client, FILES, Put, World, code, noise};

const SIZE: usize = 3_000_000;

/// Whole groups before `bytes`.
fn groups_before(bytes: usize) -> u64 {
    bytes as u64 / GROUP_BYTES * GROUP_BYTES
}

/// The hash of the hashes of the groups before `from`.
fn prefix_of(bytes: &[u8], from: u64) -> proto::Root {
    let (mut hasher, mut hashes) = (GroupHasher::new(bytes.len() as u64, 0), Vec::new());
    hasher.update(&bytes[..usize::try_from(from).unwrap()], &mut hashes);
    prefix_hash(hashes.iter())
}

/// Waits until the server has verified what was sent, and cuts the connection.
async fn cut(client: Client, world: &mut World, path: &str, verified: u64) {
    let mut other = world.member("watcher").await;
    other.wait_until_arrived(path, verified).await;
    drop(client);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_was_cut_goes_on_from_what_is_verified() {
    let mut world = World::new();
    let bytes = noise(SIZE, 1);
    let put = Put::new("a.bin", &bytes);
    let mut ann = world.member("ann").await;
    let accepted = ann.offer(&put).await.unwrap();
    ann.pour(&put, &accepted, 2_000_000).await;
    let verified = groups_before(2_000_000);
    cut(ann, &mut world, "a.bin", verified).await;
    // Her nick is held for her, so she comes under another; the key says that it is her file.
    let mut ann = world.member("ann2").await;
    let again = ann.offer(&put).await.unwrap();
    assert_eq!((again.from, again.version, again.restarted), (verified, accepted.version, false));
    assert_eq!(again.prefix, prefix_of(&bytes, verified));
    ann.pour(&put, &again, SIZE).await;
    ann.finish(&put).await;
    ann.outcome(1).await.unwrap();
    assert!(std::fs::read(world.stored("a.bin")).unwrap() == bytes);
    assert_eq!(world.parts(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_after_the_server_was_restarted() {
    let mut world = World::new();
    let bytes = noise(SIZE, 1);
    let put = Put::new("a.bin", &bytes);
    let mut ann = world.member("ann").await;
    let accepted = ann.offer(&put).await.unwrap();
    ann.pour(&put, &accepted, 2_000_000).await;
    let verified = groups_before(2_000_000);
    cut(ann, &mut world, "a.bin", verified).await;
    let mut world = world.restarted(FILES).await;
    let mut ann = world.member("ann").await;
    let again = ann.offer(&put).await.unwrap();
    assert_eq!((again.from, again.version, again.restarted), (verified, accepted.version, false));
    assert_eq!(again.prefix, prefix_of(&bytes, verified));
    ann.pour(&put, &again, SIZE).await;
    ann.finish(&put).await;
    assert_eq!(ann.outcome(1).await.unwrap().version, accepted.version);
    assert!(std::fs::read(world.stored("a.bin")).unwrap() == bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_content_under_the_same_key_starts_over_and_is_said() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(SIZE, 1);
    let put = Put::new("a.bin", &bytes);
    let changes: [(&str, Put<'_>, bool); 3] = [
        ("another size", Put { bytes: &bytes[..SIZE - 1], ..put.clone() }, true),
        ("another time", Put { modified_ms: 5, ..put.clone() }, true),
        ("afresh", Put { fresh: true, ..put.clone() }, false),
    ];
    for (what, change, restarted) in changes {
        for restart in [false, true] {
            let accepted = ann.offer(&put).await.unwrap();
            ann.pour(&put, &accepted, 1_000_000).await;
            let mut watcher = world.member("watcher").await;
            watcher.wait_until_arrived("a.bin", groups_before(1_000_000)).await;
            watcher.bye().await;
            ann.say(1, stop(true)).await;
            if restart {
                ann.bye().await;
                world = world.restarted(FILES).await;
                ann = world.member("ann").await;
            }
            let again = ann.offer(&change).await.unwrap();
            assert_eq!((again.from, again.restarted), (0, restarted), "{what}, {restart}");
            assert_ne!(again.version, accepted.version);
            ann.say(1, stop(false)).await;
            ann.settle().await;
            while !world.parts().is_empty() {
                tokio::task::yield_now().await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_over_to_the_connection_that_offers_it_last() {
    let mut world = World::new();
    let (mut one, mut two) = (world.member("ann").await, world.member("ann2").await);
    let bytes = noise(SIZE, 1);
    let put = Put::new("a.bin", &bytes);
    let accepted = one.offer(&put).await.unwrap();
    one.pour(&put, &accepted, 1_000_000).await;
    two.wait_until_arrived("a.bin", groups_before(1_000_000)).await;
    let again = two.offer(&put).await.unwrap();
    assert_eq!(again.from, groups_before(1_000_000));
    assert_eq!(code(one.outcome(1).await), Some(Code::Stopped));
    two.pour(&put, &again, SIZE).await;
    two.finish(&put).await;
    two.outcome(1).await.unwrap();
    assert!(std::fs::read(world.stored("a.bin")).unwrap() == bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_a_file_that_comes_waits_for_its_sender_to_come_back() {
    let mut world = World::new();
    let bytes = noise(SIZE, 1);
    let put = Put::new("a.bin", &bytes);
    let (mut ann, mut bob) = (world.member("ann").await, world.member("bob").await);
    let accepted = ann.offer(&put).await.unwrap();
    let fetching = bob.fetch(1, "a.bin", 1 << 20).await.unwrap();
    let reading = tokio::spawn(async move { bob.drain(1, fetching.size, 0).await });
    ann.pour(&put, &accepted, 2_000_000).await;
    cut(ann, &mut world, "a.bin", groups_before(2_000_000)).await;
    let mut ann = world.member("ann2").await;
    ann.put(&put).await.unwrap();
    assert!(reading.await.unwrap().unwrap() == bytes);
}

#[tokio::test(start_paused = true)]
async fn a_sender_who_does_not_come_back_is_let_go() {
    let mut world = World::new();
    let bytes = noise(SIZE, 1);
    let put = Put::new("a.bin", &bytes);
    let (mut ann, mut bob) = (world.member("ann").await, world.member("bob").await);
    let accepted = ann.offer(&put).await.unwrap();
    let fetching = bob.fetch(1, "a.bin", 1 << 30).await.unwrap();
    ann.pour(&put, &accepted, 2_000_000).await;
    bob.wait_until_arrived("a.bin", groups_before(2_000_000)).await;
    drop(ann);
    assert_eq!(code(bob.drain(1, fetching.size, 0).await), Some(Code::Stopped));
    assert!(bob.listed("").await.is_empty(), "it is no longer listed");
    let mut ann = world.member("ann2").await;
    let again = ann.offer(&put).await.unwrap();
    assert_eq!((again.from, again.version), (groups_before(2_000_000), accepted.version), "but kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stopped_for_good_is_gone() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(SIZE, 1);
    let put = Put::new("a.bin", &bytes);
    let accepted = ann.offer(&put).await.unwrap();
    ann.pour(&put, &accepted, 2_000_000).await;
    ann.say(1, stop(false)).await;
    ann.settle().await;
    while !world.parts().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(ann.offer(&put).await.unwrap().from, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_goes_on_with_the_same_version_and_with_no_other() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(SIZE, 1);
    let version = ann.put(&Put::new("a.bin", &bytes)).await.unwrap().version;
    std::fs::write(world.stored("plain.bin"), &bytes).unwrap();
    let plain = ann.fetch(9, "plain.bin", 0).await.unwrap().version;
    ann.say(9, stop(true)).await;
    for (path, version) in [("a.bin", version), ("plain.bin", plain)] {
        for from in [0, GROUP_BYTES, 5 * GROUP_BYTES, SIZE as u64] {
            let fetch = Fetch { room: RoomId(1), path: path.into(), version: Some(version), from, credit: from };
            let fetching = ann.fetch_from(2, fetch).await.unwrap();
            ann.say(2, TransferMessage::Credit { limit: from + 1000 }).await;
            let rest = ann.drain(2, fetching.size, from).await.unwrap();
            assert!(rest == bytes[usize::try_from(from).unwrap()..], "{path} from {from}");
        }
        let fetch = Fetch { room: RoomId(1), path: path.into(), version: Some(version), from: GROUP_BYTES, credit: 0 };
        std::fs::write(world.stored(path), noise(SIZE, 2)).unwrap();
        assert_eq!(code(ann.fetch_from(2, fetch).await), Some(Code::Changed));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_begins_only_at_a_group() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(SIZE, 1);
    ann.put(&Put::new("a.bin", &bytes)).await.unwrap();
    for from in [1, GROUP_BYTES - 1, SIZE as u64 - 1, SIZE as u64 + 1, 13 * GROUP_BYTES, u64::MAX] {
        let fetch = Fetch { room: RoomId(1), path: "a.bin".into(), version: None, from, credit: u64::MAX };
        assert_eq!(code(ann.fetch_from(2, fetch).await), Some(Code::Overrun), "{from}");
    }
}

fn stop(keep: bool) -> TransferMessage {
    TransferMessage::Stop(Stop { refusal: Refusal::new(Code::Stopped, "enough"), keep })
}
