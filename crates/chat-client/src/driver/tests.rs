//! The driver against a scripted server, over in-memory connections and a clock that jumps.

use proto::message::{Queued, Said};
use proto::{ClientMessage, CloseCode, Code, Refusal, RequestId, RoomId, Seq, ServerMessage, Text, Token};
use tokio::io::AsyncWriteExt as _;

use super::*;
use crate::client::Events;
use crate::error::Fault;
use crate::event::{How, Online};
use crate::fake::{join, options, start};

mod place;

fn text(text: &str) -> Text {
    text.parse().unwrap()
}

/// Reads events up to the one that `find` finds. The clock jumps, so this hour is a moment.
async fn until<T>(events: &mut Events, find: impl Fn(&Event) -> Option<T>) -> T {
    let search = async {
        loop {
            let event = events.next().await.expect("the event comes before the end");
            if let Some(found) = find(&event) {
                return found;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(3600), search).await.expect("the event comes at all")
}

async fn closed(events: &mut Events) -> Option<ClientError> {
    until(events, |event| if let Event::Closed(error) = event { Some(error.clone()) } else { None }).await
}

fn online(event: &Event) -> Option<Online> {
    if let Event::State(ConnectionState::Online(online)) = event { Some(online.clone()) } else { None }
}

#[tokio::test(start_paused = true)]
async fn requests_go_out_without_waiting_for_each_other() {
    let (client, mut events, [mut server]) = start(options(Reconnect::Never));
    server.welcomes(false).await;
    events.online(|_, _| {}).await.unwrap();
    let lobby = join(&client, &mut server).await;
    let says = futures::future::join_all(["one", "two", "three"].map(|words| client.say(lobby, text(words))));
    let script = async {
        let mut ids = Vec::new();
        for words in ["one", "two", "three"] {
            let (id, ClientMessage::Say(say)) = server.hears().await else { panic!("no message") };
            assert_eq!(say.text, words);
            ids.push(id);
        }
        for (seq, id) in ids.into_iter().enumerate().rev() {
            server.says(id, ServerMessage::Said(Said { room: RoomId(1), seq: Seq(seq as u64 + 1) })).await;
        }
    };
    let (said, ()) = tokio::join!(says, script);
    let seqs: Vec<_> = said.into_iter().map(|said| said.unwrap().seq.0).collect();
    assert_eq!(seqs, [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_answer_was_lost_is_sent_again_and_confirmed_once() {
    let (client, mut events, [mut first, mut second]) = start(options(Reconnect::BackOff));
    first.welcomes(false).await;
    events.online(|_, _| {}).await.unwrap();
    let lobby = join(&client, &mut first).await;
    let script = async {
        first.event(1).await;
        let (_, ClientMessage::Say(lost)) = first.hears().await else { panic!("no message") };
        first.says_goodbye(CloseCode::Draining, None).await;
        let hello = second.welcomes(true).await;
        let resume = hello.resume.expect("it comes back");
        assert_eq!((resume.token, resume.cursors[0].seq), (Token([7; 16]), Seq(1)));
        second.joins(RequestId(0), 2).await;
        let (id, ClientMessage::Say(again)) = second.hears().await else { panic!("no message") };
        assert_eq!(lost, again);
        second.event(2).await;
        second.says(id, ServerMessage::Said(Said { room: RoomId(1), seq: Seq(2) })).await;
    };
    let (said, ()) = tokio::join!(client.say(lobby, text("once")), script);
    assert_eq!(said.unwrap().seq, Seq(2));
    let why = |event: &Event| match event {
        Event::State(ConnectionState::Offline { why, .. }) => Some(why.clone()),
        _ => None,
    };
    assert_eq!(until(&mut events, why).await, "the server stops");
    let back = until(&mut events, online).await;
    assert_eq!((back.resumed, back.unsent), (true, 1));
    let entered = |event: &Event| if let Event::Entered(entered) = event { Some(entered.how) } else { None };
    assert_eq!(until(&mut events, entered).await, How::Resumed);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_store_is_asked_again_when_it_said_so() {
    let (client, mut events, [mut server]) = start(options(Reconnect::BackOff));
    server.welcomes(false).await;
    events.online(|_, _| {}).await.unwrap();
    let lobby = join(&client, &mut server).await;
    let script = async {
        let began = Instant::now();
        for _ in 0..3 {
            let (id, _) = server.hears().await;
            let refusal = Refusal::new(Code::StorageFailed, "disk full").with_retry_after_ms(1000);
            server.says(id, ServerMessage::Refused(refusal)).await;
        }
        let (id, _) = server.hears().await;
        assert_eq!(began.elapsed().as_secs(), 3);
        server.says(id, ServerMessage::Said(Said { room: RoomId(1), seq: Seq(1) })).await;
    };
    let (said, ()) = tokio::join!(client.say(lobby, text("hi")), script);
    assert_eq!(said.unwrap().seq, Seq(1));
}

#[tokio::test(start_paused = true)]
async fn a_hole_ends_the_connection_and_the_next_one_fills_it() {
    let (client, mut events, [mut first, mut second]) = start(options(Reconnect::BackOff));
    first.welcomes(false).await;
    events.online(|_, _| {}).await.unwrap();
    join(&client, &mut first).await;
    first.event(1).await;
    first.event(3).await;
    let fault = until(&mut events, |event| if let Event::Fault(fault) = event { Some(fault.clone()) } else { None });
    assert_eq!(fault.await, Fault::Hole { room: RoomId(1), expected: Seq(2), got: Seq(3) });
    let cursors = second.welcomes(true).await.resume.unwrap().cursors;
    assert_eq!(cursors[0].seq, Seq(1));
    second.joins(RequestId(0), 2).await;
    second.event(2).await;
    let heard = until(&mut events, |event| if let Event::Heard(heard) = event { Some(heard.seq) } else { None });
    assert_eq!(heard.await, Seq(2));
}

#[tokio::test(start_paused = true)]
async fn why_it_is_over_decides_whether_it_comes_back() {
    let busy = Refusal::new(Code::Busy, "full").with_retry_after_ms(100);
    let rows = [
        (CloseCode::Replaced, None, false),
        (CloseCode::PeerFault, None, false),
        (CloseCode::Refused, None, false),
        (CloseCode::Refused, Some(busy), true),
        (CloseCode::Draining, None, true),
        (CloseCode::Idle, None, true),
        (CloseCode::Stalled, None, true),
    ];
    for (code, refusal, comes_back) in rows {
        let (_client, mut events, [mut server]) = start(options(Reconnect::BackOff));
        server.welcomes(false).await;
        events.online(|_, _| {}).await.unwrap();
        server.says_goodbye(code, refusal).await;
        let back = until(&mut events, |event| match event {
            Event::State(ConnectionState::Offline { .. }) => Some(true),
            Event::Closed(_) => Some(false),
            _ => None,
        });
        assert_eq!(back.await, comes_back, "{code:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_connection_that_fails_is_final() {
    let (_client, mut events, []) = start(options(Reconnect::BackOff));
    let error = events.online(|_, _| {}).await.unwrap_err();
    assert_eq!(error.exit_code(), 3);
    let words = "cannot connect to test:1: connection refused (is chat-server running? start one with: chat-server)";
    assert_eq!(error.to_string(), words);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_chat_server_is_named_so() {
    let (_client, mut events, [server]) = start(options(Reconnect::BackOff));
    let mut raw = server.0.into_inner();
    raw.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    let error = events.online(|_, _| {}).await.unwrap_err();
    assert!(matches!(error, ClientError::NotAChatServer { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn the_place_in_the_line_is_told_and_a_full_line_is_a_refusal() {
    let (_client, mut events, [mut server]) = start(options(Reconnect::Never));
    let script = async {
        server.hears().await;
        for place in [2, 1] {
            server.says(RequestId(0), ServerMessage::Queued(Queued { place, waiting: 2 })).await;
            // Longer than a greeting may take: in the line there is no such bound.
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        server.says_goodbye(CloseCode::Refused, Some(Refusal::new(Code::WaitedTooLong, "too long"))).await;
    };
    let mut places = Vec::new();
    let (outcome, ()) = tokio::join!(events.online(|place, _| places.push(place)), script);
    let error = outcome.unwrap_err();
    assert_eq!((places, error.exit_code(), error.to_string()), (vec![2, 1], 4, "too long".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_taken_nick_fails_or_becomes_the_offer_as_was_wished() {
    for taken_nick in [TakenNick::Fail, TakenNick::TakeOffer] {
        let (_client, mut events, [mut server]) = start(Options { taken_nick, ..options(Reconnect::Never) });
        let (id, _) = server.hears().await;
        let refusal = Refusal::new(Code::NickTaken, "taken").with_offer("ann-2");
        server.says(id, ServerMessage::Refused(refusal)).await;
        if taken_nick == TakenNick::Fail {
            assert_eq!(events.online(|_, _| {}).await.unwrap_err().exit_code(), 7);
        } else {
            assert_eq!(server.welcomes(false).await.nick, "ann-2");
            assert_eq!(events.online(|_, _| {}).await.unwrap().nick, "ann-2");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_asked_and_then_given_up() {
    let (_client, mut events, [mut server]) = start(options(Reconnect::Never));
    server.welcomes(false).await;
    events.online(|_, _| {}).await.unwrap();
    let began = Instant::now();
    let (_, ping) = server.hears().await;
    assert_eq!((ping, began.elapsed().as_secs()), (ClientMessage::Ping, 10));
    let error = closed(&mut events).await.expect("it is an error");
    assert_eq!(error.exit_code(), 3);
    assert_eq!(began.elapsed().as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_at_all_is_not_waited_for() {
    let (_client, mut events, [_server]) = start(options(Reconnect::Never));
    let error = events.online(|_, _| {}).await.unwrap_err();
    assert!(error.to_string().contains("no welcome came in time"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn closing_says_bye_and_waits_for_the_end() {
    let (client, mut events, [mut server]) = start(options(Reconnect::BackOff));
    server.welcomes(false).await;
    events.online(|_, _| {}).await.unwrap();
    let script = async {
        assert_eq!(server.hears().await.1, ClientMessage::Bye);
        server.says_goodbye(CloseCode::Bye, None).await;
    };
    tokio::join!(client.close(), script);
    assert_eq!(closed(&mut events).await, None);
    assert_eq!(client.rooms().await, Err(ClientError::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_reads_no_events_still_gets_answers_if_it_dropped_them() {
    let (client, mut events, [mut server]) = start(options(Reconnect::Never));
    server.welcomes(false).await;
    events.online(|_, _| {}).await.unwrap();
    let lobby = join(&client, &mut server).await;
    drop(events);
    let script = async {
        for seq in 1..=5000 {
            server.event(seq).await;
        }
        let (id, _) = server.hears().await;
        server.says(id, ServerMessage::Said(Said { room: RoomId(1), seq: Seq(5001) })).await;
    };
    let (said, ()) = tokio::join!(client.say(lobby, text("hi")), script);
    assert_eq!(said.unwrap().seq, Seq(5001));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_is_behind_stops_the_reading_and_loses_nothing() {
    const COUNT: usize = 5000;
    let (client, mut events, [mut server]) = start(options(Reconnect::Never));
    server.welcomes(false).await;
    events.online(|_, _| {}).await.unwrap();
    join(&client, &mut server).await;
    let script = async {
        for seq in 1..=COUNT {
            server.event(seq as u64).await;
        }
        server
    };
    // Nobody reads for longer than a silence may last: that silence is not the server's.
    let reader = async {
        tokio::time::sleep(Duration::from_secs(300)).await;
        let mut seqs = Vec::new();
        while seqs.len() < COUNT {
            seqs.push(
                until(&mut events, |event| if let Event::Heard(heard) = event { Some(heard.seq.0) } else { None })
                    .await,
            );
        }
        seqs
    };
    let (_server, seqs) = tokio::join!(script, reader);
    assert!(seqs.into_iter().eq(1..=COUNT as u64));
}
