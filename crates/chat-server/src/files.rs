//! Files: the desk that all sessions share, and each session's transfers.
//!
//! The hub lets a request through and its owner hands it to the session's [`SessionFiles`], where requests are worked
//! on one at a time, in order, on a thread that may block; what takes long stands in a `line` of its own. A transfer
//! is a [`transfer::sink::Sink`] or a [`transfer::source::Source`] under its slot. Frames within transfers come from
//! the session's reader straight to their slot, and go out by the lanes behind everything of the chat.
//!
//! Reading order: `desk` (what is shared), `session` and `slots` (one connection), `asking` (a question and its
//! one answer), then a module a verb: `offer` and `arrival`, `fetch`, `small`, `tree_asks`, `verify`;
//! `partials`, `space` and `line` are bounds, `watch` is what time does.

mod accept;
mod arrival;
mod arrivals;
mod asking;
mod asks;
mod desk;
mod fetch;
mod limits;
mod line;
mod offer;
mod partials;
mod places;
mod session;
mod slots;
mod small;
mod space;
mod tree_asks;
mod trees;
mod upload;
mod verify;
mod watch;

use std::sync::{Mutex, MutexGuard, PoisonError};

use proto::{Code, Refusal};

pub use desk::Desk;
pub use limits::FileLimits;
pub use session::SessionFiles;

/// What is said where there is no place for files.
pub(crate) fn no_files() -> Refusal {
    Refusal::new(Code::NoFiles, "this server has no place for files; its operator can start it with --data-dir DIR")
}

/// Nothing panics while one of these locks is held; were it so, what they guard would still be whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A person, whatever the case they write their nick in.
fn person(nick: &str) -> String {
    nick.to_lowercase()
}
