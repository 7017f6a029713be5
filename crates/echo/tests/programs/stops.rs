//! How the servers stop.

#![cfg(unix)]

use crate::support::{Server, strategies};

#[test]
fn a_signal_ends_idle_connections_in_order_and_the_log_adds_up() {
    for strategy in strategies() {
        for wire in ["raw", "framed"] {
            let server = Server::start(&format!("tcp --strategy {strategy} --wire {wire} --work sleep:fix:1ms"));
            let mut idle = server.connect();
            idle.send(if wire == "raw" {
                "x\n".to_owned()
            } else {
                "\0\0\0\u{2}\u{8}\0\0\0\0\0\0\0\0\0\0\u{1}x\n".to_owned()
            });
            idle.expect(if wire == "raw" {
                "x\n".to_owned()
            } else {
                "\0\0\0\u{2}\u{8}\0\0\0\0\0\0\0\0\0\0\u{1}x\n".to_owned()
            });
            let (status, log) = server.stop();
            assert_eq!(status.code(), Some(0), "{strategy} {wire}: {log}");
            for words in [
                "connected id=1",
                "first message id=1",
                "reason=drained",
                "stopped in order after",
                "accepted 1, admitted 1, refused 0, active 0, waiting 0, starved 0, requests 1",
                "closed 1 (drained 1)",
                "service time: 1 requests took",
            ] {
                assert!(log.contains(words), "{strategy} {wire}: no {words:?} in {log}");
            }
        }
    }
}

#[test]
fn a_peer_that_takes_nothing_is_cut_at_the_deadline() {
    // Not over threads: there the kernel wakes the blocked write when draining begins, and may find room for its rest.
    for strategy in ["spawn", "pool", "pool-request", "pool-accept"] {
        let server = Server::start(&format!("tcp --strategy {strategy} --drain-ms 100"));
        let peer = server.connect();
        // Sends without ever reading, until nothing moves any more.
        peer.stream().set_write_timeout(Some(std::time::Duration::from_millis(300))).unwrap();
        while std::io::Write::write(&mut peer.stream(), &[b'x'; 65_536]).is_ok() {}
        let (status, log) = server.stop();
        assert_eq!(status.code(), Some(0), "{strategy}: {log}");
        assert!(log.contains("stopped at the drain deadline"), "{strategy}: {log}");
        assert!(log.contains("closed 1 (cut 1)"), "{strategy}: {log}");
    }
}

#[test]
fn a_second_signal_cuts_at_once() {
    let mut server = Server::start("tcp --drain-ms 3600000 --work sleep:fix:60s");
    let mut peer = server.connect();
    peer.send("x");
    // The work keeps it from ending in order.
    server.until_logged("first message");
    server.signal();
    server.until_logged("stopping: no new connections");
    server.signal();
    let (status, log) = server.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("stopped at once, as asked"), "{log}");
}

#[test]
fn a_udp_server_says_what_it_did() {
    let server = Server::start("udp");
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(crate::support::LONGEST)).unwrap();
    socket.send_to(b"x\x1b[2J", server.address).unwrap();
    socket.recv_from(&mut [0; 100]).unwrap();
    let (status, log) = server.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("stopped: 1 datagrams received, 1 answered, 0 errors"), "{log}");
    assert!(log.contains("x\\u{1b}[2J") && !log.contains('\u{1b}'), "what a peer sent is escaped: {log}");
}
