//! Files that are not whole yet. Of each there are its bytes so far, and a journal with the hashes of its verified
//! groups. What is found again after a stop is hashed anew: only what the journal vouches for counts, so neither a torn
//! write nor a damaged disk gets into a file, and nothing has to be written in any order.
//!
//! Whoever holds a [`Partial`] holds its journal's lock, and removing takes the same lock: no sweep, and no second
//! program, gets at a part that grows.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use proto::limits::GROUP_BYTES;
use proto::path::PRIVATE_PREFIX;
use proto::{FileVersion, Root};

mod at;
mod hashes;
mod journal;
mod syncing;

pub use hashes::HashFolder;
pub use journal::{Journal, PLACE_BYTES_MAX};

use crate::group::{GroupHash, GroupHasher, HashList, PrefixHasher, RootBuilder, group_end, groups_of};
use crate::tree::folder::{create_new, open_to_write, remove_if_there};
use crate::tree::{Facts, Ready};
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

impl PartialFolder {
    /// The folder at `path`, which is made if absent, for its owner alone. Clears what was left of finished work; so
    /// only one program may have it.
    ///
    /// # Errors
    /// What the disk says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(path)?;
        let folder = Self::of(Dir::open_ambient_dir(path, ambient_authority())?);
        folder.each(|name, _| if name.ends_with(".tmp") { remove_if_there(&folder.0, name) } else { Ok(()) })?;
        Ok(folder)
    }

    /// An open folder, which may be others' too: on a client, the one a file shall stand in.
    pub fn of(folder: Dir) -> Self {
        Self(Arc::new(folder))
    }

    /// Begins a partial; one of the same id is thrown away. `reserve` takes room for all of it on the disk, where that
    /// can be.
    ///
    /// # Errors
    /// `ResourceBusy` if the id is in use; `StorageFull` if there is no room; what the disk says.
    pub fn create(&self, id: &PartialId, note: &PartialNote, size: u64, reserve: bool) -> io::Result<Partial> {
        let note = PartialNote { size, ..note.clone() };
        let file = self.lock(id, true)?;
        let begun = Journal::begin(self.0.clone(), log_name(id), file, id, &note).and_then(|journal| {
            remove_if_there(&self.0, &part_name(id))?;
            let data = Arc::new(create_new(&self.0, &part_name(id))?);
            let syncing = Syncing::new(data.clone(), 0, SYNC_BYTES);
            let partial = Partial { id: *id, note, folder: self.clone(), data, journal, verified: 0, syncing };
            if reserve { partial.reserve().map(|()| partial) } else { Ok(partial) }
        });
        if begun.is_err() {
            // What cannot be begun leaves nothing.
            let _ = remove_if_there(&self.0, &part_name(id));
            let _ = remove_if_there(&self.0, &log_name(id));
        }
        begun
    }

    /// Finds a partial again, and hashes anew what is there of it. Nothing if there is none, or none that is any good.
    ///
    /// # Errors
    /// `ResourceBusy` if it is in use; what the disk says.
    pub fn resume(&self, id: &PartialId) -> io::Result<Option<Resumed>> {
        let file = match self.lock(id, false) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let Some((note, journal)) = Journal::read(self.0.clone(), log_name(id), file, id)? else {
            return Ok(None);
        };
        let data = match open_to_write(&self.0, &part_name(id), false) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            data => Arc::new(data?),
        };
        let Checked { hashes, prefix } = check(&data, &journal, note.size)?;
        let verified = verified_bytes(note.size, hashes.groups());
        journal.cut(hashes.groups())?;
        if data.metadata()?.len() > verified {
            data.set_len(verified)?;
        }
        let syncing = Syncing::new(data.clone(), verified, SYNC_BYTES);
        let folder = self.clone();
        let partial = Partial { id: *id, note: note.clone(), folder, data, journal, verified, syncing };
        Ok(Some(Resumed { note, verified, hashes, prefix, partial }))
    }

    /// Every partial, in use or not, in no order.
    ///
    /// # Errors
    /// What the disk says.
    pub fn list(&self) -> io::Result<Vec<Kept>> {
        let mut kept = std::collections::HashMap::<PartialId, Kept>::new();
        self.each(|name, metadata| {
            let Some((id, is_log)) = parse_name(name) else { return Ok(()) };
            let modified = metadata.modified()?.into_std();
            let entry = kept.entry(id).or_insert(Kept { id, note: None, modified, bytes: 0 });
            entry.modified = entry.modified.max(modified);
            entry.bytes += bytes_on_disk(metadata);
            if is_log {
                entry.note = journal::read_note(&self.0, name, &id);
            }
            Ok(())
        })?;
        Ok(kept.into_values().collect())
    }

    /// Takes a partial away. `false` if it is in use; that there is none is as good.
    ///
    /// # Errors
    /// What the disk says.
    pub fn remove(&self, id: &PartialId) -> io::Result<bool> {
        let lock = match self.lock(id, false) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            lock => Some(lock?),
        };
        remove_if_there(&self.0, &part_name(id))?;
        remove_if_there(&self.0, &log_name(id))?;
        drop(lock);
        Ok(true)
    }

    /// A new file of a private name, for something small.
    pub(crate) fn temporary(&self) -> io::Result<(String, File)> {
        let name = format!("{PRIVATE_PREFIX}-{}.tmp", random_hex()?);
        let file = create_new(&self.0, &name)?;
        Ok((name, file))
    }

    pub(crate) const fn folder(&self) -> &Arc<Dir> {
        &self.0
    }

    /// The journal's file, held.
    fn lock(&self, id: &PartialId, make: bool) -> io::Result<File> {
        const ROUNDS_MAX: usize = 16;
        for _ in 0..ROUNDS_MAX {
            let file = open_to_write(&self.0, &log_name(id), make)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(std::fs::TryLockError::WouldBlock) => return Err(io::ErrorKind::ResourceBusy.into()),
                Err(std::fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
                Err(std::fs::TryLockError::Error(error)) => return Err(error),
            }
            // Whoever held it before may have removed it.
            if is_linked(&file.metadata()?) {
                return Ok(file);
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    fn each(&self, mut see: impl FnMut(&str, &cap_std::fs::Metadata) -> io::Result<()>) -> io::Result<()> {
        for entry in self.0.entries()? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if !name.starts_with(PRIVATE_PREFIX) {
                continue;
            }
            match entry.metadata() {
                Ok(metadata) if metadata.is_file() => see(&name, &metadata)?,
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
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
                Err(error) => return Err(error.into()),
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
        // Longer first, as some file systems keep what is reserved when nothing is cut off.
        self.data.set_len(self.verified.saturating_add(1))?;
        self.data.set_len(self.verified)
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
        let ready = Ready::seal(self.folder.0.clone(), part_name(&self.id), &self.data, &facts)?;
        match self.data.sync_all() {
            Ok(()) => Ok(ready.with_journal(self.journal.over())),
            Err(error) => {
                ready.keep();
                Err(error)
            }
        }
    }
}

/// A partial's bytes against its journal.
struct Checked {
    hashes: RootBuilder,
    prefix: Root,
}

/// Hashes a partial's groups until one is not what the journal says.
fn check(data: &File, journal: &Journal, size: u64) -> io::Result<Checked> {
    let there = data.metadata()?.len();
    let list = journal.hashes();
    let (mut hashes, mut prefix) = (RootBuilder::new(), PrefixHasher::new());
    let mut hasher = GroupHasher::new(size, 0);
    let mut buffer = vec![0; usize::try_from(GROUP_BYTES.min(size)).unwrap_or(0)];
    let (mut expected, mut computed) = (Vec::new(), Vec::new());
    for group in 0..journal.groups().min(groups_of(size)) {
        let begin = group * GROUP_BYTES;
        let end = group_end(size, group);
        let Some(bytes) = usize::try_from(end - begin).ok().and_then(|len| buffer.get_mut(..len)) else { break };
        if end > there {
            break;
        }
        at::read_exact_at(data, bytes, begin)?;
        computed.clear();
        hasher.update(bytes, &mut computed);
        expected.clear();
        list.read(group, 1, &mut expected)?;
        let (Some(hash), true) = (computed.first(), computed == expected) else { break };
        hashes.push(*hash);
        prefix.push(hash);
    }
    Ok(Checked { hashes, prefix: prefix.finish() })
}

/// Where the first `groups` groups end.
fn verified_bytes(size: u64, groups: u64) -> u64 {
    if groups == 0 { 0 } else { group_end(size, groups - 1) }
}

fn part_name(id: &PartialId) -> String {
    format!("{PRIVATE_PREFIX}-{id}.part")
}

fn log_name(id: &PartialId) -> String {
    format!("{PRIVATE_PREFIX}-{id}.log")
}

/// Which partial a file is of, and whether it is its journal.
fn parse_name(name: &str) -> Option<(PartialId, bool)> {
    let name = name.strip_prefix(PRIVATE_PREFIX)?.strip_prefix('-')?;
    let (hex, extension) = name.split_once('.')?;
    let is_log = match extension {
        "log" => true,
        "part" => false,
        _ => return None,
    };
    let mut id = [0; 16];
    if hex.len() != 32 || !hex.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (byte, digits) in id.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some((PartialId(id), is_log))
}

/// 32 hexadecimal digits that nobody can guess.
pub(crate) fn random_hex() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(PartialId(bytes).to_string())
}

#[cfg(unix)]
fn bytes_on_disk(metadata: &cap_std::fs::Metadata) -> u64 {
    use cap_std::fs::MetadataExt;
    metadata.blocks().saturating_mul(512)
}

#[cfg(not(unix))]
fn bytes_on_disk(metadata: &cap_std::fs::Metadata) -> u64 {
    metadata.len()
}

#[cfg(unix)]
fn is_linked(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(metadata) > 0
}

#[cfg(not(unix))]
fn is_linked(_: &std::fs::Metadata) -> bool {
    true
}
