//! Making a good path of a bad one.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::rules::{MARKS_MAX, check_character, check_name, is_ignorable};
use super::{PathError, RelPath, shortened, stem_and_extension};
use crate::limits::{PATH_BYTES_MAX, PATH_NAME_BYTES_MAX};

/// What stands for what may not be.
const STAND_IN: char = '_';

pub(super) fn salvage(typed: &str) -> Option<RelPath> {
    if typed.len() > PATH_BYTES_MAX * 4 {
        return None;
    }
    let names = typed.split('/').filter(|name| !matches!(*name, "" | ".")).map(salvaged_name);
    names.collect::<Option<Vec<String>>>()?.join("/").parse().ok()
}

fn salvaged_name(name: &str) -> Option<String> {
    let name: String = name.nfc().collect();
    if check_name(&name).is_ok() {
        return Some(name);
    }
    let clear = without_piles(name.chars().map(|c| if check_character(c).is_ok() { c } else { STAND_IN }));
    let mut good: String = fitting(&clear.nfc().collect::<String>());
    // Each round mends one rule and breaks none that was mended.
    for _ in 0..4 {
        good = match check_name(&good) {
            Ok(()) => return Some(good),
            Err(PathError::Dots) => STAND_IN.to_string().repeat(2),
            Err(PathError::End) => ending_well(&good),
            Err(PathError::NameTooLong) => fitting(&good),
            Err(_) => format!("{STAND_IN}{good}"),
        };
    }
    check_name(&good).is_ok().then_some(good)
}

/// The same without the marks that are too many on one letter.
fn without_piles(name: impl Iterator<Item = char>) -> String {
    let mut marks = 0;
    name.filter(|&c| {
        if !is_ignorable(c) {
            marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        }
        marks <= MARKS_MAX
    })
    .collect()
}

/// Every dot or blank at the end stood in for.
fn ending_well(name: &str) -> String {
    let ends = |c: char| c == '.' || c.is_whitespace() || is_ignorable(c);
    let kept = name.trim_end_matches(ends);
    let lost = name.chars().count() - kept.chars().count();
    fitting(&format!("{kept}{}", STAND_IN.to_string().repeat(lost)))
}

/// Shortened before its extension, so that there is room for one more stand-in.
fn fitting(name: &str) -> String {
    const ROOM: usize = PATH_NAME_BYTES_MAX - STAND_IN.len_utf8();
    if name.len() <= PATH_NAME_BYTES_MAX {
        return name.to_owned();
    }
    let (stem, extension) = stem_and_extension(name);
    format!("{}{extension}", shortened(stem, ROOM - extension.len()))
}
