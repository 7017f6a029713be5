//! The journal of a partial: what it is of, then the hashes of its verified groups, one behind the other.
//!
//! ```text
//! "VBTMJRN1" · id 16 · version 16 · size u64 · modified_ms u64 · place_len u16 · by_len u16 · place · by
//! · BLAKE3 of all that 32 · a hash of 32 bytes for each group
//! ```
//!
//! The hashes need no check of their own: a wrong one only makes its group, and what follows, come again. Of a whole
//! file the journal is its stored hash list, which is held against the root before it is used.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::fs::Dir;
use proto::{FileVersion, Root};

use super::at::{read_exact_at, write_all_at};
use super::{HashFolder, PartialId, PartialNote};
use crate::group::{GroupHash, HashList, RootBuilder};
use crate::tree::folder::{open_regular, remove_if_there};

/// The longest place of a note, in bytes.
pub const PLACE_BYTES_MAX: usize = 4096;

/// The longest name of a sender, in bytes.
const BY_BYTES_MAX: usize = 255;

const MAGIC: [u8; 8] = *b"VBTMJRN1";
const FIXED_BYTES: usize = 8 + 16 + 16 + 8 + 8 + 2 + 2;
const HASH_BYTES: usize = 32;

/// How many hashes are read or written at once.
const PAGE_HASHES: usize = 1024;

/// The journal of a partial, or of the file that came of it. Of a file that is placed it is removed when dropped,
/// unless it is kept.
#[derive(Debug)]
pub struct Journal {
    folder: Arc<Dir>,
    name: String,
    hashes: Arc<JournalHashes>,
    /// Whether nothing will be resumed with it.
    is_over: bool,
}

/// The hashes in a journal; grows as its file does.
#[derive(Debug)]
pub(super) struct JournalHashes {
    file: File,
    begin: u64,
    groups: AtomicU64,
}

impl Journal {
    pub(super) fn begin(
        folder: Arc<Dir>,
        name: String,
        file: File,
        id: &PartialId,
        note: &PartialNote,
    ) -> io::Result<Self> {
        let header = header(id, note)?;
        file.set_len(0)?;
        write_all_at(&file, &header, 0)?;
        Ok(Self::new(folder, name, JournalHashes { file, begin: header.len() as u64, groups: AtomicU64::new(0) }))
    }

    /// Nothing if the file is no journal of this id.
    pub(super) fn read(
        folder: Arc<Dir>,
        name: String,
        file: File,
        id: &PartialId,
    ) -> io::Result<Option<(PartialNote, Self)>> {
        let Some((of, note, hashes)) = JournalHashes::read(file)? else { return Ok(None) };
        Ok((of == *id).then(|| (note, Self::new(folder, name, hashes))))
    }

    fn new(folder: Arc<Dir>, name: String, hashes: JournalHashes) -> Self {
        Self { folder, name, hashes: Arc::new(hashes), is_over: false }
    }

    pub(super) fn groups(&self) -> u64 {
        self.hashes.groups()
    }

    pub(super) fn hashes(&self) -> Arc<JournalHashes> {
        self.hashes.clone()
    }

    pub(super) fn push(&self, hashes: &[GroupHash]) -> io::Result<()> {
        for page in hashes.chunks(PAGE_HASHES) {
            let groups = self.hashes.groups();
            let bytes: Vec<u8> = page.iter().flat_map(|hash| hash.0).collect();
            write_all_at(&self.hashes.file, &bytes, self.hashes.offset(groups))?;
            self.hashes.groups.store(groups + page.len() as u64, Ordering::Release);
        }
        Ok(())
    }

    /// Forgets all but the first `groups` hashes.
    pub(super) fn cut(&self, groups: u64) -> io::Result<()> {
        self.hashes.groups.store(groups.min(self.groups()), Ordering::Release);
        self.hashes.file.set_len(self.hashes.offset(self.groups()))
    }

    /// From here on, nothing will be resumed with it.
    pub(super) const fn over(mut self) -> Self {
        self.is_over = true;
        self
    }

    /// Leaves it where it is, to be found again.
    pub(crate) fn leave(mut self) {
        self.is_over = false;
    }

    /// Keeps it as the stored hash list of the content `version`. A file of one group needs none.
    ///
    /// # Errors
    /// What the disk says; then there is none, which only costs time.
    pub fn keep_in(mut self, folder: &HashFolder, version: FileVersion) -> io::Result<()> {
        if self.groups() < 2 {
            return Ok(());
        }
        self.hashes.file.sync_data()?;
        folder.take(&self.folder, &self.name, version)?;
        self.is_over = false;
        Ok(())
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        let _let_go = LetGo(&self.hashes.file);
        if self.is_over {
            // If it cannot be removed, the sweep will try again.
            let _ = remove_if_there(&self.folder, &self.name);
        }
    }
}

