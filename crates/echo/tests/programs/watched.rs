//! What the server says of its requests when asked: stamps behind answers, and statistics on stdout.

#![cfg(unix)]

use std::time::Duration;

use bytes::Bytes;
use proto::{Code, Frame, Kind, ServerMessage};
use serde_json::Value;

use crate::framed::{bytes, echo, frame};
use crate::support::{Peer, Server, strategies};

/// A request that asks for this much work.
fn asking(id: u64, work: Duration) -> Frame {
    let ns = u64::try_from(work.as_nanos()).unwrap();
    echo(id, &[&id.to_le_bytes(), &ns.to_le_bytes(), b"and more".as_slice()].concat())
}

/// Sends a request, and takes its answer apart: the body, and the five stamps behind it.
fn answered(peer: &mut Peer, request: &Frame) -> (Bytes, [u64; 5]) {
    peer.send(bytes(request));
    stamped(peer, request)
}

fn stamped(peer: &Peer, request: &Frame) -> (Bytes, [u64; 5]) {
    let answer = frame(peer);
    assert_eq!((answer.header().kind, answer.header().id), (Kind::Echo.number(), request.header().id));
    let (body, stamps) = answer.body().split_last_chunk::<40>().expect("there are stamps");
    let (numbers, _) = stamps.as_chunks::<8>();
    let mut numbers = numbers.iter().map(|number| u64::from_le_bytes(*number));
    (Bytes::copy_from_slice(body), std::array::from_fn(|_| numbers.next().unwrap()))
}

/// The clock that all processes share, in nanoseconds.
fn now_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    u64::try_from(time.tv_sec * 1_000_000_000 + time.tv_nsec).unwrap()
}

/// The two clocks are read side by side once, with a gap between the readings.
const CLOCK_GAP_NS: u64 = 100_000;

#[test]
#[cfg(target_os = "linux")]
fn stamps_are_in_order_and_on_the_clients_clock() {
    const WORK: Duration = Duration::from_millis(5);
    for strategy in strategies() {
        let line = format!("tcp --wire framed --strategy {strategy} --work asked:sleep --stamps");
        let server = Server::start(&line);
        let before = now_ns();
        let mut peer = server.connect();
        let mut last_done = 0;
        let mut came = None;
        for id in 1..=3 {
            let request = asking(id, WORK);
            let sent = now_ns();
            let (body, [accepted, served, read, begun, done]) = answered(&mut peer, &request);
            let after = now_ns();
            assert_eq!(&body, request.body(), "{strategy}");
            assert!(before <= accepted + CLOCK_GAP_NS && accepted <= served, "{strategy}");
            assert_eq!(*came.get_or_insert((accepted, served)), (accepted, served), "{strategy}: once per connection");
            assert!(served <= read && sent <= read + CLOCK_GAP_NS && last_done <= read, "{strategy}");
            assert!(read <= begun && begun + 5_000_000 <= done && done <= after + CLOCK_GAP_NS, "{strategy}");
            last_done = done;
        }
    }
}

#[test]
fn waiting_for_a_worker_shows_before_served_and_waiting_at_the_gate_before_begun() {
    let work = Duration::from_millis(50);
    for strategy in ["pool", "thread-pool"] {
        let line = format!("tcp --wire framed --strategy {strategy} --workers 1 --work asked:sleep --stamps");
        let server = Server::start(&line);
        let (mut first, mut second) = (server.connect(), server.connect());
        let (_, [.., done]) = answered(&mut first, &asking(1, work));
        let request = asking(2, Duration::ZERO);
        second.send(bytes(&request));
        drop(first);
        assert!(matches!(ServerMessage::from_frame(&frame(&second)), Ok(ServerMessage::Queued(_))), "{strategy}");
        let (_, [accepted, served, ..]) = stamped(&second, &request);
        assert!(accepted < done && done <= served, "{strategy}");
    }
    let line = "tcp --wire framed --strategy pool-request --workers 1 --work asked:sleep --stamps";
    let server = Server::start(line);
    let mut peers = [server.connect(), server.connect()];
    let request = asking(1, work);
    peers.iter_mut().for_each(|peer| peer.send(bytes(&request)));
    let mut stamps = peers.map(|peer| stamped(&peer, &request).1);
    stamps.sort_by_key(|[.., done]| *done);
    let [[.., first_done], [_, _, read, begun, _]] = stamps;
    assert!(first_done <= begun && read < begun, "{stamps:?}");
}

#[test]
fn what_a_request_may_not_ask_for_is_refused_in_words_and_the_connection_lives() {
    for strategy in strategies() {
        let server = Server::start(&format!("tcp --wire framed --strategy {strategy} --work asked:block --stamps"));
        let mut peer = server.connect();
        let rows = [
            (echo(1, b"fifteen bytes.."), "15 bytes do not say how long the work takes"),
            (asking(1, Duration::from_secs(61)), "61s of work are too long; at most 60s are allowed"),
        ];
        for (request, words) in rows {
            peer.send(bytes(&request));
            let Ok(ServerMessage::Refused(refusal)) = ServerMessage::from_frame(&frame(&peer)) else {
                panic!("{strategy}: {words} is not said")
            };
            assert_eq!(refusal.code, Code::BadFrame);
            assert!(refusal.words.starts_with(words), "{strategy}: {:?}", refusal.words);
        }
        let request = asking(2, Duration::from_millis(1));
        assert_eq!(answered(&mut peer, &request).0, *request.body(), "{strategy}");
    }
}

