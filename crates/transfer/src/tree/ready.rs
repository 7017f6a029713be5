//! A finished file that has no place yet.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use cap_std::fs::Dir;
use proto::{FileVersion, RelPath, Root};

use super::Placed;
use super::folder::remove_if_there;
use crate::partial::Journal;
use crate::receipt::{Receipt, modified_ns};

/// A finished file that has no place yet: whole, verified, under a private name. Dropped, it is removed.
#[derive(Debug)]
pub struct Ready {
    pub(super) folder: Arc<Dir>,
    pub(super) name: String,
    pub(super) is_kept: bool,
    pub(super) size: u64,
    pub(super) root: Root,
    pub(super) version: FileVersion,
    pub(super) journal: Option<Journal>,
}

/// What a finished file is, besides its bytes.
#[derive(Debug, Clone)]
pub(crate) struct Facts<'a> {
    pub(crate) size: u64,
    pub(crate) root: Root,
    pub(crate) version: FileVersion,
    pub(crate) modified_ms: u64,
    pub(crate) by: &'a str,
}

impl Ready {
    /// The file `name` in `folder`, which will have the bytes of `facts`.
    pub(crate) fn new(folder: Arc<Dir>, name: String, facts: &Facts<'_>) -> Self {
        let Facts { size, root, version, .. } = *facts;
        Self { folder, name, is_kept: false, size, root, version, journal: None }
    }

    /// Puts time and receipt on its file; whoever asks syncs it.
    pub(crate) fn seal(&self, file: &File, facts: &Facts<'_>) -> io::Result<()> {
        if facts.modified_ms > 0
            && let Some(modified) = UNIX_EPOCH.checked_add(Duration::from_millis(facts.modified_ms))
        {
            // A time that the file system does not know is not worth failing for.
            let _ = file.set_modified(modified);
        }
        let modified_ns = modified_ns(&file.metadata()?);
        let Facts { version, root, size, by, .. } = *facts;
        Receipt { version, root, size, modified_ns, by: by.to_owned() }.write(file)?;
        Ok(())
    }

    pub(crate) fn with_journal(mut self, journal: Journal) -> Self {
        self.journal = Some(journal);
        self
    }

    /// Leaves it where it is, to be found again.
    pub fn keep(mut self) {
        self.is_kept = true;
        if let Some(journal) = self.journal.take() {
            journal.leave();
        }
    }

    pub(super) fn placed(&mut self, path: RelPath) -> Placed {
        self.is_kept = true;
        Placed { path, same: false, version: self.version, journal: self.journal.take() }
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        if !self.is_kept {
            // If it cannot be removed, the sweep will try again.
            let _ = remove_if_there(&self.folder, &self.name);
        }
    }
}
