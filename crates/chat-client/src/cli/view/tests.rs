//! How events look.

use std::sync::Arc;

use chat_client::{RoomEntry, RoomRef, Seq};

use super::*;

/// 2026-11-12 10:15 UTC.
const NOON_MS: u64 = 1_794_478_500_000;

fn heard(nick: &str, what: What) -> Heard {
    let room = RoomRef { key: chat_client::RoomKey(1), name: Arc::from("lobby"), direct: false };
    Heard { room, seq: Seq(7), at_ms: NOON_MS, nick: nick.to_owned(), what, history: false }
}

fn said(nick: &str, text: &str) -> Heard {
    heard(nick, What::Said(text.to_owned()))
}

fn view() -> View {
    let mut view = View::new(Look::Plain, TimeZone::UTC);
    view.heard(&said("x", "begins the day"), "", Mark::Others, Way::None);
    view
}

#[test]
fn the_day_is_said_when_it_changes() {
    let mut view = View::new(Look::Plain, TimeZone::UTC);
    let mut next = said("ann", "later");
    next.at_ms += 24 * 60 * 60 * 1000;
    assert_eq!(
        view.heard(&said("ann", "now"), "", Mark::Others, Way::None),
        "--- Thursday, 2026-11-12 ---\n10:15 ann     now\n"
    );
    assert_eq!(view.heard(&said("ann", "again"), "", Mark::Others, Way::None), "10:15 ann     again\n");
    assert_eq!(view.heard(&next, "", Mark::Others, Way::None), "--- Friday, 2026-11-13 ---\n10:15 ann     later\n");
}

#[test]
fn each_event_has_its_line() {
    let crowd = What::Crowd { members: 1200, joined: 12, left: 3 };
    let rows: &[(Heard, &str, bool, &str)] = &[
        (said("ann", "hi"), "", false, "10:15 ann     hi\n"),
        (said("ann", "hi"), "", true, "10:15 ann   > hi\n"),
        (said("ann", "hi"), "#tea", false, "10:15 #tea ann     hi\n"),
        (said("bob", "psst"), "→bob", false, "10:15 →bob bob     psst\n"),
        (said("ann", "one\ntwo"), "", false, "10:15 ann     one\n              two\n"),
        (said("王小明", "你好\n世界"), "", false, "10:15 王小明  你好\n              世界\n"),
        (said("evil\x1b[2J", "\x1b]0;x\x07"), "", false, "10:15 evil<U+001B>[2J  <U+001B>]0;x<U+0007>\n"),
        (heard("ann", What::Joined), "", false, "10:15 * ann came in\n"),
        (heard("ann", What::Left), "#tea", false, "10:15 #tea * ann left\n"),
        (heard("ann", What::Topic("tea at five".into())), "", false, "10:15 * ann set the topic: tea at five\n"),
        (heard("ann", What::Topic(String::new())), "", false, "10:15 * ann took the topic away\n"),
        (heard("ann", What::Renamed("anna".into())), "", false, "10:15 * ann is now anna\n"),
        (heard("", crowd), "", false, "10:15 * 12 came and 3 left; 1200 are here\n"),
    ];
    for (heard, tag, own, line) in rows {
        assert_eq!(&view().heard(heard, tag, if *own { Mark::Own } else { Mark::Others }, Way::None), line);
    }
}

#[test]
fn texts_line_up_whatever_the_width_of_the_nicks() {
    let mut view = view();
    for nick in ["ann", "王小明你好", "e\u{301}mile", "ann", "someone-longer-than-the-column", "bob"] {
        let line = view.heard(&said(nick, "|"), "", Mark::Others, Way::None);
        let column = line.split('|').next().unwrap().width();
        let expected = if nick.len() > 20 { 38 } else { 6 + view.nick_columns + 2 };
        assert_eq!(column, expected, "{nick}");
    }
}

#[test]
fn a_flood_of_lines_is_cut_and_counted() {
    let shown = view().heard(&said("ann", &"x\n".repeat(16_000)), "", Mark::Others, Way::None);
    assert_eq!(shown.lines().count(), LINES_MAX + 1);
    assert!(shown.contains("15801 more lines"), "{}", shown.lines().last().unwrap());
}

