//! Bytes that become a file: they stand beside its place, under a name of the program's own, until they are whole.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use proto::message::{Fetching, OnConflict, Sort};
use proto::{RelPath, Root};
use transfer::group::GroupHash;
use transfer::partial::{Partial, PartialFolder, PartialId, PartialNote};
use transfer::tree::{Tree, TreeError};

use super::Left;
use crate::error::ClientError;
use crate::files::local::Local;
use crate::files::options::GetOptions;
use crate::files::outcome::Place;

/// How long a part of the file may be in use by what is ending; then it is somebody else's.
const BUSY_TRIES: u32 = 20;
const BUSY_WAIT: Duration = Duration::from_millis(50);

/// Bytes that become a file.
#[derive(Debug)]
pub(crate) struct FileGoal {
    home: Home,
    name: Result<RelPath, ClientError>,
    options: GetOptions,
    /// Which file of which server it is, so that a part of it is found again; set before anything is begun.
    id: PartialId,
    partial: Option<Partial>,
}

/// The folder it goes into.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    pub(crate) folder: PathBuf,
    /// Opened when it is first needed.
    pub(crate) tree: Option<Arc<Tree>>,
}

/// What stands at the goal already.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) path: PathBuf,
    /// If it is a file.
    pub(crate) file: Option<Local>,
    pub(crate) on_conflict: OnConflict,
}

impl FileGoal {
    /// The file `path`, wherever that is.
    pub(crate) fn at(path: &Path, options: GetOptions) -> Self {
        let name = path.file_name().unwrap_or_default();
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        Self::within(Home { folder, tree: None }, name_of(name, path), options)
    }

    /// The file `name` of `home`.
    pub(crate) const fn within(home: Home, name: Result<RelPath, ClientError>, options: GetOptions) -> Self {
        Self { home, name, options, id: PartialId([0; 16]), partial: None }
    }

    /// Where it shall stand.
    pub(crate) fn path(&self) -> PathBuf {
        self.name.as_ref().map_or_else(|_| self.home.folder.clone(), |name| self.home.path_of(name))
    }

    /// What an earlier start of the program has left of the file that `source` says.
    pub(super) fn left(&mut self, source: &[&str]) -> Result<Option<Left>, ClientError> {
        self.id = id_of(source);
        let folder = self.partials()?;
        if self.options.fresh {
            let removed = folder.remove(&self.id).map_err(|error| self.failed("remove a part of", &error))?;
            if !removed {
                self.id = own_id();
            }
            return Ok(None);
        }
        for _ in 0..BUSY_TRIES {
            match folder.resume(&self.id) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => std::thread::sleep(BUSY_WAIT),
                Err(error) => return Err(self.failed("read a part of", &error)),
                Ok(None) => return Ok(None),
                Ok(Some(resumed)) => {
                    self.partial = Some(resumed.partial);
                    let (version, verified, hashes) = (resumed.note.version, resumed.verified, resumed.hashes);
                    return Ok(Some(Left { version, verified, hashes }));
                }
            }
        }
        // Somebody else fetches the same file into the same folder.
        self.id = own_id();
        Ok(None)
    }

    /// Begins anew.
    pub(super) fn begin(&mut self, fetching: &Fetching) -> Result<(), ClientError> {
        let note = PartialNote {
            version: fetching.version,
            size: fetching.size,
            modified_ms: fetching.modified_ms,
            place: self.name()?.to_string(),
            by: String::new(),
        };
        self.discard();
        let partial = self.partials()?.create(&self.id, &note, fetching.size, true);
        self.partial = Some(partial.map_err(|error| self.failed("write", &error))?);
        Ok(())
    }

    pub(super) fn discard(&mut self) {
        if let Some(partial) = self.partial.take() {
            // What stays is overwritten or found useless later.
            drop(partial.discard());
        }
    }

    pub(super) fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.partial.as_ref().ok_or_else(not_begun)?.write_at(offset, bytes)
    }

    pub(super) fn verified(&mut self, upto: u64, hashes: &[GroupHash]) -> io::Result<()> {
        self.partial.as_mut().ok_or_else(not_begun)?.verified(upto, hashes)
    }

    /// Puts the whole file into its place, on disk: where it is, whether the same was there, whether it has another
    /// name.
    pub(super) fn place(&mut self, root: Root) -> Result<(Place, bool, bool), ClientError> {
        let name = self.name()?.clone();
        let partial = self.partial.take().ok_or_else(|| self.failed("write", &not_begun()))?;
        let ready = partial.into_ready(root).map_err(|error| self.failed("write", &error))?;
        let tree = self.home.tree()?;
        let placed = tree.place(ready, &name, self.options.on_conflict, &|_| true);
        let placed = placed.map_err(|error| self.home.failed(&name, error))?;
        let renamed = !placed.same && placed.path != name;
        Ok((Place::Here(self.home.path_of(&placed.path)), placed.same, renamed))
    }

    /// What stands there already.
    pub(super) fn taken(&self) -> Result<Option<Taken>, ClientError> {
        let (name, tree) = (self.name()?, self.home.opened()?);
        let Some(found) = tree.look(name).map_err(|error| self.home.failed(name, error))? else { return Ok(None) };
        let path = self.home.path_of(&found.path);
        let file = match found.sort {
            Sort::Folder => None,
            Sort::File | Sort::Arriving(_) => {
                let (file, _) = tree.open_file(&found.path).map_err(|error| self.home.failed(name, error))?;
                Some(Local::of(&path, file)?)
            }
        };
        Ok(Some(Taken { path, file, on_conflict: self.options.on_conflict }))
    }

    fn name(&self) -> Result<&RelPath, ClientError> {
        self.name.as_ref().map_err(Clone::clone)
    }

    /// The folder of partials: the one the file shall stand in.
    fn partials(&mut self) -> Result<PartialFolder, ClientError> {
        let name = self.name()?.clone();
        let tree = self.home.tree()?;
        let parent = name.parent();
        if let Some(parent) = &parent {
            tree.make_folder(parent).map_err(|error| self.home.failed(&name, error))?;
        }
        tree.folder(parent.as_ref()).map(PartialFolder::of).map_err(|error| self.home.failed(&name, error))
    }

    fn failed(&self, doing: &'static str, error: &io::Error) -> ClientError {
        ClientError::local(doing, &self.path(), error)
    }
}

