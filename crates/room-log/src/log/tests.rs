//! The ring: completeness, gaps, bounds.

use super::*;
use proptest::prelude::*;
use proto::event::{Rest, write};
use proto::{Codec, RoomId};
use tokio_util::codec::Decoder;

fn segment(first: u64, texts: &[&str]) -> Segment {
    let mut bytes = Vec::new();
    for (seq, text) in (first..).zip(texts) {
        write(Seq(seq), RoomId(1), 0, "ann", Rest::Said(text.as_bytes()), &mut bytes);
    }
    Segment::new(Seq(first), Seq(first + texts.len() as u64 - 1), bytes.into())
}

/// The sequence numbers of the frames in `pieces`, which must hold whole frames.
fn seqs(pieces: VecDeque<Bytes>) -> Vec<u64> {
    let mut bytes = bytes::BytesMut::new();
    pieces.iter().for_each(|piece| bytes.extend_from_slice(piece));
    let mut codec = Codec::control();
    let mut seqs = Vec::new();
    while let Some(frame) = codec.decode(&mut bytes).unwrap() {
        seqs.push(proto::event::seq_of(&frame).unwrap().0);
    }
    assert!(bytes.is_empty());
    seqs
}

#[test]
fn a_reader_gets_every_event_once_in_order() {
    let log = RoomLog::new();
    let mut cursor = Cursor::at(Seq(1));
    let mut out = VecDeque::new();
    assert_eq!(log.read(&mut cursor, 1, &mut out), Reading::Current);
    log.append(segment(1, &["a", "b"]), usize::MAX);
    log.append(segment(3, &["c"]), usize::MAX);
    assert!(matches!(log.read(&mut cursor, usize::MAX, &mut out), Reading::Taken { .. }));
    assert_eq!(seqs(out), [1, 2, 3]);
    assert!(log.is_current(&cursor));
}

#[test]
fn a_cursor_inside_a_merged_segment_gets_the_rest_of_it() {
    let log = RoomLog::new();
    log.append(segment(1, &["a", "bb"]), usize::MAX);
    let mut cursor = Cursor::at(Seq(2));
    log.append(segment(3, &["ccc"]), usize::MAX);
    let mut out = VecDeque::new();
    log.read(&mut cursor, usize::MAX, &mut out);
    assert_eq!(seqs(out), [2, 3]);
}

#[test]
fn an_overtaken_reader_is_told_what_is_the_oldest() {
    let log = RoomLog::new();
    let long = "x".repeat(MERGE_BELOW_BYTES);
    for seq in 1..=10 {
        log.append(segment(seq, &[&long]), 3 * MERGE_BELOW_BYTES);
    }
    let oldest = log.oldest();
    assert!(oldest > Seq(1) && log.held_bytes() <= 3 * MERGE_BELOW_BYTES);
    let mut cursor = Cursor::at(Seq(1));
    let mut out = VecDeque::new();
    assert_eq!(log.read(&mut cursor, usize::MAX, &mut out), Reading::Overtaken { oldest });
    assert_eq!(cursor, Cursor::at(Seq(1)), "it stands where it stood");
    let mut cursor = Cursor::at(oldest);
    log.read(&mut cursor, usize::MAX, &mut out);
    assert_eq!(seqs(out), (oldest.0..=10).collect::<Vec<_>>());
}

#[test]
fn the_newest_segment_stays_whatever_its_size() {
    let log = RoomLog::new();
    log.append(segment(1, &["x"]), 0);
    assert_eq!((log.oldest(), log.head()), (Seq(1), Seq(1)));
}

#[test]
fn a_log_trimmed_to_nothing_goes_on_behind_the_gap() {
    let log = RoomLog::new();
    log.append(segment(1, &["a", "b"]), usize::MAX);
    let held = log.held_bytes();
    assert_eq!(log.trim(held), 0);
    assert_eq!(log.trim(held - 1), held);
    let mut cursor = Cursor::at(Seq(1));
    let mut out = VecDeque::new();
    assert_eq!(log.read(&mut cursor, 1, &mut out), Reading::Overtaken { oldest: Seq(3) });
    log.append(segment(3, &["c"]), usize::MAX);
    assert_eq!(log.read(&mut cursor, 1, &mut out), Reading::Overtaken { oldest: Seq(3) });
    let mut cursor = Cursor::at(Seq(3));
    log.read(&mut cursor, 1, &mut out);
    assert_eq!(seqs(out), [3]);
}

proptest! {
    /// Readers at any place, appends of any size, rings of any size: what a reader gets, together with what it
    /// was overtaken by, is every event from its place on, once and in order.
    #[test]
    fn got_and_missed_make_the_whole(
        steps in prop::collection::vec((1_usize..5, 0_usize..3000, prop::bool::ANY), 1..60),
        keep_bytes in 0_usize..20_000,
        budget_bytes in 1_usize..10_000,
        first in 1_u64..20,
    ) {
        let log = RoomLog::new();
        let mut next = 1;
        let mut cursor = Cursor::at(Seq(first));
        let mut seen = Vec::new();
        let read = |cursor: &mut Cursor, seen: &mut Vec<u64>| {
            let mut out = VecDeque::new();
            match log.read(cursor, budget_bytes, &mut out) {
                Reading::Current => false,
                Reading::Taken { bytes } => {
                    assert_eq!(bytes, out.iter().map(Bytes::len).sum::<usize>());
                    seen.extend(seqs(out));
                    true
                }
                Reading::Overtaken { oldest } => {
                    assert!(cursor.next() < oldest);
                    seen.extend(cursor.next().0..oldest.0);
                    *cursor = Cursor::at(oldest);
                    true
                }
            }
        };
        for (count, length, reads) in steps {
            let text = "y".repeat(length);
            log.append(segment(next, &vec![text.as_str(); count]), keep_bytes);
            next += count as u64;
            if reads {
                read(&mut cursor, &mut seen);
            }
        }
        while read(&mut cursor, &mut seen) {}
        prop_assert_eq!(seen, (first..next).collect::<Vec<_>>());
    }
}
