//! What is read back, and a place that was kept.

use bytes::Bytes;
use proto::message::{Behind, MarkRead, Page, Range, Unread, UnreadRoom};

use super::*;
use crate::error::ClientError;
use crate::reading::{self, Question};

fn page(events: &[(u32, u64)], more: bool, next: u64) -> ServerMessage {
    let mut frames = Vec::new();
    for (room, seq) in events {
        let rest = proto::event::Rest::Said(b"x");
        proto::event::write(Seq(*seq), RoomId(*room), 0, "bob", rest, &mut frames);
    }
    ServerMessage::Page(Page { more, unindexed: false, next, gone_to: Seq(0), frames: Bytes::from(frames) })
}

fn ask_history(session: &mut Session, room: RoomKey, range: Range) -> Answered<reading::Page> {
    let (reply, answer) = oneshot::channel();
    session.ask(Request::History { room, range, count: 10, reply });
    (sent(session).pop().unwrap().0, answer)
}

type Answered<T> = (RequestId, oneshot::Receiver<Result<T, ClientError>>);

/// A session that takes up a place that an earlier process left, with nothing that a test asks of it on the wire yet.
fn resumed(features: u64) -> (Session, RequestId) {
    let mut session = Session::new(Start { features, token: Some(Token([1; 16])), ..start() });
    session.hello();
    let Some((_, ClientMessage::Hello(hello))) = sent(&mut session).pop() else { panic!("no hello") };
    assert_eq!((hello.resume.unwrap().cursors, hello.features), (Vec::new(), features));
    session.welcome(welcome(true));
    let ping = sent(&mut session).pop().map(|(id, _)| id);
    (session, ping.unwrap_or_default())
}

fn entered(session: &mut Session) -> Vec<(u32, How, u64)> {
    let entered = |event| match event {
        Event::Entered(entered) => Some((entered.room.key.0, entered.how, entered.read.0)),
        _ => None,
    };
    session.events.drain(..).filter_map(entered).collect()
}

#[test]
fn rooms_of_an_earlier_process_are_gone_on_with_and_others_are_opened() {
    let (mut session, ping) = resumed(Hello::KEEP);
    for joined in [joined(7, "tea", false, 3, 9), joined(8, "bob", true, 1, 1)] {
        session.take(RequestId(0), joined).unwrap();
    }
    session.take(RequestId(3), event(7, 3)).unwrap();
    let of_before =
        |event: &Event| matches!(event, Event::Heard(heard) if heard.history && heard.room.name == "tea".into());
    assert!(session.events.iter().any(of_before), "{:?}", session.events);
    session.take(ping, ServerMessage::Pong).unwrap();
    session.take(RequestId(0), joined(9, "carol", true, 1, 0)).unwrap();
    assert_eq!(entered(&mut session), [(1, How::Resumed, 9), (2, How::Resumed, 1), (3, How::Opened, 0)]);
    assert_eq!(session.rooms.cursors().len(), 3, "each is gone on with after a break");
}

#[test]
fn a_server_that_has_forgotten_the_place_is_begun_with_anew() {
    let mut session = Session::new(Start { token: Some(Token([1; 16])), ..start() });
    session.welcome(welcome(false));
    assert_eq!((session.token(), sent_kinds(&mut session)), (Some(Token([2; 16])), Vec::new()));
    session.take(RequestId(0), joined(8, "bob", true, 1, 0)).unwrap();
    assert_eq!(entered(&mut session), [(1, How::Opened, 0)]);
}

#[test]
fn only_the_first_hello_yields_and_a_makeshift_nick_is_not_kept() {
    let features = Hello::KEEP | Hello::YIELD;
    let hello = |session: &mut Session| {
        session.hello();
        match sent(session).pop() {
            Some((_, ClientMessage::Hello(hello))) => (hello.features, hello.resume.is_some()),
            other => panic!("{other:?}"),
        }
    };
    let (mut session, _) = resumed(features);
    session.broken("gone");
    assert_eq!(hello(&mut session), (Hello::KEEP, true));
    for (token, expected) in [(Some(Token([1; 16])), (Hello::YIELD, false)), (None, (features, false))] {
        let mut session = Session::new(Start { features, token, ..start() });
        session.take_nick("ann-2".into());
        assert_eq!(hello(&mut session), expected, "{token:?}");
    }
}

