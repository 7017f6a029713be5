//! What holds for every input: messages come back as they went, a stream cut anywhere holds the same frames, and
//! nothing a peer sends makes this crate panic or hold more than the peer sent.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise, wherever it is")]

#[path = "properties/any.rs"]
mod any;
#[path = "properties/any_files.rs"]
mod any_files;
#[path = "properties/messages.rs"]
mod messages;
#[path = "properties/names.rs"]
mod names;
#[path = "properties/stream.rs"]
mod stream;

use proptest::test_runner::Config;

/// `cases` cases, and no file of failures left behind.
fn cases(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}
