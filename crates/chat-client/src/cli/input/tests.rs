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
        ("/help", Input::Help),
        ("/?", Input::Help),
        ("/HELP", Input::Help),
        ("/join  #tea ", Input::Join(owned("#tea"))),
        ("/j 茶室", Input::Join(owned("茶室"))),
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
        ("/u a.txt", Input::Files("put")),
        ("/d a.txt", Input::Files("get")),
        ("/ls", Input::Files("ls")),
        ("/ls-l", Input::Files("lls")),
    ];
    for (line, input) in rows {
        assert_eq!(&parse(line), input, "{line:?}");
    }
}

#[test]
fn a_command_without_what_it_needs_is_incomplete() {
    for line in ["/join", "/msg", "/msg ann", "/dm", "/room ", "/nick", "/c"] {
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
