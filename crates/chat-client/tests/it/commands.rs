//! The one-shot commands and the plain line mode against the real server: what they print, and what they end with.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use crate::server::Server;

fn client(server: &Server, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat-client"));
    command.env("VERBATIM_SERVER", &server.address).env_remove("VERBATIM_NICK").env("USER", "login");
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(server: &Server, arguments: &[&str]) -> Output {
    client(server, arguments).output().unwrap()
}

/// Runs the client with `input` on stdin.
fn feed(server: &Server, arguments: &[&str], input: &str) -> Output {
    let mut child = client(server, arguments).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    // Whoever refuses its input need not read it to the end.
    drop(writer.join().unwrap());
    output
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A `tail` that is in the room: what comes after this is seen by it.
fn tail(server: &Server, arguments: &[&str]) -> (Child, BufReader<ChildStdout>) {
    // Something is there already, and it shows that.
    run(server, &["send", "--nick", "opener", "the beginning"]);
    let arguments = [&["tail", "--nick", "watcher", "--last", "1"], arguments].concat();
    let mut child = client(server, &arguments).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("the beginning") {
        line.clear();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "tail has ended");
    }
    (child, lines)
}

#[test]
fn what_is_sent_is_confirmed_and_seen() {
    let server = Server::start();
    let (mut child, mut lines) = tail(&server, &["--count", "4"]);
    assert_eq!(run(&server, &["send", "--nick", "ann", "hello", "世界"]).status.code(), Some(0));
    assert_eq!(feed(&server, &["send", "--nick", "ann", "-"], "one\ntwo\n").status.code(), Some(0));
    assert_eq!(feed(&server, &["--nick", "piper"], "from a pipe\n").status.code(), Some(0));
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    for part in ["ann     hello 世界\n", "ann     one\n              two\n", "piper   from a pipe\n"] {
        assert!(rest.contains(part), "{part:?} is not in {rest}");
    }
}

#[test]
fn json_lines_have_the_promised_fields() {
    let server = Server::start();
    let (mut child, mut lines) = tail(&server, &["--json", "--count", "2"]);
    run(&server, &["send", "--nick", "ann", "a\u{202e}b"]);
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert!(line.contains(r"a\u202eb"), "{line}");
    let event: serde_json::Value = line.parse().unwrap();
    assert_eq!((&event["room"], &event["nick"], &event["type"]), (&"lobby".into(), &"ann".into(), &"message".into()));
    assert_eq!((&event["seq"], &event["text"]), (&2.into(), &"a\u{202e}b".into()));
    assert!(event["at"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    assert!(child.wait().unwrap().success());
    for (arguments, field) in [(["rooms", "--json"], "room"), (["who", "--json"], "nick")] {
        for line in stdout(&run(&server, &arguments)).lines() {
            assert!(line.parse::<serde_json::Value>().unwrap()[field].is_string(), "{line}");
        }
    }
}

#[test]
fn a_long_stdin_is_split_at_line_ends_and_that_is_said() {
    let server = Server::start();
    let input: String = (1..=8000).map(|number| format!("line {number}\n")).collect();
    let (mut child, mut lines) = tail(&server, &["--json", "--count", "6"]);
    let sent = feed(&server, &["send", "--nick", "ann", "-"], &input);
    assert_eq!(sent.status.code(), Some(0));
    assert!(stderr(&sent).contains("stdin was sent as 5 messages, split at line ends"), "{}", stderr(&sent));
    let mut text = String::new();
    for _ in 0..5 {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        text.push_str(line.parse::<serde_json::Value>().unwrap()["text"].as_str().unwrap());
        text.push('\n');
    }
    assert_eq!(text, input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn what_cannot_be_done_is_said_with_the_right_exit_code() {
    let server = Server::start();
    let (mut watcher, _lines) = tail(&server, &[]);
    let long = "x".repeat(16_385);
    let rows: &[(&[&str], i32, &str)] = &[
        (&["send"], 2, "TEXT"),
        (&["send", "--nick", "a b", "x"], 2, "a name has no spaces"),
        (&["--server", "127.0.0.1:1", "rooms"], 3, "connection refused (is chat-server running?"),
        (&["--server", "no-such-host.invalid", "rooms"], 3, "cannot connect to no-such-host.invalid:12101"),
        (&["send", &long], 4, "16385 bytes are too many; at most 16384 are allowed"),
        (&["send", "bell\u{7}"], 4, "U+0007 is not allowed"),
        (&["send", " "], 4, "cannot be empty"),
        (&["send", "--to", "nobody", "x"], 5, "nobody called nobody is here"),
        (&["who", "--room", "nowhere"], 5, "there is no room nowhere"),
        (&["send", "--nick", "watcher", "x"], 7, "the nick watcher is taken"),
        (&["--nick", "watcher"], 7, "the nick watcher is taken"),
    ];
    for (arguments, code, words) in rows {
        let output = run(&server, arguments);
        let shown: Vec<_> = arguments.iter().map(|argument| argument.chars().take(20).collect::<String>()).collect();
        assert_eq!(output.status.code(), Some(*code), "{shown:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{shown:?}: {}", stderr(&output));
        assert!(*code == 2 || stderr(&output).lines().count() == 1, "{shown:?}: {}", stderr(&output));
    }
    watcher.kill().unwrap();
    watcher.wait().unwrap();
}

#[test]
fn a_nick_that_nobody_asked_for_gives_way() {
    let server = Server::start();
    let mut first = client(&server, &["tail"]).spawn().unwrap();
    loop {
        if stdout(&run(&server, &["who", "--all", "--nick", "asker"])).contains("login") {
            break;
        }
    }
    let sent = run(&server, &["send", "hello"]);
    assert_eq!(sent.status.code(), Some(0));
    assert!(stderr(&sent).contains("the nick login is taken, so you are login-2"), "{}", stderr(&sent));
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let server = Server::start();
    let (child, lines) = tail(&server, &[]);
    drop(lines);
    // The first line after that finds nobody to take it.
    run(&server, &["send", "--nick", "ann", "hello"]);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
}

#[test]
fn a_script_ends_with_the_code_of_the_worst_that_happened() {
    let server = Server::start();
    let rows = [
        ("hello\n\n/who\n/rooms\n/c counted", 0, "number 3"),
        ("/jion tea\nhello\n", 4, "did you mean /join?"),
        ("/msg nobody hi\nhello\n", 5, "nobody called nobody is here"),
        ("/join tea\nin the tea room\n/topic at five\n/leave\nin the lobby\n", 0, "> in the lobby"),
        ("", 0, ""),
    ];
    for (input, code, words) in rows {
        let output = feed(&server, &["--nick", "piper"], input);
        assert_eq!(output.status.code(), Some(code), "{input:?}: {}{}", stdout(&output), stderr(&output));
        assert!(stdout(&output).contains(words), "{input:?}: {}", stdout(&output));
        assert!(!stdout(&output).contains('\u{1b}'), "no terminal, no colour: {}", stdout(&output));
    }
    let rooms = stdout(&run(&server, &["rooms"]));
    assert!(rooms.contains("#tea    0  at five"), "{rooms}");
}

#[test]
fn the_lines_of_a_script_come_in_their_order() {
    let server = Server::start();
    let (mut child, lines) = tail(&server, &["--json", "--count", "1001"]);
    let input: String = (1..=1000).map(|number| format!("{number}\n")).collect();
    assert_eq!(feed(&server, &["--nick", "piper"], &input).status.code(), Some(0));
    let text = |line: String| line.parse::<serde_json::Value>().unwrap()["text"].as_str().map(str::to_owned);
    let seen: Vec<_> = lines.lines().filter_map(|line| text(line.unwrap())).collect();
    assert_eq!(seen, input.lines().collect::<Vec<_>>());
    assert!(child.wait().unwrap().success());
}

#[cfg(unix)]
#[test]
fn an_interrupt_says_goodbye_and_ends_with_130() {
    let server = Server::start();
    let (mut child, _lines) = tail(&server, &[]);
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    // It said goodbye, so its nick is free at once and not held for a return.
    assert_eq!(stdout(&run(&server, &["who", "--all", "--nick", "asker"])), "asker\n");
}

#[test]
fn completions_and_the_man_page_can_be_printed() {
    let server = Server::start();
    for what in ["bash", "zsh", "fish", "elvish", "powershell", "man"] {
        let output = run(&server, &["--generate", what]);
        assert!(output.status.success() && output.stdout.len() > 500, "{what}");
    }
    assert!(!stdout(&run(&server, &["--help"])).contains("--generate"));
}
