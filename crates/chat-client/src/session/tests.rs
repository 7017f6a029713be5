//! The protocol state, message by message.

use proto::message::{Goodbye, Joined, Missed, RoomList, Said, WireLimits};
use proto::{CloseCode, Code, Kind, Nick, Refusal, RoomEvent, RoomId, Seq, Text, What};
use tokio::sync::oneshot;

use super::*;
use crate::event::How;
use proto::message::{Join, RoomEntry, Since};

fn welcome(resumed: bool) -> Welcome {
    let limits = WireLimits { text_bytes: 16, bulk_bytes: 0, rooms: 8, idle_ms: 1000, grace_ms: 0 };
    let token = Token([if resumed { 1 } else { 2 }; 16]);
    Welcome { version: 1, features: 0, agent: "test".into(), nick: "ann".into(), token, resumed, limits }
}

fn start() -> Start {
    Start { nick: "ann".into(), agent: "test".into(), features: 0, token: None, last_message: 0, keeps_says: true }
}

/// A session that is online, with what it said and heard so far taken away.
fn online() -> Session {
    let mut session = Session::new(start());
    session.hello();
    session.welcome(welcome(false));
    session.frames.clear();
    session.events.clear();
    session
}

fn joined(room: u32, name: &str, direct: bool, first: u64, head: u64) -> ServerMessage {
    ServerMessage::Joined(Joined {
        room: RoomId(room),
        name: name.into(),
        direct,
        topic: String::new(),
        members: 1,
        first: Seq(first),
        head: Seq(head),
        read: Seq(head),
        ephemeral: false,
    })
}

fn event(room: u32, seq: u64) -> ServerMessage {
    let what = What::Said(format!("event {seq}"));
    ServerMessage::Event(RoomEvent { seq: Seq(seq), room: RoomId(room), at_ms: 0, nick: "bob".into(), what })
}

/// The requests on the wire: each with its number, in order.
fn sent(session: &mut Session) -> Vec<(RequestId, ClientMessage)> {
    let read = |frame: Frame| (RequestId(frame.header().id), ClientMessage::from_frame(&frame).unwrap());
    session.frames.drain(..).map(read).collect()
}

fn sent_kinds(session: &mut Session) -> Vec<Kind> {
    sent(session).iter().map(|(_, message)| message.kind()).collect()
}

/// Comes into a room as the server's number `room`; the first event due is `first`.
fn enter(session: &mut Session, room: u32, name: &str, first: u64, head: u64) -> RoomKey {
    let (reply, mut answer) = oneshot::channel();
    let join = Join { room: name.into(), since: Since::Now, announce: true, ephemeral: false };
    session.ask(Request::Join { join, reply });
    let (id, _) = sent(session).pop().unwrap();
    session.take(id, joined(room, name, false, first, head)).unwrap();
    answer.try_recv().unwrap().unwrap().room.key
}

fn say(session: &mut Session, room: RoomKey, text: &str) -> oneshot::Receiver<Result<Said, ClientError>> {
    let (reply, answer) = oneshot::channel();
    session.ask(Request::Say { room, text: text.parse::<Text>().unwrap(), reply });
    answer
}

mod reading;

#[test]
fn events_come_in_order_and_history_is_marked() {
    let mut session = online();
    enter(&mut session, 1, "lobby", 4, 5);
    for seq in 4..=6 {
        session.take(RequestId(seq), event(1, seq)).unwrap();
    }
    let heard = |event: &Event| match event {
        Event::Heard(heard) => Some((heard.seq.0, heard.history)),
        _ => None,
    };
    assert_eq!(session.events.iter().filter_map(heard).collect::<Vec<_>>(), [(4, true), (5, true), (6, false)]);
}

#[test]
fn a_hole_or_a_duplicate_is_a_fault() {
    for (first, got) in [(1, 2), (1, 0), (7, 6), (7, 100)] {
        let mut session = online();
        enter(&mut session, 1, "lobby", first, 0);
        let fault = session.take(RequestId(0), event(1, got)).unwrap_err();
        assert_eq!(fault, Fault::Hole { room: RoomId(1), expected: Seq(first), got: Seq(got) });
    }
}

