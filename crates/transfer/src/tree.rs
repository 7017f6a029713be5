//! A folder of files that is never left: what a room's files stand in, and what a client downloads into.
//!
//! Every step goes from a folder's handle to one name in it, and no link is ever followed, made or listed, so no path
//! and no race leads outside. Two names that some system takes for one ([`proto::PathKey`]) do not stand side by side,
//! and either finds what is there. Names are taken under one lock, so that of two who want one, one gets it.
//!
//! Every call may wait for the disk: call from where that is allowed.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use proto::message::Sort;
use proto::{PathKey, RelPath};

mod batch;
mod error;
pub(crate) mod folder;
mod list;
mod names;
mod place;
mod ready;
mod remove;
mod rename;

pub(crate) use batch::Going;
pub use error::TreeError;
pub use list::{LIST_BYTES_MAX, Listing};
pub use place::{Placed, ToSync};
pub(crate) use ready::Facts;
pub use ready::Ready;

use crate::receipt::{Receipt, modified_ms};
use folder::{Standing, open_folder, standing_at};
use names::Names;

/// How often something is tried anew that others keep changing meanwhile.
const ROUNDS_MAX: usize = 16;

/// A folder of files that is never left.
#[derive(Debug)]
pub struct Tree {
    top: Dir,
    names: Mutex<Names>,
}

/// A file or folder of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its path as it stands; may differ in case or form from what was asked for.
    pub path: RelPath,
    /// A file or a folder.
    pub sort: Sort,
    /// Its size in bytes; 0 for a folder.
    pub size: u64,
    /// When it was last changed, in milliseconds since 1970-01-01 UTC.
    pub modified_ms: u64,
    /// What was known of it when it was stored, if that is still so.
    pub receipt: Option<Receipt>,
}

/// A folder on the way to something.
#[derive(Debug)]
struct Way {
    folder: Dir,
    /// Its path as it stands; empty at the top.
    path: String,
}

impl Tree {
    /// The tree under `path`, which is made if absent; `path` itself may lead through links.
    ///
    /// # Errors
    /// What the disk says.
    pub fn open(path: &Path) -> io::Result<Self> {
        Dir::create_ambient_dir_all(path, ambient_authority())?;
        Self::within(Dir::open_ambient_dir(path, ambient_authority())?)
    }

    /// The tree under an open folder.
    ///
    /// # Errors
    /// What the disk says.
    pub fn within(top: Dir) -> io::Result<Self> {
        let tree = Self { top, names: Mutex::default() };
        tree.sweep()?;
        Ok(tree)
    }

