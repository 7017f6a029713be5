//! The commands that read back, against a server that keeps what is said.

use crate::desk::{Desk, Ran};
use crate::server::Server;

/// Messages that are there to be read: more than two pages.
const COUNT: u64 = 1100;

/// A server with a room in which numbers were said, by somebody who came without a word.
fn server_with_numbers() -> Server {
    let server = Server::with_files();
    let bob = Desk::of("bob", &server);
    let script: String = (1..=COUNT).map(|number| format!("number {number}\n")).collect();
    // The one who speaks comes and goes in the lobby, and is counted there.
    let ran = bob.feeds(&["--room", "numbers"], script.as_bytes());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    server
}

fn seqs(ran: &Ran) -> Vec<u64> {
    ran.objects().iter().map(|event| event["seq"].as_u64().unwrap()).collect()
}

#[test]
fn each_part_of_a_room_can_be_had() {
    let server = server_with_numbers();
    let ann = Desk::of("ann", &server);
    // That bob came is number 1, and that he left the last.
    let last = COUNT + 2;
    let rows: &[(&[&str], std::ops::RangeInclusive<u64>)] = &[
        (&["history"], last - 49..=last),
        (&["history", "--last", "1"], last..=last),
        (&["history", "--last", "1050"], last - 1049..=last),
        (&["history", "--last", "100000"], 1..=last),
        (&["history", "--before", "700"], 650..=699),
        (&["history", "--before", "700", "--last", "600"], 100..=699),
        (&["history", "--since", "700"], 701..=last),
        (&["history", "--since", "700", "--last", "3"], 701..=703),
        (&["history", "--since", "1h"], 1..=last),
        (&["history", "--since", "0", "--last", "501"], 1..=501),
        (&["export"], 1..=last),
        (&["tail", "--since", "0", "--count", "1100"], 1..=last - 1),
        (&["tail", "--since", "1000", "--count", "5"], 1001..=1005),
    ];
    for (line, expected) in rows {
        let ran = ann.does(&[line, &["--room", "numbers", "--json"][..]].concat());
        assert!(seqs(&ran).into_iter().eq(expected.clone()), "{line:?}: {}", ran.text());
    }
    let nothing = ann.does(&["history", "--room", "numbers", "--since", "2099-01-01"]);
    assert_eq!(nothing.text(), "");
    let lines = ann.does(&["history", "--room", "numbers", "--before", "4", "--last", "2"]).text();
    let shown: Vec<_> = lines.lines().skip(1).map(|line| line.get(6..).unwrap()).collect();
    assert_eq!(shown, ["bob     number 1", "bob     number 2"]);
}

#[test]
fn what_is_found_comes_with_the_newest_last() {
    let server = server_with_numbers();
    let ann = Desk::of("ann", &server);
    let search = |words: &[&str]| ann.does(&[&["search", "--room", "numbers", "--json"], words].concat());
    // The words are taken up a moment after they are stored.
    while search(&["1100"]).text().is_empty() {}
    let rows: &[(&[&str], &[u64])] = &[
        (&["1100"], &[1101]),
        (&["NUMBER", "77"], &[78]),
        (&["number 77"], &[78]),
        (&["109*", "--count", "3"], &[1098, 1099, 1100]),
        (&["absent"], &[]),
        (&["77", "--from", "bob"], &[78]),
        (&["77", "--from", "carol"], &[]),
    ];
    for (words, expected) in rows {
        assert_eq!(seqs(&search(words)), *expected, "{words:?}");
    }
    let all = search(&["number", "--count", "2000"]);
    assert!(seqs(&all).into_iter().eq(2..=COUNT + 1), "{}", all.text());
    assert!(search(&["number"]).stderr.contains("there is more that is older"));
}

#[test]
fn what_cannot_be_read_is_said_with_the_right_exit_code() {
    let (durable, forgetful) = (Server::with_files(), Server::start());
    for server in [&durable, &forgetful] {
        assert_eq!(Desk::of("bob", server).does(&["send", "something is there"]).code, Some(0));
    }
    let rows: &[(&Server, &[&str], i32, &str)] = &[
        (&durable, &["history", "--room", "nowhere"], 5, "there is no room nowhere"),
        (&durable, &["search", "--room", "nowhere", "x"], 5, "there is no room nowhere"),
        (&durable, &["export", "--with", "bob"], 5, "no place of ann on"),
        (&durable, &["unread"], 5, "no place of ann on"),
        (&durable, &["search", "!!"], 4, ""),
        (&forgetful, &["search", "x"], 4, "start it with --data-dir"),
    ];
    for (server, line, code, words) in rows {
        let ran = Desk::of("ann", server).runs(line);
        assert_eq!(ran.code, Some(*code), "{line:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{line:?}: {}", ran.stderr);
        assert_eq!(ran.text(), "", "{line:?}");
    }
    assert!(Desk::of("ann", &forgetful).does(&["history"]).text().contains("something is there"));
    // Nobody makes a room by wanting to read it.
    assert!(!Desk::of("ann", &durable).does(&["rooms"]).text().contains("nowhere"));
}
