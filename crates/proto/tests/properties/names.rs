//! Names and text: what is taken is good, stays as it is when taken again, and can be shown as it is.

use proptest::collection::vec;
use proptest::prelude::*;
use proto::limits::{NICK_BYTES_MAX, NICK_CHARS_MAX, ROOM_BYTES_MAX, ROOM_CHARS_MAX, TEXT_BYTES_MAX};
use proto::{Nick, RoomName, Text, Topic};

use crate::cases;

/// Letters of many scripts, marks, joiners, and what must not be in a name: mixed so that many names are good.
fn nearly_a_name() -> impl Strategy<Value = String> {
    let pool = |chars: &str| proptest::sample::select(chars.chars().collect::<Vec<_>>());
    let one_script = prop_oneof![
        vec(pool("abcxyzABCIlOo01Mm9éñÅßŞıſ_-."), 1..30),
        vec(pool("абвгнорсутхАВЕКМНОРСТХёЙ_-."), 1..30),
        vec(pool("αβγηικνορςστυχΑΒΕΗΙΚΜΝΟΡΤΥΧΣ_-."), 1..30),
        vec(pool("李小明的大厅さくらサクラ한글abZ0_-."), 1..30),
        vec(pool("नमस्तेक्षि\u{94d}_-"), 1..30),
        vec(pool("אבגםןعربية\u{64b}_-"), 1..30),
        vec(pool("ae\u{301}\u{308}\u{331}\u{327}iI\u{307}_-"), 1..12),
    ];
    let bad = vec(
        pool(" \t\n\u{0}\u{1b}\u{7f}\u{85}\u{a0}\u{ad}\u{200b}\u{200d}\u{202e}\u{2066}\u{3000}\u{fe0f}😀#/@"),
        0..2,
    );
    prop_oneof![
        8 => one_script.prop_map(String::from_iter),
        1 => (vec(any::<char>(), 0..8), bad).prop_map(|(name, bad)| name.into_iter().chain(bad).collect()),
        1 => any::<String>(),
    ]
}

/// What may never be in a name, by this test's own list.
fn is_unfit(c: char) -> bool {
    let unseen =
        ['\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{2060}', '\u{feff}', '\u{61c}'];
    let turns = ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c);
    let tag = ('\u{e0000}'..='\u{e0fff}').contains(&c) || ('\u{fe00}'..='\u{fe0f}').contains(&c);
    c.is_control()
        || c.is_whitespace()
        || unseen.contains(&c)
        || turns
        || tag
        || "#@/:\\\"'`<>&|$*?!,;()[]{}".contains(c)
}

