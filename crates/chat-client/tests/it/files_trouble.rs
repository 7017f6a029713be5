//! The commands about files where something is wrong: what they say, what they end with, and what is left.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Command;

use crate::desk::{Desk, noise};
use crate::server::Server;

#[test]
fn what_cannot_be_done_is_said_and_the_worst_is_the_exit_code() {
    let server = Server::with_files();
    let ann = Desk::of("ann", &server);
    ann.write("here.txt", "here");
    ann.write("what?.txt", "a name that is not allowed");
    let rows: &[(&[&str], i32, &str)] = &[
        (&["put", "nothing.txt"], 5, "cannot read nothing.txt: there is no such file"),
        (&["put", "nothing.txt", "here.txt"], 5, "there is no such file"),
        (&["put", "what?.txt"], 0, "what?.txt is sent as what_.txt"),
        (&["put", "-"], 2, "stdin has no name"),
        (&["put", "here.txt", "--as", "../x"], 4, "the names . and .. are not allowed"),
        (&["get", "nothing.txt"], 5, "nothing.txt"),
        (&["get", "nothing.txt", "here.txt"], 5, "nothing.txt"),
        (&["get", "../etc/passwd"], 4, "the names . and .. are not allowed"),
        (&["get", "here.txt", "what_.txt", "-o", "not-there"], 2, "not-there is no folder"),
        (&["ls", "nowhere"], 5, ""),
        (&["rm", "nothing.txt"], 5, "nothing.txt"),
        (&["mv", "nothing.txt", "x"], 5, ""),
        (&["mkdir", "here.txt"], 7, "here.txt"),
        (&["verify", "nothing.txt"], 5, "nothing.txt"),
        (&["put", "--to", "nobody", "here.txt"], 5, "nobody called nobody is here"),
    ];
    for (line, code, words) in rows {
        let ran = ann.runs(line);
        assert_eq!(ran.code, Some(*code), "{line:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(words) && ran.stdout.is_empty(), "{line:?}: {}{}", ran.text(), ran.stderr);
    }
    ann.does(&["get", "here.txt", "-o", "again.txt"]);
    let without = Server::start();
    let refused = Desk::of("ann", &without).runs(&["ls"]);
    assert_eq!(refused.code, Some(4), "{}", refused.stderr);
    assert!(refused.stderr.contains("--data-dir"), "{}", refused.stderr);
}

#[test]
fn a_reader_that_has_enough_ends_it_quietly() {
    let server = Server::with_files();
    let ann = Desk::of("ann", &server);
    ann.write("a.bin", noise(20_000_000, 5));
    ann.does(&["put", "a.bin"]);
    let mut child = ann.begins(&["get", "a.bin", "-o", "-"]);
    let mut start = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    let ran = child.wait_with_output().unwrap();
    assert_eq!((ran.status.code(), String::from_utf8(ran.stderr).unwrap()), (Some(0), String::new()));
    assert_eq!(start[..], noise(100, 5)[..100]);
}

#[cfg(unix)]
#[test]
fn a_name_here_cannot_forge_a_line() {
    let server = Server::with_files();
    let ann = Desk::of("ann", &server);
    ann.write("docs/a\nchat-client: all is well", "x");
    std::os::unix::fs::symlink("nowhere", ann.path("docs/a\nchat-client: a link")).unwrap();
    for name in ["docs", "docs/a\nchat-client: all is well", "no\nsuch file"] {
        let ran = ann.runs(&["put", name]);
        assert!(ran.stderr.lines().all(|line| line.contains("docs") || line.contains("<U+000A>")), "{}", ran.stderr);
    }
}

#[test]
fn damage_on_the_servers_disk_is_found() {
    let server = Server::with_files();
    let ann = Desk::of("ann", &server);
    ann.write("a.bin", noise(1_000_000, 4));
    ann.does(&["put", "a.bin"]);
    let stored = server.files_of("lobby").join("a.bin");
    let before = fs::metadata(&stored).unwrap().modified().unwrap();
    let mut bytes = fs::read(&stored).unwrap();
    bytes[600_000] ^= 1;
    // As a disk does it: other bytes, and nothing else to be seen.
    let file = fs::File::options().write(true).open(&stored).unwrap();
    std::io::Write::write_all(&mut &file, &bytes).unwrap();
    file.set_modified(before).unwrap();
    let damaged = ann.runs(&["verify", "a.bin", "--json"]);
    assert_eq!(damaged.code, Some(6), "{}{}", damaged.text(), damaged.stderr);
    let object = &damaged.objects()[0];
    assert_eq!((&object["ok"], &object["damaged_at"]), (&false.into(), &(512 * 1024).into()), "{object}");
}

/// Begins a command, waits until it has moved something, and interrupts it.
#[cfg(unix)]
fn interrupts(desk: &Desk<'_>, line: &[&str]) {
    let mut child = desk.begins(line);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    loop {
        let object: serde_json::Value = lines.next().unwrap().unwrap().parse().unwrap();
        assert_eq!(object["type"], "progress", "it was too quick for this test: {object}");
        if object["done"].as_u64().unwrap() > 0 {
            break;
        }
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    drop(lines);
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{words}");
    assert!(words.contains("the same command goes on where this one stopped"), "{words}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_transfer_goes_on_with_the_same_command() {
    let server = Server::with_files();
    let (ann, bob) = (Desk::of("ann", &server), Desk::of("bob", &server));
    fs::File::create(ann.path("big.bin")).unwrap().set_len(1_200_000_000).unwrap();
    for (desk, line) in [(&ann, ["put", "--json", "big.bin"]), (&bob, ["get", "--json", "big.bin"])] {
        interrupts(desk, &line);
        let again = desk.does(&line).objects();
        let done = again.last().unwrap();
        assert!(done["resumed_from"].as_u64().unwrap() > 0, "{done}");
        assert_eq!((&done["type"], &done["size"]), (&"done".into(), &1_200_000_000.into()), "{done}");
        assert_eq!(desk.names(), ["big.bin"], "nothing else is left");
    }
    assert_eq!(fs::metadata(bob.path("big.bin")).unwrap().len(), 1_200_000_000);
}

#[cfg(unix)]
#[test]
fn names_of_an_operator_do_not_reach_a_terminal_raw() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let server = Server::with_files();
    let ann = Desk::of("ann", &server);
    ann.write("first", "makes the room's folder");
    ann.does(&["put", "first"]);
    let hostile: [&[u8]; 5] = [b"\x1b[2J", b"a\nb", b"\xff\xfe", "\u{202e}gpj.exe".as_bytes(), b"\x07"];
    for name in hostile {
        fs::write(server.files_of("lobby").join(OsStr::from_bytes(name)), "x").unwrap();
    }
    for arguments in [&["ls"][..], &["ls", "-R"], &["ls", "-l"], &["ls", "--json"]] {
        let ran = ann.does(arguments);
        let shown = ran.text() + &ran.stderr;
        assert!(!shown.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')), "{arguments:?}: {shown:?}");
        assert!(ran.stderr.contains("5 files more, with names that are not allowed here"), "{}", ran.stderr);
    }
}
