//! What one name of a path may be.

use unicode_normalization::char::is_combining_mark;

use super::{PathError, key};
use crate::limits::PATH_NAME_BYTES_MAX;
use crate::name::is_invisible;

/// What the names of the programs' own files begin with, in any case. Nobody can name a file so.
pub const PRIVATE_PREFIX: &str = ".verbatim";

/// Combining marks allowed on one letter: as many as pointed Hebrew or stacked Tibetan needs.
pub(super) const MARKS_MAX: usize = 6;

/// Checks one name, in NFC.
pub(super) fn check_name(name: &str) -> Result<(), PathError> {
    if name.is_empty() {
        return Err(PathError::EmptyName);
    }
    if name.len() > PATH_NAME_BYTES_MAX {
        return Err(PathError::NameTooLong);
    }
    name.chars().try_for_each(check_character)?;
    // Some systems pass over characters that nobody sees, so what is left without them has to keep the rules as well.
    if name.chars().any(is_ignorable) {
        check_shape(&name.chars().filter(|&c| !is_ignorable(c)).collect::<String>())
    } else {
        check_shape(name)
    }
}

/// Whether a character may be in a name although nobody sees it: joiners, which Persian, Indian scripts and emoji need,
/// and selectors of a character's shape.
pub(super) const fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{180b}'..='\u{180d}' | '\u{180f}'
        | '\u{e0100}'..='\u{e01ef}')
}

/// Whether a character may be in a name, at some place.
pub(super) const fn check_character(c: char) -> Result<(), PathError> {
    match c {
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => Err(PathError::Control(c)),
        '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => Err(PathError::Reserved(c)),
        '\u{fdd0}'..='\u{fdef}' => Err(PathError::NotACharacter(c)),
        '\u{fff9}'..='\u{fffb}' => Err(PathError::Invisible(c)),
        _ if c as u32 & 0xfffe == 0xfffe => Err(PathError::NotACharacter(c)),
        _ if is_invisible(c) && !is_ignorable(c) => Err(PathError::Invisible(c)),
        _ => Ok(()),
    }
}

/// Checks what depends on where a character stands. `name` has no ignorable ones.
fn check_shape(name: &str) -> Result<(), PathError> {
    let Some(first) = name.chars().next() else { return Err(PathError::Invisible('\u{200d}')) };
    if matches!(name, "." | "..") {
        return Err(PathError::Dots);
    }
    if first.is_whitespace() || is_combining_mark(first) {
        return Err(PathError::Start);
    }
    if name.ends_with(|c: char| c == '.' || c.is_whitespace()) {
        return Err(PathError::End);
    }
    if key::folded(name).starts_with(PRIVATE_PREFIX) {
        return Err(PathError::Private);
    }
    if is_device(name) {
        return Err(PathError::Device);
    }
    let mut marks = 0;
    for c in name.chars() {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        if marks > MARKS_MAX {
            return Err(PathError::TooManyMarks);
        }
    }
    Ok(())
}

/// Whether Windows takes a name for a device. It does so whatever stands behind the first dot, in any case, and with
/// spaces before the dot.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_ascii_uppercase();
    if matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$") {
        return true;
    }
    let number = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    number.is_some_and(|number| {
        let mut chars = number.chars();
        matches!((chars.next(), chars.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
    })
}
