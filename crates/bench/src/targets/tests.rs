//! Target URLs, and the protocols read whole, in pieces, and with something wrong in them.

use proto::event::{Rest, write};
use proto::{RoomId, Seq, ServerMessage};

use super::*;

#[test]
fn target_urls_are_told_apart() {
    let check = |url: &str, want: Result<(Protocol, u16), &str>| match (url.parse::<Target>(), want) {
        (Ok(target), Ok((protocol, port))) => {
            assert_eq!((target.protocol, target.address.port()), (protocol, port), "{url}");
        }
        (Err(error), Err(part)) => assert!(error.contains(part), "{url}: {error}"),
        (got, _) => panic!("{url}: {got:?}"),
    };
    check("chat://127.0.0.1:12101", Ok((Protocol::Chat, 12101)));
    check("redis://127.0.0.1:6379", Ok((Protocol::Redis, 6379)));
    check("nats://127.0.0.1:4222", Ok((Protocol::Nats, 4222)));
    check("irc://127.0.0.1:6667", Ok((Protocol::Irc, 6667)));
    check("127.0.0.1:12101", Err("no ://"));
    check("http://127.0.0.1:80", Err("http is not"));
    check("chat://127.0.0.1", Err("write chat://, "));
}

#[test]
fn a_program_nobody_has_is_not_installed() {
    assert_eq!(installed("no-such-program-as-this"), None);
}

/// A protocol's reader, and the bytes of messages as its server sends them.
struct Case {
    name: &'static str,
    intake: fn() -> Box<dyn Intake>,
    message: fn(u64) -> Vec<u8>,
}

const TEXT_BYTES: usize = 64;

const CASES: [Case; 4] = [
    Case { name: "chat", intake: || Box::new(chat::Events { next: 1, text_bytes: TEXT_BYTES }), message: chat_event },
    Case { name: "redis", intake: || Box::new(redis::Messages::new("r", TEXT_BYTES)), message: redis_message },
    Case { name: "nats", intake: || Box::new(nats::Messages::new("r", TEXT_BYTES)), message: nats_message },
    Case { name: "irc", intake: || Box::new(irc::Lines::new(TEXT_BYTES)), message: irc_message },
];

fn text(seq: u64) -> Vec<u8> {
    let mut text = message_text(TEXT_BYTES);
    text[..8].copy_from_slice(format!("{seq:08x}").as_bytes());
    text
}

fn chat_event(seq: u64) -> Vec<u8> {
    let mut out = Vec::new();
    write(Seq(seq + 1), RoomId(1), 1_700_000_000_000, "sender", Rest::Said(&text(seq)), &mut out);
    out
}

fn redis_message(seq: u64) -> Vec<u8> {
    [b"*3\r\n$7\r\nmessage\r\n$1\r\nr\r\n$64\r\n", text(seq).as_slice(), b"\r\n"].concat()
}

fn nats_message(seq: u64) -> Vec<u8> {
    [b"MSG r 1 64\r\n", text(seq).as_slice(), b"\r\n"].concat()
}

fn irc_message(seq: u64) -> Vec<u8> {
    [b":sender!~bench@127.0.0.1 PRIVMSG #r :", text(seq).as_slice(), b"\r\n"].concat()
}

/// Feeds `bytes` in pieces of `piece` bytes, as `Link` does, and returns what was booked and answered.
fn feed(intake: &mut dyn Intake, bytes: &[u8], piece: usize) -> Result<(u64, Vec<u8>), String> {
    let mut tags = Tags::new(63);
    for seq in 0..64 {
        tags.enter(seq);
    }
    let (mut carry, mut answers, mut got) = (Vec::new(), Vec::new(), 0);
    for part in bytes.chunks(piece) {
        carry.extend_from_slice(part);
        let mut ledger = Ledger { got, behind: 0, tags: &tags, answers: &mut answers };
        let taken = intake.take(&carry, &mut ledger)?;
        got = ledger.got;
        carry.drain(..taken);
    }
    assert!(carry.is_empty(), "left over: {}", carry.escape_ascii());
    Ok((got, answers))
}

