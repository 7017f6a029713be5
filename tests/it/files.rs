//! Files, as people and scripts send them: the real client against the real server, every chat strategy.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::client::{self, Running, run, wait_for};
use crate::matrix::over_strategies;
use crate::stage::{Stage, left_in, noise, set};

over_strategies! {
    a_file_goes_there_and_back_and_is_listed,
    a_taken_name_is_renamed_on_both_sides_and_both_are_told,
    a_missing_file_is_said_and_nothing_is_made,
    a_folder_goes_there_and_back_with_all_that_is_in_it,
    a_file_for_one_person_is_seen_by_nobody_else,
    what_an_operator_drops_in_is_listed_and_served,
    a_receiver_begins_while_the_sender_still_sends,
}

fn a_file_goes_there_and_back_and_is_listed(arguments: &[&str]) {
    let stage = Stage::new(arguments);
    let bytes = noise(3_000_001);
    stage.write("here/报告 final.pdf", &bytes);
    stage.write("here/empty", b"");
    stage.well("ann", &["put", &stage.words("here/报告 final.pdf"), &stage.words("here/empty")]);
    assert_eq!(fs::read(stage.path("data/files/rooms/lobby/报告 final.pdf")).unwrap(), bytes);
    stage.well("bob", &["get", "报告 final.pdf", "empty", "-o", &stage.words("there")]);
    assert_eq!(fs::read(stage.path("there/报告 final.pdf")).unwrap(), bytes);
    assert_eq!(fs::read(stage.path("there/empty")).unwrap(), b"");
    let listed = stage.well("bob", &["ls"]);
    assert!(listed.contains("报告 final.pdf") && listed.contains("empty"), "{listed}");
    let streamed = run(stage.address(), "bob", &stage.path("home"), &["get", "报告 final.pdf", "-o", "-"]);
    assert_eq!(streamed.stdout, bytes);
    assert!(stage.well("bob", &["tail", "--last", "50", "--count", "2", "--json"]).contains("报告 final.pdf"));
    stage.well("ann", &["verify", "报告 final.pdf"]);
    assert_eq!(left_in(&stage.path("there")), set(["empty", "报告 final.pdf"]));
}

fn a_taken_name_is_renamed_on_both_sides_and_both_are_told(arguments: &[&str]) {
    let stage = Stage::new(arguments);
    stage.write("here/a.txt", b"one");
    stage.well("ann", &["put", &stage.words("here/a.txt")]);
    stage.write("here/a.txt", b"other");
    let output = run(stage.address(), "bob", &stage.path("home"), &["put", &stage.words("here/a.txt")]);
    let told = [output.stdout, output.stderr].concat();
    assert!(String::from_utf8_lossy(&told).contains("a (1).txt"), "{}", String::from_utf8_lossy(&told));
    assert_eq!(left_in(&stage.path("data/files/rooms/lobby")), set(["a (1).txt", "a.txt"]));

    stage.write("there/a.txt", b"mine");
    let output = run(stage.address(), "bob", &stage.path("home"), &["get", "a.txt", "-o", &stage.words("there")]);
    let told = [output.stdout, output.stderr].concat();
    assert!(String::from_utf8_lossy(&told).contains("a (1).txt"), "{}", String::from_utf8_lossy(&told));
    assert_eq!(fs::read(stage.path("there/a.txt")).unwrap(), b"mine");
    assert_eq!(fs::read(stage.path("there/a (1).txt")).unwrap(), b"one");

    stage.ends_with(7, "bob", &["put", &stage.words("here/a.txt"), "--on-conflict", "fail"]);
    stage.ends_with(7, "bob", &["get", "a.txt", "-o", &stage.words("there"), "--on-conflict", "fail"]);
}

fn a_missing_file_is_said_and_nothing_is_made(arguments: &[&str]) {
    let stage = Stage::new(arguments);
    let said = stage.ends_with(5, "bob", &["get", "nothing.txt", "-o", &stage.words("there")]);
    assert!(said.contains("nothing.txt"), "{said}");
    assert_eq!(left_in(&stage.path("there")), set([]));
    let said = stage.ends_with(5, "bob", &["put", &stage.words("here/nothing.txt")]);
    assert!(said.contains("nothing.txt"), "{said}");
}

