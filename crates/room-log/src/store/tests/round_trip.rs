//! What is put in comes out again, also of another store on the same file.

use super::*;

#[test]
fn a_new_store_is_empty() {
    let scene = Scene::new();
    assert_eq!(scene.stored, Stored::default());
    assert_eq!(scene.reopened().stored, Stored::default());
}

#[test]
fn everything_comes_back_after_a_restart() {
    for durability in [Durability::Full, Durability::Normal] {
        comes_back(Scene::with(StoreOptions { durability, ..PLAIN }));
    }
}

fn comes_back(scene: Scene) {
    let direct = RoomRow { id: RoomId(9), title: Title::Direct(1, 2), topic: "t".into(), ended: true };
    let away = PersonRow { id: 2, nick: "bo".into(), token: Token([9; 16]), keeps: false, away_since_ms: Some(5) };
    let place = MembershipRow { person: 1, room: RoomId(9), announced: true, by_oneself: false, read: Seq(2) };
    let sent = |message, seq| SentRow { person: 1, message: MessageId(message), room: RoomId(1), seq: Seq(seq) };
    let first = Events { sent: vec![sent(u64::MAX, 1), sent(5, 3)], ..said(1, 1, &["a", "b", "c"]) };
    let quiet = Events { has_content: false, ..said(9, 1, &["d"]) };
    let rows = [room(1), Row::Room(direct.clone()), person(1), Row::Person(away.clone()), Row::Membership(place)];
    scene.commit(&rows, &[first, quiet]);
    scene.commit(&[], &[Events { sent: vec![sent(6, 4)], ..said(1, 4, &["e"]) }]);
    let (Row::Room(named), Row::Person(ann)) = (room(1), person(1)) else { unreachable!() };
    let expected = Stored {
        rooms: vec![
            StoredRoom { room: named, head: Seq(4), has_content: true },
            StoredRoom { room: direct, head: Seq(1), has_content: false },
        ],
        people: vec![ann, away],
        memberships: vec![place],
        sent: vec![sent(u64::MAX, 1), sent(5, 3), sent(6, 4)],
        last_room: 9,
        last_person: 2,
    };
    let scene = scene.reopened();
    assert_eq!(scene.stored, expected);
    let texts: Vec<_> = events(&scene.frames(1, 1, usize::MAX).bytes).into_iter().map(|event| event.what).collect();
    assert_eq!(texts, ["a", "b", "c", "e"].map(|text| proto::What::Said(text.to_owned())));
    assert_eq!(scene.reopened().stored, expected);
}

#[test]
fn a_row_that_is_put_again_is_another() {
    let scene = Scene::new();
    scene.commit(&[room(1), person(1)], &[some(1, 1, 2)]);
    let renamed = RoomRow { id: RoomId(1), title: Title::Named("new".into()), topic: "new".into(), ended: false };
    let gone = PersonRow { id: 1, nick: "new".into(), token: Token([1; 16]), keeps: false, away_since_ms: Some(3) };
    let place =
        |read| MembershipRow { person: 1, room: RoomId(1), announced: false, by_oneself: true, read: Seq(read) };
    scene.commit(&[Row::Room(renamed.clone()), Row::Person(gone.clone()), Row::Membership(place(1))], &[]);
    scene.commit(&[Row::Membership(place(2))], &[]);
    let stored = scene.reopened().stored;
    assert_eq!(stored.rooms, [StoredRoom { room: renamed, head: Seq(2), has_content: true }]);
    assert_eq!((stored.people, stored.memberships), (vec![gone], vec![place(2)]));
}

#[test]
fn what_is_gone_takes_along_what_hangs_on_it_and_its_number_is_not_used_again() {
    let place = |person, room| {
        Row::Membership(MembershipRow { person, room: RoomId(room), announced: true, by_oneself: true, read: Seq(0) })
    };
    let sent = |person| SentRow { person, message: MessageId(1), room: RoomId(1), seq: Seq(1) };
    let scene = Scene::new();
    let rows = [room(1), room(2), person(1), person(2), place(1, 1), place(1, 2), place(2, 1), place(2, 2)];
    let events = Events { sent: vec![sent(1), sent(2)], ..some(1, 1, 1) };
    scene.commit(&rows, &[events, some(2, 1, 3)]);
    scene.commit(&[Row::RoomGone(RoomId(2)), Row::PersonGone(2), Row::MembershipGone(1, RoomId(1))], &[]);
    let scene = scene.reopened();
    let stored = &scene.stored;
    assert_eq!(stored.rooms.iter().map(|stored| stored.room.id.0).collect::<Vec<_>>(), [1]);
    assert_eq!(stored.people.iter().map(|person| person.id).collect::<Vec<_>>(), [1]);
    assert_eq!((&stored.memberships, &stored.sent), (&vec![], &vec![sent(1)]));
    assert_eq!((stored.last_room, stored.last_person), (2, 2));
}

