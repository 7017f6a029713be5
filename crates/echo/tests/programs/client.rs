//! `echo-client tcp`, against our servers and against plain ones.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::support::{Server, check, run_client};

const ACK: &str = "服务器已收到消息\n";

#[test]
fn messages_are_sent_one_after_the_other_and_each_answer_is_printed() {
    let server = Server::start("tcp --reply ack");
    let address = server.address.to_string();
    let twice = ACK.repeat(2);
    let rows: &[(&[&str], &str, &str)] = &[
        (&["hello"], "", ACK),
        (&["hello", "two words"], "", &twice),
        (&["--bare", "hello", "two words"], "", &twice),
        (&[], "a line\n你好\n", &twice),
        (&[], "a line\nexit\nnot sent\n", ACK),
        (&[], "no line end", ACK),
        (&[], "", ""),
        (&[], "\n", ACK),
    ];
    for (args, input, stdout) in rows {
        check(&run_client(&[&["tcp", &address], *args].concat(), input), 0, stdout, "");
    }
}

#[test]
fn an_echo_comes_back_whole() {
    for wire in ["raw", "framed"] {
        let server = Server::start(&format!("tcp --wire {wire}"));
        let address = server.address.to_string();
        let long = "长".repeat(20_000);
        for message in ["hello", "two\nlines", "refused: not really", &long] {
            let output = run_client(&["tcp", &address, "--wire", wire, message], "");
            check(&output, 0, &format!("{message}\n"), "");
        }
    }
}

#[test]
fn a_server_that_is_full_is_told_apart_by_the_exit_code() {
    for wire in ["raw", "framed"] {
        let server =
            Server::start(&format!("tcp --wire {wire} --strategy pool --workers 1 --queue 0 --max-connections 1"));
        let _taken = server.connect();
        let address = server.address.to_string();
        let words = "echo-client: the server refuses: ";
        check(&run_client(&["tcp", &address, "--wire", wire, "hello"], ""), 4, "", words);
    }
}

#[test]
fn nobody_there_is_said() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let words = format!("echo-client: cannot connect to {free}: ");
    check(&run_client(&["tcp", &free, "hello"], ""), 3, "", &words);
    check(&run_client(&["tcp", "no port", "hello"], ""), 3, "", "echo-client: cannot find no port: ");
}

/// A server of one connection, which does `answers` with it.
fn plain_server(answers: impl FnOnce(std::net::TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || answers(listener.accept().unwrap().0));
    address
}

#[test]
fn silence_and_an_early_end_are_said() {
    let silent = plain_server(|mut stream| {
        let _end = stream.read_to_end(&mut Vec::new());
    });
    let output = run_client(&["tcp", &silent, "--timeout-ms", "100", "hello"], "");
    check(&output, 1, "", "echo-client: no answer came within 100 ms");
    let closes = plain_server(|mut stream| {
        let _read = stream.read(&mut [0; 100]);
    });
    let output = run_client(&["tcp", &closes, "hello"], "");
    check(&output, 1, "", "echo-client: the server closed the connection without an answer");
    let no_frames = plain_server(|mut stream| {
        let _read = stream.read(&mut [0; 100]);
        let _sent = stream.write_all("服务器已收到消息".as_bytes());
    });
    let output = run_client(&["tcp", &no_frames, "--wire", "framed", "hello"], "");
    check(&output, 1, "", "echo-client: the server does not speak frames: ");
}

#[test]
fn an_answer_without_a_line_end_is_taken_after_a_pause() {
    // As the exercise's own server answers: no line end.
    let plain = plain_server(|mut stream| {
        while stream.read(&mut [0; 1024]).is_ok_and(|bytes| bytes > 0) {
            if stream.write_all("服务器已收到消息".as_bytes()).is_err() {
                return;
            }
        }
    });
    check(&run_client(&["tcp", &plain, "one", "two"], ""), 0, &ACK.repeat(2), "");
}