    /// What stands at `path`; nothing if it is a link, a pipe, a device or a socket.
    ///
    /// # Errors
    /// [`TreeError`].
    pub fn look(&self, path: &RelPath) -> Result<Option<Found>, TreeError> {
        match self.find(&mut self.lock(), path) {
            Ok((way, name, Standing::File(file))) => Ok(Some(found_file(&way, &name, &file, path)?)),
            Ok((way, name, Standing::Folder)) => found_folder(&way, &name, path).map(Some),
            Ok(_) | Err(TreeError::NotFound(_) | TreeError::WrongSort { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens the file at `path` for reading.
    ///
    /// # Errors
    /// [`TreeError::WrongSort`] for a folder; others.
    pub fn open_file(&self, path: &RelPath) -> Result<(File, Found), TreeError> {
        match self.find(&mut self.lock(), path)? {
            (way, name, Standing::File(file)) => {
                let found = found_file(&way, &name, &file, path)?;
                Ok((file, found))
            }
            (_, _, Standing::Folder) => Err(wrong_sort(path.as_str(), "is a folder")),
            _ => Err(TreeError::NotFound(path.to_string())),
        }
    }

    /// The folder at `path`, or the top; for partials beside what they become.
    ///
    /// # Errors
    /// [`TreeError`].
    pub fn folder(&self, path: Option<&RelPath>) -> Result<Dir, TreeError> {
        self.walk(&mut self.lock(), path).map(|way| way.folder)
    }

    /// Makes a folder and those above it, on disk when this returns; that it is there is as good. Gives its path as it
    /// stands.
    ///
    /// # Errors
    /// [`TreeError::WrongSort`] if something else stands there or above; others.
    pub fn make_folder(&self, path: &RelPath) -> Result<RelPath, TreeError> {
        let mut sync = ToSync::default();
        let way = self.walk_making(&mut self.lock(), Some(path), &mut sync)?;
        self.sync(sync)?;
        path_of(&way.path, path)
    }

    /// Puts a receipt on a file that has none, unless the file was changed since: whether it is there now.
    ///
    /// # Errors
    /// [`TreeError`].
    pub fn write_receipt(&self, path: &RelPath, receipt: &Receipt) -> Result<bool, TreeError> {
        let (file, _) = self.open_file(path)?;
        let failed = |error| TreeError::io(path.as_str(), error);
        Ok(receipt.is_of(&file.metadata().map_err(failed)?) && receipt.write(&file).map_err(failed)?)
    }

    fn lock(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn top(&self) -> Result<Way, TreeError> {
        let folder = self.top.try_clone().map_err(|error| TreeError::io("the top", error))?;
        Ok(Way { folder, path: String::new() })
    }

    /// What stands at `path`, in which folder, under which name.
    fn find(&self, names: &mut Names, path: &RelPath) -> Result<(Way, String, Standing), TreeError> {
        let failed = |error| TreeError::io(path.as_str(), error);
        let way = self.walk(names, path.parent().as_ref())?;
        let standing = standing_at(&way.folder, path.name()).map_err(failed)?;
        if !matches!(standing, Standing::Nothing) {
            return Ok((way, path.name().to_owned(), standing));
        }
        let like = name_like(names, &way, path.name())?;
        let Some(name) = like else { return Err(TreeError::NotFound(path.to_string())) };
        let standing = standing_at(&way.folder, &name).map_err(failed)?;
        Ok((way, name, standing))
    }

    /// Goes down to a folder that is there.
    fn walk(&self, names: &mut Names, path: Option<&RelPath>) -> Result<Way, TreeError> {
        let mut way = self.top()?;
        let Some(path) = path else { return Ok(way) };
        for name in path.names() {
            way = match open_folder(&way.folder, name) {
                Ok(folder) => way.down(folder, name),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let like = name_like(names, &way, name)?;
                    let Some(like) = like else { return Err(TreeError::NotFound(path.to_string())) };
                    way.down(open_folder(&way.folder, &like).map_err(|error| no_folder(path, error))?, &like)
                }
                Err(error) => return Err(no_folder(path, error)),
            };
        }
        Ok(way)
    }

    /// Goes down to a folder, making what is not there. `sync` learns which folders have to be synced before anything
    /// in it is on disk.
    fn walk_making(&self, names: &mut Names, path: Option<&RelPath>, sync: &mut ToSync) -> Result<Way, TreeError> {
        let mut way = self.top()?;
        let Some(path) = path else { return Ok(way) };
        for name in path.names() {
            let above = way;
            let (folder, name) = open_or_make(names, &above, name).map_err(|error| match error {
                TreeError::Io { source, .. } => no_folder(path, source),
                error => error,
            })?;
            let below = above.down(folder, &name);
            if names.unsynced.contains(&below.path) {
                sync.add(&above).map_err(|error| TreeError::io(path.as_str(), error))?;
                sync.made.push(below.path.clone());
            }
            way = below;
        }
        Ok(way)
    }
}

impl Way {
    fn down(&self, folder: Dir, name: &str) -> Self {
        Self { folder, path: joined(&self.path, name) }
    }
}

/// The name in a folder that some system takes for `name`, but is another.
fn name_like(names: &mut Names, way: &Way, name: &str) -> Result<Option<String>, TreeError> {
    let names = names.of(&way.path, &way.folder).map_err(|error| TreeError::io(&way.path, error))?;
    Ok(names.find(&PathKey::of(name)).filter(|like| *like != name).map(str::to_owned))
}

/// Opens the folder `name` of `above`, or the one that some system takes for it, or makes it.
fn open_or_make(names: &mut Names, above: &Way, name: &str) -> Result<(Dir, String), TreeError> {
    let failed = |error| TreeError::io(&above.path, error);
    for _ in 0..ROUNDS_MAX {
        match open_folder(&above.folder, name) {
            Ok(folder) => return Ok((folder, name.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let there = names.of(&above.path, &above.folder).map_err(failed)?;
        if let Some(like) = there.find(&PathKey::of(name)).filter(|like| *like != name) {
            return open_folder(&above.folder, like).map(|folder| (folder, like.to_owned())).map_err(failed);
        }
        if there.len() >= proto::limits::FOLDER_NAMES_MAX {
            return Err(TreeError::FolderFull(above.path.clone()));
        }
        match above.folder.create_dir(name) {
            Ok(()) => {
                there.add(name, &above.folder).map_err(failed)?;
                names.unsynced.insert(joined(&above.path, name));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => names.forget(&above.path),
            Err(error) => return Err(failed(error)),
        }
    }
    Err(unsteady(&above.path))
}

fn joined(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}/{name}") }
}

/// The path of what stands at `standing`, for somebody who asked for `asked`. What stands there may be no path, for
/// example as it is too long; then it counts as absent.
fn path_of(standing: &str, asked: &RelPath) -> Result<RelPath, TreeError> {
    standing.parse().map_err(|_| TreeError::NotFound(asked.to_string()))
}

fn found_file(way: &Way, name: &str, file: &File, asked: &RelPath) -> Result<Found, TreeError> {
    let path = path_of(&joined(&way.path, name), asked)?;
    let metadata = file.metadata().map_err(|error| TreeError::io(path.as_str(), error))?;
    let receipt = Receipt::read(file, &metadata);
    Ok(Found { path, sort: Sort::File, size: metadata.len(), modified_ms: modified_ms(metadata.modified()), receipt })
}

fn found_folder(way: &Way, name: &str, asked: &RelPath) -> Result<Found, TreeError> {
    let path = path_of(&joined(&way.path, name), asked)?;
    let metadata = way.folder.symlink_metadata(name).map_err(|error| TreeError::io(path.as_str(), error))?;
    let modified_ms = modified_ms(metadata.modified().map(cap_std::time::SystemTime::into_std));
    Ok(Found { path, sort: Sort::Folder, size: 0, modified_ms, receipt: None })
}

/// The error of a way that leads through what is no folder, or of one that cannot be gone.
fn no_folder(path: &RelPath, error: io::Error) -> TreeError {
    if folder::is_another_sort(&error) {
        wrong_sort(path.as_str(), "leads through something that is no folder")
    } else {
        TreeError::io(path.as_str(), error)
    }
}

fn wrong_sort(path: &str, why: &'static str) -> TreeError {
    TreeError::WrongSort { path: path.to_owned(), why }
}

fn unsteady(path: &str) -> TreeError {
    TreeError::io(path, io::Error::other("it is being changed all the time by another program"))
}
