//! Names people choose: parsed once, into types that cannot hold a bad value.
//!
//! A name is NFC, of letters, digits and combining marks with `_`, `-` and `.` between them, within one script (or
//! Latin beside Chinese, Japanese or Korean), so that it can be typed, told apart and shown raw anywhere. Two names
//! that look alike share a [`LookAlikeKey`]; a server lets only one of them in. The tables are Unicode's (UTS 39).

use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use unicode_security::{GeneralSecurityProfile, RestrictionLevel, RestrictionLevelDetection, skeleton};

use crate::limits::{NICK_BYTES_MAX, NICK_CHARS_MAX, ROOM_BYTES_MAX, ROOM_CHARS_MAX};

/// Combining marks allowed on one letter; more stack up and cover the lines above.
const MARKS_MAX: usize = 2;

/// Which rule a name breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing.
    #[error("a name cannot be empty")]
    Empty,
    /// Longer than the limit.
    #[error("it is too long: at most {max_chars} characters and {max_bytes} bytes are allowed")]
    TooLong {
        /// Characters it may have.
        max_chars: usize,
        /// Bytes of UTF-8 it may have.
        max_bytes: usize,
    },
    /// A space, tab or other blank.
    #[error("a name has no spaces; use - or _ between words")]
    Space,
    /// A control character.
    #[error("the control character U+{:04X} is not allowed in a name", *.0 as u32)]
    Control(char),
    /// A character nobody can see, or one that turns the direction of writing.
    #[error("the invisible character U+{:04X} is not allowed in a name", *.0 as u32)]
    Invisible(char),
    /// Punctuation, a symbol, an emoji, or a letter Unicode advises against in names.
    #[error("the character {0} is not allowed in a name; letters, digits, _ - and . are")]
    Symbol(char),
    /// It begins or ends with - or ., or begins with a combining mark.
    #[error("a name begins with a letter, a digit or _, and does not end with - or .")]
    Edge,
    /// Too many combining marks on one letter.
    #[error("more than {MARKS_MAX} combining marks on one letter are not allowed")]
    TooManyMarks,
    /// A combining mark behind _ - or ., where it changes how they look.
    #[error("a combining mark has to stand on a letter or a digit")]
    LooseMark,
    /// Letters of scripts that are not written together, such as Latin and Cyrillic.
    #[error("it mixes alphabets that look alike, such as Latin and Cyrillic; use one alphabet")]
    MixedScripts,
    /// A nick of another alphabet whose capitals all look like Latin ones, while its small letters do not.
    #[error("its capitals look like Latin letters; write it in small letters")]
    LooksLatin,
}

/// A person's nick, as they wrote it (NFC).
///
/// Cloning shares it. Invariant: [`NameError`]'s rules hold; at most [`NICK_CHARS_MAX`] characters and
/// [`NICK_BYTES_MAX`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nick(Arc<str>);

/// A room's name, lower case (NFC). `#Rust` and `rust` are the same room; the `#` is not part of the name.
///
/// Invariant: [`NameError`]'s rules hold; at most [`ROOM_CHARS_MAX`] characters and [`ROOM_BYTES_MAX`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomName(Arc<str>);

/// What two names have in common that look alike: case folded, and every letter replaced by its UTS 39 prototype.
/// As I looks like l, 0 like O, and case is folded, `AIice`, `a1ice` and `Alice` share one, and so do `ian` and `lan`.
/// So it is for refusing a name, not for finding a person; see [`Nick::is_same_but_for_case`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LookAlikeKey(Box<str>);

impl Nick {
    /// The nick.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key that look-alikes share.
    pub fn look_alike_key(&self) -> LookAlikeKey {
        LookAlikeKey::of(&self.0)
    }

    /// Whether `other` is this nick, upper and lower case taken as one: whom somebody means who types it.
    pub fn is_same_but_for_case(&self, other: &Self) -> bool {
        self.0.to_lowercase() == other.0.to_lowercase()
    }

    /// This nick with `suffix` behind it, shortened so that it stays within the limits; what a server offers
    /// instead of a taken nick.
    pub fn with_suffix(&self, suffix: u32) -> Self {
        let tail = format!("-{suffix}");
        let mut stem: String = self.0.chars().take(NICK_CHARS_MAX - tail.len()).collect();
        while stem.len() + tail.len() > NICK_BYTES_MAX || stem.ends_with(['-', '.']) {
            stem.pop();
        }
        // A shortened name can break a rule that the whole one kept.
        format!("{stem}{tail}").parse().unwrap_or_else(|_| Self(format!("guest{tail}").into()))
    }
}

