//! What is kept of a room, and what whoever asks for the rest is told.

use std::collections::BTreeSet;

use super::*;

const FRAME: u64 = 34;

fn keeping(age_ms: Option<u64>, events: Option<u64>, bytes: Option<u64>) -> Scene {
    Scene::with(StoreOptions { retention: Retention { age_ms, events, bytes }, ..PLAIN })
}

fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap()
}

#[test]
fn what_is_kept_is_what_the_rule_says_and_the_newest_at_any_rate() {
    const HOUR: u64 = 3_600_000;
    // Segments of 1, 2, 3 and 4 events; the first six happened in 1970, the others now.
    for (age_ms, events, bytes, kept) in [
        (None, None, None, 1..=10),
        (Some(HOUR), None, None, 7..=10),
        (Some(u64::MAX), None, None, 1..=10),
        (None, Some(100), None, 1..=10),
        (None, Some(10), None, 1..=10),
        (None, Some(9), None, 2..=10),
        (None, Some(5), None, 6..=10),
        (None, Some(4), None, 7..=10),
        (None, Some(2), None, 9..=10),
        (None, Some(0), None, 10..=10),
        (None, None, Some(10 * FRAME), 1..=10),
        (None, None, Some(10 * FRAME - 1), 2..=10),
        (None, None, Some(7 * FRAME), 4..=10),
        (None, None, Some(5 * FRAME), 7..=10),
        (None, None, Some(4 * FRAME), 7..=10),
        (None, None, Some(3 * FRAME), 8..=10),
        (None, None, Some(0), 10..=10),
        (Some(HOUR), Some(5), None, 7..=10),
        (Some(HOUR), Some(3), Some(1 << 20), 8..=10),
    ] {
        let scene = keeping(age_ms, events, bytes);
        scene.commit(&[room(1)], &[some(1, 1, 1)]);
        scene.commit(&[], &[some(1, 2, 2)]);
        scene.commit(&[], &[some(1, 4, 3)]);
        let now = now_ms();
        scene.commit(&[], &[Events { first_at_ms: now, last_at_ms: now, ..some(1, 7, 4) }]);
        scene.trim();
        for scene in [scene].map(Scene::reopened) {
            let rule = format!("{age_ms:?}, {events:?}, {bytes:?}");
            let frames = scene.frames(1, 1, usize::MAX);
            assert_eq!(seqs(&frames.bytes), kept.clone().collect::<Vec<_>>(), "{rule}");
            assert_eq!(frames.first.0, *kept.start(), "{rule}");
            assert_eq!(scene.stored.rooms[0].head, Seq(10), "{rule}");
            scene.commit(&[], &[some(1, 11, 1)]);
            assert_eq!(scene.count("SELECT n FROM segments WHERE last = 11"), 11, "{rule}");
        }
    }
}

#[test]
fn a_room_of_old_events_alone_keeps_its_newest() {
    let scene = keeping(Some(1000), None, None);
    scene.commit(&[room(1), room(2)], &[some(1, 1, 5), some(2, 1, 1)]);
    scene.trim();
    assert_eq!(seqs(&scene.frames(1, 1, usize::MAX).bytes), [5]);
    assert_eq!(seqs(&scene.frames(2, 1, usize::MAX).bytes), [1]);
}

#[test]
fn whoever_asks_for_what_is_gone_is_told() {
    let scene = keeping(None, Some(4), None);
    scene.commit(&[room(1)], &[some(1, 1, 6)]);
    scene.commit(&[], &[some(1, 7, 4)]);
    scene.trim();
    // Events 1 to 6 are gone; the sixth happened after six seconds.
    let newest = scene.history(1, Range::Last, 3, usize::MAX);
    assert_eq!((seqs(&[newest.frames]), newest.more, newest.gone_to), (vec![8, 9, 10], true, Seq(0)));
    for (range, count, kept, gone_to) in [
        (Range::Last, 4, 7..11, 0),
        (Range::Last, 5, 7..11, 6),
        (Range::Before(Seq(9)), 2, 7..9, 0),
        (Range::Before(Seq(9)), 3, 7..9, 6),
        (Range::Before(Seq(4)), 3, 7..7, 6),
        (Range::Before(Seq(1)), 3, 7..7, 0),
        (Range::After(Seq(0)), 9, 7..11, 6),
        (Range::After(Seq(5)), 9, 7..11, 6),
        (Range::After(Seq(6)), 9, 7..11, 0),
        (Range::Since(0), 9, 7..11, 6),
        (Range::Since(6000), 9, 7..11, 6),
        (Range::Since(6001), 9, 7..11, 0),
    ] {
        let found = scene.history(1, range, count, usize::MAX);
        assert_eq!(seqs(&[found.frames]), kept.collect::<Vec<_>>(), "{range:?}, {count}");
        assert_eq!((found.more, found.gone_to), (false, Seq(gone_to)), "{range:?}, {count}");
    }
    let frames = scene.frames(1, 2, usize::MAX);
    assert_eq!((frames.first, frames.last), (Seq(7), Seq(10)));
    assert_eq!(scene.unread(&[(1, 0, 10)], ""), [(4, false)]);
}