#[test]
fn word_of_gone_events_moves_the_cursor_over_them() {
    let mut session = online();
    enter(&mut session, 1, "lobby", 3, 9);
    let missed = |from, to| ServerMessage::Missed(Missed { room: RoomId(1), from: Seq(from), to: Seq(to) });
    session.take(RequestId(0), missed(3, 7)).unwrap();
    session.take(RequestId(8), event(1, 8)).unwrap();
    assert!(session.take(RequestId(0), missed(8, 8)).is_err(), "it has 8 already");
}

#[test]
fn what_has_no_place_is_a_fault() {
    let goodbye = ServerMessage::Goodbye(Goodbye { code: CloseCode::Bye, refusal: None });
    let said = ServerMessage::Said(Said { room: RoomId(1), seq: Seq(1) });
    for message in [goodbye, said, ServerMessage::Done, ServerMessage::Welcome(welcome(false))] {
        assert!(online().take(RequestId(99), message.clone()).is_err(), "{message:?}");
    }
    // An answer to something else than was asked.
    let mut session = online();
    let (reply, _answer) = oneshot::channel();
    session.ask(Request::Rooms { reply });
    let (id, _) = sent(&mut session).pop().unwrap();
    assert!(session.take(id, ServerMessage::Done).is_err());
}

#[test]
fn events_of_a_room_that_was_left_are_nobodys() {
    let mut session = online();
    let lobby = enter(&mut session, 1, "lobby", 1, 0);
    let (reply, mut left) = oneshot::channel();
    session.ask(Request::Leave { room: lobby, reply });
    let (id, _) = sent(&mut session).pop().unwrap();
    session.take(id, ServerMessage::Done).unwrap();
    assert_eq!(left.try_recv().unwrap(), Ok(()));
    session.take(RequestId(1), event(1, 17)).unwrap();
    assert_eq!(say(&mut session, lobby, "hi").try_recv().unwrap(), Err(ClientError::NotInRoom));
}

#[test]
fn answers_find_their_requests_in_whatever_order_they_come() {
    let mut session = online();
    let lobby = enter(&mut session, 1, "lobby", 1, 0);
    let mut answers: Vec<_> = ["one", "two", "three"].map(|text| say(&mut session, lobby, text)).into();
    let requests = sent(&mut session);
    for (at, seq) in [(2, 30), (0, 10), (1, 20)] {
        let said = ServerMessage::Said(Said { room: RoomId(1), seq: Seq(seq) });
        session.take(requests[at].0, said).unwrap();
    }
    let seqs: Vec<_> = answers.iter_mut().map(|answer| answer.try_recv().unwrap().unwrap().seq.0).collect();
    assert_eq!(seqs, [10, 20, 30]);
}

#[test]
fn a_refused_request_fails_alone() {
    let mut session = online();
    let lobby = enter(&mut session, 1, "lobby", 1, 0);
    let (mut bad, mut good) = (say(&mut session, lobby, "bad"), say(&mut session, lobby, "good"));
    let requests = sent(&mut session);
    let refusal = Refusal::new(Code::BadText, "no");
    session.take(requests[0].0, ServerMessage::Refused(refusal.clone())).unwrap();
    session.take(requests[1].0, ServerMessage::Said(Said { room: RoomId(1), seq: Seq(1) })).unwrap();
    assert_eq!(bad.try_recv().unwrap(), Err(ClientError::Refused(refusal)));
    assert!(good.try_recv().unwrap().is_ok());
}

