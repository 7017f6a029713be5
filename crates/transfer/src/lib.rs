//! Moving files: offer, credit, verified ranges, resume, commit; both ends use it.
//!
//! Reading order:
//! 1. [`group`]: how a file's bytes are hashed, so that a part of it can be verified.
//! 2. [`content`] and [`arriving`]: what is read, whole or still coming; [`buffers`]: the memory for it.
//! 3. [`source`]: the sending side of one transfer; [`credit`] and [`sink`]: the receiving side.
//! 4. [`lanes`] and [`frame_size`]: what one connection sends next, and how much at once.
//! 5. [`tree`] and [`receipt`]: the folder that files are placed in and that is never left.
//! 6. [`partial`]: files that are not whole yet; [`pack`]: many small ones, stored at once.

#![deny(clippy::indexing_slicing, clippy::print_stdout, clippy::print_stderr)]

pub mod group;

pub mod arriving;
mod background;
pub mod buffers;
pub mod content;
pub mod credit;
pub mod frame_size;
pub mod lanes;
pub mod sink;
pub mod source;

pub mod partial;
pub mod receipt;
pub mod tree;

pub mod pack;

pub use group::{GroupHash, GroupHasher, HashList, PrefixHasher, RootBuilder, groups_of, hash_all, prefix_hash};
pub use partial::{HashFolder, Journal, Kept, Partial, PartialFolder, PartialId, PartialNote, Resumed};
pub use receipt::Receipt;
pub use tree::{Found, Listing, Placed, Ready, ToSync, Tree, TreeError};
