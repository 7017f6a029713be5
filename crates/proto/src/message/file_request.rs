//! What clients ask about files. The bytes themselves are in [`super::transfer`], small files in [`super::pack`].

use serde::{Deserialize, Serialize};

use super::{RequestId, RoomId, Token, at_most};
use crate::codec::Frame;
use crate::error::DecodeError;
use crate::file::{FileVersion, Root, TransferKey};
use crate::kind::Kind;
use crate::limits::{MAGIC, PACK_FILES_MAX, PACK_PATHS_BYTES_MAX};
use crate::wire;

/// What to do when a path is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum OnConflict {
    /// Take `name (1).ext`, or the next number that is free; but if the same bytes are there, they stay.
    #[default]
    Rename,
    /// Refuse, whatever is there.
    Fail,
    /// Take its place, if it is the asker's own.
    Replace,
    /// If the same bytes are there, they stay; anything else is refused.
    Same,
}

/// A file I would send into a room, in the transfer of the frame's slot. Answered by `Accepted` or `Refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Into which room's tree.
    pub room: RoomId,
    /// Its path there.
    pub path: String,
    /// Its size in bytes; no other number of bytes is taken.
    pub size: u64,
    /// When it was last changed, in milliseconds since 1970-01-01 UTC; 0 if unknown. With `size` it says whether a
    /// part that the server has is of the same content.
    pub modified_ms: u64,
    /// The same key for the same file to the same place resumes an upload that broke off.
    pub key: TransferKey,
    /// Begin anew, whatever the server has of it.
    pub fresh: bool,
    /// What to do when the path is taken.
    pub on_conflict: OnConflict,
    /// Its hash, if the sender knows it: lets the server find the same bytes without a transfer.
    pub root: Option<Root>,
    /// Whether the room is told.
    pub announce: bool,
}

/// A file I would have, in the transfer of the frame's slot. Answered by `Fetching` or `Refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetch {
    /// From which room's tree.
    pub room: RoomId,
    /// Its path there.
    pub path: String,
    /// The version the asker has a part of; any other is refused with `Changed`.
    pub version: Option<FileVersion>,
    /// Where to begin: a whole number of groups.
    pub from: u64,
    /// The first credit: bytes before this offset may be sent.
    pub credit: u64,
}

/// Several small files I would have at once. Answered by `Parcel` or `Refused`. What does not fit into one parcel is
/// marked in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchMany {
    /// From which room's tree.
    pub room: RoomId,
    /// Their paths there.
    pub paths: Vec<String>,
}

/// Which files are there? Answered by `Entries` or `Refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// In which room's tree.
    pub room: RoomId,
    /// The folder, or one file; empty for the whole tree.
    pub path: String,
    /// Whether folders within are listed too.
    pub recursive: bool,
    /// Only entries behind this path, in the order of the answer; empty for the first page.
    pub after: String,
}

/// Take a file or folder away. Answered by `Done` or `Refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remove {
    /// From which room's tree.
    pub room: RoomId,
    /// Which.
    pub path: String,
    /// Whether a folder goes with all that is in it; if not, it must be empty.
    pub recursive: bool,
}

/// Give a file or folder another path. Answered by `Placed` or `Refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// In which room's tree.
    pub room: RoomId,
    /// Which.
    pub from: String,
    /// Its new path; a folder that is there takes it in.
    pub to: String,
    /// What to do when the new path is taken.
    pub on_conflict: OnConflict,
}

/// Make a folder, and those above it. Answered by `Placed`, also if it is there already, or by `Refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MakeFolder {
    /// In which room's tree.
    pub room: RoomId,
    /// Its path.
    pub path: String,
}

/// Is a stored file still what it was? The server reads it anew. Answered by `Checked` or `Refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verify {
    /// In which room's tree.
    pub room: RoomId,
    /// Which file.
    pub path: String,
}

/// Tell the room of a folder I have sent. Answered by `Done` or `Refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announce {
    /// Which room.
    pub room: RoomId,
    /// The folder.
    pub path: String,
    /// How many files I sent into it.
    pub files: u32,
    /// Their bytes together.
    pub bytes: u64,
}

