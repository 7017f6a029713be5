//! The commands about files against the real server: what they do, print and end with.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Command;

use crate::desk::{Desk, noise};
use crate::server::Server;

#[test]
fn files_go_and_come_as_they_were() {
    let server = Server::with_files();
    let (ann, bob) = (Desk::of("ann", &server), Desk::of("bob", &server));
    let sizes =
        [("empty", 0), ("small.txt", 5), ("group", 256 * 1024), ("big.bin", 3_000_001), ("年报 👍.pdf", 70_000)];
    let names: Vec<_> = sizes.iter().map(|(name, _)| *name).collect();
    for (name, size) in sizes {
        ann.write(name, noise(size, size as u64));
    }
    let put = ann.does(&[&["put"], &*names].concat());
    assert_eq!((put.text(), put.stderr), (String::new(), String::new()), "a success needs no words in a script");
    assert_eq!(bob.does(&["ls"]).text(), "big.bin\nempty\ngroup\nsmall.txt\n年报 👍.pdf\n");
    bob.does(&[&["get"], &*names].concat());
    for (name, size) in sizes {
        assert_eq!(bob.read(name), noise(size, size as u64), "{name}");
        assert_eq!(fs::read(server.files_of("lobby").join(name)).unwrap().len(), size, "{name} is a plain file there");
    }
    assert_eq!(bob.names().len(), names.len(), "nothing else is left: {:?}", bob.names());
    bob.does(&["get", "big.bin", "-o", "other name"]);
    assert_eq!(bob.read("other name").len(), 3_000_001);
    fs::create_dir(bob.path("folder")).unwrap();
    bob.does(&["get", "big.bin", "small.txt", "-o", "folder"]);
    assert_eq!(bob.read("folder/small.txt"), noise(5, 5));
}

#[test]
fn a_name_that_is_taken_is_treated_as_asked_and_that_is_said() {
    let server = Server::with_files();
    let (ann, bob) = (Desk::of("ann", &server), Desk::of("bob", &server));
    let put = |bytes: &str, arguments: &[&str]| {
        ann.write("a.txt", bytes);
        ann.runs(&[&["put", "a.txt"], arguments].concat())
    };
    let rows: &[(&str, &[&str], i32, &str)] = &[
        ("one", &[], 0, ""),
        ("one", &[], 0, "a.txt is there already, with the same bytes"),
        ("two", &[], 0, "a.txt is taken, so it is sent as \"a (1).txt\""),
        ("three", &["--on-conflict", "fail"], 7, "a.txt"),
        ("three", &["--on-conflict", "same"], 7, "a.txt"),
        ("one", &["--on-conflict", "same"], 0, "with the same bytes"),
        ("three", &["--on-conflict", "replace"], 0, ""),
        ("four", &["--as", "b.txt"], 0, ""),
        ("four", &["--as", "docs/"], 0, ""),
    ];
    for (bytes, arguments, code, words) in rows {
        let ran = put(bytes, arguments);
        assert_eq!(ran.code, Some(*code), "{bytes} {arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{bytes} {arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stderr.is_empty(), words.is_empty(), "{}", ran.stderr);
    }
    assert_eq!(
        bob.does(&["ls", "-R"]).text(),
        "#lobby\n├── a (1).txt\n├── a.txt\n├── b.txt\n└── docs/\n    └── a.txt\n"
    );
    bob.does(&["get", "a.txt"]);
    assert_eq!(bob.read("a.txt"), b"three");
    bob.write("a.txt", "mine");
    let renamed = bob.does(&["get", "a.txt"]);
    assert!(renamed.stderr.contains("the name is taken here, so a.txt is"), "{}", renamed.stderr);
    assert_eq!((bob.read("a.txt"), bob.read("a (1).txt")), (b"mine".to_vec(), b"three".to_vec()));
    let refused = bob.runs(&["get", "a.txt", "--on-conflict", "fail"]);
    assert_eq!(refused.code, Some(7), "{}", refused.stderr);
    bob.does(&["get", "a.txt", "--on-conflict", "replace"]);
    assert_eq!(bob.read("a.txt"), b"three");
}

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
    assert!(refused.stderr.contains("no files"), "{}", refused.stderr);
}