#[test]
fn what_the_server_cannot_store_now_is_kept_and_sent_again_in_order() {
    let cannot = || Refusal::new(Code::StorageFailed, "disk full").with_retry_after_ms(500);
    let mut session = online();
    let lobby = enter(&mut session, 1, "lobby", 1, 0);
    let mut answers = ["one", "two"].map(|text| say(&mut session, lobby, text));
    let first = sent(&mut session);
    for (id, _) in &first {
        session.take(*id, ServerMessage::Refused(cannot())).unwrap();
    }
    assert_eq!((session.take_again_in_ms(), session.take_again_in_ms()), (Some(500), None));
    let told = session.events.iter().filter(|event| matches!(event, Event::NotStored { .. })).count();
    assert_eq!(told, 1, "{:?}", session.events);
    session.say_again();
    let again = sent(&mut session);
    let messages =
        |requests: &[(RequestId, ClientMessage)]| requests.iter().map(|(_, say)| say.clone()).collect::<Vec<_>>();
    assert_eq!(messages(&again), messages(&first));
    for (seq, (id, _)) in (1..).zip(&again) {
        session.take(*id, ServerMessage::Said(Said { room: RoomId(1), seq: Seq(seq) })).unwrap();
    }
    assert_eq!(answers.each_mut().map(|answer| answer.try_recv().unwrap().unwrap().seq), [Seq(1), Seq(2)]);
    session.say_again();
    assert_eq!(sent(&mut session), []);

    // Where nobody waits for a connection to come back, nobody waits for a disk.
    let mut session = Session::new(Start { keeps_says: false, ..start() });
    session.welcome(welcome(false));
    let lobby = enter(&mut session, 1, "lobby", 1, 0);
    let mut answer = say(&mut session, lobby, "one");
    let (id, _) = sent(&mut session).pop().unwrap();
    session.take(id, ServerMessage::Refused(cannot())).unwrap();
    assert_eq!(answer.try_recv().unwrap(), Err(ClientError::Refused(cannot())));
}

#[test]
fn the_servers_own_limit_on_texts_is_kept() {
    let mut session = online();
    let lobby = enter(&mut session, 1, "lobby", 1, 0);
    let mut answer = say(&mut session, lobby, "more than sixteen bytes");
    let error = answer.try_recv().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "23 bytes are too many; at most 16 are allowed");
    assert_eq!(sent(&mut session), []);
}

#[test]
fn a_taken_up_connection_goes_on_and_messages_are_sent_again_under_their_numbers() {
    let mut session = online();
    let lobby = enter(&mut session, 1, "lobby", 1, 0);
    session.take(RequestId(1), event(1, 1)).unwrap();
    let _lost = say(&mut session, lobby, "answer lost");
    let first = sent(&mut session);
    session.broken("gone");
    let (reply, _answer) = oneshot::channel();
    session.ask_offline(Request::Say { room: lobby, text: "said offline".parse().unwrap(), reply });
    assert_eq!(sent(&mut session), [], "nothing goes out while there is no connection");

    session.hello();
    let Some((_, ClientMessage::Hello(hello))) = sent(&mut session).pop() else { panic!("no hello") };
    let cursors = hello.resume.unwrap().cursors;
    assert_eq!(cursors, [proto::message::Cursor { room: RoomId(1), seq: Seq(1) }]);

    session.welcome(welcome(true));
    let again = sent(&mut session);
    let messages = |requests: &[(RequestId, ClientMessage)]| -> Vec<_> {
        let say = |(_, message): &(RequestId, ClientMessage)| match message {
            ClientMessage::Say(say) => (say.room, say.message, String::from_utf8_lossy(&say.text).into_owned()),
            other => panic!("{other:?}"),
        };
        requests.iter().map(say).collect()
    };
    assert_eq!(messages(&first), [(RoomId(1), MessageId(1), "answer lost".into())]);
    assert_eq!(
        messages(&again),
        [(RoomId(1), MessageId(1), "answer lost".into()), (RoomId(1), MessageId(2), "said offline".into())]
    );
    session.take(RequestId(0), joined(1, "lobby", false, 2, 3)).unwrap();
    session.take(RequestId(2), event(1, 2)).unwrap();
    assert!(session.take(RequestId(0), joined(1, "lobby", false, 2, 3)).is_err(), "that would bring 2 twice");
}

