//! Bytes of a peer, made fit for a terminal or a log. Nothing else in this crate prints what a peer sent.

use std::fmt::Write;

/// At most `max_chars` characters of `bytes` on one line: controls, direction marks and invisible characters are
/// escaped, bytes that are no UTF-8 are shown as `\xNN`, and `…` stands for what was left out.
pub fn preview(bytes: &[u8], max_chars: usize) -> String {
    let mut shown = String::new();
    // A character has at most four bytes, so that not more than these need be looked at.
    let looked_at = bytes.get(..max_chars.saturating_mul(4)).unwrap_or(bytes);
    let whole = looked_at.len() == bytes.len();
    let mut pieces = Pieces::of(looked_at);
    for piece in pieces.by_ref().take(max_chars) {
        piece.show(&mut shown, false);
    }
    if !whole || pieces.next().is_some() {
        shown.push('…');
    }
    shown
}

/// All of `bytes`, escaped in the same way, but for line feeds and tabs, which stay.
pub fn for_terminal(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    Pieces::of(bytes).for_each(|piece| piece.show(&mut shown, true));
    shown
}

/// Whether a character may reach a terminal as it is.
fn is_plain(c: char) -> bool {
    let invisible = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    !c.is_control() && !invisible
}

#[derive(Clone, Copy)]
enum Piece {
    Char(char),
    Byte(u8),
}

impl Piece {
    fn show(self, shown: &mut String, lines: bool) {
        match self {
            Self::Char(c @ ('\n' | '\t')) if lines => shown.push(c),
            Self::Char(c) if is_plain(c) => shown.push(c),
            Self::Char(c) => shown.extend(c.escape_default()),
            Self::Byte(byte) => {
                // Writing to a string cannot fail.
                let _written = write!(shown, "\\x{byte:02x}");
            }
        }
    }
}

struct Pieces;

impl Pieces {
    fn of(bytes: &[u8]) -> impl Iterator<Item = Piece> {
        bytes.utf8_chunks().flat_map(|chunk| {
            chunk.valid().chars().map(Piece::Char).chain(chunk.invalid().iter().copied().map(Piece::Byte))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_peer_sent_reaches_a_terminal_only_escaped() {
        let rows: &[(&[u8], usize, &str)] = &[
            (b"hello", 64, "hello"),
            ("你好,世界".as_bytes(), 64, "你好,世界"),
            ("你好,世界".as_bytes(), 2, "你好…"),
            (b"two\r\nlines\t", 64, "two\\r\\nlines\\t"),
            (b"\x1b[2J\x07", 64, "\\u{1b}[2J\\u{7}"),
            ("c1\u{9b}2J".as_bytes(), 64, "c1\\u{9b}2J"),
            ("abc\u{202e}fed".as_bytes(), 64, "abc\\u{202e}fed"),
            (b"caf\xe9", 64, "caf\\xe9"),
            (b"\xe4\xbd", 64, "\\xe4\\xbd"),
            (b"abcdefgh", 3, "abc…"),
            ("👩\u{200d}🚀".as_bytes(), 64, "👩\u{200d}🚀"),
            (b"", 64, ""),
        ];
        for (bytes, max_chars, expected) in rows {
            assert_eq!(preview(bytes, *max_chars), *expected, "{}", bytes.escape_ascii());
        }
        assert_eq!(for_terminal(b"a\n\tb\x1b[m"), "a\n\tb\\u{1b}[m");
    }
}
