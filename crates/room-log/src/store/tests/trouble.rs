//! What goes wrong: said with the file's name, nothing of the batch is there, and it can be tried again.

use std::fs;

use rusqlite::Connection;

use super::*;

#[test]
fn a_full_disk_refuses_a_batch_whole_and_takes_it_when_there_is_space() {
    let scene = Scene::new();
    scene.commit(&[room(1), person(1)], &[some(1, 1, 10)]);
    let before = scene.frames(1, 1, usize::MAX);
    scene.store.send(writer::Job::PagesMax(1));
    let long = "y".repeat(60_000);
    let sent = vec![SentRow { person: 1, message: MessageId(3), room: RoomId(1), seq: Seq(11) }];
    let events = || Events { sent: sent.clone(), ..said(1, 11, &[&long, &long]) };
    let mut refused = scene.refused(&[room(2)], &[events(), some(2, 1, 1)]);
    for _ in 0..3 {
        let path = scene.store.path().to_owned();
        assert!(matches!(&refused.error, StoreError::Full { path: said, .. } if *said == path), "{}", refused.error);
        assert_eq!((refused.batch.rows.len(), refused.batch.events.len()), (1, 2));
        assert_eq!(scene.frames(1, 1, usize::MAX), before);
        assert!(scene.frames(2, 1, usize::MAX).bytes.is_empty());
        refused = block_on(scene.store.commit(refused.batch)).unwrap_err();
    }
    scene.store.send(writer::Job::PagesMax(1_000_000));
    block_on(scene.store.commit(refused.batch)).unwrap();
    scene.commit(&[], &[some(1, 13, 1)]);
    assert_eq!(seqs(&scene.frames(1, 1, usize::MAX).bytes), (1..=13).collect::<Vec<_>>());
    let stored = scene.reopened().stored;
    assert_eq!((stored.rooms.len(), stored.sent), (2, sent));
}

#[test]
fn a_file_that_may_not_be_written_is_read_and_recovers() {
    let scene = Scene::new();
    scene.commit(&[room(1)], &[some(1, 1, 2)]);
    scene.store.send(writer::Job::ReadOnly(true));
    let refused = scene.refused(&[], &[some(1, 3, 1)]);
    assert!(matches!(refused.error, StoreError::ReadOnly { .. }), "{}", refused.error);
    assert_eq!(seqs(&scene.frames(1, 1, usize::MAX).bytes), [1, 2]);
    scene.store.send(writer::Job::ReadOnly(false));
    block_on(scene.store.commit(refused.batch)).unwrap();
    assert_eq!(seqs(&scene.frames(1, 1, usize::MAX).bytes), [1, 2, 3]);
}

#[test]
fn a_hole_or_a_double_is_refused() {
    let scene = Scene::new();
    scene.commit(&[room(1)], &[some(1, 1, 3)]);
    for (first, words) in [
        (5, "event 5 of room 1 was to be stored where 4 is next"),
        (3, "event 3 of room 1 was to be stored where 4 is next"),
    ] {
        let refused = scene.refused(&[room(2)], &[some(2, 1, 1), some(1, first, 1)]);
        assert!(refused.error.to_string().contains(words), "{}", refused.error);
    }
    scene.commit(&[], &[some(1, 4, 1)]);
    assert_eq!(scene.reopened().stored.rooms.len(), 1);
}

#[test]
fn what_is_no_store_is_refused_in_words_and_left_as_it_is() {
    let garbage = |folder: &Path| fs::write(folder.join(FILE), b"what is this, a shopping list? ".repeat(100)).unwrap();
    let truncated = |folder: &Path| {
        let (store, _) = Store::open(folder, PLAIN).unwrap();
        let text = "y".repeat(5000);
        block_on(store.commit(Batch { rows: vec![room(1)], events: vec![said(1, 1, &vec![text.as_str(); 50])] }))
            .unwrap();
        store.close();
        let bytes = fs::read(folder.join(FILE)).unwrap();
        fs::write(folder.join(FILE), &bytes[..bytes.len() / 2]).unwrap();
    };
    let foreign = |folder: &Path| {
        Connection::open(folder.join(FILE)).unwrap().execute_batch("CREATE TABLE list (what)").unwrap();
    };
    let newer = |folder: &Path| {
        Store::open(folder, PLAIN).unwrap().0.close();
        Connection::open(folder.join(FILE)).unwrap().pragma_update(None, "user_version", 99).unwrap();
    };
    let folder_there = |folder: &Path| fs::create_dir(folder.join(FILE)).unwrap();
    type Make<'a> = &'a dyn Fn(&Path);
    let rows: [(&str, Make<'_>, &str); 5] = [
        ("garbage", &garbage, "is damaged or is not a chat store (file is not a database)"),
        ("truncated", &truncated, "is damaged or is not a chat store (database disk image is malformed)"),
        ("foreign", &foreign, "is damaged or is not a chat store (it belongs to another program)"),
        ("newer", &newer, "is of version 99, and this program knows versions up to 2; use the newer chat-server"),
        ("a folder", &folder_there, "failed (Is a directory (os error 21))"),
    ];
    for (name, make, words) in rows {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path());
        let before = fs::read(folder.path().join(FILE)).ok();
        let said = Store::open(folder.path(), PLAIN).map(drop).expect_err(name).to_string();
        let expected = format!("{} {words}", folder.path().join(FILE).display());
        assert!(said.starts_with(&expected), "{name}: {said}");
        assert_eq!(fs::read(folder.path().join(FILE)).ok(), before, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let opened = Store::open(folder.path(), PLAIN);
    // Whoever runs this as root may write everywhere.
    if let Err(error) = opened {
        let expected = format!("{} cannot be written", folder.path().join(FILE).display());
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}

#[test]
fn a_commit_that_nobody_waits_for_is_done_all_the_same() {
    let scene = Scene::new();
    drop(scene.store.commit(Batch { rows: vec![room(1)], events: Vec::new() }));
    assert_eq!(scene.reopened().stored.rooms.len(), 0, "a future that was never polled asked for nothing");
}
