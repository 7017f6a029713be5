//! A process that dies at a point of a commit: what it had confirmed is there, and what is there is whole.

#![cfg(debug_assertions)]

use std::path::Path;
use std::process::{Command, Stdio};

use futures::executor::block_on;
use proto::event::{Rest, write};
use proto::{RoomId, Seq};
use room_log::store::rows::{Batch, Events, RoomRow, Row, Title};
use room_log::store::{Durability, Retention, StoreOptions};
use room_log::{Segment, Store};

/// Events of a batch; each is a statement of its own, in a room of its own.
const ROOMS: u32 = 3;

fn open(folder: &Path) -> (Store, Vec<u64>) {
    let options = StoreOptions { durability: Durability::Full, retention: Retention::default(), readers: 1 };
    let (store, stored) = Store::open(folder, options).expect("a store");
    (store, stored.rooms.iter().map(|stored| stored.head.0).collect())
}

fn event(room: u32, seq: u64) -> Events {
    let mut bytes = Vec::new();
    write(Seq(seq), RoomId(room), seq, "ann", Rest::Said(b"here"), &mut bytes);
    let segment = Segment::new(Seq(seq), Seq(seq), bytes.into());
    Events { room: RoomId(room), segment, first_at_ms: seq, last_at_ms: seq, has_content: true, sent: Vec::new() }
}

/// The process that dies: commits batches and says after each how many are confirmed.
#[test]
#[ignore = "started by the other test of this file, with a folder and a point"]
fn commits_until_it_dies() {
    let folder = std::env::var("STORE_FOLDER").expect("a folder");
    let (store, _) = open(folder.as_ref());
    let room = |id| {
        let title = Title::Named(format!("room-{id}"));
        Row::Room(RoomRow { id: RoomId(id), title, topic: String::new(), ended: false })
    };
    for seq in 1..=9 {
        let rows = if seq == 1 { (0..ROOMS).map(room).collect() } else { Vec::new() };
        block_on(store.commit(Batch { rows, events: (0..ROOMS).map(|room| event(room, seq)).collect() }))
            .expect("stored");
        println!("confirmed {seq}");
    }
}

/// Lets the process die at a point. The last batch it had confirmed, and the rooms' heads afterwards.
fn dies_at(point: &str, fault: &str) -> (u64, Vec<u64>) {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "commits_until_it_dies", "--ignored", "--nocapture"])
        .env("STORE_FOLDER", folder.path())
        .env("VERBATIM_FAIL_POINT", point)
        .env("VERBATIM_FAULT", fault)
        .stderr(Stdio::null())
        .output()
        .expect("a process");
    assert!(!output.status.success(), "{point}: it did not die");
    let said = String::from_utf8(output.stdout).expect("text");
    let confirmed = said.lines().filter_map(|line| line.split_once("confirmed ")?.1.parse().ok()).max();
    let (store, heads) = open(folder.path());
    store.close();
    (confirmed.unwrap_or(0), heads)
}

#[test]
fn what_was_confirmed_is_there_and_a_batch_is_there_whole_or_not() {
    let rooms = u64::from(ROOMS);
    for (point, confirmed, stored) in [
        ("mid-batch:1".to_owned(), 0, None),
        ("before-commit:1".to_owned(), 0, None),
        ("after-commit:1".to_owned(), 0, Some(1)),
        (format!("mid-batch:{}", 4 * rooms + 2), 4, Some(4)),
        ("before-commit:5".to_owned(), 4, Some(4)),
        ("after-commit:5".to_owned(), 4, Some(5)),
    ] {
        let heads: Vec<u64> = stored.map_or_else(Vec::new, |stored| vec![stored; ROOMS as usize]);
        assert_eq!(dies_at(&point, ""), (confirmed, heads), "{point}");
    }
}

/// The fault that whoever tests a server by pulling its plug plants, to see that the test would find it.
#[test]
fn what_is_confirmed_early_is_lost() {
    let (confirmed, heads) = dies_at("before-commit:5", "confirm-early");
    assert!(heads == vec![4; ROOMS as usize], "{heads:?}");
    // It is told so before the commit, and whether it comes to say so before it dies is a race, but that it is never more.
    assert!((4..=5).contains(&confirmed), "{confirmed}");
}
