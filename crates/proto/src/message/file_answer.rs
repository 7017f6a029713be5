//! What servers answer about files.

use serde::{Deserialize, Serialize};

use super::{RequestId, Token, WireLimits, at_most};
use crate::codec::Frame;
use crate::error::DecodeError;
use crate::file::{FileVersion, Root};
use crate::kind::Kind;
use crate::limits::{LIST_ENTRIES_MAX, PACK_FILES_MAX};
use crate::refusal::Refusal;
use crate::wire;

/// The answer to `Offer`: send from `from` on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The content's version; names it as long as it is there.
    pub version: FileVersion,
    /// What the server has and has verified. If it is the whole size, nothing is to be sent and `Committed` follows.
    pub from: u64,
    /// The BLAKE3 hash of the hashes of the groups before `from`, one behind the other; zeros if `from` is 0. A sender
    /// whose own differs has another content, and offers it anew with `fresh`.
    pub prefix: Root,
    /// Whether the server had a part of something else under this key, and has thrown it away.
    pub restarted: bool,
    /// The first credit: bytes before this offset may be sent.
    pub credit: u64,
}

/// The answer to `Fetch`: its bytes follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetching {
    /// The content's version.
    pub version: FileVersion,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last changed, in milliseconds since 1970-01-01 UTC; 0 if unknown.
    pub modified_ms: u64,
    /// Its hash, if the server knows it already.
    pub root: Option<Root>,
    /// Whether it is still coming to the server.
    pub arriving: bool,
}

/// A page of files and folders, in the order of their paths, compared name by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entries {
    /// The page.
    pub entries: Vec<FileEntry>,
    /// Whether there are more behind the last.
    pub more: bool,
    /// Files and folders that are there, but whose names cannot be sent.
    pub unnamed: u32,
}

/// A file or folder in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its path from the top of the room's tree.
    pub path: String,
    /// What it is.
    pub sort: Sort,
    /// Its size in bytes; 0 for a folder.
    pub size: u64,
    /// When it was last changed, in milliseconds since 1970-01-01 UTC.
    pub modified_ms: u64,
    /// Its hash, if the server knows it.
    pub root: Option<Root>,
    /// Who sent it; empty if nobody did.
    pub by: String,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sort {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A file that is still coming; so many bytes of it are there and verified. It can be fetched.
    Arriving(u64),
}

/// Where something stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// Its path.
    pub path: String,
}

/// The answer to `Verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// The bytes read.
    pub size: u64,
    /// Their hash.
    pub root: Root,
    /// What the hash was when the file came; nothing if it came another way, or was changed openly since.
    pub expected: Option<Root>,
    /// The first group that is not what it was, by its offset.
    pub damaged_at: Option<u64>,
}

/// The answer to `AskTicket`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// For `Attach`; good once.
    pub ticket: Token,
    /// For how many milliseconds.
    pub good_ms: u32,
}

/// The answer to `Pack`: one outcome a file, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    /// The outcomes.
    pub outcomes: Vec<PackOutcome>,
}

/// What became of a small file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PackOutcome {
    /// It is in its place, on disk.
    Stored,
    /// The path was taken; it is at this one, on disk.
    Renamed(String),
    /// The same bytes were there.
    Same,
    /// It was not taken.
    Refused(Refusal),
}

/// The answer to `Attach`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// What the server allows.
    pub limits: WireLimits,
}

/// Everything a server answers about files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileAnswer {
    /// See [`Accepted`].
    Accepted(Accepted),
    /// See [`Fetching`].
    Fetching(Fetching),
    /// See [`Entries`].
    Entries(Entries),
    /// See [`Placed`].
    Placed(Placed),
    /// See [`Checked`].
    Checked(Checked),
    /// See [`Ticket`].
    Ticket(Ticket),
    /// See [`Packed`].
    Packed(Packed),
    /// See [`super::Parcel`].
    Parcel(super::Parcel),
    /// See [`Attached`].
    Attached(Attached),
}

impl FileAnswer {
    /// The kind of its frame.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Accepted(_) => Kind::Accepted,
            Self::Fetching(_) => Kind::Fetching,
            Self::Entries(_) => Kind::Entries,
            Self::Placed(_) => Kind::Placed,
            Self::Checked(_) => Kind::Checked,
            Self::Ticket(_) => Kind::Ticket,
            Self::Packed(_) => Kind::Packed,
            Self::Parcel(_) => Kind::Parcel,
            Self::Attached(_) => Kind::Attached,
        }
    }

    pub(super) fn to_frame(&self, id: RequestId) -> Frame {
        let body = match self {
            Self::Accepted(accepted) => wire::encode(accepted),
            Self::Fetching(fetching) => wire::encode(fetching),
            Self::Entries(entries) => wire::encode(entries),
            Self::Placed(placed) => wire::encode(placed),
            Self::Checked(checked) => wire::encode(checked),
            Self::Ticket(ticket) => wire::encode(ticket),
            Self::Packed(packed) => wire::encode(packed),
            Self::Parcel(parcel) => parcel.to_body(),
            Self::Attached(attached) => wire::encode(attached),
        };
        Frame::new(self.kind().number(), id.0, body)
    }

    /// The answer in a frame of kind `kind`; `None` if the kind is no such answer.
    pub(super) fn from_frame(kind: Kind, frame: &Frame) -> Option<Result<Self, DecodeError>> {
        let body = frame.body();
        Some(match kind {
            Kind::Accepted => wire::decode("Accepted", body).map(Self::Accepted),
            Kind::Fetching => wire::decode("Fetching", body).map(Self::Fetching),
            Kind::Entries => wire::decode("Entries", body).and_then(Entries::checked).map(Self::Entries),
            Kind::Placed => wire::decode("Placed", body).map(Self::Placed),
            Kind::Checked => wire::decode("Checked", body).map(Self::Checked),
            Kind::Ticket => wire::decode("Ticket", body).map(Self::Ticket),
            Kind::Packed => wire::decode("Packed", body).and_then(Packed::checked).map(Self::Packed),
            Kind::Parcel => super::Parcel::from_body(body).map(Self::Parcel),
            Kind::Attached => wire::decode("Attached", body).map(Self::Attached),
            _ => return None,
        })
    }
}

impl Entries {
    fn checked(self) -> Result<Self, DecodeError> {
        at_most("Entries", self.entries.len(), LIST_ENTRIES_MAX).map(|()| self)
    }
}

impl Packed {
    fn checked(self) -> Result<Self, DecodeError> {
        at_most("Packed", self.outcomes.len(), PACK_FILES_MAX).map(|()| self)
    }
}