impl Drop for FileGoal {
    /// Leaves what has come to be found again, without the room that was reserved for the rest.
    fn drop(&mut self) {
        let Some(partial) = self.partial.take() else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || partial.set_aside())),
            Err(_) => drop(partial.set_aside()),
        }
    }
}

impl Home {
    /// Where a file of it stands.
    fn path_of(&self, name: &RelPath) -> PathBuf {
        // As it is shown, `.` in front of a path says nothing.
        let folder = if self.folder == Path::new(".") { Path::new("") } else { &self.folder };
        name.names().fold(folder.to_owned(), |path, name| path.join(name))
    }

    /// The folder, which is made if it is not there.
    pub(crate) fn tree(&mut self) -> Result<Arc<Tree>, ClientError> {
        let tree = self.opened()?;
        self.tree = Some(Arc::clone(&tree));
        Ok(tree)
    }

    fn opened(&self) -> Result<Arc<Tree>, ClientError> {
        if let Some(tree) = &self.tree {
            return Ok(Arc::clone(tree));
        }
        let tree = Tree::open(&self.folder).map_err(|error| ClientError::local("use", &self.folder, &error))?;
        Ok(Arc::new(tree))
    }

    pub(crate) fn failed(&self, name: &RelPath, error: TreeError) -> ClientError {
        let path = self.path_of(name);
        let local = |kind: io::ErrorKind, words: String| ClientError::Local { doing: "write", path, kind, why: words };
        match error {
            TreeError::Taken(_) => ClientError::TakenHere(self.path_of(name)),
            TreeError::Io { source, .. } => ClientError::local("write", &self.path_of(name), &source),
            TreeError::NoSpace { .. } => local(io::ErrorKind::StorageFull, "the disk is full".to_owned()),
            other => local(io::ErrorKind::Other, other.to_string()),
        }
    }
}

fn not_begun() -> io::Error {
    io::Error::other("nothing was begun")
}

/// The name of a file here. One that some system could not have is refused, as it would be in a room.
fn name_of(name: &OsStr, path: &Path) -> Result<RelPath, ClientError> {
    let failed = |why: String| ClientError::Local {
        doing: "write",
        path: path.to_owned(),
        kind: io::ErrorKind::InvalidInput,
        why,
    };
    let name = name.to_str().ok_or_else(|| failed("its name is not UTF-8".to_owned()))?;
    name.parse().map_err(|error: proto::PathError| failed(error.to_string()))
}

fn id_of(source: &[&str]) -> PartialId {
    let mut hasher = blake3::Hasher::new();
    for part in source {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let mut id = [0; 16];
    hasher.finalize_xof().fill(&mut id);
    PartialId(id)
}

/// An id that nobody else has; what is left under it is not found again.
fn own_id() -> PartialId {
    let mut id = [0; 16];
    if getrandom::fill(&mut id).is_err() {
        id = *id_of(&[&format!("{:?}", std::time::Instant::now())]).0.first_chunk().unwrap_or(&id);
    }
    PartialId(id)
}
