//! Large files, which go by a second connection where that works.

use proto::message::{Attached, Ticket, WireLimits};
use proto::{RequestId, Token};

use super::*;

const LARGE: usize = 64 * 1024 * 1024;

/// A client with a second connection; a large file in its folder, all zeros.
async fn large<const N: usize>() -> (Stage<1>, [Server; N]) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { state_folder: Some(folder.path().join("state")), ..options(Reconnect::BackOff) };
    let (client, mut events, mut server, seconds) = start_with_second(options);
    server.welcomes(false).await;
    events.online(|_, _| {}).await.unwrap();
    let room = join(&client, &mut server).await;
    fs::File::create(folder.path().join("a")).unwrap().set_len(LARGE as u64).unwrap();
    (Stage { folder, client, room, servers: [server], _events: events }, seconds)
}

impl Server {
    async fn gives_ticket(&mut self, attaches: &mut Self) {
        loop {
            match self.hears().await {
                (id, ClientMessage::File(_, FileRequest::List(_))) => self.has_nothing(id).await,
                (id, ClientMessage::AskTicket) => {
                    let ticket = Ticket { ticket: Token([3; 16]), good_ms: 30_000 };
                    self.answers(id, FileAnswer::Ticket(ticket)).await;
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        let (id, ClientMessage::Attach(attach)) = attaches.hears().await else { panic!("no attach") };
        assert_eq!(attach.ticket, Token([3; 16]));
        let limits = WireLimits { text_bytes: 0, bulk_bytes: 1024 * 1024, rooms: 0, idle_ms: 60_000, grace_ms: 0 };
        attaches.answers(id, FileAnswer::Attached(Attached { limits })).await;
    }

    async fn takes_all(&mut self, id: RequestId, slot: Slot) {
        self.accepts(id, 0, Root([0; 32])).await;
        self.within(slot, TransferMessage::Credit { limit: u64::MAX }).await;
        let mut taken = Vec::new();
        self.takes(slot, &mut taken, usize::MAX).await;
        assert_eq!(taken.len(), LARGE);
        self.commits(slot, "a", &taken).await;
    }
}

#[tokio::test]
async fn a_large_file_goes_by_the_second_connection_and_by_the_first_when_that_breaks() {
    let (Stage { folder, client, room, servers: [mut first], _events }, [mut second]) = large().await;
    let mut put = client.put(room, folder.path().join("a"), PutOptions::new(path("a")));
    let script = async {
        first.gives_ticket(&mut second).await;
        let (id, slot, _) = second.takes_offer().await;
        second.accepts(id, 0, Root([0; 32])).await;
        second.takes(slot, &mut Vec::new(), GROUP).await;
        drop(second);
        let (id, slot, _) = first.takes_offer().await;
        first.takes_all(id, slot).await;
    };
    let (outcome, ()) = tokio::join!(put.done(), script);
    assert_eq!(outcome.unwrap().size, LARGE as u64);
}

#[tokio::test]
async fn where_there_is_no_second_connection_the_first_carries_all() {
    for refuses_ticket in [true, false] {
        let (Stage { folder, client, room, servers: [mut first], _events }, []) = large().await;
        let mut put = client.put(room, folder.path().join("a"), PutOptions::new(path("a")));
        let script = async {
            loop {
                match first.hears().await {
                    (id, ClientMessage::File(_, FileRequest::List(_))) => first.has_nothing(id).await,
                    (id, ClientMessage::AskTicket) if refuses_ticket => {
                        first.says(id, ServerMessage::Refused(Refusal::new(Code::Busy, "no"))).await;
                    }
                    (id, ClientMessage::AskTicket) => {
                        let ticket = Ticket { ticket: Token([3; 16]), good_ms: 30_000 };
                        first.answers(id, FileAnswer::Ticket(ticket)).await;
                    }
                    (id, ClientMessage::File(slot, FileRequest::Offer(_))) => break first.takes_all(id, slot).await,
                    other => panic!("{other:?}"),
                }
            }
        };
        let (outcome, ()) = tokio::join!(put.done(), script);
        assert_eq!(outcome.unwrap().size, LARGE as u64);
    }
}

#[tokio::test]
async fn a_fetch_goes_over_to_the_second_connection_when_the_file_is_seen_to_be_large() {
    let (Stage { client, room, servers: [mut first], .. }, [mut second]) = large().await;
    let mut get = client.get(room, path("a"), GetTarget::Nowhere, GetOptions::default());
    let script = async {
        let (id, slot, fetch) = first.takes_fetch().await;
        first.begins(id, LARGE).await;
        let (stopped, TransferMessage::Stop(_)) = first.hears_within().await else { panic!("no stop") };
        assert_eq!(slot, stopped);
        first.gives_ticket(&mut second).await;
        let (id, slot, again) = second.takes_fetch().await;
        assert_eq!((fetch.version, fetch.from), (again.version, again.from));
        second.begins(id, LARGE).await;
        let file = vec![0; LARGE];
        let root = root(&file);
        let hashes = hashes(&file);
        let mut credit = again.credit;
        for at in (0..LARGE).step_by(GROUP) {
            while credit < (at + GROUP) as u64 {
                match second.hears().await.1 {
                    ClientMessage::Transfer(_, TransferMessage::Credit { limit }) => credit = limit,
                    other => panic!("{other:?}"),
                }
            }
            second.chunk(slot, &file, at, at + GROUP).await;
            let (first, hashes) = ((at / GROUP) as u64, hashes[at / GROUP].0.to_vec().into());
            second.within(slot, TransferMessage::Hashes { first, hashes }).await;
        }
        second.within(slot, TransferMessage::Finish { size: LARGE as u64, root }).await;
        assert_eq!(second.hears_within().await.1, TransferMessage::Taken);
        root
    };
    let (outcome, root) = tokio::join!(get.done(), script);
    assert_eq!(outcome.unwrap().root, Some(root));
}
