//! What clients ask about files, and what servers answer. The bytes themselves are in [`super::transfer`], small
//! files in [`super::pack`].

use serde::{Deserialize, Serialize};

use super::{RoomId, Token, WireLimits};
use crate::codec::Frame;
use crate::error::DecodeError;
use crate::file::{FileVersion, Root, TransferKey};
use crate::kind::Kind;
use crate::limits::{LIST_ENTRIES_MAX, PACK_FILES_MAX};
use crate::message::RequestId;
use crate::refusal::Refusal;
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

impl FetchMany {
    fn checked(self) -> Result<Self, DecodeError> {
        at_most("FetchMany", self.paths.len(), PACK_FILES_MAX).map(|()| self)
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

pub(super) const fn at_most(kind: &'static str, count: usize, max: usize) -> Result<(), DecodeError> {
    if count > max { Err(DecodeError::TooManyEntries { kind, count, max }) } else { Ok(()) }
}
