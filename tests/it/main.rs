//! Whole-system tests: the real `chat-server` as a process, real sockets, every chat strategy.
//!
//! [`server`] starts and stops the process, [`peer`] speaks the wire to it. Scenarios are written once and stamped
//! over the strategies by `over_strategies!`.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod client;
mod conversation;
mod crash;
mod dialogue;
mod dice;
mod files;
mod hostile;
mod kill;
mod lasting;
mod lifecycle;
mod matrix;
mod peer;
mod program;
mod proxy;
mod queue;
mod resume;
mod room;
mod server;
mod stage;
mod trouble;
