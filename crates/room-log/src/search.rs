//! Full-text search over messages: an index in a file of its own, behind the store and never in a commit's way.
//!
//! [`Index`] is the one writer: it is given messages with their event numbers, in rising order, and remembers how far it
//! has come ([`Index::done_to`]) in the same transaction. [`Finder`] reads, on a connection of its own, and gives the
//! numbers of the events that match a [`Query`], newest first. The file holds no text, only words and numbers; it can be
//! deleted and built again from the store at any time.
//!
//! Invariant: text and query become tokens by the same functions (`words`), so that what is indexed can be asked for.
//! Whoever changes what a text's tokens are raises `VERSION`; an index of another version is thrown away when it is opened.

mod finder;
mod fold;
mod index;
mod parts;
mod query;
#[cfg(test)]
mod tests;
mod words;

use proto::RoomId;

pub use finder::{Finder, Hits};
pub use index::Index;
pub use query::Query;

/// Of the tokens and the tables; kept in the file's `user_version`.
const VERSION: i32 = 1;

/// A message to be found later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doc<'a> {
    /// Its event's number.
    pub number: u64,
    /// Where it was said.
    pub room: RoomId,
    /// Who said it.
    pub nick: &'a str,
    /// What.
    pub text: &'a str,
}
