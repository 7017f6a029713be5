//! What is put.

use super::*;

#[tokio::test]
async fn a_file_is_sent_within_its_credit_and_stands_where_the_server_says() {
    let Stage { folder, client, room, servers: [mut server], .. } = stage().await;
    for size in [0, 1, GROUP, GROUP * 3 + 7] {
        let file = bytes(size);
        fs::write(folder.path().join("a"), &file).unwrap();
        let mut put = client.put(room, folder.path().join("a"), PutOptions::new(path("x/a")));
        let script = async {
            let (id, slot, offer) = server.takes_offer().await;
            assert_eq!((offer.path.as_str(), offer.size, offer.fresh), ("x/a", size as u64, false));
            server.accepts(id, 0, Root([0; 32])).await;
            let mut taken = Vec::new();
            if size > 0 {
                assert_eq!(server.takes(slot, &mut taken, usize::MAX).await, Some(root(&file)));
            }
            assert!(taken == file);
            server.commits(slot, "x/a (1)", &file).await;
        };
        let (outcome, ()) = tokio::join!(put.done(), script);
        let outcome = outcome.unwrap();
        assert_eq!(outcome.place, Place::Room("x/a (1)".to_owned()));
        assert_eq!((outcome.size, outcome.moved, outcome.root), (size as u64, size as u64, Some(root(&file))));
        assert!(outcome.renamed && !outcome.same);
    }
}

#[tokio::test]
async fn an_upload_goes_on_where_the_broken_one_ended() {
    let Stage { folder, client, room, servers: [mut first, mut second], .. } = stage().await;
    let file = bytes(GROUP * 4);
    fs::write(folder.path().join("a"), &file).unwrap();
    let mut put = client.put(room, folder.path().join("a"), PutOptions::new(path("a")));
    let script = async {
        let (id, slot, offer) = first.takes_offer().await;
        first.accepts(id, 0, Root([0; 32])).await;
        let mut taken = Vec::new();
        first.takes(slot, &mut taken, GROUP * 2 + 100).await;
        drop(first);
        second.welcomes(true).await;
        second.joins(proto::RequestId(0), 1).await;
        let (id, slot, again) = second.takes_offer().await;
        assert_eq!(offer, again);
        let from = GROUP * 2;
        second.accepts(id, from as u64, prefix_hash(hashes(&file)[..2].iter())).await;
        taken.truncate(from);
        assert_eq!(second.takes(slot, &mut taken, usize::MAX).await, Some(root(&file)));
        assert!(taken == file);
        second.commits(slot, "a", &file).await;
        second
    };
    let (outcome, _server) = tokio::join!(put.done(), script);
    let outcome = outcome.unwrap();
    assert!(!outcome.renamed);
    assert!(outcome.moved < (GROUP * 5) as u64, "{outcome:?}");
}

#[tokio::test]
async fn an_answer_that_was_lost_does_not_make_a_conflict_with_itself() {
    let Stage { folder, client, room, servers: [mut first, mut second], .. } = stage().await;
    let file = bytes(GROUP);
    fs::write(folder.path().join("a"), &file).unwrap();
    let options = PutOptions { on_conflict: OnConflict::Fail, ..PutOptions::new(path("a")) };
    let mut put = client.put(room, folder.path().join("a"), options);
    let script = async {
        let (id, slot, offer) = first.takes_offer().await;
        assert_eq!(offer.on_conflict, OnConflict::Fail);
        first.accepts(id, 0, Root([0; 32])).await;
        first.takes(slot, &mut Vec::new(), usize::MAX).await;
        drop(first);
        second.welcomes(true).await;
        second.joins(proto::RequestId(0), 1).await;
        let (id, slot, offer) = second.takes_offer().await;
        assert_eq!(offer.on_conflict, OnConflict::Same);
        second.accepts(id, GROUP_BYTES, prefix_hash(hashes(&file).iter())).await;
        second.commits(slot, "a", &file).await;
        second
    };
    let (outcome, _second) = tokio::join!(put.done(), script);
    assert_eq!(outcome.unwrap().root, Some(root(&file)));
}

#[tokio::test]
async fn a_part_of_another_content_is_thrown_away_and_said_so() {
    let Stage { folder, client, room, servers: [mut server], .. } = stage().await;
    let file = bytes(GROUP * 2);
    fs::write(folder.path().join("a"), &file).unwrap();
    let mut put = client.put(room, folder.path().join("a"), PutOptions::new(path("a")));
    let script = async {
        let (id, slot, _) = server.takes_offer().await;
        server.accepts(id, GROUP as u64, Root([9; 32])).await;
        let (stopped, TransferMessage::Stop(Stop { keep: false, .. })) = server.hears_within().await else {
            panic!("no stop");
        };
        assert_eq!(stopped, slot);
        let (id, slot, offer) = server.takes_offer().await;
        assert!(offer.fresh);
        server.accepts(id, 0, Root([0; 32])).await;
        let mut taken = Vec::new();
        server.takes(slot, &mut taken, usize::MAX).await;
        server.commits(slot, "a", &taken).await;
    };
    let (outcome, ()) = tokio::join!(put.done(), script);
    assert_eq!(outcome.unwrap().root, Some(root(&file)));
    assert_eq!(put.progress().borrow().notices, [Notice::StartedOver]);
}

