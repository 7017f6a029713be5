//! What a read brings, and a disk that cannot be read for a while.

use super::*;
use proto::event::{Rest, write};
use room_log::Segment;
use room_log::store::rows::{Batch, Events, RoomRow, Row, Title};
use room_log::store::{Durability, Retention, StoreOptions};
use rusqlite::Connection;

const ROOM: RoomId = RoomId(1);

#[test]
fn what_is_gone_is_named_and_what_the_ring_has_is_left_to_it() {
    // Wanted, oldest in the ring, first and last that the disk gave, then: gone to, whether frames come, next.
    let rows = [
        (1, 50, Some((1, 9)), None, true, 10),
        (1, 50, Some((1, 70)), None, true, 71),
        (1, 50, Some((20, 29)), Some(19), true, 30),
        (1, 50, Some((50, 59)), Some(49), false, 50),
        (1, 50, Some((80, 89)), Some(49), false, 50),
        (1, 50, None, Some(49), false, 50),
    ];
    for (from, oldest, given, gone_to, has_frames, next) in rows {
        let (first, last) = given.unwrap_or((from, from));
        let bytes = given.map(|_| bytes::Bytes::from_static(b"frames")).into_iter().collect();
        let frames = Frames { first: Seq(first), last: Seq(last), bytes };
        let brought = Brought::of(frames, Seq(from), Seq(oldest));
        assert_eq!((brought.gone_to, brought.next), (gone_to.map(Seq), Seq(next)), "{from} {given:?}");
        assert_eq!(!brought.frames.is_empty(), has_frames, "{from} {given:?}");
    }
}

async fn store(path: &std::path::Path) -> Arc<Store> {
    let retention = Retention { age_ms: None, events: None, bytes: None };
    let options = StoreOptions { durability: Durability::Normal, retention, readers: 1 };
    let (store, _) = Store::open(path, options).unwrap();
    let mut bytes = Vec::new();
    (1..=3).for_each(|seq| write(Seq(seq), ROOM, 0, "ann", Rest::Said(b"x"), &mut bytes));
    let title = Title::Named("lobby".into());
    let batch = Batch {
        rows: vec![Row::Room(RoomRow { id: ROOM, title, topic: String::new(), ended: false })],
        events: vec![Events {
            room: ROOM,
            segment: Segment::new(Seq(1), Seq(3), bytes.into()),
            first_at_ms: 0,
            last_at_ms: 0,
            has_content: true,
            sent: Vec::new(),
        }],
    };
    store.commit(batch).await.unwrap();
    Arc::new(store)
}

#[tokio::test]
async fn a_disk_that_cannot_be_read_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    // Whoever reads finds no such table, until it has its name again.
    let other = Connection::open(store.path()).unwrap();
    other.execute_batch("ALTER TABLE segments RENAME TO hidden").unwrap();
    let mut lane = SlowLane::begin(&store, ROOM, Seq(2), Seq(4));
    while lane.failures < 2 {
        // Each wait is given up and begun again, as a session does that is woken for something else.
        let wait = std::future::poll_fn(|task| lane.poll_read(task));
        assert!(tokio::time::timeout(REST / 10, wait).await.is_err());
    }
    other.execute_batch("ALTER TABLE hidden RENAME TO segments").unwrap();
    std::future::poll_fn(|task| lane.poll_read(task)).await;
    let brought = lane.take();
    assert_eq!((brought.gone_to, brought.next), (None, Seq(4)));
    assert_eq!(brought.frames.len(), 1);
}
