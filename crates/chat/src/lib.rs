//! What chat is, and nothing else: commands in, records and replies out. No I/O, no clock, no randomness, no task.
//!
//! A [`Hub`] takes one [`Command`] at a time with the time it is, and says in [`Effects`] what has to happen: what
//! is appended to which room's log, who gets which answer, who follows which log from where. Its owner carries the
//! effects out, a batch at a time. That makes every rule of the chat testable in a line.
//!
//! Reading order: [`command`], [`effect`] and [`change`] (the boundary), [`hub`] (one match over the commands), then
//! `hub/hello` and `hub/going` (who comes, is held, kept, let go), `hub/rooms` and `hub/direct`, `hub/presence` (who is
//! told who comes and goes), `hub/reading`; `hub/touched`, `hub/restore` and `hub/read_only` (what the store keeps, after
//! a restart, while it cannot); `member` and `room` are what it all is about; [`limits`] are its bounds.

#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod change;
pub mod command;
pub mod effect;
pub mod hub;
pub mod limits;
mod member;
mod room;

pub use change::{Change, MembershipState, PersonId, PersonState, Restored, RoomState, RoomTitle, SentState};
pub use command::{Command, Departure, Millis, Request, SessionId};
pub use effect::{Deed, Effect, Effects, FileAsk, ReadAsk, ReadWhat, Record, TreeName};
pub use hub::Hub;
pub use limits::HubLimits;
