//! A server, or a person behind it, that means no good, is slow, or says too much.

use proto::message::StalledBy;
use proto::{RoomId, Seq};

use super::*;

/// Whether the connection carries chat still.
async fn chat_works(client: &Client, room: RoomKey, server: &mut Server) {
    let script = async {
        loop {
            match server.hears().await {
                (id, ClientMessage::Say(_)) => {
                    let said = proto::message::Said { room: RoomId(1), seq: Seq(1) };
                    break server.says(id, ServerMessage::Said(said)).await;
                }
                (_, ClientMessage::Transfer(..)) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    let (said, ()) = tokio::join!(client.say(room, "still here".parse().unwrap()), script);
    said.unwrap();
}

#[tokio::test]
async fn more_than_was_asked_for_ends_the_transfer_and_nothing_else() {
    let file = bytes(GROUP * 20);
    type Fault = fn(&[u8], Slot) -> Vec<TransferMessage>;
    let faults: [Fault; 5] = [
        // Beyond the credit, in chunks that are each allowed.
        |file, _| {
            let chunk =
                |at: usize| TransferMessage::Chunk { offset: at as u64, bytes: file[at..at + GROUP].to_vec().into() };
            (0..20).map(|at| chunk(at * GROUP)).collect()
        },
        |_, _| vec![TransferMessage::Chunk { offset: 5, bytes: vec![0].into() }],
        |_, _| vec![TransferMessage::Hashes { first: 0, hashes: vec![0; 32].into() }],
        |_, _| vec![TransferMessage::Finish { size: 1, root: Root([0; 32]) }],
        |_, _| vec![TransferMessage::Credit { limit: 7 }],
    ];
    for (at, fault) in faults.into_iter().enumerate() {
        let Stage { folder, client, room, servers: [mut server], .. } = stage().await;
        let mut get = client.get(room, path("a"), GetTarget::Folder(folder.path().into()), GetOptions::default());
        let (id, slot, _) = server.takes_fetch().await;
        server.begins(id, file.len()).await;
        for message in fault(&file, slot) {
            server.within(slot, message).await;
        }
        let error = get.done().await.unwrap_err();
        assert_eq!(error.exit_code(), 4, "fault {at}: {error}");
        // What comes late for it is nobody's.
        server.within(slot, TransferMessage::Chunk { offset: 0, bytes: vec![0].into() }).await;
        chat_works(&client, room, &mut server).await;
        let listed = names(folder.path());
        assert!(listed.iter().all(|name| name.starts_with(".verbatim")), "fault {at}: {listed:?}");
    }
}

#[tokio::test]
async fn what_stays_damaged_is_given_up_and_nothing_of_it_is_called_the_file() {
    let Stage { folder, client, room, servers: [mut server], .. } = stage().await;
    let file = bytes(GROUP);
    let mut get = client.get(room, path("a"), GetTarget::Folder(folder.path().into()), GetOptions::default());
    let script = async {
        let (id, slot, _) = server.takes_fetch().await;
        server.begins(id, GROUP).await;
        let mut repairs = 0;
        loop {
            server.chunk(slot, &vec![0; GROUP], 0, GROUP).await;
            server.hashes(slot, &file, 0, 1).await;
            match server.hears_within().await.1 {
                TransferMessage::Repair { from: 0 } => repairs += 1,
                TransferMessage::Stop(stop) => break assert_eq!((stop.refusal.code, repairs), (Code::Damaged, 8)),
                other => panic!("{other:?}"),
            }
        }
    };
    let (outcome, ()) = tokio::join!(get.done(), script);
    assert_eq!(outcome.unwrap_err().exit_code(), 6);
    assert!(!folder.path().join("a").exists());
}

#[tokio::test]
async fn a_chat_message_waits_for_one_bulk_frame_at_most() {
    let Stage { folder, client, room, servers: [mut server], .. } = stage().await;
    fs::write(folder.path().join("a"), bytes(GROUP * 64)).unwrap();
    let put = client.put(room, folder.path().join("a"), PutOptions::new(path("a")));
    let (id, slot, _) = server.takes_offer().await;
    server.accepts(id, 0, Root([0; 32])).await;
    server.within(slot, TransferMessage::Credit { limit: u64::MAX }).await;
    server.takes(slot, &mut Vec::new(), 1).await;
    // The pipe is full, and nobody reads.
    let mut progress = put.progress();
    progress.wait_for(|progress| progress.stalled_by == Some(Stall::Uplink)).await.unwrap();
    let said = client.say(room, "first".parse().unwrap());
    tokio::task::yield_now().await;
    let mut before = 0;
    loop {
        match server.hears().await.1 {
            ClientMessage::Say(_) => break,
            ClientMessage::Transfer(_, TransferMessage::Chunk { bytes, .. }) => before += bytes.len(),
            ClientMessage::Transfer(..) => {}
            other => panic!("{other:?}"),
        }
    }
    // What stood in the pipe, the frame that was begun, and nothing else.
    assert!(before <= 64 * 1024 + 2 * 1024 * 1024, "{before}");
    drop(said);
}

#[tokio::test]
async fn whoever_holds_a_transfer_up_is_named() {
    let Stage { folder, client, room, servers: [mut server], .. } = stage().await;
    fs::write(folder.path().join("a"), bytes(GROUP * 4)).unwrap();
    let put = client.put(room, folder.path().join("a"), PutOptions::new(path("a")));
    let (id, slot, _) = server.takes_offer().await;
    server.accepts(id, 0, Root([0; 32])).await;
    let mut progress = put.progress();
    tokio::select! {
        stalled = progress.wait_for(|progress| progress.stalled_by == Some(Stall::Server)) => drop(stalled.unwrap()),
        () = async { loop { server.hears().await; } } => {}
    }
    let stop = Stop { refusal: Refusal::new(Code::NotPermitted, "no"), keep: false };
    server.within(slot, TransferMessage::Stop(stop)).await;
    let get = client.get(room, path("a"), GetTarget::Nowhere, GetOptions::default());
    let (id, slot) = loop {
        match server.hears().await {
            (id, ClientMessage::File(slot, FileRequest::Fetch(_))) => break (id, slot),
            (_, ClientMessage::Transfer(..)) => {}
            other => panic!("{other:?}"),
        }
    };
    server.begins(id, GROUP).await;
    for (by, stall) in [(StalledBy::Sender, Stall::Sender), (StalledBy::ServerDisk, Stall::ServerDisk)] {
        server.within(slot, TransferMessage::Stalled(by)).await;
        get.progress().wait_for(|progress| progress.stalled_by == Some(stall)).await.unwrap();
    }
}
