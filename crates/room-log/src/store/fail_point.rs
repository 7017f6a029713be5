//! Places at which a debug build can be made to die, for the test that pulls the plug. A release build has none of it.
//!
//! `VERBATIM_FAIL_POINT=NAME:N` aborts the process at the N-th passage of NAME, which is `mid-batch`, `before-commit`,
//! `after-commit` or `before-append`. `VERBATIM_FAULT=confirm-early` answers before the commit: a fault that the test
//! must find.

#[cfg(debug_assertions)]
use std::sync::OnceLock;
#[cfg(debug_assertions)]
use std::sync::atomic::{AtomicU64, Ordering};

/// The point that was asked for, and how many passages remain.
#[cfg(debug_assertions)]
static ARMED: OnceLock<Option<(String, AtomicU64)>> = OnceLock::new();

/// Passes the point `name`; does not return if it is the passage that was asked for.
#[cfg(debug_assertions)]
pub fn pass(name: &str) {
    let armed = ARMED.get_or_init(|| armed_by(&std::env::var("VERBATIM_FAIL_POINT").ok()?));
    if let Some((_, remaining)) = armed.as_ref().filter(|(point, _)| point == name)
        && remaining.fetch_sub(1, Ordering::Relaxed) == 1
    {
        std::process::abort();
    }
}

/// Passes the point `name`.
#[cfg(not(debug_assertions))]
pub const fn pass(_name: &str) {}

/// Whether a batch is to be confirmed before it is committed.
#[cfg(debug_assertions)]
pub(crate) fn confirms_early() -> bool {
    static FAULT: OnceLock<bool> = OnceLock::new();
    *FAULT.get_or_init(|| std::env::var("VERBATIM_FAULT").is_ok_and(|fault| fault == "confirm-early"))
}

/// Whether a batch is to be confirmed before it is committed: never.
#[cfg(not(debug_assertions))]
pub(crate) const fn confirms_early() -> bool {
    false
}

/// A name and a number.
#[cfg(debug_assertions)]
fn armed_by(words: &str) -> Option<(String, AtomicU64)> {
    let (name, passages) = words.split_once(':')?;
    Some((name.to_owned(), AtomicU64::new(passages.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_a_name_and_a_number() {
        for (words, expected) in [
            ("mid-batch:3", Some(("mid-batch", 3))),
            ("after-commit:1", Some(("after-commit", 1))),
            ("mid-batch", None),
            ("mid-batch:", None),
            ("mid-batch:soon", None),
        ] {
            let armed = armed_by(words);
            let armed = armed.as_ref().map(|(name, passages)| (name.as_str(), passages.load(Ordering::Relaxed)));
            assert_eq!(armed, expected, "{words}");
        }
    }
}
