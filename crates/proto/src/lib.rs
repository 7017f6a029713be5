//! What is on the wire. No I/O, no clock, no randomness, no task: bytes in, types out, and back.
//!
//! `docs/protocol.md` is the normative text; `tests/vectors.rs` holds this crate to it.
//!
//! Reading order:
//! 1. [`limits`]: every bound a peer meets.
//! 2. [`header`] and [`kind`]: the sixteen bytes before every body, and what the kinds are.
//! 3. [`codec`]: the tokio-util `Decoder`/`Encoder` pair that client, server, echo and bench share.
//! 4. [`message`]: what clients and servers say; [`event`]: what a room's log holds.
//! 5. [`name`], [`path`] and [`text`]: types that cannot hold a bad value.
//! 6. [`refusal`] and [`error`]: what went wrong, whose fault it was, which limit was met.

#![deny(clippy::indexing_slicing, clippy::print_stdout, clippy::print_stderr)]

pub mod codec;
pub mod error;
pub mod event;
pub mod file;
pub mod foreign;
pub mod header;
pub mod kind;
pub mod limits;
pub mod message;
pub mod name;
pub mod path;
pub mod refusal;
pub mod text;
mod wire;

pub use codec::{Codec, Frame};
pub use error::DecodeError;
pub use event::{RoomEvent, What};
pub use file::{FileVersion, Root, Slot, TransferKey};
pub use header::Header;
pub use kind::Kind;
pub use message::{ClientMessage, MessageId, RequestId, RoomId, Seq, ServerMessage, Token};
pub use name::{Nick, RoomName};
pub use path::{PathError, PathKey, RelPath};
pub use refusal::{CloseCode, Code, Refusal};
pub use text::{Text, Topic};
