//! Moving files: offer, credit, verified ranges, resume, commit; both ends use it.
//!
//! Reading order:
//! 1. [`group`]: how a file's bytes are hashed, so that a part of it can be verified.

#![deny(clippy::indexing_slicing, clippy::print_stdout, clippy::print_stderr)]

pub mod group;
