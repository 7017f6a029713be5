//! A folder of partials: beginning one, finding one again, taking one away.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use proto::path::PRIVATE_PREFIX;

use super::check::{Checked, check};
use super::files::{bytes_on_disk, is_linked, is_temporary, log_name, parse_name, part_name, temporary_name};
use super::journal::{Journal, read_note};
use super::syncing::Syncing;
use super::{Kept, Partial, PartialFolder, PartialId, PartialNote, Resumed, SYNC_BYTES, verified_bytes};
use crate::tree::folder::{create_new, open_to_write, remove_if_there};

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
        folder.each(|name, _| if is_temporary(name) { remove_if_there(&folder.0, name) } else { Ok(()) })?;
        folder.clear_halves()?;
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
            let _ = self.clear(id);
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
            self.clear(id)?;
            return Ok(None);
        };
        let data = match open_to_write(&self.0, &part_name(id), false) {
            // The file was put into its place, and then somebody was killed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.clear(id)?;
                return Ok(None);
            }
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
                entry.note = read_note(&self.0, name, &id);
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
        // Made if there is none: without the lock, what another has begun meanwhile would be taken away from under it.
        let lock = match self.lock(id, true) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => return Ok(false),
            lock => lock?,
        };
        self.clear(id)?;
        drop(lock);
        Ok(true)
    }

    /// A new file of a private name, made of `unique`, for something small.
    pub(crate) fn temporary(&self, unique: &[u8; 16]) -> io::Result<(String, File)> {
        let name = temporary_name(unique);
        let file = create_new(&self.0, &name)?;
        Ok((name, file))
    }

    pub(crate) const fn folder(&self) -> &Arc<Dir> {
        &self.0
    }

    /// Takes both files away; whoever calls it holds the journal's lock.
    fn clear(&self, id: &PartialId) -> io::Result<()> {
        remove_if_there(&self.0, &part_name(id))?;
        remove_if_there(&self.0, &log_name(id))
    }

    /// Takes away what is only half there: a journal whose file was put into its place, a file without its journal.
    fn clear_halves(&self) -> io::Result<()> {
        let mut halves = std::collections::HashMap::<PartialId, usize>::new();
        self.each(|name, _| {
            if let Some((id, _)) = parse_name(name) {
                *halves.entry(id).or_default() += 1;
            }
            Ok(())
        })?;
        halves.iter().filter(|(_, count)| **count < 2).try_for_each(|(id, _)| self.clear(id))
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
