//! Bytes that are damaged on the way are sent again, and never called verified.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use proto::codec::Codec;
use proto::message::TransferMessage;
use proto::{ClientMessage, Code};
use tokio_util::codec::Decoder;
use transfer::sink::{REPAIRS_MAX, SinkSignal};
use transfer::source::Hashing;

use crate::memory::{GROUP, Memory, file, hashes_of, root_of};
use crate::pipe::{Ends, Outcome, Pipe};

/// Flips a bit of the byte at `place`, if it is in this message; whether it was.
fn flip(message: &mut TransferMessage, place: usize) -> bool {
    let TransferMessage::Chunk { offset, bytes } = message else { return false };
    let Some(at) = place.checked_sub(*offset as usize).filter(|at| *at < bytes.len()) else { return false };
    *bytes = flipped(bytes, at);
    true
}

fn flipped(bytes: &Bytes, at: usize) -> Bytes {
    let mut damaged = BytesMut::from(&bytes[..]);
    damaged[at] ^= 1;
    damaged.freeze()
}

/// A file of `groups` groups and 5 bytes, sent so that `times` times the byte at `place` is damaged.
async fn damaged(groups: usize, stored: bool, place: usize, times: u32) -> (Pipe, Memory, Bytes, Outcome) {
    let bytes = file(groups * GROUP + 5);
    let target = Memory::default();
    let mut ends = Ends::new(bytes.clone(), target.clone());
    if stored {
        ends.hashing = Hashing::Stored(Arc::new(hashes_of(&bytes)));
    }
    let mut pipe = Pipe::new(ends);
    let mut left = times;
    pipe.on_the_way = Box::new(move |message| {
        if left > 0 && flip(message, place) {
            left -= 1;
        }
    });
    let outcome = pipe.run().await;
    (pipe, target, bytes, outcome)
}

#[tokio::test]
async fn a_damaged_group_is_sent_again_and_what_was_in_flight_behind_it() {
    for stored in [false, true] {
        for (place, from) in [(0, 0), (5 * GROUP - 1, 4), (99 * GROUP, 99), (100 * GROUP + 4, 100)] {
            let (pipe, target, bytes, outcome) = damaged(100, stored, place, 1).await;
            assert!(matches!(outcome, Outcome::Sink(SinkSignal::Finished { .. })), "{outcome:?}");
            let repairs: Vec<_> =
                pipe.signals.iter().filter(|signal| matches!(signal, SinkSignal::Repair(_))).collect();
            assert_eq!(repairs, [&SinkSignal::Repair((from * GROUP) as u64)]);
            let seen = target.seen.lock().unwrap();
            assert!(seen.bytes == bytes && seen.hashes == hashes_of(&bytes), "{place}");
            let again = pipe.sent - bytes.len() as u64;
            // The window is 16 MiB at most, and frames 1 MiB.
            assert!(again > 0 && again <= 17 << 20, "{again} bytes were sent again");
        }
    }
}

#[tokio::test]
async fn a_group_damaged_over_and_over_ends_the_transfer() {
    for (times, ends) in [(REPAIRS_MAX, false), (REPAIRS_MAX + 1, true)] {
        let (_, target, bytes, outcome) = damaged(6, false, 2 * GROUP + 9, times).await;
        let seen = target.seen.lock().unwrap();
        if ends {
            assert_eq!(outcome.code(), Some(Code::Damaged), "{outcome:?}");
            assert_eq!((seen.verified, seen.finished), (2 * GROUP as u64, None));
        } else {
            assert_eq!(outcome.code(), None, "{outcome:?}");
            assert!(seen.bytes == bytes);
        }
        assert!(seen.dropped);
    }
}

#[tokio::test]
async fn a_damaged_hash_is_repaired_like_a_damaged_group() {
    let bytes = file(9 * GROUP);
    let target = Memory::default();
    let mut pipe = Pipe::new(Ends::new(bytes.clone(), target.clone()));
    let mut left = 3;
    pipe.on_the_way = Box::new(move |message| {
        if let TransferMessage::Hashes { hashes, .. } = message
            && left > 0
        {
            left -= 1;
            *hashes = flipped(hashes, hashes.len() - 1);
        }
    });
    assert_eq!(pipe.run().await.code(), None);
    assert!(target.seen.lock().unwrap().bytes == bytes);
    assert!(pipe.signals.iter().any(|signal| matches!(signal, SinkSignal::Repair(_))));
}

#[tokio::test]
async fn a_repair_far_back_makes_the_same_hashes_again() {
    // Behind the first checkpoint of the root, which stands at 64 groups.
    for from in [0, 63, 64, 65, 70] {
        let bytes = file(72 * GROUP + 1);
        let target = Memory::default();
        let mut pipe = Pipe::new(Ends::new(bytes.clone(), target.clone()));
        let outcome = loop {
            let outcome = pipe.step();
            if outcome.is_some() || pipe.sent == bytes.len() as u64 {
                break outcome;
            }
            pipe.bell.rung().await;
        };
        if outcome.is_none() {
            let source = pipe.lanes.source(crate::pipe::SLOT).unwrap();
            source.repair((from * GROUP) as u64).unwrap();
        }
        // The sink did not ask for it, so it is not told; what matters is what is sent.
        let (mut again, mut hashes) = (Vec::new(), Vec::new());
        let root = loop {
            let Some(bulk) = pipe.lanes.next_bulk() else {
                pipe.bell.rung().await;
                continue;
            };
            let mut line = BytesMut::from(&[&bulk.head[..], &bulk.body[..]].concat()[..]);
            let mut end = None;
            while let Some(frame) = Codec::new(1 << 20).decode(&mut line).unwrap() {
                match ClientMessage::from_frame(&frame).unwrap() {
                    ClientMessage::Transfer(_, TransferMessage::Chunk { bytes, .. }) => again.extend_from_slice(&bytes),
                    ClientMessage::Transfer(_, TransferMessage::Hashes { hashes: more, .. }) => hashes.push(more),
                    ClientMessage::Transfer(_, TransferMessage::Finish { root, .. }) => end = Some(root),
                    other => panic!("{other:?}"),
                }
            }
            if let Some(root) = end {
                break root;
            }
        };
        assert!(again == bytes[from * GROUP..], "from group {from}");
        let expected: Vec<u8> = hashes_of(&bytes)[from..].iter().flat_map(|hash| hash.0).collect();
        assert!(hashes.concat() == expected && root == root_of(&bytes), "from group {from}");
    }
}
