//! Sources and sinks joined by the bytes of real frames.

#![expect(clippy::unwrap_used, reason = "a test may fail anywhere")]
#![expect(clippy::cast_possible_truncation, reason = "the files of tests are short")]

mod damage;
mod ends;
mod live;
mod memory;
mod pipe;
mod whole;
