//! The client as its users meet it, against the real server.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

#[cfg(unix)]
mod comeback;
mod commands;
mod desk;
mod files;
#[cfg(unix)]
mod files_repl;
mod files_trouble;
mod liar;
#[cfg(unix)]
mod person;
mod reading;
#[cfg(unix)]
mod repl;
mod server;
mod transfers;
