//! The programs as people run them: real processes, real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bad_input;
mod client;
mod framed;
mod raw;
mod stops;
mod support;
mod swarm;
mod udp;
mod watched;
