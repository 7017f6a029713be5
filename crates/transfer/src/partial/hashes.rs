//! Stored hash lists: the hashes of the groups of files that are whole, so that they are sent without being hashed, and
//! what a disk has done to them since is found.

use std::io;
use std::path::Path;
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use proto::{FileVersion, Root};

use super::journal::JournalHashes;
use crate::group::{HashList, groups_of};
use crate::tree::folder::{open_regular, remove_if_there};

/// A folder of stored hash lists, each named by its content's version.
#[derive(Debug, Clone)]
pub struct HashFolder(Arc<Dir>);

impl HashFolder {
    /// The folder at `path`, which is made if absent.
    ///
    /// # Errors
    /// What the disk says.
    pub fn open(path: &Path) -> io::Result<Self> {
        Dir::create_ambient_dir_all(path, ambient_authority())?;
        Ok(Self(Arc::new(Dir::open_ambient_dir(path, ambient_authority())?)))
    }

    /// The hashes of the content `version` of `size` bytes, if they are there and make `root`. A list that does not is
    /// thrown away.
    ///
    /// # Errors
    /// What the disk says.
    pub fn find(&self, version: FileVersion, size: u64, root: Root) -> io::Result<Option<Arc<dyn HashList>>> {
        let name = name(version);
        let file = match open_regular(&self.0, &name) {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let list = JournalHashes::read(file)?.map(|(_, _, hashes)| hashes);
        let list = list.filter(|hashes| hashes.groups() == groups_of(size));
        match list {
            Some(hashes) if hashes.root()? == root => Ok(Some(Arc::new(hashes))),
            _ => remove_if_there(&self.0, &name).map(|()| None),
        }
    }

    /// Takes away the list of a content that is gone; that there is none is as good.
    ///
    /// # Errors
    /// What the disk says.
    pub fn remove(&self, version: FileVersion) -> io::Result<()> {
        remove_if_there(&self.0, &name(version))
    }

    /// Moves a journal in.
    pub(super) fn take(&self, from: &Dir, from_name: &str, version: FileVersion) -> io::Result<()> {
        from.rename(from_name, &self.0, name(version))
    }
}

fn name(version: FileVersion) -> String {
    version.0.iter().map(|byte| format!("{byte:02x}")).collect()
}
