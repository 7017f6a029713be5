//! Text in the form in which it is compared: compatibility forms made plain, accents gone, and what kind of character is what.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What a character is to a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A capital letter.
    Upper,
    /// A letter that is none.
    Letter,
    /// A digit or another number.
    Digit,
    /// Goes with the letter before it: a vowel sign, a virama.
    Mark,
    /// Of a script that sets no spaces between words.
    Dense,
    /// Stands between words.
    Gap,
}

impl Kind {
    pub(super) fn of(c: char) -> Self {
        match c {
            'a'..='z' => Self::Letter,
            'A'..='Z' => Self::Upper,
            '0'..='9' => Self::Digit,
            '\0'..='\x7f' => Self::Gap,
            _ if is_picture(c) => Self::Gap,
            _ if is_dense(c) && (c.is_alphanumeric() || is_combining_mark(c)) => Self::Dense,
            _ if is_combining_mark(c) => Self::Mark,
            _ if c.is_uppercase() => Self::Upper,
            _ if c.is_alphabetic() => Self::Letter,
            _ if c.is_numeric() => Self::Digit,
            _ => Self::Gap,
        }
    }

    /// Whether a word of letters and digits may begin with it.
    pub(super) fn is_word(self) -> bool {
        matches!(self, Self::Upper | Self::Letter | Self::Digit)
    }
}

/// Letters in squares and circles that are pictures, though Unicode counts some of them as letters.
fn is_picture(c: char) -> bool {
    matches!(c, '\u{1F000}'..='\u{1FAFF}')
}

/// Han, kana, bopomofo, Hangul; and the scripts of South-East Asia that are written without spaces.
fn is_dense(c: char) -> bool {
    matches!(c,
        '\u{0E00}'..='\u{0EFF}'
        | '\u{1000}'..='\u{109F}'
        | '\u{1100}'..='\u{11FF}'
        | '\u{1780}'..='\u{17FF}'
        | '\u{2E80}'..='\u{A4CF}'
        | '\u{A960}'..='\u{A97F}'
        | '\u{AC00}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{16FE0}'..='\u{18CFF}'
        | '\u{1AFF0}'..='\u{1B2FF}'
        | '\u{20000}'..='\u{3FFFF}')
}

/// What is dropped wherever it stands: accents and the points of Hebrew and Arabic, which people leave out when they
/// search, and characters that cannot be seen (soft hyphen, joiners, variation selectors). Signs that make another
/// letter (Indic vowels, the voicing of kana) stay.
fn is_dropped(c: char) -> bool {
    matches!(c,
        '\u{00AD}'
        | '\u{0300}'..='\u{036F}'
        | '\u{0591}'..='\u{05BD}'
        | '\u{05BF}'..='\u{05C7}'
        | '\u{0610}'..='\u{061A}'
        | '\u{0640}'
        | '\u{064B}'..='\u{065F}'
        | '\u{0670}'
        | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2060}'..='\u{2064}'
        | '\u{20D0}'..='\u{20FF}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FE20}'..='\u{FE2F}'
        | '\u{FEFF}'
        | '\u{E0000}'..='\u{E01EF}')
}

/// The text with compatibility forms made plain and accents gone; capitals stay, as they tell where an identifier's parts
/// begin.
pub(super) fn fold(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfkd().filter(|&c| !is_dropped(c)).nfc().collect())
}

/// What [`fold`] leaves as it is whatever stands around it; most text is nothing else, and is spared the tables.
fn is_plain(c: char) -> bool {
    matches!(c, '\0'..='\x7f' | '\u{3001}'..='\u{3002}' | '\u{4E00}'..='\u{9FFF}')
}

/// Appends `text` in lower case, at most `bytes` of it.
pub(super) fn push_lower(out: &mut String, text: &str, bytes: usize) {
    let end = out.len() + bytes;
    for c in text.chars() {
        if out.len() + c.len_utf8() > end {
            return;
        }
        match c {
            '\0'..='\x7f' => out.push(c.to_ascii_lowercase()),
            'ß' | 'ẞ' => out.push_str("ss"),
            // At a word's end, and nowhere else.
            'ς' => out.push('σ'),
            _ => out.extend(c.to_lowercase()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_folded() {
        for (text, folded) in [
            ("plain ASCII, 中文。", "plain ASCII, 中文。"),
            ("Café", "Cafe"),
            ("Cafe\u{301}", "Cafe"),
            ("ﬁne Ｆｕｌｌ ①", "fine Full 1"),
            ("ガギ", "ガギ"),
            ("ｶﾞ", "ガ"),
            ("한국어", "한국어"),
            ("हिन्दी", "हिन्दी"),
            ("soft\u{ad}ware", "software"),
            ("ё", "е"),
        ] {
            assert_eq!(fold(text), folded);
        }
    }

    #[test]
    fn lower_case_is_cut_at_whole_characters() {
        for (text, bytes, lower) in
            [("ABC", 2, "ab"), ("ÄÖ", 3, "ä"), ("STRAẞE", 64, "strasse"), ("ΟΔΟΣ", 64, "οδοσ"), ("οδος", 64, "οδοσ")]
        {
            let mut out = String::from(">");
            push_lower(&mut out, text, bytes);
            assert_eq!(out, format!(">{lower}"));
        }
    }
}