#[test]
fn stamps_need_room_and_raw_answers_have_none() {
    let server = Server::start("tcp --wire framed --stamps");
    let mut peer = server.connect();
    let most = vec![b'x'; proto::limits::CONTROL_BYTES_MAX - 40];
    assert_eq!(answered(&mut peer, &echo(1, &most)).0, most);
    peer.send(bytes(&echo(2, &[most.as_slice(), b"y"].concat())));
    let refused = ServerMessage::from_frame(&frame(&peer));
    assert!(
        matches!(&refused, Ok(ServerMessage::Refused(refusal)) if refusal.code == Code::TextTooLong),
        "{refused:?}"
    );
    for strategy in strategies() {
        let server = Server::start(&format!("tcp --strategy {strategy} --stamps --stats-every-ms 1000"));
        let mut peer = server.connect();
        peer.send("hello\n");
        peer.close_sending();
        assert_eq!(peer.rest(), "hello\n", "{strategy}");
    }
}

#[test]
fn a_refused_request_has_no_stamps_and_leaves_the_system() {
    let line = "tcp --wire framed --strategy pool-request --workers 1 --queue 0 --work asked:sleep --stamps \
                --stats-every-ms 60000";
    let server = Server::start(line);
    let (mut first, mut second) = (server.connect(), server.connect());
    let request = asking(1, Duration::from_millis(300));
    first.send(bytes(&request));
    second.send(bytes(&request));
    let mut answers = [frame(&first), frame(&second)];
    answers.sort_by_key(|answer| answer.header().kind);
    assert_eq!(answers[0].header().kind, Kind::Echo.number());
    let refused = ServerMessage::from_frame(&answers[1]);
    assert!(matches!(&refused, Ok(ServerMessage::Refused(refusal)) if refusal.code == Code::Busy), "{refused:?}");
    drop((first, second));
    let last = final_line(&server.last_said());
    assert_eq!((number(&last, "requests"), number(&last, "requests_refused")), (1.0, 1.0));
    assert_eq!(number(&last, "in_system"), 0.0);
}

fn number(line: &Value, name: &str) -> f64 {
    line[name].as_f64().unwrap_or_else(|| panic!("no {name} in {line}"))
}

/// The last line, which is the only final one.
fn final_line(said: &str) -> Value {
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, others) = lines.split_last().unwrap();
    assert!(last["final"] == true && others.iter().all(|line| line["final"] == false), "{said}");
    last.clone()
}

#[test]
fn the_time_in_the_system_is_that_of_the_stamps_and_the_last_line_comes_with_open_connections() {
    for strategy in strategies() {
        let line = format!(
            "tcp --wire framed --strategy {strategy} --workers 3 --work asked:sleep --stamps --stats-every-ms 5 \
             --drain-ms 100"
        );
        let mut server = Server::start(&line);
        let first: Value = serde_json::from_str(&server.said()).unwrap();
        assert_eq!((number(&first, "accepted"), number(&first, "in_system")), (0.0, 0.0), "{strategy}");
        let mut peers = [server.connect(), server.connect(), server.connect()];
        let mut stayed_ns = 0;
        for id in 1..=5 {
            let request = asking(id, Duration::from_millis(id));
            peers.iter_mut().for_each(|peer| peer.send(bytes(&request)));
            for peer in &peers {
                let (_, [_, _, read, _, done]) = stamped(peer, &request);
                stayed_ns += done - read;
            }
        }
        let last = final_line(&server.last_said());
        assert_eq!((number(&last, "requests"), number(&last, "service_requests")), (15.0, 15.0), "{strategy}");
        assert_eq!((number(&last, "accepted"), number(&last, "in_system")), (3.0, 0.0), "{strategy}");
        assert!(number(&last, "service_mean_us") >= 3000.0, "{strategy}: {last}");
        let stayed = Duration::from_nanos(stayed_ns).as_secs_f64();
        let difference = number(&last, "in_system_seconds") - stayed;
        assert!(difference.abs() < 1e-6, "{strategy}: {last} and {stayed} by the stamps");
        drop(peers);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_kernels_queue_is_counted() {
    let mut server = Server::start("tcp --wire framed --strategy pool-accept --workers 1 --stats-every-ms 2");
    let mut first = server.connect();
    first.send(bytes(&echo(1, b"in")));
    assert_eq!(frame(&first), echo(1, b"in"));
    let _others = [server.connect(), server.connect()];
    loop {
        let line: Value = serde_json::from_str(&server.said()).unwrap();
        if number(&line, "backlog") == 2.0 {
            assert_eq!((number(&line, "accepted"), number(&line, "active")), (1.0, 1.0));
            return;
        }
    }
}
