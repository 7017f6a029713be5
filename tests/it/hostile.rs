//! Wrong input: every kind of it meets a clear answer, and two people beside it talk on.

use bytes::Bytes;
use proto::header::FLAG_SKIPPABLE;
use proto::{CloseCode, Code, Frame, Header, Kind, ServerMessage};

use crate::matrix::over_strategies;
use crate::peer::{Peer, hello, say};
use crate::server::Server;

over_strategies! {
    bytes_that_are_not_the_protocol_end_with_a_reason,
    a_kind_nobody_knows_is_refused_or_skipped,
    who_speaks_something_else_gets_words,
    who_says_nothing_is_sent_away,
    who_trickles_is_sent_away,
    who_vanishes_inside_a_frame_harms_nobody,
    a_message_over_the_limit_names_the_limit,
    who_closes_only_its_own_side_still_gets_its_answers,
}

/// Two people say something to each other.
fn check_others_talk(server: &Server) {
    let (mut ann, joined) = Peer::in_room(server.address(), "ann", "others");
    let (mut bob, _) = Peer::in_room(server.address(), "bob", "others");
    let seq = ann.say(joined.room, 1, "still here?");
    assert_eq!(bob.event(joined.room).0.seq, seq);
    for mut peer in [ann, bob] {
        peer.send(&proto::ClientMessage::Bye);
        assert_eq!(peer.goodbye().code, CloseCode::Bye);
    }
}

fn bytes(header: Header, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    header.write(&mut bytes);
    bytes.extend_from_slice(body);
    bytes
}

const fn header(kind: u8, len: u32) -> Header {
    Header { len, kind, flags: 0, slot: 0, id: 1 }
}

fn bytes_that_are_not_the_protocol_end_with_a_reason(arguments: &[&str]) {
    let server = Server::start(arguments);
    let good_hello = hello("mallory", None).to_frame(proto::RequestId(1));
    let wrong_magic = [b"XXXX", &good_hello.body()[4..]].concat();
    let too_long = [good_hello.body().as_ref(), b"\0"].concat();
    let length = |body: &[u8]| u32::try_from(body.len()).unwrap();
    let from_server = ServerMessage::Done.to_frame(proto::RequestId(1));
    let mut old = wrong_magic.clone();
    old[..6].copy_from_slice(b"VBTM\x07\x09");
    let rows: Vec<(&str, Vec<u8>, Code)> = vec![
        ("wrong magic", bytes(header(1, length(&wrong_magic)), &wrong_magic), Code::BadMagic),
        ("another version", bytes(header(1, length(&old)), &old), Code::BadVersion),
        ("one byte too many", bytes(header(1, length(&too_long)), &too_long), Code::BadFrame),
        ("a huge length", bytes(header(1, u32::from_be_bytes([0, 255, 255, 255])), b""), Code::FrameTooLong),
        ("bulk on a port without files", bytes(header(200, 1), b"x"), Code::FrameTooLong),
        ("a length that lies", bytes(header(1, 5), good_hello.body()), Code::BadFrame),
        ("an empty hello", bytes(header(1, 0), b""), Code::BadMagic),
        ("a request before hello", bytes(header(Kind::Ping.number(), 0), b""), Code::OutOfPlace),
        ("an unknown kind before hello", bytes(header(63, 0), b""), Code::UnknownKind),
        ("a server's message", bytes(*from_server.header(), b""), Code::UnknownKind),
    ];
    for (name, sent, code) in rows {
        let mut peer = Peer::connect(server.address());
        peer.send_bytes(&sent).unwrap();
        let goodbye = peer.goodbye();
        assert_eq!(goodbye.code, CloseCode::PeerFault, "{name}");
        let refusal = goodbye.refusal.unwrap();
        assert_eq!(refusal.code, code, "{name}: {refusal}");
        assert!(refusal.words.len() > 10, "{name}: {refusal}");
    }
    check_others_talk(&server);
}

fn a_kind_nobody_knows_is_refused_or_skipped(arguments: &[&str]) {
    let server = Server::start(arguments);
    let (mut peer, _) = Peer::hello(server.address(), "future");
    peer.send_frame(&Frame::new(63, 900, Bytes::from_static(b"skip me")).with_flags(FLAG_SKIPPABLE));
    for (kind, code) in [(62, Code::UnknownKind), (Kind::Welcome.number(), Code::OutOfPlace)] {
        peer.send_frame(&Frame::new(kind, 901, Bytes::from_static(b"do not skip me")));
        match peer.wait_for(|_| true) {
            ServerMessage::Refused(refusal) => assert_eq!(refusal.code, code),
            other => panic!("{other:?}"),
        }
    }
    let joined = peer.join("lobby");
    peer.say(joined.room, 1, "the connection lives");
}