#[test]
fn pipes_carry_bytes_and_nothing_else() {
    let server = Server::with_files();
    let ann = Desk::of("ann", &server);
    let bytes = noise(2_500_000, 1);
    let put = ann.feeds(&["put", "-", "--as", "from a pipe"], &bytes);
    assert_eq!((put.code, put.stderr.as_str(), put.stdout.len()), (Some(0), "", 0));
    let got = ann.does(&["get", "from a pipe", "-o", "-"]);
    assert!(got.stdout == bytes && got.stderr.is_empty(), "{} bytes, {}", got.stdout.len(), got.stderr);
    assert!(ann.names().is_empty(), "nothing is left here: {:?}", ann.names());
}

#[test]
fn a_script_of_slash_commands_does_one_after_the_other() {
    let server = Server::with_files();
    let ann = Desk::of("ann", &server);
    ann.write("my report.pdf", noise(5_000_000, 6));
    let script =
        "/u my report.pdf\n/mkdir docs\n/mv \"my report.pdf\" docs\n/ls\n/d docs/my report.pdf\n/rm docs\n/c the end\n";
    let ran = ann.feeds(&[], script.as_bytes());
    let text = ran.text();
    let parts = [
        "* #1 \"my report.pdf\" is sent: 4.8 MiB in",
        "* docs is there\n",
        "* \"my report.pdf\" is now \"docs/my report.pdf\"\n",
        "* #lobby\n  └── docs/\n      └── my report.pdf\n  1 folder, 1 file, 4.8 MiB\n",
        "is there already, with the same bytes\n",
        "! docs is not empty",
        "the server has it: #lobby number",
    ];
    let mut from = 0;
    for part in parts {
        let at = text[from..].find(part).unwrap_or_else(|| panic!("{part:?} does not follow in {text}"));
        from += at + part.len();
    }
    assert_eq!(ran.code, Some(7), "the worst was the folder: {text}");
    assert_eq!(ann.feeds(&[], b"/d nothing\n/u nothing\n").code, Some(5));
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
fn objects_tell_a_program_how_it_goes_and_how_it_ended() {
    let server = Server::with_files();
    let ann = Desk::of("ann", &server);
    let bytes = noise(20_000_000, 2);
    ann.write("a b.bin", &bytes);
    let root = blake3::hash(&bytes).to_string();
    let put = ann.runs(&["put", "--json", "a b.bin", "nothing"]);
    assert_eq!(put.code, Some(5));
    let objects = put.objects();
    let of = |kind: &str| objects.iter().filter(|object| object["type"] == kind).collect::<Vec<_>>();
    let (done, failed) = (of("done"), of("failed"));
    assert_eq!((done.len(), failed.len()), (1, 1), "{objects:?}");
    let done = done[0];
    assert_eq!(
        (&done["name"], &done["path"], &done["direction"]),
        (&"a b.bin".into(), &"a b.bin".into(), &"put".into())
    );
    assert_eq!(
        (&done["size"], &done["blake3"], &done["moved"]),
        (&bytes.len().into(), &root.into(), &bytes.len().into())
    );
    assert_eq!((&done["same"], &done["renamed"], &done["files"]), (&false.into(), &false.into(), &1.into()));
    assert_eq!((&failed[0]["name"], &failed[0]["exit_code"]), (&"nothing".into(), &5.into()));
    let most = done["seconds"].as_f64().unwrap() / 0.25 + 2.0;
    let progress = of("progress");
    assert!((progress.len() as f64) <= most, "{} objects in {}", progress.len(), done["seconds"]);
    for object in progress {
        assert!(object["done"].as_u64().unwrap() <= bytes.len() as u64 && object["state"].is_string(), "{object}");
    }
    let got = ann.does(&["get", "a b.bin", "-o", "c.bin", "--json"]).objects();
    assert!(got.last().unwrap()["path"].as_str().unwrap().ends_with("c.bin"), "{got:?}");
}

#[test]
fn a_folder_goes_and_comes_with_all_that_is_in_it() {
    let server = Server::with_files();
    let (ann, bob) = (Desk::of("ann", &server), Desk::of("bob", &server));
    for number in 0..100 {
        ann.write(&format!("docs/deep/down/{number}.txt"), noise(number * 40, number as u64));
    }
    ann.write("docs/年报.pdf", noise(600_000, 7));
    fs::create_dir(ann.path("docs/nothing in it")).unwrap();
    let put = ann.does(&["put", "docs"]);
    assert!(put.stderr.contains("docs is sent: 101 files, "), "{}", put.stderr);
    let got = bob.does(&["get", "docs"]);
    assert!(got.stderr.contains("docs is here: ") && got.stderr.contains("101 files"), "{}", got.stderr);
    assert_eq!(bob.names(), ann.names());
    for name in ann.names().iter().filter(|name| !name.ends_with('/')) {
        assert!(bob.read(name) == ann.read(name), "{name}");
    }
    let tree = bob.does(&["ls", "-R"]).text();
    assert!(tree.starts_with("#lobby\n└── docs/\n    ├── deep/\n    │   └── down/\n    │       ├── 0.txt\n"), "{tree}");
    assert!(tree.ends_with("    └── 年报.pdf\n"), "{tree}");
    let long = bob.does(&["ls", "docs", "-l"]).text();
    let line = long.lines().find(|line| line.ends_with("  年报.pdf")).unwrap();
    assert!(line.starts_with("586 KiB  20") && line.contains("  ann  "), "{line}");
    let objects = bob.does(&["ls", "docs", "--json"]).objects();
    let report = objects.iter().find(|object| object["path"] == "docs/年报.pdf").unwrap();
    assert_eq!((&report["type"], &report["size"], &report["by"]), (&"file".into(), &600_000.into(), &"ann".into()));
    assert_eq!(report["blake3"], blake3::hash(&noise(600_000, 7)).to_string());
    let whole = Desk::of("carol", &server);
    whole.does(&["get", ".", "-o", "all"]);
    assert_eq!(whole.read("all/docs/年报.pdf").len(), 600_000);
}

#[test]
fn files_are_moved_taken_away_and_checked() {
    let server = Server::with_files();
    let (ann, bob) = (Desk::of("ann", &server), Desk::of("bob", &server));
    ann.write("a.bin", noise(1_000_000, 3));
    ann.does(&["mkdir", "x/y"]);
    ann.does(&["put", "a.bin"]);
    ann.does(&["mv", "a.bin", "x/b.bin"]);
    assert_eq!(ann.does(&["ls", "-R"]).text(), "#lobby\n└── x/\n    ├── b.bin\n    └── y/\n");
    let right = ann.does(&["verify", "x/b.bin"]);
    assert!(right.text().starts_with("x/b.bin is right: 977 KiB, blake3 "), "{}", right.text());
    let same = ann.does(&["verify", "a.bin", "--as", "x/b.bin"]);
    assert!(same.text().ends_with("; the one here is the same\n"), "{}", same.text());
    ann.write("a.bin", "other");
    let differs = ann.runs(&["verify", "a.bin", "--as", "x/b.bin"]);
    assert!(differs.code == Some(6) && differs.text().contains("DIFFERS"), "{}", differs.text());
    assert_eq!(bob.runs(&["rm", "x/b.bin"]).code, Some(4), "it is not bob's");
    assert_eq!(ann.runs(&["rm", "x"]).code, Some(7), "it is not empty");
    ann.does(&["rm", "-r", "x"]);
    assert_eq!(ann.does(&["ls"]).text(), "");
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

#[test]
fn a_conversation_of_two_has_files_of_its_own() {
    let server = Server::with_files();
    let (ann, bob) = (Desk::of("ann", &server), Desk::of("bob", &server));
    ann.write("secret.txt", "for bob");
    ann.does(&["send", "hello"]);
    let mut watch = bob.begins(&["tail", "--last", "1", "--count", "2"]);
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    while !lines.next().unwrap().unwrap().contains("hello") {}
    ann.does(&["put", "--to", "bob", "secret.txt"]);
    assert_eq!(ann.does(&["ls"]).text(), "", "the room has none of it");
    ann.does(&["send", "--to", "bob", "psst"]);
    ann.does(&["send", "goodbye"]);
    let rest: Vec<_> = lines.map(Result::unwrap).collect();
    assert!(rest.iter().any(|line| line.ends_with("goodbye")), "{rest:?}");
    assert!(!rest.concat().contains("secret") && !rest.concat().contains("psst"), "that is none of the room: {rest:?}");
    assert!(watch.wait().unwrap().success());
}

#[test]
fn a_room_is_told_of_files() {
    let server = Server::with_files();
    let ann = Desk::of("ann", &server);
    ann.write("a b.txt", "12345");
    ann.write("docs/one", "1");
    ann.does(&["put", "a b.txt"]);
    ann.does(&["put", "docs"]);
    ann.does(&["send", "that was all"]);
    let watcher = Desk::of("watcher", &server);
    let mut tail = watcher.begins(&["tail", "--json", "--last", "10"]);
    let lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let mut events: Vec<serde_json::Value> = Vec::new();
    for line in lines {
        events.push(line.unwrap().parse().unwrap());
        if events.last().unwrap()["type"] == "message" {
            break;
        }
    }
    tail.kill().unwrap();
    tail.wait().unwrap();
    let of = |kind: &str| events.iter().find(|event| event["type"] == kind).unwrap_or_else(|| panic!("{events:?}"));
    let file = of("file");
    assert_eq!((&file["path"], &file["size"], &file["nick"]), (&"a b.txt".into(), &5.into(), &"ann".into()));
    assert_eq!(file["blake3"], blake3::hash(b"12345").to_string());
    let folder = of("folder");
    assert_eq!((&folder["path"], &folder["files"], &folder["size"]), (&"docs".into(), &1.into(), &1.into()));
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
    fs::File::create(ann.path("big.bin")).unwrap().set_len(400_000_000).unwrap();
    for (desk, line) in [(&ann, ["put", "--json", "big.bin"]), (&bob, ["get", "--json", "big.bin"])] {
        interrupts(desk, &line);
        let again = desk.does(&line).objects();
        let done = again.last().unwrap();
        assert!(done["resumed_from"].as_u64().unwrap() > 0, "{done}");
        assert_eq!((&done["type"], &done["size"]), (&"done".into(), &400_000_000.into()), "{done}");
        assert_eq!(desk.names(), ["big.bin"], "nothing else is left");
    }
    assert_eq!(fs::metadata(bob.path("big.bin")).unwrap().len(), 400_000_000);
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

#[test]
fn local_files_are_listed() {
    let server = Server::start();
    let ann = Desk::of("ann", &server);
    ann.write("docs/年报.pdf", "12345");
    ann.write("a.txt", "1");
    assert_eq!(ann.does(&["lls"]).text(), "a.txt\ndocs/\n");
    assert_eq!(ann.does(&["lls", "-R"]).text(), ".\n├── a.txt\n└── docs/\n    └── 年报.pdf\n");
    let long = ann.does(&["lls", "docs", "-l"]).text();
    assert!(long.starts_with("5 B  20") && long.ends_with("  年报.pdf\n"), "{long}");
    assert_eq!(ann.runs(&["lls", "nowhere"]).code, Some(5));
}
