//! Files that are not whole yet. Of each there are its bytes so far, and a journal with the hashes of its verified
//! groups. What is found again after a stop is hashed anew: only what the journal vouches for counts, so neither a torn
//! write nor a damaged disk gets into a file, and nothing has to be written in any order.
//!
//! Whoever holds a [`Partial`] holds its journal's lock, and removing takes the same lock: no sweep, and no second
//! program, gets at a part that grows.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use cap_std::fs::Dir;
use proto::{FileVersion, Root};

mod at;
mod check;
mod files;
mod folder;
mod hashes;
mod journal;
mod syncing;

pub use hashes::HashFolder;
pub use journal::{Journal, PLACE_BYTES_MAX};

use crate::group::{GroupHash, HashList, RootBuilder, group_end, groups_of};
use crate::tree::folder::remove_if_there;
use crate::tree::{Facts, Ready};
pub(crate) use files::is_temporary;
use files::{log_name, part_name};
use syncing::Syncing;

/// Bytes that may be verified and not yet on their way to the disk.
const SYNC_BYTES: u64 = 64 * 1024 * 1024;

/// Names a partial within its folder. What it is made of is the maker's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartialId(pub [u8; 16]);

impl std::fmt::Display for PartialId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a partial is of; kept with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialNote {
    /// Which content.
    pub version: FileVersion,
    /// Its size in bytes when it is whole.
    pub size: u64,
    /// When it was last changed, in milliseconds since 1970-01-01 UTC; 0 if unknown.
    pub modified_ms: u64,
    /// Where it shall go, in the maker's words; at most [`PLACE_BYTES_MAX`].
    pub place: String,
    /// Who sends it; at most 255 bytes.
    pub by: String,
}

/// A folder of partials.
#[derive(Debug, Clone)]
pub struct PartialFolder(Arc<Dir>);

/// A partial in its folder, in use or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Which.
    pub id: PartialId,
    /// What it is of; nothing if its journal is damaged or gone.
    pub note: Option<PartialNote>,
    /// When it grew last.
    pub modified: SystemTime,
    /// The bytes it takes on the disk, reserved ones too.
    pub bytes: u64,
}

/// A file that is not whole yet.
///
/// Invariant: the bytes before [`Self::verified_bytes`] are what the journal's hashes say, unless the disk lies.
#[derive(Debug)]
pub struct Partial {
    id: PartialId,
    note: PartialNote,
    folder: PartialFolder,
    data: Arc<File>,
    journal: Journal,
    verified: u64,
    syncing: Syncing,
}

/// A partial that was found again.
#[derive(Debug)]
pub struct Resumed {
    /// What it is of.
    pub note: PartialNote,
    /// How many bytes of it are there and verified: a whole number of groups, or all.
    pub verified: u64,
    /// Their groups.
    pub hashes: RootBuilder,
    /// The hash of their groups' hashes; of none at all, the hash of nothing.
    pub prefix: Root,
    /// The partial itself.
    pub partial: Partial,
}

impl Partial {
    /// Which it is.
    pub const fn id(&self) -> PartialId {
        self.id
    }

    /// What it is of.
    pub const fn note(&self) -> &PartialNote {
        &self.note
    }

    /// How many bytes are verified, from the beginning.
    pub const fn verified_bytes(&self) -> u64 {
        self.verified
    }

    /// Writes bytes, verified or not.
    ///
    /// # Errors
    /// `InvalidInput` beyond the size; what the disk says.
    pub fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let end = offset.checked_add(bytes.len() as u64).filter(|end| *end <= self.note.size);
        end.ok_or(io::ErrorKind::InvalidInput)?;
        at::write_all_at(&self.data, bytes, offset)
    }

    /// The bytes before `upto` are what their hashes say; `hashes` are of the groups since the last call. From time to
    /// time has the bytes written to disk, behind the caller's back.
    ///
    /// # Errors
    /// `InvalidInput` if `upto` is not where these groups end; what the disk says, also about bytes written before.
    pub fn verified(&mut self, upto: u64, hashes: &[GroupHash]) -> io::Result<()> {
        let groups = self.journal.groups() + hashes.len() as u64;
        if groups > groups_of(self.note.size) || upto != verified_bytes(self.note.size, groups) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.journal.push(hashes)?;
        self.verified = upto;
        self.syncing.written(upto)
    }

    /// Its bytes, for whoever reads those that are verified.
    pub fn data(&self) -> Arc<File> {
        self.data.clone()
    }

    /// The hashes of its verified groups, also of those that will be.
    pub fn hashes(&self) -> Arc<dyn HashList> {
        self.journal.hashes()
    }

    /// Waits until what was written is on disk.
    ///
    /// # Errors
    /// What the disk says.
    pub fn sync(&mut self) -> io::Result<()> {
        self.syncing.finish()?;
        self.data.sync_data()
    }

    /// Takes room for all of it on the disk, where that can be.
    ///
    /// # Errors
    /// `StorageFull` if there is no room.
    pub fn reserve(&self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if self.note.size > 0 {
            use rustix::fs::{FallocateFlags, fallocate};
            use rustix::io::Errno;
            match fallocate(&self.data, FallocateFlags::KEEP_SIZE, 0, self.note.size) {
                // Not every file system can; an odd size that one cannot hold shows when it is written.
                Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => {}
                Err(error) => {
                    // What was reserved until the disk was full is given back.
                    cut(&self.data, self.data.metadata()?.len())?;
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }

    /// Lets go of it, to be resumed: only what is verified is kept, and no room is reserved any more.
    ///
    /// # Errors
    /// What the disk says.
    pub fn set_aside(mut self) -> io::Result<()> {
        self.syncing.finish()?;
        cut(&self.data, self.verified)
    }

    /// Takes it away.
    ///
    /// # Errors
    /// What the disk says.
    pub fn discard(self) -> io::Result<()> {
        remove_if_there(&self.folder.0, &part_name(&self.id))?;
        remove_if_there(&self.folder.0, &log_name(&self.id))
    }

    /// Makes the whole file ready for its place: with its time and its receipt, on disk.
    ///
    /// # Errors
    /// `InvalidInput` if it is not whole; what the disk says. The partial is still there then.
    pub fn into_ready(mut self, root: Root) -> io::Result<Ready> {
        if self.verified != self.note.size {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.syncing.finish()?;
        let facts = Facts {
            size: self.note.size,
            root,
            version: self.note.version,
            modified_ms: self.note.modified_ms,
            by: &self.note.by,
        };
        self.data.set_len(facts.size)?;
        let ready = Ready::new(self.folder.0.clone(), part_name(&self.id), &facts);
        match ready.seal(&self.data, &facts).and_then(|()| self.data.sync_all()) {
            Ok(()) => Ok(ready.with_journal(self.journal.over())),
            Err(error) => {
                ready.keep();
                Err(error)
            }
        }
    }
}

/// Makes a file as long as that, with nothing reserved behind.
fn cut(file: &File, len: u64) -> io::Result<()> {
    // Longer first, as some file systems keep what is reserved when nothing is cut off.
    file.set_len(len.saturating_add(1))?;
    file.set_len(len)
}

/// Where the first `groups` groups end.
fn verified_bytes(size: u64, groups: u64) -> u64 {
    if groups == 0 { 0 } else { group_end(size, groups - 1) }
}

/// 32 hexadecimal digits that nobody can guess.
pub(crate) fn random_hex() -> io::Result<String> {
    Ok(PartialId(random_bytes()?).to_string())
}

/// 16 bytes that nobody can guess.
pub(crate) fn random_bytes() -> io::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}
