//! Files through real sessions: streams in memory, a real disk, and a client written by hand.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod bounds;
mod client;
mod moving;
mod names;
mod resume;
mod side;
mod small;
mod trees;
mod world;