#[test]
fn a_room_that_comes_and_goes_within_a_batch_leaves_only_its_number() {
    let scene = Scene::new();
    scene.commit(&[room(3), Row::RoomGone(RoomId(3)), person(4), Row::PersonGone(4)], &[some(3, 1, 2)]);
    let stored = scene.reopened().stored;
    assert_eq!(stored, Stored { last_room: 3, last_person: 4, ..Stored::default() });
}

#[test]
fn the_newest_messages_of_each_are_known_however_many_there_were() {
    let scene = Scene::new();
    scene.commit(&[room(1), person(1), person(2), person(3)], &[]);
    let sent = |person, seq| SentRow { person, message: MessageId(seq), room: RoomId(1), seq: Seq(seq) };
    // The first says little, early; the second much; the third is gone before the end.
    let (batches, size) = (60, 500);
    for batch in 0..batches {
        let who = |seq| {
            if seq < 4 {
                1
            } else if batch < 9 && seq % 2 == 0 {
                3
            } else {
                2
            }
        };
        let first = batch * size + 1;
        let sent = (first..first + size).map(|seq| sent(who(seq), seq)).collect();
        let rows = if batch == 9 { vec![Row::PersonGone(3)] } else { vec![] };
        scene.commit(&rows, &[Events { sent, ..some(1, first, usize::try_from(size).unwrap()) }]);
    }
    let scene = scene.reopened();
    let newest = (batches * size - 255)..=batches * size;
    let expected: Vec<_> = (1..4).map(|seq| sent(1, seq)).chain(newest.map(|seq| sent(2, seq))).collect();
    assert!(scene.stored.sent == expected, "{} messages are known", scene.stored.sent.len());
    let held = scene.count("SELECT sum(length(list)) / 36 FROM sent");
    assert!(held < 10_000, "{held} entries are held for 259 that are of use");
}

#[test]
fn a_long_run_becomes_several_rows_and_reads_as_one() {
    let scene = Scene::new();
    let text = "y".repeat(1000);
    scene.commit(&[room(1)], &[said(1, 1, &vec![text.as_str(); 300])]);
    scene.commit(&[], &[said(1, 301, &["z"])]);
    let rows = scene.count("SELECT count(*) FROM segments");
    assert!((5..9).contains(&rows), "{rows}");
    let scene = scene.reopened();
    assert_eq!(seqs(&scene.frames(1, 1, usize::MAX).bytes), (1..=301).collect::<Vec<_>>());
    assert_eq!(scene.count("SELECT n FROM segments WHERE first = 301"), 301);
    let bytes: usize = scene.frames(1, 1, usize::MAX).bytes.iter().map(bytes::Bytes::len).sum();
    assert_eq!(usize::try_from(scene.count("SELECT max(upto) FROM segments")).unwrap(), bytes);
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new();
    scene.commit(&[room(1)], &[some(1, 1, 1)]);
    assert!(!scene.search(&[1], "x").unindexed);
    for file in ["chat.db", "chat.db-wal", "chat.db-shm", "search.db", "search.db-wal", "search.db-shm"] {
        let mode = std::fs::metadata(scene.folder.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn what_is_closed_leaves_no_log_beside_its_files() {
    let scene = Scene::new();
    scene.commit(&[room(1)], &[some(1, 1, 5)]);
    scene.store.close();
    for file in std::fs::read_dir(scene.folder.path()).unwrap().map(|file| file.unwrap().file_name()) {
        // Whether the index was begun already is not said.
        assert!(["chat.db", "search.db"].iter().any(|name| file == *name), "{file:?}");
    }
}
