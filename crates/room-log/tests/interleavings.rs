//! The ring, its one writer and readers of it, as a scheduler interleaves them: at every lock and every atomic another
//! thread may go on.
//!
//! `cargo test -p room-log --features shuttle --test interleavings`

use std::collections::VecDeque;

use bytes::Bytes;
use proto::event::{Rest, write};
use proto::message::Page;
use proto::{RoomId, Seq};
use room_log::{Cursor, Reading, RoomLog, Segment};
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};
use shuttle::sync::Arc;
use shuttle::{Config, Runner, thread};

/// Tries `scene` as `scheduler` does.
fn try_all(scheduler: impl Scheduler + 'static, scene: fn()) {
    let mut config = Config::new();
    // It warns that it takes every ordering for the strictest.
    config.silence_warnings = true;
    let runs = Runner::new(scheduler, config).run(scene);
    assert!(runs > 0, "no run at all");
}

/// Tries it at random, with few changes between threads at the worst places, and, up to a bound, one way after the other.
fn try_scene(scene: fn()) {
    try_all(RandomScheduler::new(1000), scene);
    try_all(PctScheduler::new(3, 1000), scene);
    try_all(DfsScheduler::new(Some(5000), false), scene);
}

/// The events from `first` on, of a length that some are merged with what is before them and some are not.
fn segment(first: u64, count: u64) -> Segment {
    let mut bytes = Vec::new();
    for seq in first..first + count {
        let text = vec![b'x'; if seq % 3 == 0 { 5000 } else { 10 }];
        write(Seq(seq), RoomId(1), 0, "ann", Rest::Said(&text), &mut bytes);
    }
    Segment::new(Seq(first), Seq(first + count - 1), bytes.into())
}

fn seqs(pieces: VecDeque<Bytes>) -> Vec<u64> {
    let frames = Vec::from(pieces).concat().into();
    let page = Page { more: false, unindexed: false, next: 0, gone_to: Seq(0), frames };
    page.events().expect("whole frames").iter().map(|event| event.seq.0).collect()
}

/// Reads until event `last`; what it got, and what it was overtaken by, must be every event once and in order.
fn read_to(log: &RoomLog, last: u64, budget_bytes: usize) {
    let (mut cursor, mut next) = (Cursor::at(Seq(1)), 1);
    while next <= last {
        let head = log.head();
        let mut out = VecDeque::new();
        match log.read(&mut cursor, budget_bytes, &mut out) {
            Reading::Current => {
                assert!(head < Seq(next), "event {head} was there, and {next} was not to be had");
                thread::yield_now();
            }
            Reading::Taken { bytes } => {
                assert_eq!(bytes, out.iter().map(Bytes::len).sum::<usize>());
                let got = seqs(out);
                assert_eq!(got, (next..next + got.len() as u64).collect::<Vec<_>>());
                assert!(!got.is_empty());
                next += got.len() as u64;
            }
            Reading::Overtaken { oldest } => {
                assert!(oldest > Seq(next), "{oldest} is there, and so {next}");
                // Somebody else reads what is between from the disk; here it counts as read.
                next = oldest.0;
                cursor = Cursor::at(oldest);
            }
        }
        assert_eq!(cursor.next(), Seq(next));
    }
}

/// Appends events 1 to 8 in pieces of one and two, into a ring that holds so many bytes.
fn append_all(log: &RoomLog, keep_bytes: usize) {
    let mut held = 0;
    for (first, count) in [(1, 1), (2, 2), (4, 1), (5, 1), (6, 2), (8, 1)] {
        held += log.append(segment(first, count), keep_bytes);
        assert_eq!(log.head(), Seq(first + count - 1));
    }
    assert_eq!(held.unsigned_abs(), log.held_bytes());
}

fn scene(keep_bytes: usize, budgets: &[usize]) {
    let log = Arc::new(RoomLog::new());
    let readers: Vec<_> = budgets
        .iter()
        .map(|budget| {
            let (log, budget) = (Arc::clone(&log), *budget);
            thread::spawn(move || read_to(&log, 8, budget))
        })
        .collect();
    append_all(&log, keep_bytes);
    for reader in readers {
        reader.join().expect("a reader");
    }
    assert!(log.is_current(&Cursor::at(Seq(9))));
}

#[test]
fn readers_of_a_ring_that_holds_all_get_all() {
    try_scene(|| scene(usize::MAX, &[1, usize::MAX]));
}

#[test]
fn readers_of_a_ring_that_holds_little_get_all_or_hear_what_they_did_not() {
    try_scene(|| scene(6000, &[1, 6000]));
}

#[test]
fn a_ring_that_is_trimmed_while_it_is_read_is_whole() {
    try_scene(|| {
        let log = Arc::new(RoomLog::new());
        let reader = Arc::clone(&log);
        let reader = thread::spawn(move || read_to(&reader, 8, 1));
        append_all(&log, usize::MAX);
        log.trim(5000);
        assert!(log.held_bytes() <= 5000);
        log.trim(0);
        assert_eq!((log.oldest(), log.head()), (Seq(9), Seq(8)));
        reader.join().expect("the reader");
    });
}
