//! What is said within a transfer, in either direction: its bytes, their hashes, credit, and how it ends. The frame's
//! slot says which transfer.

use bytes::{Buf, Bytes};
use serde::{Deserialize, Serialize};

use super::{at_most, empty};
use crate::codec::Frame;
use crate::error::DecodeError;
use crate::file::{FileVersion, Root, Slot};
use crate::header::FLAG_SKIPPABLE;
use crate::kind::Kind;
use crate::limits::HASHES_MAX;
use crate::refusal::Refusal;
use crate::wire;

/// Bytes of one hash.
const HASH_BYTES: usize = 32;

/// What is said within a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferMessage {
    /// The receiver: bytes before this offset may be sent. Never less than before.
    Credit {
        /// The offset.
        limit: u64,
    },
    /// The sender: bytes of the file.
    Chunk {
        /// Where they stand in the file.
        offset: u64,
        /// The bytes; at least one.
        bytes: Bytes,
    },
    /// The sender: the hashes of whole groups, behind their bytes.
    Hashes {
        /// The number of the first group.
        first: u64,
        /// The hashes, 32 bytes each.
        hashes: Bytes,
    },
    /// The sender: every byte and every hash has been sent.
    Finish {
        /// The size in bytes.
        size: u64,
        /// The hash of it all.
        root: Root,
    },
    /// The receiver: a group was not what its hash says; send again from this offset on.
    Repair {
        /// A whole number of groups.
        from: u64,
    },
    /// Either side: the transfer ends here, and why.
    Stop(Stop),
    /// Server: the file that was sent is in its place, on disk.
    Committed(Committed),
    /// Client: the file is whole; the slot is free.
    Taken,
    /// Server: nothing comes, and who holds it up.
    Stalled(StalledBy),
}

/// Why a transfer ends before its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Why.
    pub refusal: Refusal,
    /// A client that sends: whether the server shall keep what it has, to go on later.
    pub keep: bool,
}

/// The file that was sent is in its place, on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    /// Its path, which is another than was offered if that was taken.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its hash.
    pub root: Root,
    /// Its version.
    pub version: FileVersion,
    /// Whether the same bytes were there already.
    pub same: bool,
}

/// Who holds a transfer up, as far as the server can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StalledBy {
    /// The one who sends the file to the server.
    Sender,
    /// The server's disk.
    ServerDisk,
}

impl TransferMessage {
    /// The kind of its frame.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Credit { .. } => Kind::Credit,
            Self::Chunk { .. } => Kind::Chunk,
            Self::Hashes { .. } => Kind::Hashes,
            Self::Finish { .. } => Kind::Finish,
            Self::Repair { .. } => Kind::Repair,
            Self::Stop(_) => Kind::Stop,
            Self::Committed(_) => Kind::Committed,
            Self::Taken => Kind::Taken,
            Self::Stalled(_) => Kind::Stalled,
        }
    }

    /// Its frame, in the transfer of `slot`.
    pub fn to_frame(&self, slot: Slot) -> Frame {
        let (id, body) = match self {
            Self::Credit { limit } => (*limit, Bytes::new()),
            Self::Chunk { offset, bytes } => (*offset, bytes.clone()),
            Self::Hashes { first, hashes } => (*first, hashes.clone()),
            Self::Finish { size, root } => (*size, Bytes::copy_from_slice(&root.0)),
            Self::Repair { from } => (*from, Bytes::new()),
            Self::Stop(stop) => (0, wire::encode(stop)),
            Self::Committed(committed) => (0, wire::encode(committed)),
            Self::Taken => (0, Bytes::new()),
            Self::Stalled(by) => (0, wire::encode(by)),
        };
        let flags = if matches!(self, Self::Stalled(_)) { FLAG_SKIPPABLE } else { 0 };
        Frame::new(self.kind().number(), id, body).with_slot(slot.0).with_flags(flags)
    }

    /// The message in a frame of kind `kind`; `None` if the kind is not of a transfer.
    pub(super) fn from_frame(kind: Kind, frame: &Frame) -> Option<Result<Self, DecodeError>> {
        let (id, body) = (frame.header().id, frame.body());
        Some(match kind {
            Kind::Credit => empty("Credit", body).map(|()| Self::Credit { limit: id }),
            Kind::Chunk if body.is_empty() => Err(DecodeError::BadBody { kind: "Chunk", why: "it is empty" }),
            Kind::Chunk => Ok(Self::Chunk { offset: id, bytes: body.clone() }),
            Kind::Hashes => check_hashes(body).map(|()| Self::Hashes { first: id, hashes: body.clone() }),
            Kind::Finish => root(body).map(|root| Self::Finish { size: id, root }),
            Kind::Repair => empty("Repair", body).map(|()| Self::Repair { from: id }),
            Kind::Stop => wire::decode("Stop", body).map(Self::Stop),
            Kind::Committed => wire::decode("Committed", body).map(Self::Committed),
            Kind::Taken => empty("Taken", body).map(|()| Self::Taken),
            Kind::Stalled => wire::decode("Stalled", body).map(Self::Stalled),
            _ => return None,
        })
    }

    /// Whether only servers say it.
    pub(super) const fn is_of_servers(kind: Kind) -> bool {
        matches!(kind, Kind::Committed | Kind::Stalled)
    }

    /// Whether only clients say it.
    pub(super) const fn is_of_clients(kind: Kind) -> bool {
        matches!(kind, Kind::Taken)
    }
}

const fn check_hashes(body: &Bytes) -> Result<(), DecodeError> {
    if body.is_empty() || !body.len().is_multiple_of(HASH_BYTES) {
        return Err(DecodeError::BadBody { kind: "Hashes", why: "it is not a whole number of hashes" });
    }
    at_most("Hashes", body.len() / HASH_BYTES, HASHES_MAX)
}

fn root(body: &Bytes) -> Result<Root, DecodeError> {
    let mut rest = body.clone();
    match rest.len() {
        len if len < HASH_BYTES => Err(DecodeError::BadBody { kind: "Finish", why: "it ends too early" }),
        HASH_BYTES => {
            let mut root = [0; HASH_BYTES];
            rest.copy_to_slice(&mut root);
            Ok(Root(root))
        }
        len => Err(DecodeError::TrailingBytes { kind: "Finish", extra: len - HASH_BYTES }),
    }
}
