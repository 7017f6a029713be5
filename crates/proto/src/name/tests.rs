//! Names: each rule, and what breaks it.

use super::*;

#[test]
fn nicks_that_people_have_are_taken() {
    for nick in [
        "ann",
        "Bob",
        "李小明",
        "小明abc",
        "Ångström",
        "Владимир",
        "_x",
        "a-b.c_d",
        "7of9",
        "한글",
        "さくら",
        "नमस्ते",
        "a",
    ] {
        assert_eq!(nick.parse::<Nick>().as_ref().map(Nick::as_str), Ok(nick));
    }
}

#[test]
fn a_nick_is_refused_by_the_rule_it_breaks() {
    let long = "x".repeat(NICK_CHARS_MAX + 1);
    let huge = "x".repeat(100_000);
    let too_long = NameError::TooLong { max_chars: NICK_CHARS_MAX, max_bytes: NICK_BYTES_MAX };
    let rows: &[(&str, NameError)] = &[
        ("", NameError::Empty),
        (&long, too_long.clone()),
        (&huge, too_long),
        ("two words", NameError::Space),
        ("tab\there", NameError::Control('\t')),
        ("wide\u{3000}space", NameError::Space),
        ("bell\x07", NameError::Control('\u{7}')),
        ("esc\x1b[2J", NameError::Control('\u{1b}')),
        ("c1\u{9b}", NameError::Control('\u{9b}')),
        ("zero\u{200b}width", NameError::Invisible('\u{200b}')),
        ("turn\u{202e}ed", NameError::Invisible('\u{202e}')),
        ("soft\u{ad}hyphen", NameError::Invisible('\u{ad}')),
        ("smile😀", NameError::Symbol('😀')),
        ("a/b", NameError::Symbol('/')),
        ("@ann", NameError::Symbol('@')),
        ("\u{ff41}nn", NameError::Symbol('\u{ff41}')),
        ("lo\u{17f}t", NameError::Symbol('\u{17f}')),
        ("-x", NameError::Edge),
        ("x.", NameError::Edge),
        ("..", NameError::Edge),
        ("x\u{301}\u{301}\u{301}\u{301}", NameError::TooManyMarks),
        ("p\u{430}ypal", NameError::MixedScripts),
        ("αbc", NameError::MixedScripts),
        ("a_\u{331}b", NameError::LooseMark),
        ("ВОВА", NameError::LooksLatin),
        ("ΝΟ", NameError::LooksLatin),
    ];
    for (typed, error) in rows {
        assert_eq!(typed.parse::<Nick>().as_ref(), Err(error), "{typed:?}");
    }
}

#[test]
fn names_come_out_in_normal_form_c() {
    assert_eq!("e\u{301}a".parse::<Nick>().unwrap().as_str(), "éa");
}

#[test]
fn room_names_fold_case_and_drop_the_hash() {
    for typed in ["#Rust", "rust", "RUST", "#rust"] {
        assert_eq!(typed.parse::<RoomName>().unwrap().as_str(), "rust");
    }
    assert_eq!("#大厅".parse::<RoomName>().unwrap().as_str(), "大厅");
    assert_eq!("#".parse::<RoomName>(), Err(NameError::Empty));
    assert_eq!("##x".parse::<RoomName>(), Err(NameError::Symbol('#')));
}

#[test]
fn look_alikes_share_a_key_and_others_do_not() {
    let key = |nick: &str| nick.parse::<Nick>().unwrap().look_alike_key();
    for (one, other) in [
        ("Ann", "ann"),
        ("АНя", "аня"),
        ("TIM", "tim"),
        ("Alice", "AIice"),
        ("bill", "bi1l"),
        ("bob", "B0B"),
        ("mary", "rnary"),
        ("оса", "oca"),
        ("ОСА", "oca"),
    ] {
        assert_eq!(key(one), key(other), "{one} {other}");
    }
    for (one, other) in [("ann", "anna"), ("b-000012", "b-000021"), ("李", "季"), ("вова", "boba")] {
        assert_ne!(key(one), key(other), "{one} {other}");
    }
}

#[test]
fn whoever_types_a_nick_may_mistake_its_case_and_nothing_else() {
    let is_meant =
        |typed: &str, nick: &str| typed.parse::<Nick>().unwrap().is_same_but_for_case(&nick.parse().unwrap());
    for (typed, nick) in [("ann", "Ann"), ("АНЯ", "аня"), ("İpek", "i\u{307}pek")] {
        assert!(is_meant(typed, nick), "{typed} {nick}");
    }
    for (typed, nick) in [("ian", "lan"), ("rnary", "mary"), ("оса", "oca"), ("bob", "b0b")] {
        assert!(!is_meant(typed, nick), "{typed} {nick}");
    }
}

#[test]
fn an_offered_nick_is_itself_a_good_nick() {
    let shortened_to_capitals = format!("{}ш", "О".repeat(NICK_CHARS_MAX - 1));
    for nick in
        ["ann", &"x".repeat(NICK_CHARS_MAX), &"李".repeat(NICK_CHARS_MAX), "a-b.c", "क्षि", &shortened_to_capitals]
    {
        let offered = nick.parse::<Nick>().unwrap().with_suffix(4_000_000_000);
        assert_eq!(offered.as_str().parse::<Nick>().as_ref(), Ok(&offered));
    }
}
