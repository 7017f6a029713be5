//! Paths of files in a room's tree: parsed once, into a type that cannot hold a bad value.
//!
//! A path is NFC, its names stand between single `/`, and it means the same on every system: no name of it is one that
//! Windows, macOS or a terminal would take for something else. A path is never decoded twice: `%2e%2e` is a name.
//! Two names that some system, or a person, would take for one share a [`PathKey`]; a folder holds only one of them.

use std::cmp::Ordering;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;

use crate::limits::{PATH_BYTES_MAX, PATH_NAME_BYTES_MAX, PATH_NAMES_MAX};

mod key;
mod rules;
mod salvage;

pub use key::PathKey;
pub use rules::PRIVATE_PREFIX;

/// Which rule a path breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// Nothing.
    #[error("a path cannot be empty")]
    Empty,
    /// It begins with `/`.
    #[error("it begins with /; paths begin at the top of the room's files")]
    Absolute,
    /// Longer than [`PATH_BYTES_MAX`].
    #[error("it is too long: at most {PATH_BYTES_MAX} bytes are allowed")]
    TooLong,
    /// More than [`PATH_NAMES_MAX`] names.
    #[error("it is too deep: at most {PATH_NAMES_MAX} names are allowed")]
    TooManyNames,
    /// Nothing between two `/`, or behind the last.
    #[error("there is no name between or behind its /")]
    EmptyName,
    /// `.` or `..`.
    #[error("the names . and .. are not allowed")]
    Dots,
    /// A name longer than [`PATH_NAME_BYTES_MAX`].
    #[error("a name in it is too long: at most {PATH_NAME_BYTES_MAX} bytes are allowed")]
    NameTooLong,
    /// A control character, or one that ends a line.
    #[error("the control character U+{:04X} is not allowed", *.0 as u32)]
    Control(char),
    /// A character nobody can see, or one that turns the direction of writing.
    #[error("the invisible character U+{:04X} is not allowed", *.0 as u32)]
    Invisible(char),
    /// One that means something else on some system: `\ : * ? " < > |`.
    #[error("the character {0} is not allowed, as it means something else on some systems")]
    Reserved(char),
    /// A code point that is no character and never will be.
    #[error("U+{:04X} is not a character", *.0 as u32)]
    NotACharacter(char),
    /// A name begins with a blank, or with a combining mark.
    #[error("a name cannot begin with a space or a combining mark")]
    Start,
    /// A name ends with a dot or a blank, which Windows drops.
    #[error("a name cannot end with a dot or a space")]
    End,
    /// Too many combining marks on one letter.
    #[error("more than {} combining marks on one letter are not allowed", rules::MARKS_MAX)]
    TooManyMarks,
    /// `CON`, `NUL`, `COM1`, …, with any extension: a device on Windows.
    #[error("a name in it is a device on Windows, such as CON or NUL")]
    Device,
    /// It begins with `.verbatim`, which the programs keep for themselves.
    #[error("names that begin with {PRIVATE_PREFIX} are kept for the program itself")]
    Private,
}

/// Where a file or a folder stands in a tree: one or more names.
///
/// Cloning shares it. Invariant: [`PathError`]'s rules hold, so that it can be joined to a folder of any system and
/// stays within. Ordered name by name, so a folder stands before what is in it, and all that before what follows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RelPath(Arc<str>);

impl RelPath {
    /// A good path made of a bad one: what may not be in a name becomes `_`, what is too long is shortened, names that
    /// are empty or `.` fall away. A good path stays as it is. `None` if nothing is left, or if it is too deep or too
    /// long as a whole.
    pub fn salvaged(typed: &str) -> Option<Self> {
        salvage::salvage(typed)
    }

    /// The path, its names between `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its names, from the top.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &str> + Clone {
        self.0.split('/')
    }

    /// Its last name.
    pub fn name(&self) -> &str {
        self.split().1
    }

    /// The folder it stands in; `None` at the top of the tree.
    pub fn parent(&self) -> Option<Self> {
        self.split().0.map(|parent| Self(parent.into()))
    }

    /// The path of `name` in this folder; `name` may be a path itself.
    ///
    /// # Errors
    /// [`PathError`], if the whole is no path.
    pub fn join(&self, name: &str) -> Result<Self, PathError> {
        format!("{}/{name}", self.0).parse()
    }

    /// The path of `name` in `folder`, or at the top of the tree.
    ///
    /// # Errors
    /// [`PathError`], if the whole is no path.
    pub fn within(folder: Option<&Self>, name: &str) -> Result<Self, PathError> {
        folder.map_or_else(|| name.parse(), |folder| folder.join(name))
    }

    /// Whether it stands in `folder`, at any depth. No path is within itself.
    pub fn is_within(&self, folder: &Self) -> bool {
        self.0.strip_prefix(&*folder.0).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The same with ` (number)` before the extension, as file managers do it: `a (1).txt`. A name that would become
    /// too long is shortened before the number. `None` if there is no room for it.
    pub fn numbered(&self, number: u32) -> Option<Self> {
        let (parent, name) = self.split();
        let (stem, extension) = stem_and_extension(name);
        let tail = format!(" ({number}){extension}");
        let above = parent.map_or(0, |parent| parent.len() + 1);
        let room = PATH_NAME_BYTES_MAX.min(PATH_BYTES_MAX.checked_sub(above)?).checked_sub(tail.len())?;
        let stem = shortened(stem, room);
        let path = parent.map_or_else(|| format!("{stem}{tail}"), |parent| format!("{parent}/{stem}{tail}"));
        path.parse().ok()
    }

    /// What it has in common with every path that could be taken for it.
    pub fn key(&self) -> PathKey {
        PathKey::of(&self.0)
    }

    fn split(&self) -> (Option<&str>, &str) {
        self.0.rsplit_once('/').map_or((None, &self.0), |(parent, name)| (Some(parent), name))
    }
}

impl std::str::FromStr for RelPath {
    type Err = PathError;

    fn from_str(typed: &str) -> Result<Self, PathError> {
        // Normalising costs in proportion to what was typed, so what is far too long is refused before.
        if typed.len() > PATH_BYTES_MAX * 4 {
            return Err(PathError::TooLong);
        }
        if typed.is_empty() {
            return Err(PathError::Empty);
        }
        if typed.starts_with('/') {
            return Err(PathError::Absolute);
        }
        let path: String = typed.nfc().collect();
        if path.len() > PATH_BYTES_MAX {
            return Err(PathError::TooLong);
        }
        if path.split('/').count() > PATH_NAMES_MAX {
            return Err(PathError::TooManyNames);
        }
        path.split('/').try_for_each(rules::check_name)?;
        Ok(Self(path.into()))
    }
}

impl Ord for RelPath {
    fn cmp(&self, other: &Self) -> Ordering {
        self.names().cmp(other.names())
    }
}

impl PartialOrd for RelPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl std::fmt::Display for RelPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// A name before and from its extension; `.tar.gz` and its like are one extension. An extension of more than
/// 16 bytes is none.
fn stem_and_extension(name: &str) -> (&str, &str) {
    let split = |name: &str| name.rfind('.').filter(|&at| at > 0 && name.len() - at <= 16);
    let Some(dot) = split(name) else { return (name, "") };
    let at = match name.get(..dot).and_then(|stem| Some((stem, split(stem)?))) {
        Some((stem, inner)) if stem.get(inner..).is_some_and(|end| end.eq_ignore_ascii_case(".tar")) => inner,
        _ => dot,
    };
    name.split_at_checked(at).unwrap_or((name, ""))
}

/// As much of the beginning of `text` as `bytes` hold.
fn shortened(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
