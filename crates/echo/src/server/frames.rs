//! What the framed servers answer, frame by frame. No I/O.

use bytes::Bytes;
use proto::limits::CONTROL_BYTES_MAX;
use proto::message::Goodbye;
use proto::{CloseCode, Code, Frame, Kind, Refusal, RequestId, ServerMessage};

use super::watch::Undone;
use crate::conversation::Reply;
use crate::lower::Lower;

/// What a frame asks for.
#[derive(Debug)]
pub(super) enum Step {
    /// An echo: work, then [`answer`].
    Work,
    /// This, at once.
    Say(Frame),
    /// Nothing.
    Skip,
    /// This, and then the end: the peer leaves.
    Leave(Frame),
}

/// What `frame` asks for.
pub(super) fn step(frame: &Frame) -> Step {
    let id = RequestId(frame.header().id);
    match Kind::from_number(frame.header().kind) {
        Some(Kind::Echo) => Step::Work,
        Some(Kind::Ping) => Step::Say(ServerMessage::Pong.to_frame(id)),
        Some(Kind::Pong) => Step::Skip,
        Some(Kind::Bye) => Step::Leave(goodbye(CloseCode::Bye, None)),
        _ if frame.header().is_skippable() => Step::Skip,
        Some(kind) => Step::Say(refused(
            id,
            Code::OutOfPlace,
            format!("a {kind:?} frame has no place on an echo server (send Echo)"),
        )),
        None => {
            let kind = frame.header().kind;
            Step::Say(refused(id, Code::UnknownKind, format!("nobody here knows a frame of kind {kind} (send Echo)")))
        }
    }
}

/// The answer to an echo frame, under the same id, with the stamps behind it.
pub(super) fn answer(reply: &Reply, frame: &Frame, stamps: &[u8]) -> Frame {
    let id = frame.header().id;
    let body = match reply {
        Reply::Echo => frame.body().clone(),
        Reply::Ack(text) => Bytes::copy_from_slice(text.as_bytes()),
        Reply::Lower => Bytes::from(Lower::whole(frame.body())),
    };
    let bytes = body.len() + stamps.len();
    if bytes > CONTROL_BYTES_MAX {
        // Some characters have a longer lower case, and stamps need room.
        let words = format!("the answer to this has {bytes} bytes; at most {CONTROL_BYTES_MAX} fit a frame");
        return refused(RequestId(id), Code::TextTooLong, words);
    }
    let body = if stamps.is_empty() { body } else { Bytes::from([&body, stamps].concat()) };
    Frame::new(Kind::Echo.number(), id, body)
}

/// The answer to an echo frame that was not worked on.
pub(super) fn undone(frame: &Frame, undone: &Undone) -> Frame {
    let code = match undone {
        Undone::Busy(_) => Code::Busy,
        Undone::BadAsk(_) => Code::BadFrame,
    };
    refused(RequestId(frame.header().id), code, undone.to_string())
}

/// The last frame.
pub(super) fn goodbye(code: CloseCode, refusal: Option<Refusal>) -> Frame {
    ServerMessage::Goodbye(Goodbye { code, refusal }).to_frame(RequestId::default())
}

/// A refused connection, in the protocol's words.
pub(super) fn refusal(refusal: &serve::Refusal) -> Refusal {
    use serve::Refusal as Why;
    let plain = |code| Refusal::new(code, refusal.to_string());
    match refusal {
        Why::ServerFull { max_connections } => {
            plain(Code::ServerFull).with_limit("connections", *max_connections as u64)
        }
        Why::AddressFull { max_per_address } => {
            plain(Code::AddressFull).with_limit("connections_per_address", *max_per_address as u64)
        }
        Why::QueueFull { queue, .. } => plain(Code::Busy).with_limit("queue", *queue as u64),
        Why::WaitedTooLong { queue_wait_ms } => plain(Code::WaitedTooLong).with_limit("queue_wait_ms", *queue_wait_ms),
        _ => plain(Code::Busy),
    }
}

fn refused(id: RequestId, code: Code, words: String) -> Frame {
    ServerMessage::Refused(Refusal::new(code, words)).to_frame(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echo(body: &[u8]) -> Frame {
        Frame::new(Kind::Echo.number(), 7, Bytes::copy_from_slice(body))
    }

    #[test]
    fn an_echo_is_answered_under_its_id() {
        let rows: &[(Reply, &[u8], &[u8])] = &[
            (Reply::Echo, b"Hello\xff", b"Hello\xff"),
            (Reply::Lower, b"Hello\xff", b"hello\xff"),
            (Reply::Ack("ok".into()), b"Hello", b"ok"),
            (Reply::Echo, b"", b""),
        ];
        for (reply, body, expected) in rows {
            assert_eq!(
                answer(reply, &echo(body), b""),
                Frame::new(Kind::Echo.number(), 7, Bytes::from_static(expected))
            );
        }
        let grows = "\u{130}".repeat(CONTROL_BYTES_MAX / 2);
        let refused = ServerMessage::from_frame(&answer(&Reply::Lower, &echo(grows.as_bytes()), b"")).unwrap();
        assert!(matches!(refused, ServerMessage::Refused(refusal) if refusal.code == Code::TextTooLong));
    }

    #[test]
    fn other_frames_are_answered_skipped_or_refused() {
        let frame = |kind: u8| Frame::new(kind, 7, Bytes::new());
        assert!(
            matches!(step(&frame(Kind::Ping.number())), Step::Say(pong) if pong.header().kind == Kind::Pong.number())
        );
        assert!(matches!(step(&frame(Kind::Bye.number())), Step::Leave(_)));
        assert!(matches!(step(&frame(127).with_flags(proto::header::FLAG_SKIPPABLE)), Step::Skip));
        for (kind, code) in [(127, Code::UnknownKind), (Kind::Hello.number(), Code::OutOfPlace)] {
            let Step::Say(said) = step(&frame(kind)) else { panic!("kind {kind} is not answered") };
            let said = ServerMessage::from_frame(&said).unwrap();
            assert!(matches!(said, ServerMessage::Refused(refusal) if refusal.code == code), "kind {kind}");
        }
    }
}
