//! A second connection that only carries files.

use proto::message::{FileAnswer, Say, TransferMessage};
use proto::{ClientMessage, CloseCode, Code, MessageId, RoomId, ServerMessage};

use crate::world::{Client, Put, World, noise, refused};

async fn ticket(client: &mut Client) -> proto::Token {
    let id = client.send(ClientMessage::AskTicket).await;
    match client.answer_to(id).await {
        ServerMessage::File(FileAnswer::Ticket(ticket)) => ticket.ticket,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connection_carries_files_in_the_name_of_the_first() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let bytes = noise(2_000_000, 1);
    let ticket = ticket(&mut ann).await;
    let mut side = world.connect();
    let attached = side.attach(ticket).await;
    let ServerMessage::File(FileAnswer::Attached(attached)) = attached else { panic!("{attached:?}") };
    assert_eq!(attached.limits.bulk_bytes, 1 << 20);
    side.put(&Put { announce: true, ..Put::new("a.bin", &bytes) }).await.unwrap();
    assert!(matches!(ann.event().await, proto::What::File { .. }));
    assert!(side.get(2, "a.bin").await.unwrap() == bytes);
    assert_eq!(side.listed("").await[0].by, "ann");
    let text = bytes::Bytes::from_static(b"hello");
    let say = ClientMessage::Say(Say { room: RoomId(1), message: MessageId(1), text });
    for message in [say, ClientMessage::AskTicket] {
        let id = side.send(message).await;
        assert_eq!(refused(&side.answer_to(id).await), Some(Code::OutOfPlace));
    }
    let fetching = side.fetch(3, "a.bin", 0).await.unwrap();
    ann.bye().await;
    side.say(3, TransferMessage::Credit { limit: 1000 }).await;
    let goodbye = loop {
        match side.next().await.unwrap().1 {
            ServerMessage::Goodbye(goodbye) => break goodbye,
            ServerMessage::Transfer(..) => {}
            other => panic!("{other:?} after {fetching:?}"),
        }
    };
    assert_eq!(goodbye.code, CloseCode::Bye);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_is_not_known_is_told_so() {
    let mut world = World::new();
    let mut ann = world.member("ann").await;
    let ticket = ticket(&mut ann).await;
    let mut side = world.connect();
    assert!(matches!(side.attach(ticket).await, ServerMessage::File(_)));
    for token in [ticket, proto::Token([7; 16])] {
        let mut other = world.connect();
        let ServerMessage::Goodbye(goodbye) = other.attach(token).await else { panic!() };
        assert_eq!(goodbye.code, CloseCode::Refused);
        assert_eq!(goodbye.refusal.map(|refusal| refusal.code), Some(Code::BadTicket));
        drop(other.framed);
        assert_eq!(other.end.await.unwrap(), chat_server::session::SessionEnd::PeerFault);
    }
}
