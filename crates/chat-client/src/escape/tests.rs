//! Nasty strings, and harmless ones that look nasty.

use super::*;

#[test]
fn what_people_write_stays_as_it_is() {
    let rows = [
        "plain words, punctuation; (and) brackets \u{7e}",
        "你好,世界。日本語のテキスト 한국어",
        "שלום עולם مرحبا بالعالم",
        "می\u{200c}خواهم",
        "Việt Nam e\u{301}\u{302} क्षि ที่ ཀྵྨྲ",
        "👨\u{200d}👩\u{200d}👧 ❤\u{fe0f} 🇨🇳 👍🏽 1\u{fe0f}\u{20e3} #\u{fe0f}\u{20e3}",
        "𠮷野家 ½ € ∑ ─│┌",
    ];
    for text in rows {
        assert_eq!(line(text), text);
    }
}

#[test]
fn what_would_be_obeyed_or_mislead_is_shown_as_its_number() {
    let zalgo = format!("Z{}!", "\u{301}".repeat(1000));
    let rows: &[(&str, &str)] = &[
        ("\x1b[2J\x1b[31mred", "<U+001B>[2J<U+001B>[31mred"),
        ("\x1b]0;title\x07", "<U+001B>]0;title<U+0007>"),
        ("\u{9b}2J", "<U+009B>2J"),
        ("\u{9d}52;c;ZXZpbA==\u{9c}", "<U+009D>52;c;ZXZpbA==<U+009C>"),
        ("over\rwritten", "over<U+000D>written"),
        ("back\x08\x08space", "back<U+0008><U+0008>space"),
        ("del\x7f", "del<U+007F>"),
        ("two\nlines", "two<U+000A>lines"),
        ("nel\u{85}ls\u{2028}ps\u{2029}", "nel<U+0085>ls<U+2028>ps<U+2029>"),
        ("a\tb", "a    b"),
        ("\u{202e}gnirts", "<U+202E>gnirts"),
        ("\u{2066}iso\u{2069}", "<U+2066>iso<U+2069>"),
        ("ad\u{200b}min \u{feff}x so\u{ad}ft", "ad<U+200B>min <U+FEFF>x so<U+00AD>ft"),
        ("\u{200d}\u{200d}ann", "<U+200D><U+200D>ann"),
        ("a\u{200d}\u{200d}\u{200d}b", "a\u{200d}<U+200D><U+200D>b"),
        ("x \u{200e}y", "x <U+200E>y"),
        ("\u{3164}\u{ffa0}", "<U+3164><U+FFA0>"),
        ("tag\u{e0041}", "tag<U+E0041>"),
        ("\u{301}on nothing", "<U+0301>on nothing"),
        (&zalgo, "Z\u{301}\u{301}\u{301}\u{301}<+996 marks>!"),
        ("end\u{fff9}\u{fffe}", "end<U+FFF9><U+FFFE>"),
    ];
    for (text, shown) in rows {
        assert_eq!(line(text), *shown, "{}", text.escape_unicode());
    }
}

#[test]
fn nothing_that_a_terminal_obeys_gets_through() {
    // The planes between hold ideographs and nothing else.
    for c in (0..=0x1_ffff).chain(0xe_0000..=0xe_0fff).filter_map(char::from_u32) {
        for text in [format!("{c}"), format!("a{c}"), format!("你{c}b"), format!("👍{c}")] {
            let shown = line(&text);
            let bad = shown.chars().find(|shown| is_dangerous(*shown) || shown.is_control());
            assert_eq!(bad, None, "U+{:04X}", u32::from(c));
        }
    }
}

#[test]
fn a_text_of_many_lines_keeps_them() {
    assert_eq!(lines("one\ntwo\x1b\n").collect::<Vec<_>>(), ["one", "two<U+001B>", ""]);
    assert_eq!(lines("").collect::<Vec<_>>(), [""]);
}
