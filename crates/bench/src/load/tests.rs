//! The loads against servers that do what they should, and against servers that lie.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use super::*;
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::machine::Pinning;
use crate::targets::{Arrival, Keeping, Protocol, Topic};

const BRIEF: Span = Span { warm_up: Duration::from_millis(20), measured: Duration::from_millis(80) };

const GAUGE: Gauge<'_> = Gauge { server: None, pinning: Pinning::NONE };

const EXCHANGE: Exchange<'_> = Exchange { request: b"Hi", answer: b"hi" };

/// Serves `connections` connections, each on a thread, all of which end with their connection.
fn serve(connections: usize, each: impl Fn(usize, TcpStream) + Clone + Send + 'static) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let accepting = std::thread::spawn(move || {
        let serve_next = |number| {
            let (stream, _) = listener.accept().unwrap();
            let each = each.clone();
            std::thread::spawn(move || each(number, stream))
        };
        let threads: Vec<_> = (0..connections).map(serve_next).collect();
        drop(listener);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    (address, accepting)
}

fn echo_with(mut stream: TcpStream, change: impl Fn(u64, &mut [u8])) {
    let mut buffer = [0; 4096];
    let mut total = 0;
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        change(total, &mut buffer[..count]);
        total += count as u64;
        if stream.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}

#[test]
fn closed_loop_counts_echoes() {
    let (address, server) = serve(3, |_, stream| echo_with(stream, |_, _| {}));
    let load = Closed::open(address, "echo", 3, 10_000, Waiting::Spinning).unwrap();
    let count = load.run(BRIEF, &GAUGE, &Interrupt::default()).unwrap();
    assert!(count.answered > 0 && count.latency.samples == count.answered, "{count:?}");
    server.join().unwrap();
}

#[test]
fn closed_loop_finds_a_changed_byte() {
    let change = |total: u64, bytes: &mut [u8]| {
        if total > 50_000 {
            bytes[0] ^= 1;
        }
    };
    let (address, server) = serve(2, move |_, stream| echo_with(stream, change));
    let load = Closed::open(address, "echo", 2, 1000, Waiting::Sleeping).unwrap();
    let error = load.run(Span::of(Duration::from_secs(20)), &GAUGE, &Interrupt::default()).unwrap_err();
    assert!(error.to_string().contains("differs from it"), "{error}");
    server.join().unwrap();
}

/// A server of one answer a connection, as `--once` is, one connection after the other; a request of one byte ends it.
fn answering(answer: &'static [u8]) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let serving = move || {
        loop {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 64];
            match stream.read(&mut request) {
                Ok(1) => return,
                // The client may have given up; that is its business.
                _ => drop(stream.write_all(answer)),
            }
        }
    };
    (address, std::thread::spawn(serving))
}

#[test]
fn churn_books_every_connection_once() {
    let check = |answer: &'static [u8], want: fn(&Tally) -> u64| {
        let (address, server) = answering(answer);
        let churn = Churn::new(address, 4, EXCHANGE, Waiting::Sleeping).unwrap();
        let tally = churn.run(BRIEF, &GAUGE, &Interrupt::default()).unwrap().all;
        assert!(tally.offered > 4 && want(&tally) == tally.offered, "{tally:?}");
        TcpStream::connect(address).unwrap().write_all(b"!").unwrap();
        server.join().unwrap();
    };
    check(b"hi", |tally| tally.ok);
    check(b"", |tally| tally.refused);
    check(b"ho", |tally| tally.failed);
    check(b"high", |tally| tally.failed);
}

#[test]
fn churn_without_a_server_is_refused() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let tally = Churn::new(address, 2, EXCHANGE, Waiting::Sleeping)
        .unwrap()
        .run(BRIEF, &GAUGE, &Interrupt::default())
        .unwrap()
        .all;
    assert!(tally.offered > 0 && tally.refused == tally.offered, "{tally:?}");
}

#[test]
fn an_interrupt_ends_a_load() {
    let (address, server) = serve(1, |_, stream| echo_with(stream, |_, _| {}));
    let interrupt = Interrupt::default();
    let load = Closed::open(address, "echo", 1, 10, Waiting::Sleeping).unwrap();
    let asking = interrupt.clone();
    let asker = std::thread::spawn(move || asking.ask());
    let outcome = load.run(Span::of(Duration::from_secs(60)), &GAUGE, &interrupt);
    assert!(matches!(outcome, Err(BenchError::Interrupted)), "{outcome:?}");
    asker.join().unwrap();
    server.join().unwrap();
}

/// A bus that speaks just enough NATS: the first connections listen, the last one talks. `deliver` decides which
/// messages reach a listener and how often.
fn bus(listeners: usize, deliver: fn(usize, u64) -> usize) -> (SocketAddr, JoinHandle<()>) {
    let outlets = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    serve(listeners + 1, move |number, mut stream| {
        stream.write_all(b"INFO {}\r\n").unwrap();
        let mut lines = std::io::BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        let mut seq = 0;
        while matches!(std::io::BufRead::read_line(&mut lines, &mut line), Ok(1..)) {
            match line.split(' ').next().unwrap() {
                "PING\r\n" => stream.write_all(b"PONG\r\n").unwrap(),
                "SUB" => outlets.lock().unwrap().push((number, stream.try_clone().unwrap())),
                "PUB" => {
                    let mut text = vec![0; 64 + 2];
                    lines.read_exact(&mut text).unwrap();
                    for (listener, outlet) in outlets.lock().unwrap().iter_mut() {
                        for _ in 0..deliver(*listener, seq) {
                            // The listener may have found the lie and gone.
                            let _ = outlet.write_all(b"MSG r 1 64\r\n").and_then(|()| outlet.write_all(&text));
                        }
                    }
                    seq += 1;
                }
                _ => {}
            }
            line.clear();
        }
        outlets.lock().unwrap().clear();
    })
}

fn fan_out(deliver: fn(usize, u64) -> usize, window: usize) -> Result<FanoutCount, BenchError> {
    let (address, server) = bus(3, deliver);
    let topic = Topic {
        room: "r".to_owned(),
        nick_prefix: String::new(),
        text_bytes: 64,
        receivers: 3,
        arrival: Arrival::Silent,
        keeping: Keeping::Any,
    };
    let subscribers =
        (0..3).map(|number| Protocol::Nats.subscribe(address, &topic, number)).collect::<Result<_, _>>()?;
    let publisher = Protocol::Nats.publish(address, &topic)?;
    let outcome =
        Fanout::new(publisher, subscribers, window, Waiting::Sleeping)?.run(BRIEF, &GAUGE, &Interrupt::default());
    server.join().unwrap();
    outcome
}

#[test]
fn fanout_counts_every_delivery() {
    for window in [1, 2, 100] {
        let count = fan_out(|_, _| 1, window).unwrap();
        assert!(count.deliveries > 0 && count.received == 3 * count.sent, "{count:?}");
        assert_eq!(count.rounds.is_some(), window == 1);
    }
}

#[test]
fn fanout_finds_a_lost_and_a_doubled_message() {
    let check = |deliver: fn(usize, u64) -> usize, want: &str| {
        let error = fan_out(deliver, 100).unwrap_err();
        assert!(error.spoils_one_trial() && error.to_string().contains(want), "{error}");
    };
    check(|listener, seq| usize::from(listener != 1 || seq != 7), "message 00000007 was to come, but 00000008 came");
    check(
        |listener, seq| 1 + usize::from(listener == 1 && seq == 7),
        "message 00000008 was to come, but 00000007 came",
    );
}