fn who_speaks_something_else_gets_words(arguments: &[&str]) {
    let server = Server::start(arguments);
    let rows: &[(&[u8], &str, &str)] = &[
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", "not HTTP"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "This port", "without TLS"),
        (b"NICK ann\r\n", "This port", "something else"),
        ("你好\n".as_bytes(), "This port", "chat-client"),
    ];
    for (sent, begins, says) in rows {
        let mut peer = Peer::connect(server.address());
        peer.send_bytes(sent).unwrap();
        let answer = String::from_utf8(peer.rest()).unwrap();
        assert!(answer.starts_with(begins) && answer.contains(says), "{}: {answer}", sent.escape_ascii());
    }
    check_others_talk(&server);
}

fn who_says_nothing_is_sent_away(arguments: &[&str]) {
    let server = Server::start(&[arguments, &["--handshake-ms", "300", "--idle-ms", "300"]].concat());
    assert_eq!(Peer::connect(server.address()).goodbye().code, CloseCode::HandshakeTimeout);
    let (mut silent, _) = Peer::hello(server.address(), "silent");
    assert!(matches!(silent.wait_for(|_| true), ServerMessage::Ping), "first it is asked");
    assert_eq!(silent.goodbye().code, CloseCode::Idle);
    check_others_talk(&server);
}

fn who_trickles_is_sent_away(arguments: &[&str]) {
    let server = Server::start(&[arguments, &["--handshake-ms", "500"]].concat());
    let mut peer = Peer::connect(server.address());
    // One byte at a time, for ever: the handshake's time is over long before the hello is whole.
    let mut sent = 0_u32;
    while peer.send_bytes(b"\0").is_ok() && sent < 600 {
        sent += 1;
        std::thread::park_timeout(std::time::Duration::from_millis(100));
    }
    assert!(sent < 600, "the server took {sent} bytes and did not close");
    check_others_talk(&server);
}

fn who_vanishes_inside_a_frame_harms_nobody(arguments: &[&str]) {
    let server = Server::start(arguments);
    let (mut peer, joined) = Peer::in_room(server.address(), "gone", "lobby");
    let mut frame = Vec::new();
    say(joined.room, 1, "half of this never comes").to_frame(proto::RequestId(9)).write(&mut frame);
    peer.send_bytes(&frame[..frame.len() / 2]).unwrap();
    drop(peer);
    check_others_talk(&server);
    server.terminate();
    let ended = server.ended();
    assert!(ended.stderr.contains("peer-vanished 1"), "{}", ended.stderr);
}

fn a_message_over_the_limit_names_the_limit(arguments: &[&str]) {
    let server = Server::start(arguments);
    let (mut peer, joined) = Peer::in_room(server.address(), "long", "lobby");
    let max = proto::limits::TEXT_BYTES_MAX;
    peer.say(joined.room, 1, &"x".repeat(max));
    let rows =
        [("x".repeat(max + 1), Code::TextTooLong), (String::new(), Code::BadText), ("\x1b[2J".into(), Code::BadText)];
    for (text, code) in rows {
        match peer.ask(&say(joined.room, 2, &text)) {
            ServerMessage::Refused(refusal) => {
                assert_eq!(refusal.code, code);
                let limit = refusal.limit.map(|limit| (limit.name, limit.max));
                assert_eq!(limit, (code == Code::TextTooLong).then(|| ("text_bytes".into(), max as u64)));
            }
            other => panic!("{other:?}"),
        }
    }
}

fn who_closes_only_its_own_side_still_gets_its_answers(arguments: &[&str]) {
    let server = Server::start(arguments);
    let (mut peer, joined) = Peer::in_room(server.address(), "pipe", "lobby");
    for message in 1..=200 {
        peer.send(&say(joined.room, message, "piped"));
    }
    peer.finish_writing();
    let mut answers = 0;
    while let Some(frame) = peer.next_frame() {
        answers += u32::from(frame.header().kind == Kind::Said.number());
    }
    assert_eq!(answers, 200);
}