/// Everything a client asks about files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileRequest {
    /// See [`Offer`].
    Offer(Offer),
    /// See [`Fetch`].
    Fetch(Fetch),
    /// See [`FetchMany`].
    FetchMany(FetchMany),
    /// See [`super::Pack`].
    Pack(super::Pack),
    /// See [`List`].
    List(List),
    /// See [`Remove`].
    Remove(Remove),
    /// See [`Move`].
    Move(Move),
    /// See [`MakeFolder`].
    MakeFolder(MakeFolder),
    /// See [`Verify`].
    Verify(Verify),
    /// See [`Announce`].
    Announce(Announce),
}

/// The first frame of a connection that only carries files. Answered by `Attached` or `Goodbye`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attach {
    /// [`crate::limits::MAGIC`].
    pub magic: [u8; 4],
    /// The protocol version of the connection that got the ticket.
    pub version: u16,
    /// From `Ticket`; good once.
    pub ticket: Token,
}

impl FileRequest {
    /// The kind of its frame.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Offer(_) => Kind::Offer,
            Self::Fetch(_) => Kind::Fetch,
            Self::FetchMany(_) => Kind::FetchMany,
            Self::Pack(_) => Kind::Pack,
            Self::List(_) => Kind::List,
            Self::Remove(_) => Kind::Remove,
            Self::Move(_) => Kind::Move,
            Self::MakeFolder(_) => Kind::MakeFolder,
            Self::Verify(_) => Kind::Verify,
            Self::Announce(_) => Kind::Announce,
        }
    }

    /// The room whose tree it is about.
    pub const fn room(&self) -> RoomId {
        match self {
            Self::Offer(offer) => offer.room,
            Self::Fetch(fetch) => fetch.room,
            Self::FetchMany(fetch) => fetch.room,
            Self::Pack(pack) => pack.room,
            Self::List(list) => list.room,
            Self::Remove(remove) => remove.room,
            Self::Move(moves) => moves.room,
            Self::MakeFolder(make) => make.room,
            Self::Verify(verify) => verify.room,
            Self::Announce(announce) => announce.room,
        }
    }

    pub(super) fn to_frame(&self, id: RequestId) -> Frame {
        let body = match self {
            Self::Offer(offer) => wire::encode(offer),
            Self::Fetch(fetch) => wire::encode(fetch),
            Self::FetchMany(fetch) => wire::encode(fetch),
            Self::Pack(pack) => pack.to_body(),
            Self::List(list) => wire::encode(list),
            Self::Remove(remove) => wire::encode(remove),
            Self::Move(moves) => wire::encode(moves),
            Self::MakeFolder(make) => wire::encode(make),
            Self::Verify(verify) => wire::encode(verify),
            Self::Announce(announce) => wire::encode(announce),
        };
        Frame::new(self.kind().number(), id.0, body)
    }

    /// The request in a frame of kind `kind`; `None` if the kind is no such request.
    pub(super) fn from_frame(kind: Kind, frame: &Frame) -> Option<Result<Self, DecodeError>> {
        let body = frame.body();
        Some(match kind {
            Kind::Offer => wire::decode("Offer", body).map(Self::Offer),
            Kind::Fetch => wire::decode("Fetch", body).map(Self::Fetch),
            Kind::FetchMany => wire::decode("FetchMany", body).and_then(FetchMany::checked).map(Self::FetchMany),
            Kind::Pack => super::Pack::from_body(body).map(Self::Pack),
            Kind::List => wire::decode("List", body).map(Self::List),
            Kind::Remove => wire::decode("Remove", body).map(Self::Remove),
            Kind::Move => wire::decode("Move", body).map(Self::Move),
            Kind::MakeFolder => wire::decode("MakeFolder", body).map(Self::MakeFolder),
            Kind::Verify => wire::decode("Verify", body).map(Self::Verify),
            Kind::Announce => wire::decode("Announce", body).map(Self::Announce),
            _ => return None,
        })
    }
}

impl FetchMany {
    fn checked(self) -> Result<Self, DecodeError> {
        at_most("FetchMany", self.paths.len(), PACK_FILES_MAX)?;
        if self.paths.iter().map(String::len).sum::<usize>() > PACK_PATHS_BYTES_MAX {
            return Err(DecodeError::BadBody { kind: "FetchMany", why: "its paths are too long together" });
        }
        Ok(self)
    }
}

impl Attach {
    pub(super) fn from_body(body: &[u8]) -> Result<Self, DecodeError> {
        match body.starts_with(&MAGIC) {
            true => wire::decode("Attach", body),
            false => Err(DecodeError::BadMagic),
        }
    }
}
