//! What is said of transfers, by friendly and by hostile names.

use std::path::PathBuf;

use chat_client::{ClientError, Skipped, Stall, escape};
use proto::Root;

use super::*;

const MIB: u64 = 1024 * 1024;

fn sent(path: &str) -> Outcome {
    Outcome {
        place: Place::Room(path.to_owned()),
        size: 6 * MIB,
        root: Some(Root([0xaf; 32])),
        same: false,
        renamed: false,
        resumed_from: 0,
        moved: 6 * MIB,
        files: 1,
        skipped: Vec::new(),
    }
}

fn progress(name: &str) -> Progress {
    Progress {
        name: name.to_owned(),
        direction: Direction::Get,
        state: State::Running,
        bytes_done: 25 * MIB,
        bytes_total: 100 * MIB,
        resumed_from: 0,
        files_done: 0,
        files_total: 1,
        rate_bytes_s: Some(5 * MIB),
        stalled_by: None,
        notices: Vec::new(),
    }
}

#[test]
fn the_end_says_where_it_is_and_whatever_was_not_as_wished() {
    let here = |path: &str| Outcome { place: Place::Here(PathBuf::from(path)), ..sent("") };
    let folder = Outcome {
        root: None,
        files: 12,
        skipped: vec![Skipped { path: "a b".to_owned(), why: ClientError::Closed }],
        ..sent("docs")
    };
    let rows: &[(&str, Direction, Outcome, &str)] = &[
        ("a", Direction::Put, sent("a"), "a is sent: 6.0 MiB in 3 s (2.0 MiB/s)"),
        (
            "a.pdf",
            Direction::Put,
            Outcome { renamed: true, ..sent("a (1).pdf") },
            "a.pdf is taken, so it is sent as \"a (1).pdf\": 6.0 MiB in 3 s (2.0 MiB/s)",
        ),
        ("a", Direction::Put, Outcome { same: true, moved: 0, ..sent("a") }, "a is there already, with the same bytes"),
        (
            "a",
            Direction::Put,
            Outcome { resumed_from: 3 * MIB, moved: 3 * MIB, ..sent("a") },
            "a is sent: 6.0 MiB in 3 s (1.0 MiB/s); 3.0 MiB were there from an earlier try",
        ),
        ("a", Direction::Get, here("./a"), "a is here: 6.0 MiB in 3 s (2.0 MiB/s)"),
        ("docs/a", Direction::Get, here("a"), "docs/a is here as a: 6.0 MiB in 3 s (2.0 MiB/s)"),
        (
            "a",
            Direction::Get,
            Outcome { renamed: true, ..here("a (1)") },
            "the name is taken here, so a is \"a (1)\": 6.0 MiB in 3 s (2.0 MiB/s)",
        ),
        (
            "docs",
            Direction::Put,
            folder,
            "docs is sent: 12 files, 6.0 MiB in 3 s (2.0 MiB/s)\n\"a b\" is not: the client is closed",
        ),
    ];
    for (asked, direction, outcome, words) in rows {
        assert_eq!(&outcome_words(asked, *direction, outcome, Duration::from_secs(3)), words);
    }
    let quick = outcome_words("a", Direction::Put, &sent("a"), Duration::from_millis(12));
    assert_eq!(quick, "a is sent: 6.0 MiB in 12 ms");
}

#[test]
fn a_standing_transfer_says_by_whom() {
    let rows = [
        (progress("a"), "a: 25 %, 25 MiB of 100 MiB, 5.0 MiB/s, 15 s left"),
        (
            Progress { stalled_by: Some(Stall::Sender), ..progress("a") },
            "a: 25 %, 25 MiB of 100 MiB, waits for the sender",
        ),
        (Progress { state: State::Paused, ..progress("a") }, "a: 25 %, 25 MiB of 100 MiB, paused"),
        (
            Progress { files_total: 12, files_done: 3, ..progress("my docs") },
            "\"my docs\": 25 %, 3 of 12 files, 25 MiB of 100 MiB, 5.0 MiB/s, 15 s left",
        ),
    ];
    for (progress, words) in rows {
        assert_eq!(progress_words(&progress), words);
    }
}

#[test]
fn hostile_names_are_said_harmlessly() {
    for hostile in ["\x1b[2J", "a\nb", "\u{202e}x", "\u{9b}31m", "'\x07\""] {
        let skipped = (0..20).map(|_| Skipped { path: hostile.to_owned(), why: ClientError::Closed }).collect();
        let outcome = Outcome { renamed: true, root: None, skipped, ..sent(hostile) };
        let here = Outcome { place: Place::Here(PathBuf::from(hostile)), ..sent(hostile) };
        let mut words = outcome_words(hostile, Direction::Put, &outcome, Duration::ZERO);
        words.push_str(&outcome_words(hostile, Direction::Get, &here, Duration::ZERO));
        words.push_str(&progress_words(&progress(hostile)));
        assert!(!words.chars().any(|c| c != '\n' && escape::is_dangerous(c)), "{words:?}");
    }
}

#[test]
fn objects_have_the_promised_fields() {
    let object = progress_object("a", &progress("a")).to_string();
    assert_eq!(
        object,
        concat!(
            r#"{"direction":"get","done":26214400,"files":1,"files_done":0,"left_s":15,"name":"a","rate":5242880,"#,
            r#""size":104857600,"state":"running","type":"progress"}"#
        )
    );
    let stalled = progress_object("a", &Progress { stalled_by: Some(Stall::Uplink), ..progress("a") });
    assert_eq!((&stalled["stalled_by"], stalled.get("left_s")), (&"your uplink".into(), None));
    let done = done_object("a", Direction::Put, &sent("a (1)"), Duration::from_millis(1500));
    assert_eq!(
        (&done["path"], &done["seconds"], &done["blake3"]),
        (&"a (1)".into(), &1.5.into(), &"af".repeat(32).into())
    );
    assert_eq!(failed_object("a", Direction::Get, "no", 5)["exit_code"], 5);
}
