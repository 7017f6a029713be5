//! Who waits and who is sent away, when not everybody can be served.

use proto::{CloseCode, Code, ServerMessage};

use crate::peer::{Peer, hello};
use crate::server::Server;

#[test]
fn a_pool_tells_its_queue_the_places_and_serves_it_in_order() {
    let server = Server::start(&["--strategy", "pool", "--workers", "1", "--queue", "2"]);
    let (served, _) = Peer::hello(server.address(), "served");
    let mut waiting = Vec::new();
    for place in 1..=2 {
        let mut peer = Peer::connect(server.address());
        match peer.wait_for(|frame| frame.header().kind == proto::Kind::Queued.number()) {
            ServerMessage::Queued(queued) => assert_eq!(queued.place, place),
            other => panic!("{other:?}"),
        }
        waiting.push(peer);
    }
    let goodbye = Peer::connect(server.address()).goodbye();
    assert_eq!(goodbye.code, CloseCode::Refused);
    let refusal = goodbye.refusal.unwrap();
    assert_eq!((refusal.code, refusal.limit.unwrap().max), (Code::Busy, 2));
    assert!(refusal.retry_after_ms.is_some());

    drop(served);
    let mut second = waiting.pop().unwrap();
    let mut first = waiting.pop().unwrap();
    assert!(matches!(first.ask(&hello("first", None)), ServerMessage::Welcome(_)));
    match second.wait_for(|frame| frame.header().kind == proto::Kind::Queued.number()) {
        ServerMessage::Queued(queued) => assert_eq!(queued.place, 1),
        other => panic!("{other:?}"),
    }
    drop(first);
    assert!(matches!(second.ask(&hello("second", None)), ServerMessage::Welcome(_)));
}

#[test]
fn the_limits_of_connections_are_told() {
    let rows: [(&[&str], Code); 2] =
        [(&["--max-connections", "1"], Code::ServerFull), (&["--max-per-address", "1"], Code::AddressFull)];
    for (arguments, code) in rows {
        let server = Server::start(arguments);
        let (_first, _) = Peer::hello(server.address(), "first");
        let goodbye = Peer::connect(server.address()).goodbye();
        assert_eq!(goodbye.code, CloseCode::Refused, "{arguments:?}");
        let refusal = goodbye.refusal.unwrap();
        assert_eq!((refusal.code, refusal.limit.unwrap().max), (code, 1), "{arguments:?}");
    }
}
