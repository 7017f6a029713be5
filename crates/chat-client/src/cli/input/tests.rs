//! What lines mean.

use super::*;

fn say(text: &str) -> Input {
    Input::Say(text.to_owned())
}

#[test]
fn a_line_means_what_it_says() {
    let owned = |text: &str| text.to_owned();
    let rows: &[(&str, Input)] = &[
        ("", Input::Nothing),
        ("   ", Input::Nothing),
        ("hello", say("hello")),
        ("  indented", say("  indented")),
        ("//etc/hosts is a file", say("/etc/hosts is a file")),
        ("你好", say("你好")),
        ("one\ntwo", say("one\ntwo")),
        ("/help", Input::Help { files: false }),
        ("/?", Input::Help { files: false }),
        ("/HELP", Input::Help { files: false }),
        ("/help files", Input::Help { files: true }),
        ("/join  #tea ", Input::Join(owned("#tea"))),
        ("/j 茶室", Input::Join(owned("茶室"))),
        ("/join --ephemeral  #tea", Input::JoinEphemeral(owned("#tea"))),
        ("/join --ephemerally", Input::Join(owned("--ephemerally"))),
        ("/leave", Input::Leave),
        ("/topic", Input::Topic(None)),
        ("/topic tea at five", Input::Topic(Some(owned("tea at five")))),
        ("/rooms", Input::Rooms),
        ("/who", Input::Who(None)),
        ("/who tea", Input::Who(Some(owned("tea")))),
        ("/msg ann  hi there", Input::Tell { nick: owned("ann"), text: owned("hi there") }),
        ("/msg ann one\ntwo", Input::Tell { nick: owned("ann"), text: owned("one\ntwo") }),
        ("/dm ann", Input::Direct(owned("ann"))),
        ("/room tea", Input::Switch(owned("tea"))),
        ("/switch tea", Input::Switch(owned("tea"))),
        ("/nick Anna", Input::Rename(owned("Anna"))),
        ("/c hello", Input::SayCounted(owned("hello"))),
        ("/say hello", Input::SayCounted(owned("hello"))),
        ("/q", Input::Quit),
        ("/quit", Input::Quit),
    ];
    for (line, input) in rows {
        assert_eq!(&parse(line), input, "{line:?}");
    }
}

#[test]
fn a_line_about_files_or_about_what_was_said_means_what_it_says() {
    let owned = |text: &str| text.to_owned();
    let rows: &[(&str, Input)] = &[
        ("/history", Input::History { room: None, what: Stretch::Earlier(None) }),
        ("/history 50", Input::History { room: None, what: Stretch::Earlier(Some(50)) }),
        ("/history @1234", Input::History { room: None, what: Stretch::Around(1234) }),
        ("/hist #tea @7", Input::History { room: Some(owned("#tea")), what: Stretch::Around(7) }),
        ("/history →ann 5", Input::History { room: Some(owned("→ann")), what: Stretch::Earlier(Some(5)) }),
        ("/history 茶室", Input::History { room: Some(owned("茶室")), what: Stretch::Earlier(None) }),
        ("/history #2026", Input::History { room: Some(owned("#2026")), what: Stretch::Earlier(None) }),
        ("/search  two words*", Input::Search(owned("two words*"))),
        ("/unread", Input::Unread),
        ("/u a.txt", Input::Put(Named::new("a.txt"))),
        ("/upload my file.txt", Input::Put(Named::new("my file.txt"))),
        ("/D  a.txt", Input::Get(Named::new("a.txt"))),
        ("/get \"my file\" b", Input::Get(Named::new("\"my file\" b"))),
        ("/ls", Input::List(None)),
        ("/ls my docs", Input::List(Some(owned("my docs")))),
        ("/ls \"my docs\"", Input::List(Some(owned("my docs")))),
        ("/ls-l", Input::ListLocal(None)),
        ("/lls ~/docs", Input::ListLocal(Some(owned("~/docs")))),
        ("/transfers", Input::Transfers),
        ("/pause 1", Input::Control(1, Control::Pause)),
        ("/resume #12", Input::Control(12, Control::Resume)),
        ("/cancel one", Input::NotANumber(owned("one"))),
        ("/cancel 99999999999", Input::NotANumber(owned("99999999999"))),
        ("/rm a b", Input::Remove(Named::new("a b"))),
        ("/mv a \"b c\"", Input::Move { from: owned("a"), to: owned("b c") }),
        ("/mkdir docs", Input::MakeFolder(Named::new("docs"))),
        ("/verify a", Input::Verify(Named::new("a"))),
    ];
    for (line, input) in rows {
        assert_eq!(&parse(line), input, "{line:?}");
    }
}

#[test]
fn a_command_without_what_it_needs_is_incomplete() {
    for line in [
        "/join",
        "/msg",
        "/msg ann",
        "/dm",
        "/room ",
        "/nick",
        "/c",
        "/u",
        "/d ",
        "/get \"\"",
        "/mv a",
        "/mv a b c",
        "/pause",
        "/rm",
        "/join --ephemeral ",
        "/search",
        "/history @x",
        "/history 0",
        "/history 99999",
        "/history tea milk",
        "/history tea 5 5",
    ] {
        assert!(matches!(parse(line), Input::Incomplete(_)), "{line}");
    }
}

#[test]
fn an_unknown_command_names_the_nearest() {
    let rows: &[(&str, Option<&str>)] = &[
        ("/jion tea", Some("join")),
        ("/hlep", Some("help")),
        ("/qiut", Some("quit")),
        ("/mgs ann hi", Some("msg")),
        ("/top", Some("topic")),
        ("/whoo", Some("who")),
        ("/trans", Some("transfers")),
        ("/frobnicate", None),
        ("/usr/bin/env", None),
        ("/", None),
    ];
    for (line, expected) in rows {
        match parse(line) {
            Input::Unknown { nearest, .. } => assert_eq!(nearest.map(|verb| verb.name), *expected, "{line}"),
            other => panic!("{line} means {other:?}"),
        }
    }
}

#[test]
fn no_two_commands_share_a_name() {
    let mut names: Vec<_> = VERBS.iter().flat_map(Verb::names).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
}
