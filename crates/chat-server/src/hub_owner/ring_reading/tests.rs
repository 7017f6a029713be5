//! Pages of a ring, and what is counted in it.

use super::*;
use proto::RoomId;
use proto::event::{Rest, write};
use room_log::Segment;

/// Events 1 to `count` at as many seconds, in segments too long to be merged; the ring holds about the last `held`.
fn log(count: u64, held: usize) -> RoomLog {
    let log = RoomLog::new();
    for seq in 1..=count {
        let mut bytes = Vec::new();
        let nick = if seq % 2 == 0 { "ann" } else { "bob" };
        write(Seq(seq), RoomId(1), seq * 1000, nick, Rest::Said(&[b'x'; EVENT_BYTES]), &mut bytes);
        let keep = bytes.len() * held;
        log.append(Segment::new(Seq(seq), Seq(seq), bytes.into()), keep);
    }
    log
}

const EVENT_BYTES: usize = 5000;

#[test]
fn a_page_is_what_was_asked_for_as_far_as_it_is_held() {
    // 20 events, of which 11 to 20 are held: asked for, count, then expected: first, last, more, gone to.
    let rows: &[(Range, usize, u64, u64, bool, u64)] = &[
        (Range::Last, 3, 18, 20, true, 0),
        (Range::Last, 10, 11, 20, false, 0),
        (Range::Last, 500, 11, 20, false, 10),
        (Range::Before(Seq(18)), 3, 15, 17, true, 0),
        (Range::Before(Seq(13)), 3, 11, 12, false, 10),
        (Range::Before(Seq(99)), 1, 20, 20, true, 0),
        (Range::After(Seq(12)), 3, 13, 15, true, 0),
        (Range::After(Seq(17)), 3, 18, 20, false, 0),
        (Range::After(Seq(5)), 2, 11, 12, true, 10),
        (Range::Since(12_500), 2, 13, 14, true, 0),
        (Range::Since(19_000), 9, 19, 20, false, 0),
        (Range::Since(2_000), 9, 11, 19, true, 10),
    ];
    let log = log(20, 10);
    for (range, count, first, last, more, gone_to) in rows {
        let page = page(&log, *range, *count);
        let seqs: Vec<_> = page.events().unwrap().iter().map(|event| event.seq.0).collect();
        assert_eq!(seqs, (*first..=*last).collect::<Vec<_>>(), "{range:?} {count}");
        assert_eq!((page.more, page.gone_to), (*more, Seq(*gone_to)), "{range:?} {count}");
    }
}

#[test]
fn a_page_of_nothing_is_empty() {
    for range in
        [Range::Last, Range::Before(Seq(1)), Range::After(Seq(0)), Range::After(Seq(u64::MAX)), Range::Since(0)]
    {
        assert_eq!(page(&RoomLog::new(), range, 500), nothing(), "{range:?}");
    }
    let log = log(20, 10);
    assert_eq!(page(&log, Range::After(Seq(20)), 500), nothing());
    assert_eq!(page(&log, Range::Last, 0), Page { more: true, ..nothing() });
}

#[test]
fn a_page_holds_whole_events_up_to_its_cap() {
    let log = log(20, 20);
    for (range, first, last) in [(Range::Last, 8, 20), (Range::After(Seq(0)), 1, 13)] {
        let page = page(&log, range, 500);
        let seqs: Vec<_> = page.events().unwrap().iter().map(|event| event.seq.0).collect();
        assert!(page.more && page.frames.len() <= PAGE_FRAMES_BYTES_MAX);
        assert_eq!(seqs, (first..=last).collect::<Vec<_>>(), "{range:?}");
    }
}

#[test]
fn what_others_said_is_counted() {
    let log = log(20, 10);
    for (behind, to, expected) in
        [(20, 20, (0, false)), (18, 20, (1, false)), (10, 20, (5, false)), (4, 20, (5, true)), (10, 12, (1, false))]
    {
        assert_eq!(count(&log, Seq(behind), Seq(to), "ann"), expected, "{behind} to {to}");
    }
}