#[tokio::test]
async fn a_file_of_which_the_same_is_there_is_offered_with_its_root_and_not_sent() {
    let Stage { folder, client, room, servers: [mut server], .. } = stage().await;
    let file = bytes(GROUP + 1);
    fs::write(folder.path().join("a"), &file).unwrap();
    let mut put = client.put(room, folder.path().join("a"), PutOptions::new(path("a")));
    let script = async {
        let (id, ClientMessage::File(_, FileRequest::List(list))) = server.hears().await else { panic!("no list") };
        assert_eq!(list.path, "a");
        let entry = proto::message::FileEntry {
            path: "a".to_owned(),
            sort: proto::message::Sort::File,
            size: file.len() as u64,
            modified_ms: 0,
            root: None,
            by: String::new(),
        };
        server.answers(id, FileAnswer::Entries(Entries { entries: vec![entry], more: false, unnamed: 0 })).await;
        let (id, slot, offer) = server.takes_offer().await;
        assert_eq!(offer.root, Some(root(&file)));
        server.accepts(id, file.len() as u64, prefix_hash(hashes(&file).iter())).await;
        let committed =
            Committed { path: "a".into(), size: file.len() as u64, root: root(&file), version: VERSION, same: true };
        server.within(slot, TransferMessage::Committed(committed)).await;
    };
    let (outcome, ()) = tokio::join!(put.done(), script);
    let outcome = outcome.unwrap();
    assert!(outcome.same && outcome.moved == 0, "{outcome:?}");
}

#[tokio::test]
async fn a_paused_upload_frees_its_slot_and_goes_on_later_and_a_cancelled_one_ends() {
    let Stage { folder, client, room, servers: [mut server], .. } = stage().await;
    let file = bytes(GROUP * 2);
    fs::write(folder.path().join("a"), &file).unwrap();
    let mut put = client.put(room, folder.path().join("a"), PutOptions::new(path("a")));
    let (id, slot, _) = server.takes_offer().await;
    server.accepts(id, 0, Root([0; 32])).await;
    let mut taken = Vec::new();
    server.takes(slot, &mut taken, 10).await;
    for ends in [false, true] {
        if ends {
            put.cancel()
        } else {
            put.pause()
        }
        let keep = loop {
            match server.hears_within().await.1 {
                TransferMessage::Stop(stop) => break stop.keep,
                TransferMessage::Chunk { .. } | TransferMessage::Hashes { .. } => {}
                other => panic!("{other:?}"),
            }
        };
        assert!(keep);
        if !ends {
            put.resume();
            let (id, _, offer) = server.takes_offer().await;
            assert!(!offer.fresh);
            server.accepts(id, 0, Root([0; 32])).await;
        }
    }
    assert_eq!(put.done().await, Err(ClientError::Cancelled));
    assert_eq!(put.progress().borrow().state, State::Failed);
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_sent_is_begun_anew_and_said() {
    let Stage { folder, client, room, servers: [mut server], .. } = stage().await;
    let source = folder.path().join("a");
    // More than is read ahead.
    fs::write(&source, bytes(GROUP * 64)).unwrap();
    let mut put = client.put(room, &source, PutOptions::new(path("a")));
    let script = async {
        let (id, slot, _) = server.takes_offer().await;
        server.accepts(id, 0, Root([0; 32])).await;
        server.takes(slot, &mut Vec::new(), GROUP).await;
        fs::write(&source, b"shorter").unwrap();
        // Whatever is on its way comes still.
        let mut limit = 0;
        loop {
            limit += 10_000_000;
            server.within(slot, TransferMessage::Credit { limit }).await;
            match server.hears_within().await.1 {
                TransferMessage::Stop(stop) => break assert!(!stop.keep),
                TransferMessage::Chunk { .. } | TransferMessage::Hashes { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        let (id, slot, offer) = server.takes_offer().await;
        assert_eq!(offer.size, 7);
        server.accepts(id, 0, Root([0; 32])).await;
        let mut taken = Vec::new();
        server.takes(slot, &mut taken, usize::MAX).await;
        server.commits(slot, "a", &taken).await;
    };
    let (outcome, ()) = tokio::join!(put.done(), script);
    assert_eq!(outcome.unwrap().size, 7);
    assert_eq!(put.progress().borrow().notices, [Notice::SourceChanged]);
}

#[tokio::test]
async fn what_cannot_be_sent_is_said_in_words() {
    let Stage { folder, client, room, servers: [mut server], .. } = stage().await;
    let mut missing = client.put(room, folder.path().join("none"), PutOptions::new(path("a")));
    let error = missing.done().await.unwrap_err();
    assert_eq!(error.exit_code(), 5);
    assert!(error.to_string().starts_with("cannot read ") && error.to_string().contains("none: "), "{error}");
    let mut a_folder = client.put(room, folder.path(), PutOptions::new(path("a")));
    let error = a_folder.done().await.unwrap_err();
    assert!(error.to_string().ends_with(": it is a folder"), "{error}");
    fs::write(folder.path().join("a"), "x").unwrap();
    let mut refused = client.put(room, folder.path().join("a"), PutOptions::new(path("a")));
    let script = async {
        let (id, ..) = server.takes_offer().await;
        server.says(id, ServerMessage::Refused(Refusal::new(Code::QuotaFull, "full"))).await;
    };
    let (outcome, ()) = tokio::join!(refused.done(), script);
    assert_eq!(outcome.unwrap_err().exit_code(), 4);
}
