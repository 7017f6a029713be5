//! Talks, move by move: where a message ends, and what is answered.

use super::*;

const QUIET: Duration = Duration::from_millis(30);

/// What a peer does: `Some` is a read, `None` a pause.
type Move = Option<&'static [u8]>;

fn check(reply: &Reply, once: bool, moves: &[Move], expected: &str) {
    let mut talk = Conversation::new(reply.clone(), once);
    let mut out = Vec::new();
    for one in moves {
        let mut rest = one.unwrap_or_default();
        while let Some(request) = talk.next(&mut rest) {
            talk.answer(&request, &mut out);
        }
        if one.is_none()
            && let Some(request) = talk.end_open()
        {
            talk.answer(&request, &mut out);
        }
    }
    talk.finish(&mut out);
    let moves: Vec<_> = moves.iter().map(|one| one.map(|bytes| bytes.escape_ascii().to_string())).collect();
    assert_eq!(String::from_utf8_lossy(&out), expected, "{reply:?} once {once} {moves:?}");
}

#[test]
fn an_ack_answers_each_message_once_and_ends_as_the_line_did() {
    let rows: &[(&[Move], &str)] = &[
        (&[Some(b"hello\n")], "ok\n"),
        (&[Some(b"hello\r\n")], "ok\r\n"),
        (&[Some(b"hello\r"), Some(b"\n")], "ok\r\n"),
        (&[Some(b"hel"), Some(b"lo\n")], "ok\n"),
        (&[Some(b"one\ntwo\nthree\n")], "ok\nok\nok\n"),
        (&[Some(b"one\ntw"), Some(b"o\n")], "ok\nok\n"),
        (&[Some(b"\n")], "ok\n"),
        (&[Some(b"hello"), None], "ok"),
        (&[Some(b"hello"), Some(b" again"), None], "ok"),
        (&[Some(b"hello"), None, None, None], "ok"),
        (&[Some(b"hello"), None, Some(b"again"), None], "okok"),
        (&[Some(b"line\nrest"), None], "ok\nok"),
        (&[None], ""),
        (&[Some(b"unfinished")], ""),
    ];
    for (moves, expected) in rows {
        check(&Reply::Ack("ok".into()), false, moves, expected);
    }
}

#[test]
fn once_answers_the_first_message_only() {
    let rows: &[(Reply, &[Move], &str)] = &[
        (Reply::Lower, &[Some(b"YDY\nAGAIN\n")], "ydy\n"),
        (Reply::Lower, &[Some(b"YD"), Some(b"Y\n"), Some(b"AGAIN\n")], "ydy\n"),
        (Reply::Lower, &[Some(b"Hello, world"), None, Some(b"AGAIN")], "hello, world"),
        (Reply::Echo, &[Some(b"23333"), Some(b"....\nmore")], "23333....\n"),
        (Reply::Ack("ok".into()), &[Some(b"one\ntwo\n")], "ok\n"),
        (Reply::Ack("ok".into()), &[Some(b"one"), None, Some(b"two"), None], "ok"),
    ];
    for (reply, moves, expected) in rows {
        check(reply, true, moves, expected);
    }
}

#[test]
fn echo_and_lower_answer_every_read_at_once() {
    let mut talk = Conversation::new(Reply::Echo, false);
    let mut rest: &[u8] = b"one\ntwo";
    assert_eq!(talk.next(&mut rest), Some(Request { bytes: b"one\ntwo", line_end: b"" }));
    assert_eq!(talk.patience(QUIET), None);
    check(&Reply::Lower, false, &[Some(b"\xc3"), Some(b"\x84X")], "äx");
}

#[test]
fn a_pause_inside_a_character_is_given_more_time() {
    let rows: &[(&[&[u8]], Option<Duration>)] = &[
        (&[b"hello"], Some(QUIET)),
        (&["你".as_bytes()], Some(QUIET)),
        (&[b"\xe4\xbd"], Some(MID_CHARACTER)),
        (&[b"x\xf0\x9f\x91"], Some(MID_CHARACTER)),
        (&[b"\xe4", b"\xbd"], Some(MID_CHARACTER)),
        (&[b"\xe4", b"\xbd", b"\xa0"], Some(QUIET)),
        // Not the beginning of any character, so that no rest can come.
        (&[b"\xff"], Some(QUIET)),
        (&[b"\xbd\xbd"], Some(QUIET)),
        (&[b"hello\n"], None),
    ];
    for (reads, expected) in rows {
        let mut talk = Conversation::new(Reply::Ack("ok".into()), false);
        for read in *reads {
            let mut rest = *read;
            while talk.next(&mut rest).is_some() {}
        }
        assert_eq!(talk.patience(QUIET), *expected, "{reads:?}");
    }
}
