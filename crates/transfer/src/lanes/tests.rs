//! Who sends next, and how much.

use std::collections::BTreeMap;

use proto::limits::BULK_BYTES_MAX;
use proto::message::StalledBy;

use super::*;
use crate::group::GroupHash;
use crate::source::{Hashing, SourceOptions};

/// A source of `size` bytes in memory, whose bytes need no job. They are not what its hashes say; nobody looks.
fn source(size: usize, credit: u64) -> Source {
    let hashes = vec![GroupHash([0; 32]); size.div_ceil(256 * 1024)];
    let options = SourceOptions {
        size: size as u64,
        from: 0,
        credit,
        hashing: Hashing::Stored(Arc::new(hashes)),
        root: None,
        arriving: None,
    };
    Source::new(Arc::new(Bytes::from(vec![0; size])), options, Arc::new(|| {}))
}

/// Lanes with these transfers, of the slots 1 and up.
fn lanes(sizes: &[usize]) -> Lanes {
    let mut lanes = Lanes::new(BULK_BYTES_MAX);
    for (slot, size) in (1..).zip(sizes) {
        lanes.add(Slot(slot), source(*size, *size as u64));
    }
    lanes
}

#[tokio::test]
async fn small_files_send_four_bytes_for_each_of_large_ones_and_all_of_a_lane_alike() {
    const SMALL: usize = 256 * 1024;
    const LARGE: usize = 8 * 1024 * 1024;
    let mut lanes = lanes(&[&[SMALL; 16][..], &[LARGE; 2]].concat());
    let frame = lanes.frame_bytes();
    let mut sent: BTreeMap<u16, usize> = (1..=18).map(|slot| (slot, 0)).collect();
    let small_left = |sent: &BTreeMap<u16, usize>| sent.iter().any(|(slot, sent)| *slot <= 16 && *sent < SMALL);
    while small_left(&sent) {
        let bulk = lanes.next_bulk().unwrap();
        *sent.get_mut(&bulk.slot.0).unwrap() += bulk.body.len();
        let small: Vec<usize> = (1..=16).map(|slot| sent[&slot]).collect();
        let (least, most) = (small.iter().min().unwrap(), small.iter().max().unwrap());
        assert!(most - least <= 2 * frame, "{small:?}");
    }
    let large = [sent[&17], sent[&18]];
    assert!(large[0].abs_diff(large[1]) <= 2 * frame, "{large:?}");
    assert!((large[0] + large[1]).abs_diff(16 * SMALL / 4) <= 3 * frame, "{large:?}");
}

#[tokio::test]
async fn a_lane_that_was_idle_does_not_make_up_for_it() {
    const LARGE: usize = 8 * 1024 * 1024;
    let mut lanes = lanes(&[LARGE, LARGE]);
    lanes.source(Slot(1)).unwrap();
    for _ in 0..30 {
        assert!(lanes.next_bulk().unwrap().slot.0 <= 2);
    }
    for slot in 3..20 {
        lanes.add(Slot(slot), source(256 * 1024, u64::MAX));
    }
    let slots: Vec<u16> = (0..20).map(|_| lanes.next_bulk().unwrap().slot.0).collect();
    assert_eq!(slots.iter().filter(|slot| **slot <= 2).count(), 4, "{slots:?}");
}

#[tokio::test]
async fn a_transfer_without_credit_holds_nobody_up() {
    let mut lanes = Lanes::new(BULK_BYTES_MAX);
    lanes.add(Slot(1), source(9_000_000, 0));
    assert!(lanes.next_bulk().is_none());
    lanes.add(Slot(2), source(9_000_000, 100_000));
    let (first, second) = (lanes.next_bulk().unwrap(), lanes.next_bulk().unwrap());
    assert_eq!((first.slot, first.body.len(), second.slot, second.body.len()), (Slot(2), 65536, Slot(2), 34464));
    assert!(lanes.next_bulk().is_none());
    lanes.source(Slot(1)).unwrap().credit(5);
    assert_eq!(lanes.next_bulk().unwrap().body.len(), 5);
    assert!(!lanes.is_empty());
    lanes.remove(Slot(1)).unwrap();
    lanes.remove(Slot(2)).unwrap();
    assert!(lanes.is_empty() && lanes.remove(Slot(2)).is_none());
}

#[tokio::test]
async fn control_comes_in_order_and_newer_credit_in_the_place_of_older() {
    let mut lanes = Lanes::new(BULK_BYTES_MAX);
    let credit = |slot, limit| TransferMessage::Credit { limit }.to_frame(Slot(slot));
    let stalled = TransferMessage::Stalled(StalledBy::Sender).to_frame(Slot(1));
    for frame in [credit(1, 10), stalled.clone(), credit(2, 10), credit(1, 20)] {
        lanes.control(frame);
    }
    let mut expected = Vec::new();
    for frame in [credit(1, 20), stalled, credit(2, 10)] {
        frame.write(&mut expected);
    }
    let mut out = Vec::new();
    assert!(lanes.take_control(&mut out) && !lanes.take_control(&mut out));
    assert_eq!(out, expected);
}