#[test]
fn messages_are_counted_however_they_are_split() {
    for case in CASES {
        let bytes: Vec<u8> = (0..5).flat_map(case.message).collect();
        for piece in 1..=bytes.len() {
            let fed = feed((case.intake)().as_mut(), &bytes, piece);
            assert_eq!(fed, Ok((5, Vec::new())), "{} in pieces of {piece}", case.name);
        }
    }
}

#[test]
fn a_hole_is_found_in_every_protocol() {
    for case in CASES {
        let bytes = [(case.message)(0), (case.message)(2)].concat();
        let fed = feed((case.intake)().as_mut(), &bytes, bytes.len());
        assert!(fed.as_ref().is_err_and(|why| why.contains("was to come")), "{}: {fed:?}", case.name);
    }
}

#[test]
fn nats_pings_are_answered_between_messages() {
    let bytes = [nats_message(0), b"PING\r\n".to_vec(), nats_message(1), b"PING\r\n".to_vec()].concat();
    for piece in 1..=bytes.len() {
        let fed = feed(&mut nats::Messages::new("r", TEXT_BYTES), &bytes, piece);
        assert_eq!(fed, Ok((2, b"PONG\r\nPONG\r\n".to_vec())), "in pieces of {piece}");
    }
}

#[test]
fn irc_pings_are_answered_and_who_comes_and_goes_is_passed_over() {
    let lines = [
        b":new!~bench@127.0.0.1 JOIN :#r\r\n".to_vec(),
        irc_message(0),
        b"PING :bench.localhost\r\n:new!~bench@127.0.0.1 QUIT :\r\n".to_vec(),
        irc_message(1),
        // The same sender from another address: the line is longer, the text the next all the same.
        [b":sender!~bench@127.0.0.12 PRIVMSG #r :", text(2).as_slice(), b"\r\n"].concat(),
    ];
    let bytes = lines.concat();
    for piece in 1..=bytes.len() {
        let fed = feed(&mut irc::Lines::new(TEXT_BYTES), &bytes, piece);
        assert_eq!(fed, Ok((3, b"PONG :bench.localhost\r\n".to_vec())), "in pieces of {piece}");
    }
}

#[test]
fn chat_pings_are_answered_with_their_number() {
    let mut bytes = chat_event(0);
    ServerMessage::Ping.to_frame(proto::RequestId(77)).write(&mut bytes);
    let mut pong = Vec::new();
    ServerMessage::Pong.to_frame(proto::RequestId(77)).write(&mut pong);
    let fed = feed(&mut chat::Events { next: 1, text_bytes: TEXT_BYTES }, &bytes, 7);
    assert_eq!(fed, Ok((1, pong)));
}

#[test]
fn what_a_server_complains_of_is_told() {
    let check = |intake: &mut dyn Intake, bytes: &[u8], want: &str| {
        let fed = feed(intake, bytes, bytes.len());
        assert!(fed.as_ref().is_err_and(|why| why.contains(want)), "{fed:?}");
    };
    check(&mut nats::Messages::new("r", TEXT_BYTES), b"-ERR 'Slow Consumer'\r\n", "Slow Consumer");
    check(&mut nats::Messages::new("r", TEXT_BYTES), &[b'M'; 200], "MMMM");
    check(&mut redis::Messages::new("r", TEXT_BYTES), &[b'-'; 200], "----");
    check(&mut redis::Counts::new(3), b":2\r\n", ":2");
    check(&mut irc::Lines::new(TEXT_BYTES), b"ERROR :Ping timeout\r\n", "Ping timeout");
    check(&mut irc::Lines::new(TEXT_BYTES), b":s 404 b #r :Cannot send to channel\r\n", "404");
    check(&mut irc::Lines::new(TEXT_BYTES), &[b':'; 2000], "::::");
}

#[test]
fn redis_has_to_say_how_many_it_reached() {
    assert_eq!(feed(&mut redis::Counts::new(100), b":100\r\n:100\r\n", 3), Ok((2, Vec::new())));
}
