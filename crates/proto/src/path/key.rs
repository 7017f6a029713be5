//! What names have in common that some system would take for one.

use unicode_normalization::UnicodeNormalization;

use super::rules::is_ignorable;

/// What two paths, or two names, have in common that some system or person takes for one: `README` and `readme`, an é
/// of one character or of two, with and without characters nobody sees. A tree holds one of them.
///
/// Case is folded by way of capitals, so that `ß`, `SS` and `ss`, or `ς` and `σ`, are one; so are `ı` and `i`, which
/// only costs a number behind a name. Works for any text, also for names that are no [`super::RelPath`]'s.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PathKey(Box<str>);

impl PathKey {
    /// The key of a name or of a whole path.
    pub fn of(text: &str) -> Self {
        Self(folded(text).into())
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

pub(super) fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let seen = text.nfd().filter(|&c| !is_ignorable(c));
    // Character by character, as whole words would make the last sigma another than those before.
    seen.flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfd().collect()
}