#[test]
fn a_server_that_has_forgotten_us_is_joined_again_before_messages_are_sent() {
    let mut session = online();
    let lobby = enter(&mut session, 1, "lobby", 8, 7);
    let mut answer = say(&mut session, lobby, "kept");
    let (reply, mut lost) = oneshot::channel();
    session.ask(Request::Rooms { reply });
    session.broken("gone");
    assert_eq!(lost.try_recv().unwrap(), Err(ClientError::Lost("gone".into())));

    session.hello();
    session.frames.clear();
    session.welcome(welcome(false));
    let requests = sent(&mut session);
    assert!(matches!(&requests[..], [(_, ClientMessage::Join(join))] if join.room == "lobby"), "{requests:?}");
    session.take(RequestId(9), event(1, 99)).unwrap();
    session.take(requests[0].0, joined(5, "lobby", false, 3, 2)).unwrap();
    let says = sent(&mut session);
    assert!(matches!(&says[..], [(_, ClientMessage::Say(say))] if say.room == RoomId(5)), "{says:?}");
    session.take(says[0].0, ServerMessage::Said(Said { room: RoomId(5), seq: Seq(3) })).unwrap();
    assert!(answer.try_recv().unwrap().is_ok());
    let entered = session.events.iter().find_map(|event| match event {
        Event::Entered(entered) if entered.how != How::Asked => Some(entered.clone()),
        _ => None,
    });
    let entered = entered.expect("it is said");
    assert_eq!((entered.room.key, entered.how), (lobby, How::Rejoined { may_have_missed: None }));
}

#[test]
fn a_room_that_does_not_let_us_back_takes_its_messages_with_it() {
    let mut session = online();
    let lobby = enter(&mut session, 1, "lobby", 1, 0);
    let mut answer = say(&mut session, lobby, "lost");
    session.broken("gone");
    session.welcome(welcome(false));
    let (id, _) = sent(&mut session).pop().unwrap();
    session.take(id, ServerMessage::Refused(Refusal::new(Code::TooManyRooms, "full"))).unwrap();
    assert!(matches!(answer.try_recv().unwrap(), Err(ClientError::Refused(_))));
    assert!(session.events.iter().any(|event| matches!(event, Event::NotLetIn { .. })));
}

#[test]
fn a_direct_conversation_follows_the_other_s_nick() {
    let mut session = online();
    session.take(RequestId(0), joined(7, "bob", true, 1, 0)).unwrap();
    let renamed =
        RoomEvent { seq: Seq(1), room: RoomId(7), at_ms: 0, nick: "bob".into(), what: What::Renamed("bobby".into()) };
    session.take(RequestId(1), ServerMessage::Event(renamed)).unwrap();
    session.broken("gone");
    session.welcome(welcome(false));
    let requests = sent(&mut session);
    assert!(matches!(&requests[..], [(_, ClientMessage::OpenDirect(open))] if open.nick == "bobby"), "{requests:?}");
}

#[test]
fn a_list_is_asked_for_page_by_page() {
    let mut session = online();
    let (reply, mut answer) = oneshot::channel();
    session.ask(Request::Rooms { reply });
    for (names, more) in [(vec!["a", "b"], true), (vec!["c"], false)] {
        let (id, _) = sent(&mut session).pop().unwrap();
        let rooms = names.iter().map(|name| RoomEntry { name: (*name).into(), members: 1, topic: String::new() });
        session.take(id, ServerMessage::RoomList(RoomList { rooms: rooms.collect(), more })).unwrap();
    }
    let names: Vec<_> = answer.try_recv().unwrap().unwrap().into_iter().map(|room| room.name).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn a_ping_is_answered_with_its_number() {
    let mut session = online();
    session.take(RequestId(77), ServerMessage::Ping).unwrap();
    assert_eq!(sent(&mut session), [(RequestId(77), ClientMessage::Pong)]);
}

#[test]
fn offline_everything_but_a_message_fails_at_once_and_messages_are_bounded() {
    let mut session = online();
    let lobby = enter(&mut session, 1, "lobby", 1, 0);
    session.broken("gone");
    let (reply, mut answer) = oneshot::channel();
    session.ask_offline(Request::Rename { nick: "x".parse::<Nick>().unwrap().as_str().into(), reply });
    assert_eq!(answer.try_recv().unwrap(), Err(ClientError::Offline));
    let answers: Vec<_> = (0..=says::UNSENT_MAX).map(|_| say(&mut session, lobby, "x")).collect();
    let failed = answers.into_iter().filter_map(|mut answer| answer.try_recv().ok()).collect::<Vec<_>>();
    assert_eq!(failed, [Err(ClientError::TooManyUnsent { max: says::UNSENT_MAX })]);
    assert_eq!(sent_kinds(&mut session), []);
}
