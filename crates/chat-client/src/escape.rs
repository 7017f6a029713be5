//! What makes a peer's words harmless to a terminal.
//!
//! A terminal obeys control characters, and a reader is misled by characters that cannot be seen, that turn the
//! direction of writing, or that pile up over other lines. Such a character is shown as its number, `<U+202E>`, so
//! that nothing is hidden and nothing is obeyed. Everything that people write in any script stays as it is: joiners
//! inside emoji and Persian words, variation selectors, combining marks within reason.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar as _;

/// Combining marks shown on one letter. No script needs more; longer piles cover the lines above and below.
const MARKS_MAX: usize = 4;

/// Columns a tab is shown as.
const TAB: &str = "    ";

/// `text` on one line: a line feed, too, is shown as its number.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut before = Before::Nothing;
    let mut marks = 0;
    for c in text.chars() {
        let shown = c.width().unwrap_or(0);
        let is_mark = shown == 0 && unicode_normalization::char::is_combining_mark(c);
        marks = if is_mark { marks + 1 } else { close_pile(&mut out, marks) };
        match c {
            '\t' => out.push_str(TAB),
            _ if is_mark && marks > MARKS_MAX => {}
            // A mark needs something to stand on, or it climbs onto what stands before the text.
            _ if is_mark && before == Before::Nothing => show_number(&mut out, c),
            _ if is_joiner(c) && before != Before::Letter => show_number(&mut out, c),
            _ if is_dangerous(c) => show_number(&mut out, c),
            _ => out.push(c),
        }
        before = match c {
            _ if is_joiner(c) => Before::Joiner,
            _ if is_mark || is_selector(c) => before,
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() && !matches!(c, '#' | '*') => Before::Blank,
            _ => Before::Letter,
        };
    }
    close_pile(&mut out, marks);
    Cow::Owned(out)
}

/// The lines of `text`, each harmless. There is always at least one.
pub fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split('\n').map(line)
}

/// Whether a terminal or a reader could be misled by `c` wherever it stands.
#[must_use]
pub const fn is_dangerous(c: char) -> bool {
    matches!(c,
        // Control characters, C1 too: a terminal obeys U+009B as it obeys ESC [.
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        // Nothing to see: soft hyphen, grapheme joiner, fillers, vowel inherents, spaces without width.
        | '\u{ad}' | '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180e}' | '\u{200b}'
        | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        // The direction of writing: embeddings, overrides, isolates. They would reach beyond the end of the line.
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        // Line and paragraph separators, which some programs end a line at.
        | '\u{2028}'..='\u{2029}'
        // Interlinear annotations, tags (text within text), musical and shorthand format controls, noncharacters.
        | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}')
}

/// What stands before a character that means something only behind another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Blank,
    Letter,
    Joiner,
}

/// Joiners, direction marks and selectors of a shape: without width, and of use only behind a letter or an emoji.
const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{61c}')
}

const fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{180b}'..='\u{180d}' | '\u{180f}')
}

/// Says how many marks of a pile were not shown. Returns the height of the next pile: 0.
fn close_pile(out: &mut String, marks: usize) -> usize {
    if marks > MARKS_MAX {
        // Writing to a string cannot fail.
        let _ = write!(out, "<+{} marks>", marks - MARKS_MAX);
    }
    0
}

fn show_number(out: &mut String, c: char) {
    // Writing to a string cannot fail.
    let _ = write!(out, "<U+{:04X}>", u32::from(c));
}

#[cfg(test)]
mod tests;