#[test]
fn a_page_is_what_was_asked_for_or_a_fault() {
    type Row = (Range, &'static [(u32, u64)], bool);
    let rows: [Row; 9] = [
        (Range::Last, &[(1, 3), (1, 9)], true),
        (Range::Last, &[(1, 9), (1, 3)], false),
        (Range::Last, &[(1, 3), (1, 3)], false),
        (Range::Last, &[(2, 3)], false),
        (Range::Before(Seq(5)), &[(1, 3), (1, 4)], true),
        (Range::Before(Seq(5)), &[(1, 5)], false),
        (Range::After(Seq(5)), &[(1, 6)], true),
        (Range::After(Seq(5)), &[(1, 5)], false),
        (Range::Since(77), &[], true),
    ];
    for (range, events, is_right) in rows {
        let mut session = online();
        let lobby = enter(&mut session, 1, "lobby", 1, 0);
        let (id, mut answer) = ask_history(&mut session, lobby, range);
        let taken = session.take(id, page(events, true, 0));
        assert_eq!(taken.is_ok(), is_right, "{range:?} {events:?}");
        if is_right {
            let page = answer.try_recv().unwrap().unwrap();
            let seqs: Vec<_> = page.events.iter().map(|heard| (heard.room.key, heard.seq.0)).collect();
            assert_eq!(seqs, events.iter().map(|(_, seq)| (lobby, *seq)).collect::<Vec<_>>());
            assert_eq!(page.more, !events.is_empty(), "an empty page is the last");
        }
    }
}

#[test]
fn a_search_goes_on_before_what_it_found_and_nowhere_else() {
    // Whether it is in one room only; the page before; what room it finds something in, and the next page.
    let rows = [
        (false, 0, (1, 500), true),
        (true, 0, (1, 500), true),
        (true, 0, (2, 500), false),
        (false, 500, (1, 499), true),
        (false, 500, (1, 500), false),
    ];
    for (is_in_one, before, (room, next), is_right) in rows {
        let mut session = online();
        let lobby = enter(&mut session, 1, "lobby", 1, 0);
        let (reply, mut answer) = oneshot::channel();
        let rooms = if is_in_one { vec![lobby] } else { Vec::new() };
        let question = Question { rooms, words: "x".into(), before, count: 10, from: None };
        session.ask(Request::Search { question, reply });
        let (id, _) = sent(&mut session).pop().unwrap();
        assert_eq!(session.take(id, page(&[(room, 3)], true, next)).is_ok(), is_right, "{room} {next}");
        if is_right {
            assert_eq!(answer.try_recv().unwrap().unwrap().next, Some(next));
        }
    }
}

#[test]
fn whoever_came_beside_reads_in_the_rooms_it_was_told_of() {
    let (mut session, _) = resumed(Hello::KEEP | Hello::BESIDE);
    let (reply, mut answer) = oneshot::channel();
    session.ask(Request::Unread { reply });
    let (id, _) = sent(&mut session).pop().unwrap();
    let (name, read, head) = ("tea".into(), Seq(3), Seq(9));
    let room = UnreadRoom { room: RoomId(7), name, direct: false, read, head, said: 2, more: false };
    session.take(id, ServerMessage::Unread(Unread { rooms: vec![room] })).unwrap();
    let told = answer.try_recv().unwrap().unwrap();
    assert_eq!((&*told[0].room.name, told[0].said, told[0].head), ("tea", 2, Seq(9)));

    let (id, mut answer) = ask_history(&mut session, told[0].room.key, Range::Last);
    session.take(id, page(&[(7, 9)], false, 0)).unwrap();
    assert_eq!(answer.try_recv().unwrap().unwrap().events[0].room, told[0].room);
    let (reply, mut marked) = oneshot::channel();
    session.ask(Request::MarkRead { room: told[0].room.key, seq: Seq(9), reply });
    let (id, mark) = sent(&mut session).pop().unwrap();
    assert_eq!(mark, ClientMessage::MarkRead(MarkRead { room: RoomId(7), seq: Seq(9) }));
    session.take(id, ServerMessage::Done).unwrap();
    assert_eq!(marked.try_recv().unwrap(), Ok(()));
    assert_eq!(say(&mut session, told[0].room.key, "hi").try_recv().unwrap(), Err(ClientError::NotInRoom));
    let (reply, mut unknown) = oneshot::channel();
    session.ask(Request::History { room: RoomKey(99), range: Range::Last, count: 1, reply });
    assert_eq!(unknown.try_recv().unwrap(), Err(ClientError::NotInRoom));
}

#[test]
fn word_of_being_behind_leaves_the_cursor_where_it_is() {
    let mut session = online();
    enter(&mut session, 1, "lobby", 4, 9);
    let behind = Behind { room: RoomId(1), next: Seq(4), head: Seq(1003) };
    session.take(RequestId(0), ServerMessage::Behind(behind)).unwrap();
    session.take(RequestId(4), event(1, 4)).unwrap();
    assert!(session.events.iter().any(|event| matches!(event, Event::Behind { by: 1000, .. })));
}

#[test]
fn what_is_read_back_has_to_have_been_asked_for() {
    let unread = ServerMessage::Unread(Unread { rooms: Vec::new() });
    for message in [page(&[], false, 0), unread] {
        assert!(online().take(RequestId(99), message.clone()).is_err(), "{message:?}");
    }
}