/// Gives the journal's lock back. Who reads a file that is still coming has its journal open, perhaps for long, and
/// must not keep others from going on with it.
struct LetGo<'a>(&'a File);

impl Drop for LetGo<'_> {
    fn drop(&mut self) {
        // Where there are no locks there was none.
        let _ = self.0.unlock();
    }
}

impl JournalHashes {
    /// Nothing if the file is no journal.
    pub(super) fn read(file: File) -> io::Result<Option<(PartialId, PartialNote, Self)>> {
        let len = file.metadata()?.len();
        let longest = FIXED_BYTES + PLACE_BYTES_MAX + BY_BYTES_MAX + HASH_BYTES;
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(longest).min(longest)];
        read_exact_at(&file, &mut bytes, 0)?;
        let Some((id, note, begin)) = parse(&bytes) else { return Ok(None) };
        let groups = AtomicU64::new((len - begin) / HASH_BYTES as u64);
        Ok(Some((id, note, Self { file, begin, groups })))
    }

    pub(super) fn groups(&self) -> u64 {
        self.groups.load(Ordering::Acquire)
    }

    /// The root of the file that has these groups.
    pub(super) fn root(&self) -> io::Result<Root> {
        let (mut root, mut page) = (RootBuilder::new(), Vec::new());
        while root.groups() < self.groups() {
            page.clear();
            HashList::read(self, root.groups(), PAGE_HASHES, &mut page)?;
            root.extend(page.iter().copied());
        }
        Ok(root.finish())
    }

    const fn offset(&self, group: u64) -> u64 {
        self.begin + group * HASH_BYTES as u64
    }
}

impl HashList for JournalHashes {
    fn read(&self, first: u64, max: usize, out: &mut Vec<GroupHash>) -> io::Result<()> {
        let mut at = first;
        let end = self.groups().min(first.saturating_add(max as u64));
        let mut bytes = [0; PAGE_HASHES * HASH_BYTES];
        while at < end {
            let hashes = usize::try_from(end - at).unwrap_or(usize::MAX).min(PAGE_HASHES);
            let page = bytes.get_mut(..hashes * HASH_BYTES).unwrap_or_default();
            read_exact_at(&self.file, page, self.offset(at))?;
            out.extend(page.as_chunks().0.iter().map(|hash| GroupHash(*hash)));
            at += hashes as u64;
        }
        Ok(())
    }
}

/// What the journal `name` is of, if it is one of this id.
pub(super) fn read_note(folder: &Dir, name: &str, id: &PartialId) -> Option<PartialNote> {
    let file = open_regular(folder, name).ok()??;
    let (of, note, _) = JournalHashes::read(file).ok()??;
    (of == *id).then_some(note)
}

fn header(id: &PartialId, note: &PartialNote) -> io::Result<Vec<u8>> {
    if note.place.len() > PLACE_BYTES_MAX || note.by.len() > BY_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the note is too long"));
    }
    let len = |text: &str| u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut bytes = Vec::with_capacity(FIXED_BYTES + note.place.len() + note.by.len() + HASH_BYTES);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&id.0);
    bytes.extend_from_slice(&note.version.0);
    bytes.extend_from_slice(&note.size.to_be_bytes());
    bytes.extend_from_slice(&note.modified_ms.to_be_bytes());
    bytes.extend_from_slice(&len(&note.place));
    bytes.extend_from_slice(&len(&note.by));
    bytes.extend_from_slice(note.place.as_bytes());
    bytes.extend_from_slice(note.by.as_bytes());
    bytes.extend_from_slice(blake3::hash(&bytes).as_bytes());
    Ok(bytes)
}

/// The header at the beginning of `bytes`, and how long it is.
fn parse(bytes: &[u8]) -> Option<(PartialId, PartialNote, u64)> {
    let (magic, rest) = bytes.split_first_chunk()?;
    let (id, rest) = rest.split_first_chunk()?;
    let (version, rest) = rest.split_first_chunk()?;
    let (size, rest) = rest.split_first_chunk()?;
    let (modified_ms, rest) = rest.split_first_chunk()?;
    let (place_len, rest) = rest.split_first_chunk()?;
    let (by_len, rest) = rest.split_first_chunk()?;
    let (place, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*place_len)))?;
    let (by, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*by_len)))?;
    let (sum, rest) = rest.split_first_chunk()?;
    let len = bytes.len() - rest.len();
    let summed = bytes.get(..len - HASH_BYTES)?;
    if *magic != MAGIC || blake3::hash(summed) != blake3::Hash::from_bytes(*sum) {
        return None;
    }
    let note = PartialNote {
        version: FileVersion(*version),
        size: u64::from_be_bytes(*size),
        modified_ms: u64::from_be_bytes(*modified_ms),
        place: std::str::from_utf8(place).ok()?.to_owned(),
        by: std::str::from_utf8(by).ok()?.to_owned(),
    };
    Some((PartialId(*id), note, len as u64))
}