#[test]
fn what_is_gone_is_found_no_more_and_leaves_the_index() {
    let scene = keeping(None, Some(2), None);
    scene.commit(&[room(1), room(2)], &[said(1, 1, &["early bird", "late bird"]), said(2, 1, &["bird house"])]);
    assert_eq!(seqs(&[scene.search(&[1, 2], "bird").frames]), [1, 2, 1]);
    scene.commit(&[Row::RoomGone(RoomId(2))], &[said(1, 3, &["no animal"])]);
    scene.trim();
    assert_eq!(seqs(&[scene.search(&[1, 2], "bird").frames]), [2]);
    assert_eq!(seqs(&[scene.search(&[1, 2], "early").frames]), [0; 0]);
    assert_eq!(scene.count("SELECT count(*) FROM segments WHERE room = 2"), 0);
    assert_eq!(scene.count("SELECT count(*) FROM going"), 0);
    // As soon as the index has come so far, the next slice forgets the list.
    while scene.store.progress.at().removed < scene.store.progress.at().trimmed {
        std::thread::yield_now();
    }
    scene.trim();
    assert_eq!(scene.count("SELECT count(*) FROM trimmed"), 0);
    let index = crate::search::Finder::open(&scene.folder.path().join("search.db")).unwrap();
    let query = crate::search::Query::parse("bird", None, &[RoomId(1), RoomId(2)]).unwrap();
    assert_eq!(index.find(&query, 0, 10).unwrap(), [2]);
}

#[test]
fn a_number_is_never_used_again_though_the_newest_event_of_all_is_gone() {
    let scene = Scene::new();
    scene.commit(&[room(1), room(2)], &[some(1, 1, 1), some(2, 1, 3)]);
    scene.commit(&[Row::RoomGone(RoomId(2))], &[]);
    scene.trim();
    let scene = scene.reopened();
    scene.commit(&[], &[some(1, 2, 1)]);
    assert_eq!(scene.count("SELECT max(n) FROM segments"), 5);
    assert_eq!(seqs(&[scene.search(&[1], "x").frames]), [2, 1]);
}

#[test]
fn much_is_removed_in_slices_between_which_batches_go_in() {
    let scene = keeping(None, Some(10), None);
    let rows: Vec<_> = (0..10).map(room).collect();
    scene.commit(&rows, &[]);
    for first in 1..=100 {
        let events: Vec<_> = (0..10).map(|room| some(room, first, 1)).collect();
        scene.commit(&[], &events);
    }
    scene.trim();
    scene.commit(&[], &[some(3, 101, 1)]);
    let scene = scene.reopened();
    let heads: BTreeSet<_> = scene.stored.rooms.iter().map(|stored| stored.head.0).collect();
    assert_eq!(heads, [100, 101].into());
    assert_eq!(seqs(&scene.frames(9, 1, usize::MAX).bytes), (91..=100).collect::<Vec<_>>());
}

#[test]
fn a_big_room_that_is_gone_goes_all_the_same() {
    let scene = Scene::new();
    scene.commit(&[room(1)], &[]);
    for first in 1..=600 {
        scene.commit(&[], &[some(1, first, 1)]);
    }
    scene.commit(&[Row::RoomGone(RoomId(1))], &[]);
    // What a restart finds half done, it goes on with.
    let scene = scene.reopened();
    scene.trim();
    assert_eq!(scene.count("SELECT (SELECT count(*) FROM segments) + (SELECT count(*) FROM going)"), 0);
    assert_eq!(scene.reopened().stored.last_room, 1);
}
