//! A room's events as bytes: encoded once, shared by every reader, kept in a ring of bounded size and, behind it, on disk.
//!
//! [`RoomLog`] is one room's ring; whoever owns the rooms appends to it. [`Cursor`] is one reader's place in one
//! ring. Reading clones reference counts, not bytes; a reader that stands still costs nothing and harms nobody; one
//! that was overtaken learns exactly what it missed.
//!
//! [`store`] is the disk: every batch one transaction, history and search read from the same rows.
//!
//! Invariant: nothing here belongs to one connection, and a reader never changes a log.

#![deny(clippy::print_stdout, clippy::print_stderr, clippy::indexing_slicing)]

mod log;
mod private_file;
pub mod search;
mod segment;
pub mod store;
mod sync;
mod walk;

pub use log::{Cursor, Reading, RoomLog};
pub use segment::Segment;
pub use store::Store;
