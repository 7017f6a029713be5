//! The raw servers, met by peers that know nothing of us; each over every strategy.

use crate::support::{Server, strategies};

const ACK: &str = "服务器已收到消息";

#[test]
fn echo_gives_back_what_came_however_long() {
    for strategy in strategies() {
        let server = Server::start(&format!("tcp --strategy {strategy}"));
        let mut peer = server.connect();
        peer.send("你好, raw\n");
        peer.expect("你好, raw\n");
        let long: Vec<u8> = (0..3_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        let mut reading = peer.stream().try_clone().unwrap();
        let expected = long.clone();
        let reader = std::thread::spawn(move || {
            let mut got = vec![0; expected.len()];
            std::io::Read::read_exact(&mut reading, &mut got).unwrap();
            assert!(got == expected, "the bytes came back changed");
        });
        peer.send(&long);
        reader.join().unwrap();
        peer.close_sending();
        assert_eq!(peer.rest(), "", "{strategy}");
    }
}

#[test]
fn ack_confirms_each_line_and_each_pause_once() {
    for strategy in strategies() {
        let server = Server::start(&format!("tcp --reply ack --strategy {strategy}"));
        let mut peer = server.connect();
        peer.send("a line\n");
        peer.expect(format!("{ACK}\n"));
        peer.send("telnet\r\n");
        peer.expect(format!("{ACK}\r\n"));
        peer.send("one\ntwo\n");
        peer.expect(format!("{ACK}\n{ACK}\n"));
        peer.send("no line end");
        peer.expect(ACK);
        peer.send("x".repeat(5000) + "\n");
        peer.expect(format!("{ACK}\n"));
        peer.send("closes its side");
        peer.close_sending();
        assert_eq!(peer.rest(), ACK, "{strategy}");
    }
}

#[test]
fn a_message_split_inside_a_character_is_one_message() {
    for strategy in strategies() {
        // The pause in the character is as long as a pause may be without being one.
        let server = Server::start(&format!("tcp --reply ack --quiet-ms 1 --strategy {strategy}"));
        let mut peer = server.connect();
        let [first, rest @ ..] = "世".as_bytes() else { unreachable!() };
        peer.send([*first]);
        // tidy: pace: the pause is what the server is shown.
        std::thread::sleep(std::time::Duration::from_millis(100));
        peer.send(rest);
        peer.expect(ACK);
        peer.close_sending();
        assert_eq!(peer.rest(), "", "{strategy}");
    }
}

#[test]
fn lower_never_breaks_a_character() {
    for strategy in strategies() {
        let server = Server::start(&format!("tcp --reply lower --strategy {strategy}"));
        let mut peer = server.connect();
        for byte in "ÄÖÜ ДА Ω!".as_bytes() {
            peer.send([*byte]);
        }
        peer.expect("äöü да ω!");
        peer.send(b"CAF\xc9");
        peer.close_sending();
        assert_eq!(peer.rest(), "caf\u{fffd}", "{strategy}");
    }
}

#[test]
fn once_answers_one_message_and_closes() {
    for strategy in strategies() {
        let server = Server::start(&format!("tcp --reply lower --once --strategy {strategy}"));
        for (message, answer) in
            [("YDY", "ydy"), ("Hello, world\n", "hello, world\n"), ("A\nB\n", "a\n"), ("23333", "23333")]
        {
            let mut peer = server.connect();
            peer.send(message);
            assert_eq!(peer.rest(), answer, "{strategy}");
        }
    }
}

#[test]
fn work_is_done_per_request_and_a_full_pool_request_is_busy_and_lives() {
    let server = Server::start("tcp --reply ack --strategy pool-request --workers 1 --queue 0 --work sleep:fix:300ms");
    let (mut first, mut second) = (server.connect(), server.connect());
    // Which of the two comes first is open; one is worked on, the other finds no worker.
    first.send("me\n");
    second.send("me too\n");
    let mut answers = [first_line(&first), first_line(&second)];
    answers.sort();
    assert_eq!(answers[0], "busy: 1 requests are worked on and 0 wait, as many as may (try again later)\n");
    assert_eq!(answers[1], format!("{ACK}\n"));
    for mut peer in [first, second] {
        peer.send("again\n");
        peer.expect(format!("{ACK}\n"));
    }
}

fn first_line(peer: &crate::support::Peer) -> String {
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::with_capacity(1, peer.stream()), &mut line).unwrap();
    line
}

#[test]
fn beyond_workers_and_queue_a_connection_is_told_in_a_line() {
    for strategy in ["pool", "thread-pool"] {
        let server = Server::start(&format!("tcp --strategy {strategy} --workers 1 --queue 0"));
        let mut first = server.connect();
        first.send("x");
        first.expect("x");
        let mut second = server.connect();
        assert_eq!(second.rest(), "refused: all 1 workers are taken and 0 wait, as many as may (try again later)\n");
        first.send("y");
        first.expect("y");
    }
}

#[test]
fn silence_ends_a_connection() {
    for strategy in strategies() {
        let server = Server::start(&format!("tcp --idle-ms 100 --strategy {strategy}"));
        assert_eq!(server.connect().rest(), "", "{strategy}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn without_file_descriptors_it_waits_and_then_goes_on() {
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "ulimit -n 40; exec \"$0\" tcp --listen 127.0.0.1:0", env!("CARGO_BIN_EXE_echo-server")]);
    let server = Server::from(command);
    let mut peers: Vec<_> = (0..60).map(|_| server.connect()).collect();
    peers[0].send("first");
    peers[0].expect("first");
    peers.drain(..40);
    for peer in &mut peers {
        peer.send("late");
        peer.expect("late");
    }
    drop(peers);
    let (_, log) = server.stop();
    let errors = log.lines().filter(|line| line.contains("no connection can be accepted")).count();
    assert!((1..=3).contains(&errors), "a burst is told once: {log}");
}
