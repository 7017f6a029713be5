//! Telling a Rust file's code from its comments and literals, and its tests from the rest, without a parser.

use super::{TestPart, first_word};

/// `text` with comments and the insides of string and character literals blanked. As long as `text`, byte for byte,
/// with the same lines.
pub(super) fn code_of(text: &str) -> String {
    let mut mask = Mask { text: text.as_bytes(), at: 0, code: Vec::with_capacity(text.len()) };
    while let Some(byte) = mask.peek(0) {
        match byte {
            b'/' if mask.peek(1) == Some(b'/') => mask.blank_until(|mask| mask.peek(0) == Some(b'\n')),
            b'/' if mask.peek(1) == Some(b'*') => mask.block_comment(),
            b'"' => mask.string(),
            b'\'' => mask.quote(),
            _ if is_word(byte) => mask.word(),
            _ => mask.keep(1),
        }
    }
    // Invariant: only whole ASCII bytes and whole runs of other bytes are kept, so this is UTF-8.
    String::from_utf8_lossy(&mask.code).into_owned()
}

/// The items under `#[cfg(test)]` in masked code.
pub(super) fn test_parts(code: &str) -> Vec<TestPart> {
    let mut parts: Vec<TestPart> = Vec::new();
    for (start, _) in code.match_indices("#[cfg(") {
        let attribute_end = end_of_group(code, start + 1);
        let attribute = code.get(start..attribute_end).unwrap_or_default();
        let within_last = parts.last().is_some_and(|last| last.bytes.contains(&start));
        if within_last || !asks_for_test(attribute) {
            continue;
        }
        let item = skip_attributes(code, attribute_end);
        let end = end_of_item(code, item);
        let text = code.get(item..end).unwrap_or_default();
        parts.push(TestPart { bytes: start..end, elsewhere: module_elsewhere(text) });
    }
    parts
}

/// Where the item that begins at `from` ends: after its `;` or its closing brace.
pub(crate) fn end_of_item(code: &str, from: usize) -> usize {
    let mut at = from;
    let bytes = code.as_bytes();
    let is_use = first_word(code.get(from..).unwrap_or_default().trim_start_matches("pub ")) == "use";
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b';' => return at + 1,
            b'{' if is_use => at = end_of_group(code, at),
            b'{' => return end_of_group(code, at),
            b'(' | b'[' => at = end_of_group(code, at),
            _ => at += 1,
        }
    }
    code.len()
}

/// Where the group that opens at `open` ends: after its closing bracket, or at the end of the file.
pub(crate) fn end_of_group(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

/// The first byte after white space and attributes.
pub(crate) fn skip_attributes(code: &str, from: usize) -> usize {
    let mut at = from;
    loop {
        let rest = code.get(at..).unwrap_or_default();
        at += rest.len() - rest.trim_start().len();
        let rest = rest.trim_start();
        if rest.starts_with("#[") {
            at = end_of_group(code, at + 1);
        } else if rest.starts_with("#![") {
            at = end_of_group(code, at + 2);
        } else {
            return at;
        }
    }
}

fn asks_for_test(attribute: &str) -> bool {
    !attribute.contains("not(test") && super::words_in(attribute, "test").next().is_some()
}

fn module_elsewhere(item: &str) -> Option<String> {
    let name = item.trim_start_matches("pub(crate) ").strip_prefix("mod ")?.strip_suffix(';')?;
    Some(name.trim().to_owned())
}

struct Mask<'a> {
    text: &'a [u8],
    at: usize,
    code: Vec<u8>,
}

impl Mask<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn keep(&mut self, bytes: usize) {
        let end = self.text.len().min(self.at + bytes);
        self.code.extend(self.text.get(self.at..end).unwrap_or_default());
        self.at = end;
    }

    fn blank(&mut self, bytes: usize) {
        let end = self.text.len().min(self.at + bytes);
        let blanks = self.text.get(self.at..end).unwrap_or_default();
        self.code.extend(blanks.iter().map(|&byte| if byte == b'\n' { b'\n' } else { b' ' }));
        self.at = end;
    }

    fn blank_until(&mut self, end: impl Fn(&Self) -> bool) {
        while self.peek(0).is_some() && !end(self) {
            self.blank(1);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b'/'), Some(b'*')) => depth += 1,
                (Some(b'*'), Some(b'/')) => depth -= 1,
                (None, _) => return,
                _ => {
                    self.blank(1);
                    continue;
                }
            }
            self.blank(2);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.keep(1);
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' => self.blank(2),
                b'"' => return self.keep(1),
                _ => self.blank(1),
            }
        }
    }

    fn raw_string(&mut self, hashes: usize) {
        self.keep(hashes + 1);
        let closes =
            |mask: &Self| mask.peek(0) == Some(b'"') && (1..=hashes).all(|ahead| mask.peek(ahead) == Some(b'#'));
        self.blank_until(closes);
        self.keep(hashes + 1);
    }

    /// A character literal, or a lifetime, whose quote stands alone.
    fn quote(&mut self) {
        let letter_bytes = self.text.get(self.at + 1).map_or(0, |&first| match first {
            0..0x80 => 1,
            0x80..0xE0 => 2,
            0xE0..0xF0 => 3,
            0xF0.. => 4,
        });
        self.keep(1);
        if self.peek(0) == Some(b'\\') {
            self.blank(2);
            self.blank_until(|mask| matches!(mask.peek(0), Some(b'\'' | b'\n')));
            self.keep(1);
        } else if self.peek(letter_bytes) == Some(b'\'') {
            self.blank(letter_bytes);
            self.keep(1);
        }
    }

    /// A whole word; those that begin a raw string, `r`, `br` and `cr`, take the string along.
    fn word(&mut self) {
        let length = self.text.get(self.at..).unwrap_or_default().iter().take_while(|&&byte| is_word(byte)).count();
        let word = self.text.get(self.at..self.at + length).unwrap_or_default();
        let may_be_raw = matches!(word, b"r" | b"br" | b"cr");
        self.keep(length);
        if may_be_raw {
            let hashes = (0..).take_while(|&ahead| self.peek(ahead) == Some(b'#')).count();
            if self.peek(hashes) == Some(b'"') {
                self.raw_string(hashes);
            }
        }
    }
}

/// Every byte beyond ASCII counts, so that a letter of several bytes is never cut.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}