impl std::str::FromStr for Nick {
    type Err = NameError;

    fn from_str(typed: &str) -> Result<Self, NameError> {
        let name = parse(typed, NICK_CHARS_MAX, NICK_BYTES_MAX)?;
        if looks_latin(&name) {
            return Err(NameError::LooksLatin);
        }
        Ok(Self(name.into()))
    }
}

impl std::borrow::Borrow<str> for Nick {
    /// Orders and hashes as its text does, so that maps can be searched by text.
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Nick {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

impl RoomName {
    /// The name, without a `#`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key that look-alikes share.
    pub fn look_alike_key(&self) -> LookAlikeKey {
        LookAlikeKey::of(&self.0)
    }
}

impl std::str::FromStr for RoomName {
    type Err = NameError;

    fn from_str(typed: &str) -> Result<Self, NameError> {
        let bare = typed.strip_prefix('#').unwrap_or(typed);
        let name = parse(bare, ROOM_CHARS_MAX, ROOM_BYTES_MAX)?;
        // Lower case can be longer than upper case, and can leave NFC.
        parse(&name.to_lowercase(), ROOM_CHARS_MAX, ROOM_BYTES_MAX).map(|name| Self(name.into()))
    }
}

impl std::borrow::Borrow<str> for RoomName {
    /// Orders and hashes as its text does, so that maps can be searched by text.
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RoomName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

impl LookAlikeKey {
    fn of(name: &str) -> Self {
        Self(folded_skeleton(&name.to_lowercase()).into())
    }
}

/// The prototypes of `name`'s letters without their case. `i` and `l` become one, as their capitals and small letters
/// look alike crosswise.
fn folded_skeleton(name: &str) -> String {
    skeleton(name).collect::<String>().to_lowercase().replace('i', "l")
}

/// Whether a name of another alphabet looks, as it is written, like a Latin name with another [`LookAlikeKey`].
///
/// Invariant: of the names that are not refused here, those that look like a Latin name share its key.
fn looks_latin(name: &str) -> bool {
    let shown = folded_skeleton(name);
    !name.is_ascii() && shown.is_ascii() && shown != folded_skeleton(&name.to_lowercase())
}

fn parse(typed: &str, max_chars: usize, max_bytes: usize) -> Result<String, NameError> {
    let too_long = NameError::TooLong { max_chars, max_bytes };
    // Normalising costs in proportion to what was typed, so what is far too long is refused before.
    if typed.len() > max_bytes * 4 {
        return Err(too_long);
    }
    let name: String = typed.nfc().collect();
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.len() > max_bytes || name.chars().count() > max_chars {
        return Err(too_long);
    }
    name.chars().try_for_each(check_character)?;
    check_shape(&name)?;
    let letters: String = name.chars().filter(|c| !is_joiner(*c)).collect();
    if letters.as_str().detect_restriction_level() > RestrictionLevel::HighlyRestrictive {
        return Err(NameError::MixedScripts);
    }
    Ok(name)
}

fn check_character(c: char) -> Result<(), NameError> {
    if c.is_control() {
        Err(NameError::Control(c))
    } else if c.is_whitespace() {
        Err(NameError::Space)
    } else if is_invisible(c) {
        Err(NameError::Invisible(c))
    } else if is_joiner(c) || is_mark(c) || (c.is_alphanumeric() && c.identifier_allowed()) {
        Ok(())
    } else {
        Err(NameError::Symbol(c))
    }
}

fn check_shape(name: &str) -> Result<(), NameError> {
    let dash_or_dot = |c: char| matches!(c, '-' | '.');
    if name.starts_with(|c: char| dash_or_dot(c) || is_mark(c)) || name.ends_with(dash_or_dot) {
        return Err(NameError::Edge);
    }
    let mut marks = 0;
    let mut on_joiner = false;
    for c in name.chars() {
        marks = if is_mark(c) { marks + 1 } else { 0 };
        if marks == 1 && on_joiner {
            return Err(NameError::LooseMark);
        }
        if marks > MARKS_MAX {
            return Err(NameError::TooManyMarks);
        }
        on_joiner = is_joiner(c);
    }
    Ok(())
}

const fn is_joiner(c: char) -> bool {
    matches!(c, '_' | '-' | '.')
}

fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c) && c.identifier_allowed()
}

/// Default-ignorable, bidirectional and joining characters: Unicode's `Default_Ignorable_Code_Point` and `Bidi_Control`.
pub(crate) const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests;
