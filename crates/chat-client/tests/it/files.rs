//! The commands about files against the real server: what they do, print and end with.

use std::fs;
use std::io::{BufRead as _, BufReader};

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
        ": #lobby number",
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