fn check_shape(name: &str, chars_max: usize, bytes_max: usize) -> Result<(), TestCaseError> {
    prop_assert!(!name.is_empty() && name.len() <= bytes_max && name.chars().count() <= chars_max);
    prop_assert!(!name.chars().any(is_unfit), "{:?}", name);
    prop_assert!(!name.starts_with(['-', '.']) && !name.ends_with(['-', '.']), "{:?}", name);
    Ok(())
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn a_nick_that_was_taken_is_good_and_stays_as_it_is(typed in nearly_a_name(), suffix: u32) {
        let Ok(nick) = typed.parse::<Nick>() else { return Ok(()) };
        check_shape(nick.as_str(), NICK_CHARS_MAX, NICK_BYTES_MAX)?;
        prop_assert_eq!(nick.as_str().parse::<Nick>(), Ok(nick.clone()));
        let offered = nick.with_suffix(suffix);
        prop_assert_eq!(offered.as_str().parse::<Nick>(), Ok(offered.clone()));
        prop_assert_ne!(&offered, &nick);
    }

    #[test]
    fn a_room_name_that_was_taken_is_good_and_stays_as_it_is(typed in nearly_a_name()) {
        let Ok(room) = typed.parse::<RoomName>() else { return Ok(()) };
        check_shape(room.as_str(), ROOM_CHARS_MAX, ROOM_BYTES_MAX)?;
        prop_assert_eq!(room.as_str().parse::<RoomName>(), Ok(room.clone()));
        prop_assert_eq!(format!("#{room}").parse::<RoomName>(), Ok(room.clone()));
        let lower = room.as_str().to_lowercase();
        prop_assert_eq!(lower.as_str(), room.as_str());
    }

    #[test]
    fn the_case_of_a_nick_does_not_hide_who_it_is(typed in nearly_a_name()) {
        let Ok(nick) = typed.parse::<Nick>() else { return Ok(()) };
        if let Ok(lower) = nick.as_str().to_lowercase().parse::<Nick>() {
            prop_assert_eq!(lower.look_alike_key(), nick.look_alike_key());
        }
    }

    #[test]
    fn a_text_that_was_taken_has_no_control_characters_and_stays_as_it_is(typed in any::<String>()) {
        let Ok(text) = typed.parse::<Text>() else { return Ok(()) };
        let is_plain = |c: char| !c.is_control() || c == '\n' || c == '\t';
        prop_assert!(text.as_str().chars().all(is_plain) && !text.as_str().trim().is_empty());
        prop_assert!(text.bytes().len() <= TEXT_BYTES_MAX);
        prop_assert_eq!(text.as_str().parse::<Text>(), Ok(text.clone()));
        prop_assert_eq!(Text::parse(text.bytes().clone()), Ok(text.clone()));
        prop_assert_eq!(text.as_str(), typed.replace("\r\n", "\n"));
    }

    #[test]
    fn any_bytes_are_a_text_or_not(bytes in vec(any::<u8>(), 0..100)) {
        if let Ok(text) = Text::parse(bytes.clone().into()) {
            prop_assert_eq!(text.as_str().as_bytes(), bytes.as_slice());
        }
    }

    #[test]
    fn a_topic_that_was_taken_is_one_trimmed_line(typed in any::<String>()) {
        let Ok(topic) = typed.parse::<Topic>() else { return Ok(()) };
        prop_assert!(!topic.as_str().chars().any(char::is_control));
        prop_assert_eq!(topic.as_str(), typed.trim());
        prop_assert_eq!(topic.as_str().parse::<Topic>(), Ok(topic.clone()));
    }
}

#[test]
fn every_single_character_is_a_good_name_or_refused() {
    let mut taken = 0;
    for c in '\u{0}'..=char::MAX {
        let typed = c.to_string();
        if let Ok(nick) = typed.parse::<Nick>() {
            taken += 1;
            assert!(!nick.as_str().chars().any(is_unfit), "U+{:04X}", u32::from(c));
            assert_eq!(nick.as_str().parse::<Nick>(), Ok(nick.clone()), "U+{:04X}", u32::from(c));
        }
        if let Ok(room) = typed.parse::<RoomName>() {
            assert_eq!(room.as_str().parse::<RoomName>(), Ok(room.clone()), "U+{:04X}", u32::from(c));
        }
    }
    assert!(taken > 30_000, "only {taken} characters make a nick");
}

#[test]
fn a_nick_that_looks_latin_as_it_is_written_shares_the_key_of_the_latin_one() {
    let pairs =
        [("а", "a"), ("А", "A"), ("В", "B"), ("е", "e"), ("Е", "E"), ("К", "K"), ("М", "M"), ("Н", "H"), ("о", "o")];
    let more =
        [("О", "O"), ("р", "p"), ("Р", "P"), ("с", "c"), ("С", "C"), ("Т", "T"), ("х", "x"), ("Х", "X"), ("і", "i")];
    let pairs: Vec<_> = pairs.into_iter().chain(more).collect();
    let mut refused = 0;
    for (cyrillic_1, latin_1) in &pairs {
        for (cyrillic_2, latin_2) in &pairs {
            for (cyrillic_3, latin_3) in &pairs {
                let latin: Nick = format!("{latin_1}{latin_2}{latin_3}").parse().unwrap();
                match format!("{cyrillic_1}{cyrillic_2}{cyrillic_3}").parse::<Nick>() {
                    Ok(nick) => assert_eq!(nick.look_alike_key(), latin.look_alike_key(), "{nick} {latin}"),
                    Err(proto::name::NameError::LooksLatin) => refused += 1,
                    Err(error) => panic!("{latin}: {error}"),
                }
            }
        }
    }
    assert!(refused > 0 && refused < pairs.len().pow(3), "{refused} were refused");
}
