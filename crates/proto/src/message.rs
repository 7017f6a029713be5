//! What clients and servers say to each other, one type a message.
//!
//! A message knows its [`crate::Kind`]; the header's `id` is the request's number and comes back with its answer. Bodies
//! are bincode (see `wire`), but for [`Say`], [`crate::RoomEvent`] and a file's bytes, which are not run through a serializer.

mod client;
mod file_answer;
mod file_request;
mod pack;
mod page;
mod server;
mod transfer;

pub use client::{
    ClientMessage, Cursor, Hello, History, Join, Leave, ListMembers, ListRooms, MarkRead, OpenDirect, Range, Rename,
    Resume, Say, Search, SetTopic, Since,
};
pub use file_answer::{
    Accepted, Attached, Checked, Entries, Fetching, FileAnswer, FileEntry, PackOutcome, Packed, Placed, Sort, Ticket,
};
pub use file_request::{
    Announce, Attach, Fetch, FetchMany, FileRequest, List, MakeFolder, Move, Offer, OnConflict, Remove, Verify,
};
pub use pack::{PACK_FILE_PREFIX_BYTES, Pack, PackedFile, Parcel};
pub use page::{PAGE_FRAMES_BYTES_MAX, Page};
pub use server::{
    Behind, Goodbye, Joined, MemberEntry, MemberList, Missed, Queued, RoomEntry, RoomList, Said, ServerMessage, Unread,
    UnreadRoom, Welcome, WireLimits,
};
pub use transfer::{Committed, StalledBy, Stop, TransferMessage};

use serde::{Deserialize, Serialize};

use crate::error::DecodeError;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
        pub struct $name(pub $inner);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

number! {
    /// The number a client gives a request; its answer carries the same. 0 means unasked.
    RequestId(u64)
}
number! {
    /// A room, as long as the server remembers it; never used for another room.
    RoomId(u32)
}
number! {
    /// The place of an event in its room's log: 1, 2, 3, … without holes.
    Seq(u64)
}
number! {
    /// The number a client gives a message, so that the server knows a resend. Each is new within one token.
    MessageId(u64)
}

impl Seq {
    /// The place behind this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// What proves that a returning client is the one that left: 128 random bits from the server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Token(pub [u8; 16]);

impl std::fmt::Debug for Token {
    /// A token is a secret; logs do not show it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Whether a list of a `kind` frame is within its cap.
const fn at_most(kind: &'static str, count: usize, max: usize) -> Result<(), DecodeError> {
    if count > max { Err(DecodeError::TooManyEntries { kind, count, max }) } else { Ok(()) }
}

/// Whether the body of a `kind` frame, which has no field, is empty.
const fn empty(kind: &'static str, body: &[u8]) -> Result<(), DecodeError> {
    match body.len() {
        0 => Ok(()),
        extra => Err(DecodeError::TrailingBytes { kind, extra }),
    }
}