#[tokio::test]
async fn a_source_that_fails_is_stopped_and_told_of_once() {
    let mut lanes = lanes(&[100_000, 9_000_000]);
    // Its content is shorter than its size.
    let options = SourceOptions {
        size: 900_000,
        from: 0,
        credit: u64::MAX,
        hashing: Hashing::Stored(Arc::new(vec![GroupHash([0; 32]); 4])),
        root: None,
        arriving: None,
    };
    lanes.add(Slot(2), Source::new(Arc::new(Bytes::new()), options, Arc::new(|| {})));
    assert!(std::iter::from_fn(|| lanes.next_bulk()).all(|bulk| bulk.slot == Slot(1)));
    let failed = lanes.take_failed();
    assert!(matches!(&failed[..], [(Slot(2), refusal)] if refusal.code == Code::Changed), "{failed:?}");
    assert!(lanes.take_failed().is_empty() && lanes.source(Slot(2)).is_none());
    let mut out = Vec::new();
    lanes.take_control(&mut out);
    let mut expected = Vec::new();
    let stop = Stop { refusal: failed[0].1.clone(), keep: false };
    TransferMessage::Stop(stop).to_frame(Slot(2)).write(&mut expected);
    assert_eq!(out, expected);
}

#[tokio::test]
async fn hashes_and_the_end_go_with_the_bytes() {
    let mut lanes = Lanes::new(BULK_BYTES_MAX);
    let (woken, wake) = std::sync::mpsc::sync_channel(99);
    let options = SourceOptions {
        size: 1000,
        from: 0,
        credit: 1000,
        hashing: Hashing::Compute { before: crate::group::RootBuilder::new() },
        root: None,
        arriving: None,
    };
    let content = Arc::new(Bytes::from(vec![1; 1000]));
    let wakes = Arc::new(move || woken.try_send(()).unwrap());
    lanes.add(Slot(9), Source::new(content, options, wakes));
    assert!(lanes.next_bulk().is_none());
    wake.recv().unwrap();
    let (bytes, rest) = (lanes.next_bulk().unwrap(), lanes.next_bulk().unwrap());
    assert_eq!((bytes.head.len(), bytes.body.len()), (16, 1000));
    // Hashes and Finish, 32 bytes each.
    assert_eq!((rest.head.len(), rest.body.len()), (16 + 32 + 16 + 32, 0));
    assert!(lanes.next_bulk().is_none() && lanes.low_water() == 65536);
}

#[tokio::test]
async fn a_stored_file_is_described_if_that_is_asked_for() {
    use std::io::Write;
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&[7; 100_000]).unwrap();
    let content = Arc::new(crate::content::FileContent::new(file).unwrap());
    if crate::content::Content::read_now(&*content, 0, &mut [0]).unwrap().is_none() {
        return; // Nobody can tell what is in the page cache here, so nothing is described.
    }
    let options = SourceOptions {
        size: 100_000,
        from: 0,
        credit: 90_000,
        hashing: Hashing::Stored(Arc::new(vec![GroupHash([0; 32])])),
        root: None,
        arriving: None,
    };
    let mut lanes = Lanes::new(BULK_BYTES_MAX).describing_files();
    lanes.add(Slot(1), Source::new(content, options, Arc::new(|| {})));
    for (offset, len) in [(0, 65536), (65536, 24464)] {
        let bulk = lanes.next_bulk().unwrap();
        let range = bulk.file.as_ref().unwrap();
        assert_eq!((range.offset, range.len, bulk.body.len(), bulk.wire_bytes()), (offset, len, 0, 16 + len));
    }
    assert!(lanes.next_bulk().is_none());
}

#[tokio::test]
async fn a_hundred_sources_that_wait_read_little_ahead() {
    const SIZE: usize = 4 * 1024 * 1024;
    let content = Arc::new(Bytes::from(vec![1; SIZE]));
    let buffers = Buffers::new(READ_AHEAD_BYTES);
    let mut lanes = Lanes::new(BULK_BYTES_MAX).reading_ahead_in(Arc::clone(&buffers));
    let (woken, wake) = std::sync::mpsc::sync_channel(9999);
    for slot in 1..=100 {
        let options = SourceOptions {
            size: SIZE as u64,
            from: 0,
            credit: 0,
            hashing: Hashing::Compute { before: crate::group::RootBuilder::new() },
            root: None,
            arriving: None,
        };
        let woken = woken.clone();
        let wakes = Arc::new(move || woken.try_send(()).unwrap());
        lanes.add(Slot(slot), Source::new(Arc::clone(&content) as Arc<_>, options, wakes));
        assert!(lanes.next_bulk().is_none());
    }
    (0..200).for_each(|_| wake.recv().unwrap());
    assert!(buffers.held() > 0 && buffers.held() <= 30 * 1024 * 1024, "{}", buffers.held());
    drop(lanes);
    assert_eq!(buffers.held(), 0);
}

#[tokio::test]
async fn what_waits_to_be_said_of_a_transfer_is_not_said_of_the_next_in_its_slot() {
    let mut lanes = lanes(&[]);
    for slot in [1, 2, 1] {
        lanes.control(TransferMessage::Credit { limit: u64::from(slot) << 30 }.to_frame(Slot(slot)));
        lanes.control(TransferMessage::Stalled(StalledBy::Sender).to_frame(Slot(slot)));
    }
    lanes.forget(Slot(1));
    let (mut said, mut expected) = (Vec::new(), Vec::new());
    lanes.take_control(&mut said);
    TransferMessage::Credit { limit: 2 << 30 }.to_frame(Slot(2)).write(&mut expected);
    TransferMessage::Stalled(StalledBy::Sender).to_frame(Slot(2)).write(&mut expected);
    assert_eq!(said, expected);
}