fn a_folder_goes_there_and_back_with_all_that_is_in_it(arguments: &[&str]) {
    let stage = Stage::new(arguments);
    for n in 0..300 {
        stage.write(&format!("here/photos/{}/{n}.jpg", n % 7), &noise(n * 37));
    }
    stage.write("here/photos/film.mkv", &noise(2_000_000));
    fs::create_dir(stage.path("here/photos/empty")).unwrap();
    stage.well("ann", &["put", &stage.words("here/photos")]);
    stage.well("bob", &["get", "photos", "-o", &stage.words("there")]);
    let (sent, came) = (files_below(&stage.path("here")), files_below(&stage.path("there")));
    assert_eq!(came, sent);
    assert_eq!(files_below(&stage.path("data/files/rooms/lobby")), sent);
    for path in sent {
        let (sent, came) = (stage.path("here").join(&path), stage.path("there").join(&path));
        assert_eq!(fs::read(sent).unwrap(), fs::read(came).unwrap(), "{}", path.display());
    }
    let events = stage.well("bob", &["tail", "--last", "50", "--count", "1", "--json"]);
    assert!(events.contains("\"folder\"") && events.contains("301"), "{events}");
}

fn a_file_for_one_person_is_seen_by_nobody_else(arguments: &[&str]) {
    let stage = Stage::new(arguments);
    stage.write("here/secret.txt", b"for bob");
    let _bob = Running::start(client::command(stage.address(), "bob", &stage.path("home"), &["tail"]));
    wait_for("bob is there", || stage.well("eve", &["who"]).contains("bob").then_some(()));
    stage.well("ann", &["put", &stage.words("here/secret.txt"), "--to", "bob"]);
    assert!(!stage.well("eve", &["ls", "-R"]).contains("secret"));
    assert!(stage.ends_with(5, "eve", &["get", "secret.txt", "-o", &stage.words("there")]).contains("secret.txt"));
    assert_eq!(files_below(&stage.path("data/files/rooms")), BTreeSet::new());
    assert_eq!(files_below(&stage.path("data/files/direct")).len(), 1);
}

fn what_an_operator_drops_in_is_listed_and_served(arguments: &[&str]) {
    let stage = Stage::new(arguments);
    let bytes = noise(700_000);
    stage.write("data/files/rooms/lobby/manuals/printer.pdf", &bytes);
    std::os::unix::fs::symlink("/etc/passwd", stage.path("data/files/rooms/lobby/manuals/passwd")).unwrap();
    let listed = stage.well("bob", &["ls", "-R"]);
    assert!(listed.contains("printer.pdf") && !listed.contains("passwd"), "{listed}");
    stage.well("bob", &["get", "manuals/printer.pdf", "-o", &stage.words("there")]);
    assert_eq!(fs::read(stage.path("there/printer.pdf")).unwrap(), bytes);
    stage.ends_with(5, "bob", &["get", "manuals/passwd", "-o", &stage.words("there")]);
    assert_eq!(left_in(&stage.path("there")), set(["printer.pdf"]));
}

fn a_receiver_begins_while_the_sender_still_sends(arguments: &[&str]) {
    let stage = Stage::new(arguments);
    let bytes = noise(64 * 1024 * 1024);
    stage.write("here/big.iso", &bytes);
    let home = stage.path("home");
    let put = client::command(stage.address(), "ann", &home, &["put", &stage.words("here/big.iso")]);
    let mut ann = Running::start(put);
    // Whether it is seen while it comes depends on who is quicker; that it arrives whole does not.
    wait_for("it is there, or coming", || stage.well("eve", &["ls"]).contains("big.iso").then_some(()));
    stage.well("bob", &["get", "big.iso", "-o", &stage.words("there")]);
    assert!(fs::read(stage.path("there/big.iso")).unwrap() == bytes, "bob has other bytes than ann");
    assert!(wait_for("ann is done", || ann.ended()).success());
}

/// The paths of all files below a folder.
fn files_below(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => drop(found.insert(path.strip_prefix(folder).unwrap().to_owned())),
            }
        }
    }
    found
}