#[test]
fn colour_is_added_around_words_only_and_only_where_it_is_wanted() {
    let mut coloured = View::new(Look::Colour, TimeZone::UTC);
    let painted = coloured.heard(&said("ann", "hi"), "", Mark::Own, Way::None);
    assert!(painted.contains("\x1b[1mann\x1b[0m"), "{painted:?}");
    assert!(!view().heard(&said("ann", "hi"), "", Mark::Own, Way::None).contains('\x1b'));
    assert_eq!(view().warning("no\nmore"), "! no\n  more\n");
}

#[test]
fn json_lines_keep_their_fields_and_hide_nothing_from_a_terminal() {
    assert_eq!(
        heard_json(&said("ann", "a\u{1b}\u{9b}\u{202e}\u{e0041}\"你")),
        concat!(
            r#"{"at":"2026-11-12T10:15:00.000Z","nick":"ann","room":"lobby","seq":7,"#,
            r#""text":"a\u001b\u009b\u202e\udb40\udc41\"你","type":"message"}"#,
            "\n"
        )
    );
    let renamed: serde_json::Value = heard_json(&heard("ann", What::Renamed("anna".into()))).parse().unwrap();
    assert_eq!((&renamed["type"], &renamed["to"]), (&"renamed".into(), &"anna".into()));
}

#[test]
fn lists_line_up() {
    let room = |name: &str, members, topic: &str| RoomEntry { name: name.into(), members, topic: topic.into() };
    let rooms = [room("lobby", 12, "hello"), room("茶室", 3, ""), room("x", 1, "a\x1bb")];
    assert_eq!(room_table(&rooms), "#lobby  12  hello\n#茶室   3\n#x      1   a<U+001B>b\n");
}

#[test]
fn a_file_is_shown_with_its_size_and_how_to_get_it() {
    let root = proto::Root([7; 32]);
    let file = |path: &str| heard("ann", What::File { path: path.into(), size: 1_258_291, root });
    let folder = heard("ann", What::Folder { path: "docs".into(), files: 12, bytes: 3 << 30 });
    let sending = heard("王小明", What::Sending { path: "film.mkv".into(), size: 700 << 20 });
    let rows: &[(&Heard, &str, Way, &str)] = &[
        (&file("report.pdf"), "", Way::Here, "10:15 * ann sent report.pdf (1.2 MiB); /get report.pdf\n"),
        (&file("a b.pdf"), "", Way::Here, "10:15 * ann sent \"a b.pdf\" (1.2 MiB); /get \"a b.pdf\"\n"),
        (&file("x"), "#tea", Way::Elsewhere, "10:15 #tea * ann sent x (1.2 MiB); /room lobby and /get x\n"),
        (&file("x"), "", Way::None, "10:15 * ann sent x (1.2 MiB)\n"),
        (&folder, "", Way::Here, "10:15 * ann sent the folder docs (12 files, 3.0 GiB); /get docs\n"),
        (
            &sending,
            "",
            Way::Here,
            "10:15 * 王小明 is sending film.mkv (700 MiB), which can be fetched already; /get film.mkv\n",
        ),
        (
            &file("\x1b[2J\u{202e}x"),
            "",
            Way::Here,
            "10:15 * ann sent <U+001B>[2J<U+202E>x (1.2 MiB); /get <U+001B>[2J<U+202E>x\n",
        ),
    ];
    for (heard, tag, way, line) in rows {
        assert_eq!(&view().heard(heard, tag, Mark::Others, *way), line);
    }
    let json: serde_json::Value = heard_json(&file("a b")).parse().unwrap();
    assert_eq!((&json["type"], &json["path"], &json["size"]), (&"file".into(), &"a b".into(), &1_258_291.into()));
    assert_eq!(json["blake3"], "07".repeat(32));
    let json: serde_json::Value = heard_json(&folder).parse().unwrap();
    assert_eq!((&json["type"], &json["files"], &json["size"]), (&"folder".into(), &12.into(), &(3_u64 << 30).into()));
    assert_eq!(heard_json(&sending).parse::<serde_json::Value>().unwrap()["type"], "sending");
}
