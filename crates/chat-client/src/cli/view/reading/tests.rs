//! How hits and unread rooms look.

use std::sync::Arc;

use chat_client::{RoomKey, Seq};

use super::*;

fn room(name: &str, direct: bool) -> RoomRef {
    RoomRef { key: RoomKey(1), name: Arc::from(name), direct }
}

fn said(room: RoomRef, seq: u64, nick: &str, text: &str) -> Heard {
    let what = What::Said(text.to_owned());
    Heard { room, seq: Seq(seq), at_ms: 1_794_478_500_000, nick: nick.to_owned(), what, history: true }
}

#[test]
fn hits_line_up_and_hide_nothing() {
    let mut sent = said(room("茶室", false), 1234, "王小明", "");
    sent.what = What::File { path: "图片.png".into(), size: 10, root: proto::Root([1; 32]) };
    let found =
        [said(room("lobby", false), 7, "ann", "one\ntwo"), sent, said(room("bob", true), 88, "bob", "\x1b[2Jtwo")];
    let table = "\
#lobby  7     2026-11-12 10:15  ann     one two
#茶室   1234  2026-11-12 10:15  王小明  * sent 图片.png (10 B)
→bob    88    2026-11-12 10:15  bob     <U+001B>[2Jtwo
";
    assert_eq!(hit_table(&found, "two", &TimeZone::UTC, TEXT_COLUMNS), table);
    assert_eq!(hit_table(&[], "two", &TimeZone::UTC, TEXT_COLUMNS), "");
}

#[test]
fn a_long_text_is_cut_to_what_stands_around_the_hit() {
    let (x, wide) = ("x".repeat(100), "字".repeat(100));
    let rows = [
        ("short".to_owned(), "short", "short".to_owned()),
        (x.clone(), "absent", format!("{}…", "x".repeat(80))),
        (format!("{x}Needle{x}"), "needle", format!("…{}Needle{}…", "x".repeat(24), "x".repeat(50))),
        (format!("{x}readme"), "read*", format!("…{}readme", "x".repeat(24))),
        (format!("{wide}图片{wide}"), "图片", format!("…{}图片{}…", "字".repeat(12), "字".repeat(26))),
        (format!("b a {x}"), "a b", format!("b a {}…", "x".repeat(76))),
        ("İstanbul straße".to_owned(), "STRASSE", "İstanbul straße".to_owned()),
        (String::new(), "a", String::new()),
    ];
    for (text, words, shown) in rows {
        assert_eq!(around(&text, words, TEXT_COLUMNS), shown, "{words} in {text}");
    }
}

#[test]
fn what_is_unread_is_counted_and_can_be_gone_to() {
    let unread = |name: &str, direct, read, head, said, more| UnreadRoom {
        room: room(name, direct),
        read: Seq(read),
        head: Seq(head),
        said,
        more,
    };
    let rooms = [
        unread("lobby", false, 40, 55, 12, false),
        unread("茶室", false, 0, 20_000, 10_000, true),
        unread("bob\x1b[2J", true, 5, 5, 0, false),
    ];
    let table = "\
#lobby           12       from 41 on
#茶室            10000+   from 1 on
→bob<U+001B>[2J  nothing
";
    assert_eq!(unread_table(&rooms), table);
    assert_eq!(
        unread_json(&rooms[1]),
        "{\"direct\":false,\"head\":20000,\"more\":true,\"read\":0,\"room\":\"茶室\",\"unread\":10000}\n"
    );
}
