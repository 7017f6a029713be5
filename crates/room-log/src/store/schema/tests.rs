//! Files of older versions.

use proto::{MessageId, RoomId, Seq, Token};

use super::*;
use crate::Store;
use crate::store::rows::{MembershipRow, PersonRow, RoomRow, Stored, StoredRoom, Title};
use crate::store::{Retention, StoreOptions};

const PLAIN: StoreOptions = StoreOptions {
    durability: Durability::Full,
    retention: Retention { age_ms: None, events: None, bytes: None },
    readers: 1,
};

/// A file as the first version made and filled it.
fn version_1(path: &Path) {
    let mut connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    migrate(&mut connection, 0, &STEPS[..1]).unwrap();
    let mut frames = Vec::new();
    for seq in 1..=3 {
        proto::event::write(Seq(seq), RoomId(4), 9, "ann", proto::event::Rest::Said(b"kept"), &mut frames);
    }
    connection
        .execute_batch(
            "INSERT INTO highest VALUES ('room', 7), ('person', 9), ('number', 40);
             INSERT INTO rooms VALUES (4, 'lobby', NULL, NULL, 'the topic', 0, 1), (5, NULL, 2, 3, '', 1, 0);
             INSERT INTO people VALUES (2, 'ann', x'07070707070707070707070707070707', 1, 77);
             INSERT INTO memberships VALUES (2, 4, 1, 0, 3);",
        )
        .unwrap();
    connection
        .execute(
            "INSERT INTO segments VALUES (50, 4, 1, 3, 9, 9, ?1, ?2)",
            (i64::try_from(frames.len()).unwrap(), frames),
        )
        .unwrap();
}

#[test]
fn a_file_of_the_first_version_opens_with_all_that_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    version_1(&folder.path().join("chat.db"));
    let lobby = RoomRow { id: RoomId(4), title: Title::Named("lobby".into()), topic: "the topic".into(), ended: false };
    let direct = RoomRow { id: RoomId(5), title: Title::Direct(2, 3), topic: String::new(), ended: true };
    let expected = Stored {
        rooms: vec![
            StoredRoom { room: lobby, head: Seq(3), has_content: true },
            StoredRoom { room: direct, head: Seq(0), has_content: false },
        ],
        people: vec![PersonRow {
            id: 2,
            nick: "ann".into(),
            token: Token([7; 16]),
            keeps: true,
            away_since_ms: Some(77),
        }],
        memberships: vec![MembershipRow {
            person: 2,
            room: RoomId(4),
            announced: true,
            by_oneself: false,
            read: Seq(3),
        }],
        sent: Vec::new(),
        last_room: 7,
        last_person: 9,
    };
    for _ in 0..2 {
        let (store, stored) = Store::open(folder.path(), PLAIN).unwrap();
        assert_eq!(stored, expected);
        let frames = futures::executor::block_on(store.frames(RoomId(4), Seq(1), usize::MAX)).unwrap();
        assert_eq!((frames.first, frames.last), (Seq(1), Seq(3)));
    }
    let connection = Connection::open(folder.path().join("chat.db")).unwrap();
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(usize::try_from(version), Ok(STEPS.len()));
}

#[test]
fn a_step_that_fails_leaves_the_file_at_the_step_before() {
    let mut connection = Connection::open_in_memory().unwrap();
    let steps = ["CREATE TABLE a (x)", "CREATE TABLE b (x); CREATE TABLE a (x)", "CREATE TABLE c (x)"];
    assert!(migrate(&mut connection, 0, &steps).is_err());
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert_eq!((version, tables), (1, 1));
}

/// Which message got which place is known from the second version on.
#[test]
fn what_a_later_version_adds_works_in_an_older_file() {
    use crate::store::rows::{Batch, Events, SentRow};
    let folder = tempfile::tempdir().unwrap();
    version_1(&folder.path().join("chat.db"));
    let sent = SentRow { person: 2, message: MessageId(8), room: RoomId(4), seq: Seq(4) };
    let (store, _) = Store::open(folder.path(), PLAIN).unwrap();
    let mut frames = Vec::new();
    proto::event::write(Seq(4), RoomId(4), 9, "ann", proto::event::Rest::Joined, &mut frames);
    let segment = crate::Segment::new(Seq(4), Seq(4), frames.into());
    let (room, has_content) = (RoomId(4), false);
    let events = Events { room, segment, first_at_ms: 9, last_at_ms: 9, has_content, sent: vec![sent] };
    futures::executor::block_on(store.commit(Batch { rows: Vec::new(), events: vec![events] })).unwrap();
    store.close();
    let (_store, stored) = Store::open(folder.path(), PLAIN).unwrap();
    assert_eq!((stored.sent, stored.rooms[0].head), (vec![sent], Seq(4)));
}
