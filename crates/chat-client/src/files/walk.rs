//! The files of a folder of this machine that is to be sent. No link is followed. Everything here may block.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsSyncExt as _};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use proto::path::PRIVATE_PREFIX;
use proto::{PathKey, RelPath};

use super::outcome::Skipped;
use super::progress::Notice;
use crate::error::ClientError;

/// A folder of this machine, whatever its path means by now.
#[derive(Debug, Clone)]
pub(crate) struct Top {
    folder: Arc<Dir>,
    path: PathBuf,
}

/// A file in it.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Its names from the top.
    pub(crate) names: PathBuf,
    /// Its path in the room's tree.
    pub(crate) to: RelPath,
    pub(crate) size: u64,
}

/// What is in a folder.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) files: Vec<Item>,
    /// Folders in which there is nothing, by their paths in the room's tree.
    pub(crate) empty: Vec<RelPath>,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) notices: Vec<Notice>,
}

impl Top {
    /// Opens the folder at `path`, which itself may be a link.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub(crate) fn open(path: &Path) -> Result<Self, ClientError> {
        let folder = Dir::open_ambient_dir(path, ambient_authority());
        let folder = folder.map_err(|error| ClientError::local("read", path, &error))?;
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Ok(Self { folder: Arc::new(folder), path })
    }

    /// Where a file in it stands.
    pub(crate) fn path_of(&self, names: &Path) -> PathBuf {
        self.path.join(names)
    }

    /// Opens a regular file in it.
    ///
    /// # Errors
    /// If it is none, or no longer.
    pub(crate) fn open_file(&self, names: &Path) -> Result<File, ClientError> {
        let opened = || {
            let mut folder = self.folder.try_clone()?;
            if let Some(above) = names.parent() {
                for name in above {
                    folder = folder.open_dir_nofollow(name)?;
                }
            }
            let mut options = OpenOptions::new();
            // A pipe that nobody writes to must not hold us up.
            options.read(true).follow(FollowSymlinks::No).nonblock(true);
            folder.open_with(names.file_name().unwrap_or_default(), &options)
        };
        let file = opened().map_err(|error: io::Error| ClientError::local("read", &self.path_of(names), &error))?;
        Ok(file.into_std())
    }

    /// Everything in it, to be sent into `to`.
    ///
    /// # Errors
    /// If the folder itself cannot be read, or `stop` is set.
    pub(crate) fn walk(&self, to: &RelPath, stop: &AtomicBool) -> Result<Found, ClientError> {
        let mut walk = Walk { found: Found::default(), taken: std::collections::HashSet::new(), stop };
        let folder = self.folder.try_clone().map_err(|error| ClientError::local("read", &self.path, &error))?;
        walk.folder(&folder, Path::new(""), to).map_err(|error| ClientError::local("read", &self.path, &error))?;
        if stop.load(Ordering::Relaxed) {
            return Err(ClientError::Cancelled);
        }
        Ok(walk.found)
    }
}

/// A walk under way.
struct Walk<'a> {
    found: Found,
    /// The paths that were given, so that no two files get one.
    taken: std::collections::HashSet<PathKey>,
    stop: &'a AtomicBool,
}

impl Walk<'_> {
    /// Goes through a folder. As deep as a path may be, so it ends.
    fn folder(&mut self, folder: &Dir, names: &Path, to: &RelPath) -> io::Result<()> {
        let mut entries = folder.entries()?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(cap_std::fs::DirEntry::file_name);
        let mut is_empty = true;
        for entry in entries {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let name = entry.file_name();
            if name.to_string_lossy().to_lowercase().starts_with(PRIVATE_PREFIX) {
                continue;
            }
            is_empty = false;
            let names = names.join(&name);
            let result = entry.metadata().and_then(|metadata| self.entry(folder, &metadata, &names, to));
            if let Err(error) = result {
                let why = ClientError::local("read", &names, &error);
                self.found.skipped.push(Skipped { path: names.to_string_lossy().into_owned(), why });
            }
        }
        if is_empty {
            self.found.empty.push(to.clone());
        }
        Ok(())
    }

    fn entry(&mut self, folder: &Dir, metadata: &cap_std::fs::Metadata, names: &Path, to: &RelPath) -> io::Result<()> {
        let unfit = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, why);
        let name = names.file_name().unwrap_or_default();
        if !metadata.is_dir() && !metadata.is_file() {
            return Err(unfit("it is a link, or no regular file"));
        }
        let to = self.name_there(to, name).ok_or_else(|| unfit("its name cannot be used in a room"))?;
        if metadata.is_dir() {
            let below = folder.open_dir_nofollow(name)?;
            return self.folder(&below, names, &to);
        }
        self.found.files.push(Item { names: names.to_owned(), to, size: metadata.len() });
        Ok(())
    }

    /// The path of `name` in `folder` of the room's tree: the same name if that can be, else one made of it.
    fn name_there(&mut self, folder: &RelPath, name: &std::ffi::OsStr) -> Option<RelPath> {
        let name = name.to_string_lossy();
        let (mut path, mut is_salvaged) = match folder.join(&name) {
            Ok(path) => (path, false),
            Err(_) => (folder.join(RelPath::salvaged(&name)?.as_str()).ok()?, true),
        };
        let mut number = 0;
        let wanted = path.clone();
        while !self.taken.insert(path.key()) {
            number += 1;
            (path, is_salvaged) = (wanted.numbered(number)?, true);
        }
        if is_salvaged {
            self.found.notices.push(Notice::Salvaged { from: name.into_owned(), to: path.to_string() });
        }
        Some(path)
    }
}
