//! The framed servers, over every strategy.

use bytes::{Bytes, BytesMut};
use proto::{CloseCode, Code, Codec, Frame, Kind, ServerMessage};
use tokio_util::codec::Decoder;

use crate::support::{Peer, Server, strategies};

pub(crate) fn echo(id: u64, body: &[u8]) -> Frame {
    Frame::new(Kind::Echo.number(), id, Bytes::copy_from_slice(body))
}

pub(crate) fn bytes(frame: &Frame) -> BytesMut {
    let mut bytes = BytesMut::new();
    frame.write(&mut bytes);
    bytes
}

/// The next frame.
pub(crate) fn frame(peer: &Peer) -> Frame {
    let mut codec = Codec::control();
    let mut came = BytesMut::new();
    loop {
        if let Some(frame) = codec.decode(&mut came).unwrap() {
            return frame;
        }
        let mut byte = [0];
        std::io::Read::read_exact(&mut peer.stream(), &mut byte).unwrap();
        came.extend_from_slice(&byte);
    }
}

pub(crate) fn message(peer: &Peer) -> ServerMessage {
    ServerMessage::from_frame(&frame(peer)).unwrap()
}

#[test]
fn frames_are_answered_in_order_under_their_ids_however_they_are_cut() {
    for strategy in strategies() {
        let server = Server::start(&format!("tcp --wire framed --reply lower --strategy {strategy}"));
        let mut peer = server.connect();
        let mut all = BytesMut::new();
        for id in 1..=20 {
            all.extend_from_slice(&bytes(&echo(id, "ÄÖ 你好".as_bytes())));
        }
        for piece in all.chunks(7) {
            peer.send(piece);
        }
        for id in 1..=20 {
            assert_eq!(frame(&peer), echo(id, "äö 你好".as_bytes()), "{strategy}");
        }
        peer.send(bytes(&Frame::new(Kind::Ping.number(), 9, Bytes::new())));
        assert_eq!(message(&peer), ServerMessage::Pong);
        peer.send(bytes(&Frame::new(127, 9, Bytes::new())));
        assert!(matches!(message(&peer), ServerMessage::Refused(refusal) if refusal.code == Code::UnknownKind));
        peer.send(bytes(&Frame::new(Kind::Bye.number(), 0, Bytes::new())));
        assert!(matches!(message(&peer), ServerMessage::Goodbye(goodbye) if goodbye.code == CloseCode::Bye));
        peer.close_sending();
        assert_eq!(peer.rest(), "");
    }
}

#[test]
fn a_lying_length_is_answered_with_the_limit() {
    for strategy in strategies() {
        let server = Server::start(&format!("tcp --wire framed --strategy {strategy}"));
        let mut peer = server.connect();
        peer.send([0, 0xff, 0xff, 0xff, Kind::Echo.number(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        let ServerMessage::Goodbye(goodbye) = message(&peer) else { panic!("no goodbye under {strategy}") };
        assert_eq!(goodbye.code, CloseCode::PeerFault);
        assert_eq!(goodbye.refusal.unwrap().limit.unwrap().max, 65536);
        peer.close_sending();
        assert_eq!(peer.rest(), "");
    }
}

#[test]
fn strangers_are_answered_in_words() {
    for strategy in strategies() {
        let server = Server::start(&format!("tcp --wire framed --strategy {strategy}"));
        let rows = [
            ("GET / HTTP/1.1\r\nHost: here\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"),
            ("\u{16}\u{3}\u{1}", "This port speaks"),
            ("hello?\n", "This port speaks"),
        ];
        for (says, answer) in rows {
            let mut peer = server.connect();
            peer.send(says);
            peer.close_sending();
            let got = peer.rest();
            assert!(got.starts_with(answer), "{strategy}: {says:?} is answered {got:?}");
        }
    }
}

#[test]
fn who_waits_sees_its_place_and_who_finds_the_queue_full_is_told() {
    for strategy in ["pool", "thread-pool"] {
        let server = Server::start(&format!("tcp --wire framed --strategy {strategy} --workers 1 --queue 1"));
        let mut first = server.connect();
        first.send(bytes(&echo(1, b"in")));
        assert_eq!(frame(&first), echo(1, b"in"));
        let mut second = server.connect();
        let ServerMessage::Queued(queued) = message(&second) else { panic!("no place under {strategy}") };
        assert_eq!((queued.place, queued.waiting), (1, 1));
        let third = server.connect();
        let ServerMessage::Goodbye(goodbye) = message(&third) else { panic!("no goodbye under {strategy}") };
        assert_eq!((goodbye.code, goodbye.refusal.unwrap().code), (CloseCode::Refused, Code::Busy));
        drop(first);
        second.send(bytes(&echo(2, b"my turn")));
        assert_eq!(frame(&second), echo(2, b"my turn"));
    }
}

#[test]
fn a_request_that_finds_no_worker_is_refused_and_the_connection_lives() {
    let server =
        Server::start("tcp --wire framed --strategy pool-request --workers 1 --queue 0 --work sleep:fix:300ms");
    let (mut first, mut second) = (server.connect(), server.connect());
    first.send(bytes(&echo(1, b"me")));
    second.send(bytes(&echo(1, b"me")));
    let mut answers = [frame(&first), frame(&second)];
    answers.sort_by_key(|answer| answer.header().kind);
    assert_eq!(answers[0], echo(1, b"me"));
    let refused = ServerMessage::from_frame(&answers[1]).unwrap();
    assert!(matches!(refused, ServerMessage::Refused(refusal) if refusal.code == Code::Busy));
    for peer in [&mut first, &mut second] {
        peer.send(bytes(&echo(2, b"again")));
        assert_eq!(frame(peer), echo(2, b"again"));
    }
}
