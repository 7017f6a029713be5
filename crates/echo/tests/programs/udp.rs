//! `echo-server udp` and `echo-client udp`.

use std::net::UdpSocket;

use crate::support::{LONGEST, Server, check, run_client};

fn ask(server: &Server, datagram: &[u8]) -> Vec<u8> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(LONGEST)).unwrap();
    socket.send_to(datagram, server.address).unwrap();
    let mut answer = vec![0; 65_536];
    let (bytes, from) = socket.recv_from(&mut answer).unwrap();
    assert_eq!(from, server.address);
    answer.truncate(bytes);
    answer
}

#[test]
fn each_datagram_is_answered_by_one() {
    let longest = vec![b'X'; 65_507];
    let rows: [(&str, &[u8], &[u8]); 6] = [
        ("udp", b"Hello\xff", b"Hello\xff"),
        ("udp", b"", b""),
        ("udp", &longest, &longest),
        ("udp --reply ack", "你好".as_bytes(), "服务器已收到消息".as_bytes()),
        ("udp --reply ack", b"", "服务器已收到消息".as_bytes()),
        ("udp --reply lower", "ÄÖÜ \u{ff}".as_bytes(), "äöü \u{ff}".as_bytes()),
    ];
    for (line, datagram, answer) in rows {
        let server = Server::start(line);
        assert!(ask(&server, datagram) == answer, "{line}: {:?}", datagram.escape_ascii().to_string());
    }
}

#[test]
fn an_answer_that_cannot_be_sent_does_not_stop_the_server() {
    let server = Server::start("udp --reply lower");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    // Its lower case is longer, and then longer than a datagram can be.
    socket.send_to("\u{130}".repeat(32_000).as_bytes(), server.address).unwrap();
    assert_eq!(ask(&server, b"STILL THERE"), b"still there");
}

#[test]
fn the_client_prints_the_answer_and_its_sender() {
    let server = Server::start_with("udp --reply ack", &["--ack-text", "got it, thanks"]);
    let address = server.address.to_string();
    let answer = format!("{address}: got it, thanks\n");
    check(&run_client(&["udp", &address, "hello"], ""), 0, &answer, "");
    check(&run_client(&["udp", &address], "one\ntwo\nexit\nthree\n"), 0, &answer.repeat(2), "");
}

#[test]
fn a_lost_datagram_is_said() {
    let deaf = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = deaf.local_addr().unwrap().to_string();
    let output = run_client(&["udp", &address, "--timeout-ms", "100", "hello"], "");
    check(&output, 1, "", "echo-client: no answer came within 100 ms (the datagram or its answer was lost");
}
