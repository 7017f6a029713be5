//! What is fetched.

use std::sync::{Arc, Mutex};

use super::*;

#[tokio::test]
async fn a_file_is_fetched_and_stands_beside_nothing() {
    let Stage { folder, client, room, servers: [mut server], .. } = stage().await;
    for size in [0, 1, GROUP, GROUP * 2 + 7] {
        let file = bytes(size);
        let name = format!("a{size}");
        let mut get = client.get(
            room,
            path(&format!("x/{name}")),
            GetTarget::Folder(folder.path().to_owned()),
            GetOptions::default(),
        );
        let script = async {
            let (id, slot, fetch) = server.takes_fetch().await;
            assert_eq!((fetch.version, fetch.from), (None, 0));
            assert!(fetch.credit > 0);
            server.begins(id, size).await;
            for at in (0..size).step_by(100_000) {
                server.chunk(slot, &file, at, size.min(at + 100_000)).await;
            }
            if size > 0 {
                server.hashes(slot, &file, 0, size.div_ceil(GROUP)).await;
            }
            server.finishes(slot, &file).await;
            assert_eq!(server.hears_within().await, (slot, TransferMessage::Taken));
        };
        let (outcome, ()) = tokio::join!(get.done(), script);
        let outcome = outcome.unwrap();
        assert_eq!(outcome.place, Place::Here(folder.path().join(&name)));
        assert_eq!((outcome.size, outcome.root), (size as u64, Some(root(&file))));
        assert!(fs::read(folder.path().join(&name)).unwrap() == file);
        assert_eq!(names(folder.path()), [name.as_str()]);
        fs::remove_file(folder.path().join(&name)).unwrap();
    }
}

#[tokio::test]
async fn a_fetch_goes_on_where_the_broken_one_ended_also_after_a_restart() {
    let mut folder = tempfile::tempdir().unwrap();
    let file = bytes(GROUP * 4);
    for restart in [false, true] {
        let Stage { folder: back, client, room, servers: [mut first, mut second], _events } = stage_in(folder).await;
        let target = || GetTarget::File(back.path().join("a"));
        let get = client.get(room, path("a"), target(), GetOptions::default());
        let script = async {
            let (id, slot, fetch) = first.takes_fetch().await;
            assert_eq!(fetch.version, None);
            first.begins(id, file.len()).await;
            first.chunk(slot, &file, 0, GROUP + 5).await;
            first.hashes(slot, &file, 0, 1).await;
            // What is verified is shown; only that counts.
            let mut progress = get.progress();
            progress.wait_for(|progress| progress.bytes_done == GROUP_BYTES).await.unwrap();
        };
        script.await;
        drop(first);
        let (mut server, mut get) = if restart {
            drop((get, client, second));
            let Stage { folder: same, client, room, servers: [server], _events } =
                stage_in(tempfile::tempdir().unwrap()).await;
            let get = client.get(room, path("a"), target(), GetOptions::default());
            tokio::spawn(async move {
                // Lives as long as the test.
                let _held = (same, client, _events);
                std::future::pending::<()>().await;
            });
            (server, get)
        } else {
            second.welcomes(true).await;
            second.joins(proto::RequestId(0), 1).await;
            (second, get)
        };
        let script = async {
            let (id, slot, fetch) = server.takes_fetch().await;
            assert_eq!((fetch.version, fetch.from), (Some(VERSION), GROUP_BYTES), "restart {restart}");
            server.begins(id, file.len()).await;
            server.chunk(slot, &file, GROUP, GROUP * 4).await;
            server.hashes(slot, &file, 1, 4).await;
            server.finishes(slot, &file).await;
            assert_eq!(server.hears_within().await.1, TransferMessage::Taken);
            server
        };
        let (outcome, _server) = tokio::join!(get.done(), script);
        outcome.unwrap();
        assert!(fs::read(back.path().join("a")).unwrap() == file);
        assert_eq!(names(back.path()), ["a"]);
        fs::remove_file(back.path().join("a")).unwrap();
        folder = back;
    }
}

#[tokio::test]
async fn a_damaged_group_is_asked_for_again_and_said() {
    let Stage { folder, client, room, servers: [mut server], .. } = stage().await;
    let file = bytes(GROUP * 2);
    let mut damaged = file.clone();
    damaged[GROUP + 3] ^= 1;
    let mut get = client.get(room, path("a"), GetTarget::File(folder.path().join("b")), GetOptions::default());
    let script = async {
        let (id, slot, _) = server.takes_fetch().await;
        server.begins(id, file.len()).await;
        server.chunk(slot, &damaged, 0, GROUP * 2).await;
        server.hashes(slot, &file, 0, 2).await;
        server.finishes(slot, &file).await;
        assert_eq!(server.hears_within().await.1, TransferMessage::Repair { from: GROUP_BYTES });
        server.chunk(slot, &file, GROUP, GROUP * 2).await;
        server.hashes(slot, &file, 1, 2).await;
        server.finishes(slot, &file).await;
        assert_eq!(server.hears_within().await.1, TransferMessage::Taken);
    };
    let (outcome, ()) = tokio::join!(get.done(), script);
    outcome.unwrap();
    assert!(fs::read(folder.path().join("b")).unwrap() == file);
    assert_eq!(get.progress().borrow().notices, [Notice::Repaired { offset: GROUP_BYTES }]);
}

