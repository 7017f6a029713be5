//! The chat daemon. `main.rs` parses the arguments; everything else is here, so that a session can be run over any
//! stream, in memory, in a test.
//!
//! The way of a message, one direction, no way back:
//!
//! ```text
//! socket → Codec → session::reader → Command → hub_owner (Hub) ─ Record → Store → Logs ─→ session::writer → socket
//!                                                              └ Reply ────────→ Outbox ↗
//! ```
//!
//! Reading order:
//! 1. [`daemon`]: binds, starts the hub's owner, serves, stops.
//! 2. [`service`]: what `serve` calls for each connection.
//! 3. [`session`]: one connection, over any `AsyncRead + AsyncWrite`; its `intake` turns messages into commands,
//!    its `pace` slows a flood down, its `writer` has the lanes.
//! 4. [`hub_owner`]: the one task that owns the hub, takes commands in batches, puts what came of them on disk and
//!    then carries it out.
//! 5. [`outbox`]: what a session is owed, between the two.
//! 6. [`args`], [`data_dir`]: what the operator says.

#![deny(clippy::print_stderr)]

pub mod args;
pub mod daemon;
pub mod data_dir;
pub mod files;
pub mod hub_owner;
pub mod outbox;
pub mod service;
pub mod session;
