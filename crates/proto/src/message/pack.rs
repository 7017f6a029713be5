//! Many small files in one frame, each whole and with its hash. Laid out by hand, big-endian:
//!
//! ```text
//! Pack:   room u32 · on_conflict u8 · count u16 · files
//! Parcel: count u16 · files
//! a file: code u16 · path_len u16 · size u32 · modified_ms u64 · root 32 bytes · path · bytes
//! ```

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{OnConflict, RoomId, at_most};
use crate::error::DecodeError;
use crate::file::Root;
use crate::limits::{PACK_FILE_BYTES_MAX, PACK_FILES_MAX, PACK_PATHS_BYTES_MAX, PATH_BYTES_MAX};
use crate::refusal::Code;

/// Bytes of a file's entry before its path.
pub const PACK_FILE_PREFIX_BYTES: usize = 48;

/// Small files that a client sends into a room. Answered by `Packed` or `Refused`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// Into which room's tree.
    pub room: RoomId,
    /// What to do when a path is taken.
    pub on_conflict: OnConflict,
    /// The files; `code` is `None` in each.
    pub files: Vec<PackedFile>,
}

/// Small files that a client asked for, in the order it named them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// The files.
    pub files: Vec<PackedFile>,
}

/// A small file, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedFile {
    /// Why it is not here; then it has no bytes.
    pub code: Option<Code>,
    /// Its path from the top of the room's tree.
    pub path: String,
    /// When it was last changed, in milliseconds since 1970-01-01 UTC; 0 if unknown.
    pub modified_ms: u64,
    /// Its hash.
    pub root: Root,
    /// Its bytes.
    pub bytes: Bytes,
}

impl PackedFile {
    /// How many bytes a file takes in a pack.
    pub const fn wire_bytes(path_bytes: usize, size: usize) -> usize {
        PACK_FILE_PREFIX_BYTES + path_bytes + size
    }

    fn write(&self, out: &mut BytesMut) {
        out.put_u16(self.code.map_or(0, Code::number));
        out.put_u16(u16::try_from(self.path.len()).unwrap_or(u16::MAX));
        out.put_u32(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        out.put_u64(self.modified_ms);
        out.put_slice(&self.root.0);
        out.put_slice(self.path.as_bytes());
        out.put_slice(&self.bytes);
    }

    fn read(kind: &'static str, rest: &mut Bytes) -> Result<Self, DecodeError> {
        let bad = |why| DecodeError::BadBody { kind, why };
        if rest.len() < PACK_FILE_PREFIX_BYTES {
            return Err(bad("it ends too early"));
        }
        let code = match rest.get_u16() {
            0 => None,
            number => Some(Code::from_number(number)),
        };
        let (path_len, size, modified_ms) = (usize::from(rest.get_u16()), rest.get_u32(), rest.get_u64());
        let mut root = Root([0; 32]);
        rest.copy_to_slice(&mut root.0);
        if path_len > PATH_BYTES_MAX || u64::from(size) > PACK_FILE_BYTES_MAX {
            return Err(bad("a length in it is beyond the limit"));
        }
        if rest.len() < path_len + size as usize {
            return Err(bad("it ends too early"));
        }
        let path = String::from_utf8(rest.split_to(path_len).into()).map_err(|_| bad("a string in it is not UTF-8"))?;
        Ok(Self { code, path, modified_ms, root, bytes: rest.split_to(size as usize) })
    }
}

impl Pack {
    pub(super) fn to_body(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(7 + bytes_of(&self.files));
        out.put_u32(self.room.0);
        out.put_u8(match self.on_conflict {
            OnConflict::Rename => 0,
            OnConflict::Fail => 1,
            OnConflict::Replace => 2,
            OnConflict::Same => 3,
        });
        write_files(&self.files, &mut out);
        out.freeze()
    }

    pub(super) fn from_body(body: &Bytes) -> Result<Self, DecodeError> {
        let bad = |why| DecodeError::BadBody { kind: "Pack", why };
        let mut rest = body.clone();
        if rest.len() < 5 {
            return Err(bad("it ends too early"));
        }
        let room = RoomId(rest.get_u32());
        let on_conflict = match rest.get_u8() {
            0 => OnConflict::Rename,
            1 => OnConflict::Fail,
            2 => OnConflict::Replace,
            3 => OnConflict::Same,
            _ => return Err(bad("a tag in it is unknown")),
        };
        Ok(Self { room, on_conflict, files: read_files("Pack", rest)? })
    }
}

impl Parcel {
    pub(super) fn to_body(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(2 + bytes_of(&self.files));
        write_files(&self.files, &mut out);
        out.freeze()
    }

    pub(super) fn from_body(body: &Bytes) -> Result<Self, DecodeError> {
        Ok(Self { files: read_files("Parcel", body.clone())? })
    }
}

fn bytes_of(files: &[PackedFile]) -> usize {
    files.iter().map(|file| PackedFile::wire_bytes(file.path.len(), file.bytes.len())).sum()
}

fn write_files(files: &[PackedFile], out: &mut BytesMut) {
    out.put_u16(u16::try_from(files.len()).unwrap_or(u16::MAX));
    files.iter().for_each(|file| file.write(out));
}

fn read_files(kind: &'static str, mut rest: Bytes) -> Result<Vec<PackedFile>, DecodeError> {
    if rest.len() < 2 {
        return Err(DecodeError::BadBody { kind, why: "it ends too early" });
    }
    let count = usize::from(rest.get_u16());
    at_most(kind, count, PACK_FILES_MAX)?;
    let mut files = Vec::with_capacity(count.min(rest.len() / PACK_FILE_PREFIX_BYTES));
    let mut paths_bytes = 0;
    for _ in 0..count {
        let file = PackedFile::read(kind, &mut rest)?;
        paths_bytes += file.path.len();
        files.push(file);
    }
    if paths_bytes > PACK_PATHS_BYTES_MAX {
        return Err(DecodeError::BadBody { kind, why: "its paths are too long together" });
    }
    match rest.len() {
        0 => Ok(files),
        extra => Err(DecodeError::TrailingBytes { kind, extra }),
    }
}