#[tokio::test]
async fn another_content_begins_anew_and_is_said() {
    let Stage { folder, client, room, servers: [mut server], .. } = stage().await;
    let file = bytes(GROUP * 2);
    let mut get = client.get(room, path("a"), GetTarget::File(folder.path().join("a")), GetOptions::default());
    let script = async {
        let (id, slot, _) = server.takes_fetch().await;
        server.begins(id, file.len()).await;
        server.chunk(slot, &file, 0, GROUP).await;
        server.hashes(slot, &file, 0, 1).await;
        let stop = Stop { refusal: Refusal::new(Code::Changed, "it changed"), keep: false };
        server.within(slot, TransferMessage::Stop(stop)).await;
        let (id, slot, fetch) = server.takes_fetch().await;
        assert_eq!((fetch.version, fetch.from), (None, 0));
        server.begins(id, 3).await;
        server.chunk(slot, b"new", 0, 3).await;
        server.hashes(slot, b"new", 0, 1).await;
        server.finishes(slot, b"new").await;
        assert_eq!(server.hears_within().await.1, TransferMessage::Taken);
    };
    let (outcome, ()) = tokio::join!(get.done(), script);
    assert_eq!(outcome.unwrap().size, 3);
    assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"new");
    assert_eq!(get.progress().borrow().notices, [Notice::StartedOver]);
}

#[tokio::test]
async fn a_taken_name_is_dealt_with_as_was_wished() {
    let rows = [
        (OnConflict::Rename, "new", Some("a (1)")),
        (OnConflict::Rename, "old", Some("a")),
        (OnConflict::Same, "old", Some("a")),
        (OnConflict::Same, "new", None),
        (OnConflict::Replace, "new", Some("a")),
        (OnConflict::Fail, "old", None),
    ];
    for (on_conflict, content, expected) in rows {
        let Stage { folder, client, room, servers: [mut server], .. } = stage().await;
        fs::write(folder.path().join("a"), "old").unwrap();
        let options = GetOptions { on_conflict, ..GetOptions::default() };
        let mut get = client.get(room, path("a"), GetTarget::File(folder.path().join("a")), options);
        let script = async {
            if on_conflict == OnConflict::Fail {
                return;
            }
            let file = content.as_bytes();
            let (id, slot, _) = server.takes_fetch().await;
            server.begins(id, 3).await;
            server.chunk(slot, file, 0, 3).await;
            server.hashes(slot, file, 0, 1).await;
            server.finishes(slot, file).await;
            server.hears_within().await;
        };
        let (outcome, ()) = tokio::join!(get.done(), script);
        match expected {
            Some(name) => {
                let outcome = outcome.unwrap();
                assert_eq!(outcome.place, Place::Here(folder.path().join(name)), "{on_conflict:?} {content}");
                assert_eq!((outcome.same, outcome.renamed), (content == "old", name != "a"));
                assert_eq!(fs::read(folder.path().join(name)).unwrap(), content.as_bytes());
            }
            None => {
                let error = outcome.unwrap_err();
                assert_eq!(error, ClientError::TakenHere(folder.path().join("a")), "{on_conflict:?}");
                assert_eq!(error.exit_code(), 7);
                assert_eq!(names(folder.path()), ["a"]);
            }
        }
    }
}

/// A writer that keeps what it gets where a test sees it.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn only_verified_bytes_go_through_a_writer_each_once_over_every_connection() {
    let Stage { client, room, servers: [mut first, mut second], .. } = stage().await;
    let file = bytes(GROUP * 2 + 1);
    let kept = Kept::default();
    let mut get = client.get(room, path("a"), GetTarget::Writer(Box::new(kept.clone())), GetOptions::default());
    let (id, slot, _) = first.takes_fetch().await;
    first.begins(id, file.len()).await;
    first.chunk(slot, &file, 0, GROUP + 9).await;
    first.hashes(slot, &file, 0, 1).await;
    get.progress().wait_for(|progress| progress.bytes_done == GROUP_BYTES).await.unwrap();
    assert!(*kept.0.lock().unwrap() == file[..GROUP]);
    drop(first);
    second.welcomes(true).await;
    second.joins(proto::RequestId(0), 1).await;
    let script = async {
        let (id, slot, fetch) = second.takes_fetch().await;
        assert_eq!((fetch.version, fetch.from), (Some(VERSION), GROUP_BYTES));
        second.begins(id, file.len()).await;
        second.chunk(slot, &file, GROUP, file.len()).await;
        second.hashes(slot, &file, 1, 3).await;
        second.finishes(slot, &file).await;
        second.hears_within().await;
        second
    };
    let (outcome, _second) = tokio::join!(get.done(), script);
    assert_eq!(outcome.unwrap().place, Place::Through);
    assert!(*kept.0.lock().unwrap() == file);
}
