//! Somebody who goes and comes back, on a server that keeps what is said.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use crate::person::Person;
use crate::server::Server;

/// A home that outlives the programs that run in it.
fn home() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().unwrap())
}

fn sits_down(home: &Arc<TempDir>, server: &Server, nick: &str) -> Person {
    let person = Person::arrives_in(Arc::clone(home), &server.address, &["--nick", nick]);
    person.sees_at_the_bottom("lobby>");
    person
}

/// Runs a command from somebody's home.
fn run(home: &Path, server: &Server, line: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat-client"));
    command.args(line).env("VERBATIM_SERVER", &server.address).env_remove("VERBATIM_NICK").env("USER", "ann");
    command.env("XDG_STATE_HOME", home).env("HOME", home).env("TZ", "UTC").stdin(Stdio::null());
    command.output().unwrap()
}

/// Says each line of `input`, as somebody who comes for that only.
fn feeds(server: &Server, nick: &str, input: &str) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("input");
    std::fs::write(&path, input).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat-client"));
    command.args(["--server", &server.address, "--nick", nick]).env("XDG_STATE_HOME", home.path());
    command.stdin(std::fs::File::open(path).unwrap()).stdout(Stdio::null());
    assert!(command.status().unwrap().success());
}

/// What it printed, if it ended well.
fn does(home: &Path, server: &Server, line: &[&str]) -> String {
    let output = run(home, server, line);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{line:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

fn objects(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| line.parse().unwrap()).collect()
}

#[test]
fn whoever_comes_back_sees_what_is_new_and_nothing_twice() {
    let (server, home) = (Server::with_files(), home());
    let ann = sits_down(&home, &server, "ann");
    ann.says("before I go");
    ann.sees("ann   ✓ before I go");
    ann.says("/q");
    assert_eq!(ann.ends(), 0);
    for words in ["one", "two", "三"] {
        server.send("bob", words);
    }
    // Nobody is told of this, and nothing is read by it.
    for _ in 0..2 {
        let unread = objects(&does(home.path(), &server, &["unread", "--json"]));
        assert_eq!((unread.len(), &unread[0]["room"], &unread[0]["unread"]), (1, &"lobby".into(), &3.into()));
    }
    assert!(!does(home.path(), &server, &["who", "--all"]).contains("ann"), "she is away");

    let ann = sits_down(&home, &server, "ann");
    ann.sees("back in #lobby");
    ann.sees("bob     三");
    let screen = ann.screen();
    let at = |part: &str| screen.find(part).unwrap_or_else(|| panic!("{part} is not in\n{screen}"));
    assert!(at("✓ before I go") < at("── new since you left ──"), "{screen}");
    assert!(at("── new since you left ──") < at("bob     one") && at("bob     one") < at("bob     三"), "{screen}");
    assert_eq!(screen.matches("before I go").count(), 1, "{screen}");
    assert!(!screen.contains("ann left") && !screen.contains("ann came"), "{screen}");
    ann.says("/unread");
    ann.sees("nothing is unread");
    ann.says("/q");
    ann.ends();
    assert_eq!(does(home.path(), &server, &["unread"]), "");
    let ann = sits_down(&home, &server, "ann");
    ann.sees("bob     三");
    assert!(!ann.screen().contains("new since you left"), "{}", ann.screen());
}

#[test]
fn what_is_said_to_somebody_who_is_away_waits_for_them() {
    let (server, home) = (Server::with_files(), home());
    let ann = sits_down(&home, &server, "ann");
    ann.says("/q");
    ann.ends();
    let bobs = self::home();
    let bob = sits_down(&bobs, &server, "bob");
    bob.says("/msg ann are you there?");
    bob.sees("✓ are you there?");
    bob.says("/q");
    bob.ends();
    let line = ["history", "--with", "bob", "--json"];
    assert_eq!(objects(&does(home.path(), &server, &line))[0]["text"], "are you there?");
    let ann = sits_down(&home, &server, "ann");
    ann.sees("→bob: new since you left");
    ann.sees("→bob bob     are you there?");
    ann.says("/msg bob I am");
    ann.sees("✓ I am");
    // Who is a third knows nothing of it.
    let carols = self::home();
    let carol = sits_down(&carols, &server, "carol");
    carol.says("/search there");
    carol.sees("nothing is found for there");
    assert_eq!(run(carols.path(), &server, &["history", "--with", "bob", "--nick", "carol"]).status.code(), Some(5));
}

#[test]
fn reading_goes_on_beside_an_open_conversation() {
    let (server, home) = (Server::with_files(), home());
    let ann = sits_down(&home, &server, "ann");
    ann.says("said here");
    ann.sees("✓ said here");
    assert!(does(home.path(), &server, &["history"]).contains("said here"));
    assert!(does(home.path(), &server, &["export", "--json"]).contains("said here"));
    // To say something it gives way, as it would to anybody.
    let sent = run(home.path(), &server, &["send", "--nick", "ann", "x"]);
    assert_eq!(sent.status.code(), Some(7), "{}", String::from_utf8_lossy(&sent.stderr));
    does(home.path(), &server, &["send", "from beside"]);
    ann.sees("ann-2   from beside");
    ann.says("still here");
    ann.sees("✓ still here");
}

#[test]
fn a_command_acts_from_the_place_and_leaves_it_as_it_was() {
    let (server, home) = (Server::with_files(), home());
    let ann = sits_down(&home, &server, "ann");
    ann.says("/q");
    ann.ends();
    server.send_to("ops", "bob", "the room is there");
    for line in [["send", "--room", "ops", "done"], ["send", "--nick", "ann", "done here"]] {
        does(home.path(), &server, &line);
    }
    let said = objects(&does(home.path(), &server, &["history", "--room", "ops", "--json"]));
    assert_eq!((&said[1]["nick"], &said[1]["text"]), (&"ann".into(), &"done".into()));
    let rooms = objects(&does(home.path(), &server, &["unread", "--all", "--json"]));
    assert_eq!(rooms.iter().map(|room| &room["room"]).collect::<Vec<_>>(), ["lobby"]);
}

#[test]
fn a_follower_leaves_the_place_to_the_person() {
    let (server, home) = (Server::with_files(), home());
    let ann = sits_down(&home, &server, "ann");
    ann.says("/q");
    ann.ends();
    server.send("bob", "hello");
    for line in
        [&["tail", "--last", "5", "--count", "1"][..], &["tail", "--nick", "ann", "--last", "5", "--count", "1"]]
    {
        assert!(does(home.path(), &server, line).contains("hello"));
    }
    assert!(does(home.path(), &server, &["unread"]).starts_with("#lobby  1  from"));
}

#[test]
fn one_s_own_place_is_taken_over_by_a_second_window_if_one_wants_to() {
    let (server, home) = (Server::with_files(), home());
    let first = sits_down(&home, &server, "ann");
    let second = Person::arrives_in(Arc::clone(&home), &server.address, &["--nick", "ann"]);
    second.sees("maybe by yourself, in another window");
    second.sees("Enter takes over from there; or another nick:");
    second.says("");
    second.sees("back in #lobby");
    second.sees_at_the_bottom("lobby>");
    first.sees("you came back on another connection, and that one took over");
    second.says("here now");
    second.sees("ann   ✓ here now");
}

#[test]
fn what_was_found_is_gone_to() {
    let (server, home) = (Server::with_files(), home());
    // Number 1 of the room is that bob came in.
    let line = |number| match number {
        19 => "the 图片 of a needle\n".to_owned(),
        number => format!("number {number}\n"),
    };
    feeds(&server, "bob", &(1..=60).map(line).collect::<String>());
    let ann = sits_down(&home, &server, "ann");
    ann.sees("bob     number 60");
    // The words are taken up a moment after they are stored.
    ann.waits_for_line("/search needle", "#lobby  20  ");
    ann.sees("found 1, newest last");
    ann.says("/history @20");
    ann.sees("── #lobby, around 20 ──");
    ann.sees("bob   » the 图片 of a needle");
    ann.sees("bob     number 29");
    ann.sees("── now ──");
    ann.says("/history 5");
    // The last 20 were shown from the beginning.
    ann.sees("── #lobby, 38 to 42 ──");
    let found = does(home.path(), &server, &["search", "--from", "bob", "图片"]);
    assert!(found.starts_with("#lobby  20  ") && found.ends_with("  bob  the 图片 of a needle\n"), "{found}");
}

#[test]
fn of_an_ephemeral_room_everybody_is_told() {
    let (server, home) = (Server::with_files(), home());
    let ann = sits_down(&home, &server, "ann");
    ann.says("/join --ephemeral secrets");
    ann.sees("you are in #secrets; nobody else is here (nothing said here is kept)");
    ann.says("psst");
    ann.sees("ann   > psst");
    let bob = sits_down(&self::home(), &server, "bob");
    bob.says("/join secrets");
    bob.sees("2 people are here (nothing said here is kept)");
    // It is read as far as the server's memory reaches, and no search finds it.
    assert!(does(home.path(), &server, &["history", "--room", "secrets"]).contains("psst"));
    assert_eq!(does(home.path(), &server, &["search", "--room", "secrets", "psst"]), "");
}

#[test]
fn a_restart_of_the_server_changes_nothing() {
    let (mut server, home) = (Server::with_files(), home());
    let ann = sits_down(&home, &server, "ann");
    ann.says("before");
    ann.sees("✓ before");
    server.kill();
    ann.sees("! offline:");
    ann.says("meanwhile");
    ann.sees("ann   … meanwhile   (waits to be sent)");
    server.start_again();
    ann.sees("online again; nothing was missed; 1 message is sent now");
    ann.sees("✓ meanwhile");
    let said = objects(&does(home.path(), &server, &["history", "--json"]));
    let texts: Vec<_> = said.iter().filter_map(|event| event["text"].as_str()).collect();
    assert_eq!(texts, ["before", "meanwhile"]);
}
