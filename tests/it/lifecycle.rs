//! The daemon's life: what keeps it from starting, and how it stops.

use std::net::TcpListener;

use proto::CloseCode;

use crate::matrix::over_strategies;
use crate::peer::Peer;
use crate::server::{Server, run_to_end};

over_strategies! {
    a_signal_drains_and_tells_everybody,
    a_second_signal_closes_at_once,
}

fn a_signal_drains_and_tells_everybody(arguments: &[&str]) {
    let server = Server::start(arguments);
    let silent = Peer::connect(server.address());
    let (ann, _) = Peer::in_room(server.address(), "ann", "lobby");
    let (bob, _) = Peer::in_room(server.address(), "bob", "lobby");
    server.terminate();
    for peer in [ann, bob, silent] {
        assert_eq!(peer.goodbye().code, CloseCode::Draining);
    }
    let ended = server.ended();
    assert!(ended.status.success(), "{:?}: {}", ended.status, ended.stderr);
    assert!(ended.stderr.contains("admitted 3") && ended.stderr.contains("active 0"), "{}", ended.stderr);
}

fn a_second_signal_closes_at_once(arguments: &[&str]) {
    // A peer that takes nothing would hold the drain for its whole time.
    let server = Server::start(&[arguments, &["--drain-ms", "600000", "--rate", "0"]].concat());
    let (mut ann, joined) = Peer::in_room(server.address(), "ann", "lobby");
    let (_deaf, _) = Peer::in_room(server.address(), "deaf", "lobby");
    for message in 1..=600 {
        ann.say(joined.room, message, &"x".repeat(16_000));
        ann.event(joined.room);
    }
    server.terminate();
    assert_eq!(ann.goodbye().code, CloseCode::Draining);
    server.terminate();
    assert!(server.ended().status.success());
}

#[test]
fn what_keeps_it_from_starting_is_said_in_words() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().to_str().unwrap();
    let _holder = Server::start(&["--data-dir", data_dir]);
    let rows: [(&[&str], i32, &str); 7] = [
        (&["--listen", &port], 1, &port),
        (&["--listen", "127.0.0.1:0", "--data-dir", data_dir], 1, "another chat-server uses the data directory"),
        (&["--listen", "0.0.0.0:0"], 1, "--insecure"),
        (&["--listen", "192.0.2.1:0", "--insecure"], 1, "192.0.2.1"),
        (&["--strategy", "fibers"], 2, "spawn, pool, pool-request"),
        (&["--workers", "0"], 2, "--workers"),
        (&["--no-such-option"], 2, "--no-such-option"),
    ];
    for (arguments, code, says) in rows {
        let ended = run_to_end(arguments);
        assert_eq!(ended.status.code(), Some(code), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(says), "{arguments:?}: {}", ended.stderr);
    }
}
