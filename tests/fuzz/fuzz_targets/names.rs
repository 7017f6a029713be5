//! Any text as a nick, a room name, a message and a topic: taken or refused, and what was taken stays as it is.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use proto::limits::{NICK_BYTES_MAX, NICK_CHARS_MAX, ROOM_BYTES_MAX, ROOM_CHARS_MAX};
use proto::{Nick, RoomName, Text, Topic};

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = Text::parse(Bytes::copy_from_slice(input)) {
        assert_eq!(text.as_str().as_bytes(), input);
        assert_eq!(text.as_str().parse(), Ok(text));
    }
    let Ok(typed) = std::str::from_utf8(input) else { return };
    if let Ok(nick) = typed.parse::<Nick>() {
        check_shape(nick.as_str(), NICK_CHARS_MAX, NICK_BYTES_MAX);
        assert_eq!(nick.as_str().parse(), Ok(nick.clone()));
        let suffix = input.iter().fold(0, |sum: u32, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)));
        let offered = nick.with_suffix(suffix);
        assert_eq!(offered.as_str().parse(), Ok(offered.clone()));
        if let Ok(lower) = nick.as_str().to_lowercase().parse::<Nick>() {
            assert_eq!(lower.look_alike_key(), nick.look_alike_key());
        }
    }
    if let Ok(room) = typed.parse::<RoomName>() {
        check_shape(room.as_str(), ROOM_CHARS_MAX, ROOM_BYTES_MAX);
        assert_eq!(room.as_str().parse(), Ok(room.clone()));
        assert_eq!(room.as_str().to_lowercase(), room.as_str());
    }
    if let Ok(topic) = typed.parse::<Topic>() {
        assert!(!topic.as_str().chars().any(char::is_control));
        assert_eq!(topic.as_str().parse(), Ok(topic));
    }
});

fn check_shape(name: &str, chars_max: usize, bytes_max: usize) {
    assert!(!name.is_empty() && name.len() <= bytes_max && name.chars().count() <= chars_max);
    let is_unfit = |c: char| c.is_control() || c.is_whitespace() || "#@/:\\\"'`<>&|$*?!,;()[]{}".contains(c);
    assert!(!name.chars().any(is_unfit), "{name:?}");
    assert!(!name.starts_with(['-', '.']) && !name.ends_with(['-', '.']), "{name:?}");
}
