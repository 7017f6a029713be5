//! Frames, pages and counts.

use proto::Root;

use super::*;

/// Room 1 with events 1 to 10 in segments of 1, 2, 3 and 4; each frame is 34 bytes.
fn scene() -> Scene {
    let scene = Scene::new();
    scene.commit(&[room(1), room(2)], &[some(1, 1, 1)]);
    scene.commit(&[], &[some(1, 2, 2), some(2, 1, 3)]);
    scene.commit(&[], &[some(1, 4, 3)]);
    scene.commit(&[], &[some(1, 7, 4)]);
    scene
}

const FRAME: usize = 34;

#[test]
fn frames_come_from_the_place_asked_for_within_the_budget() {
    let scene = scene();
    for (from, budget, expected) in [
        (1, usize::MAX, 1..=10),
        (0, usize::MAX, 1..=10),
        (3, usize::MAX, 3..=10),
        (5, 3 * FRAME, 5..=7),
        (5, 3 * FRAME - 1, 5..=6),
        (4, 3 * FRAME, 4..=6),
        (10, 0, 10..=10),
        (8, 1, 8..=8),
        (2, 0, 2..=2),
    ] {
        let frames = scene.frames(1, from, budget);
        assert_eq!(seqs(&frames.bytes), expected.clone().collect::<Vec<_>>(), "from {from}, {budget} bytes");
        assert_eq!((frames.first.0, frames.last.0), (*expected.start(), *expected.end()), "from {from}");
    }
    for (room, from) in [(1, 11), (1, u64::MAX), (3, 1)] {
        assert!(scene.frames(room, from, usize::MAX).bytes.is_empty(), "room {room} from {from}");
    }
}

#[test]
fn a_page_has_what_was_asked_for_in_order() {
    let scene = scene();
    let all = usize::MAX;
    for (range, count, bytes, expected, more) in [
        (Range::Last, 4, all, 7..=10, true),
        (Range::Last, 5, all, 6..=10, true),
        (Range::Last, 10, all, 1..=10, false),
        (Range::Last, 500, all, 1..=10, false),
        (Range::Last, 500, 3 * FRAME, 8..=10, true),
        (Range::Last, 500, 5 * FRAME, 6..=10, true),
        (Range::Last, 500, 0, 10..=10, true),
        (Range::Before(Seq(6)), 2, all, 4..=5, true),
        (Range::Before(Seq(6)), 3, all, 3..=5, true),
        (Range::Before(Seq(3)), 3, all, 1..=2, false),
        (Range::Before(Seq(u64::MAX)), 3, all, 8..=10, true),
        (Range::After(Seq(0)), 3, all, 1..=3, true),
        (Range::After(Seq(4)), 500, all, 5..=10, false),
        (Range::After(Seq(4)), 6, all, 5..=10, false),
        (Range::After(Seq(4)), 500, 2 * FRAME, 5..=6, true),
        (Range::Since(0), 2, all, 1..=2, true),
        (Range::Since(5000), 500, all, 5..=10, false),
        (Range::Since(5001), 500, all, 6..=10, false),
        (Range::Since(7000), 1, all, 7..=7, true),
        (Range::Since(10_000), 1, all, 10..=10, false),
    ] {
        let found = scene.history(1, range, count, bytes);
        assert_eq!(seqs(&[found.frames]), expected.collect::<Vec<_>>(), "{range:?}, {count}, {bytes} bytes");
        assert_eq!((found.more, found.gone_to, found.next), (more, Seq(0), 0), "{range:?}, {count}");
    }
    for (room, range, more) in [
        (1, Range::Before(Seq(1)), false),
        (1, Range::Before(Seq(0)), false),
        (1, Range::After(Seq(10)), false),
        (1, Range::After(Seq(u64::MAX)), false),
        (1, Range::Since(10_001), false),
        (3, Range::Last, false),
        (3, Range::Since(0), false),
    ] {
        let found = scene.history(room, range, 5, all);
        assert_eq!((found.frames.len(), found.more, found.gone_to), (0, more, Seq(0)), "room {room}: {range:?}");
    }
    let none = scene.history(1, Range::Last, 0, all);
    assert_eq!((none.frames.len(), none.more), (0, true));
}

#[test]
fn messages_and_files_of_others_count_as_unread() {
    let scene = Scene::new();
    let (mut bytes, root) = (Vec::new(), Root([1; 32]));
    let rests = [
        ("ann", Rest::Joined),
        ("ann", Rest::Said(b"hi")),
        ("bo", Rest::Said(b"")),
        ("bo", Rest::File { path: "a", size: 1, root }),
        ("bo", Rest::Folder { path: "b", files: 1, bytes: 1 }),
        ("bo", Rest::Sending { path: "c", size: 1 }),
        ("bo", Rest::Topic("t")),
        ("", Rest::Crowd { members: 1, joined: 1, left: 1 }),
        ("ann", Rest::Left),
        ("bobo", Rest::Said(b"hi")),
    ];
    for (seq, (nick, rest)) in (1..).zip(rests) {
        write(Seq(seq), RoomId(1), 0, nick, rest, &mut bytes);
    }
    let segment = Segment::new(Seq(1), Seq(10), bytes.into());
    scene.commit(&[room(1), room(2)], &[Events { segment, ..some(1, 1, 1) }, some(2, 1, 1500)]);
    for (room, behind, to, but_of, expected) in [
        (1, 0, 10, "", (5, false)),
        (1, 0, 10, "bo", (2, false)),
        (1, 0, 10, "ann", (4, false)),
        (1, 2, 4, "ann", (2, false)),
        (1, 9, 10, "ann", (1, false)),
        (1, 10, 10, "ann", (0, false)),
        (1, 10, 3, "ann", (0, false)),
        (2, 0, 1500, "", (1000, true)),
        (2, 500, 1500, "", (1000, false)),
        (2, 499, 1500, "", (1000, true)),
        (2, 0, 1500, "ann", (0, true)),
        (3, 0, 10, "", (0, false)),
    ] {
        assert_eq!(scene.unread(&[(room, behind, to)], but_of), [expected], "{room}: {behind}..{to} but of {but_of}");
    }
    assert_eq!(scene.unread(&[(1, 9, 10), (2, 0, 3)], "bobo"), [(0, false), (3, false)]);
}
