//! Taking files and folders away.

use std::io;
use std::time::{Duration, UNIX_EPOCH};

use cap_std::fs::{Dir, Metadata};
use proto::RelPath;
use proto::path::PRIVATE_PREFIX;

use super::folder::{Standing, open_folder, remove_if_there, rename_to_free, standing_at, sync_folder};
use super::list::is_private;
use super::{Found, Tree, TreeError, Way, found_file, joined, wrong_sort};

/// Folders within folders that are looked through; a path cannot name deeper ones.
const DEPTH_MAX: usize = 2 * proto::limits::PATH_NAMES_MAX;

/// What is in a folder.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Survey {
    /// The most names below it, one within the other.
    pub(super) names: usize,
    /// The most bytes of a path below it.
    pub(super) bytes: usize,
}

impl Tree {
    /// Takes a file or folder away. A folder has to be empty, unless `recursive`; then it is gone at once, and the disk
    /// is cleared behind it. `may` says of each file whether the asker may.
    ///
    /// # Errors
    /// [`TreeError::NotPermitted`] if `may` says no to one, or there is what is no file; then nothing was removed.
    /// Others.
    pub fn remove(&self, path: &RelPath, recursive: bool, may: &dyn Fn(&Found) -> bool) -> Result<(), TreeError> {
        let failed = |error| TreeError::io(path.as_str(), error);
        let mut names = self.lock();
        let (way, name, standing) = self.find(&mut names, path)?;
        let gone = match standing {
            Standing::File(file) => {
                if !may(&found_file(&way, &name, &file, path)?) {
                    return Err(TreeError::NotPermitted(path.to_string()));
                }
                way.folder.remove_file(&name).map_err(failed)?;
                None
            }
            Standing::Folder if recursive => {
                survey(&way, &name, may)?;
                Some(self.set_apart(&way, &name).map_err(failed)?)
            }
            Standing::Folder => {
                way.folder.remove_dir(&name).map_err(|error| match error.kind() {
                    io::ErrorKind::DirectoryNotEmpty => wrong_sort(path.as_str(), "is not empty"),
                    _ => failed(error),
                })?;
                None
            }
            Standing::Other | Standing::Nothing => return Err(TreeError::NotFound(path.to_string())),
        };
        names.forget(&way.path);
        drop(names);
        sync_folder(&way.folder).map_err(failed)?;
        match gone {
            Some(gone) => self.top.remove_dir_all(gone).map_err(failed),
            None => Ok(()),
        }
    }

    /// Gives a folder a private name at the top, where nobody finds it.
    fn set_apart(&self, way: &Way, name: &str) -> io::Result<String> {
        let gone = format!("{}{}", gone_prefix(), crate::partial::random_hex()?);
        rename_to_free(&way.folder, name, &self.top, &gone)?;
        Ok(gone)
    }

    /// Clears what a removal left that did not come to its end, and small files at the top that were never placed.
    pub(super) fn sweep(&self) -> io::Result<()> {
        for entry in self.top.entries()? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name.starts_with(&gone_prefix()) {
                self.top.remove_dir_all(name)?;
            } else if crate::partial::is_temporary(&name) && entry.metadata().is_ok_and(|metadata| is_old(&metadata)) {
                remove_if_there(&self.top, &name)?;
            }
        }
        Ok(())
    }
}

/// Whether a file was begun so long ago that no program that stores small files is still at it.
fn is_old(metadata: &Metadata) -> bool {
    const OLD: Duration = Duration::from_secs(3600);
    #[cfg(unix)]
    let changed = {
        use cap_std::fs::MetadataExt;
        // The time of its content may be any, as it is the sender's.
        u64::try_from(metadata.ctime()).ok().map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds))
    };
    #[cfg(not(unix))]
    let changed = metadata.created().ok().map(cap_std::time::SystemTime::into_std);
    changed.and_then(|changed| changed.elapsed().ok()).is_some_and(|age| age > OLD)
}

fn gone_prefix() -> String {
    format!("{PRIVATE_PREFIX}-gone-")
}

/// Looks through the folder `name`, and asks `may` of each file.
pub(super) fn survey(way: &Way, name: &str, may: &dyn Fn(&Found) -> bool) -> Result<Survey, TreeError> {
    let path = joined(&way.path, name);
    let folder = open_folder(&way.folder, name).map_err(|error| TreeError::io(&path, error))?;
    survey_below(&Way { folder, path }, DEPTH_MAX, may)
}

fn survey_below(way: &Way, depth: usize, may: &dyn Fn(&Found) -> bool) -> Result<Survey, TreeError> {
    let mut all = Survey::default();
    let not_permitted = || TreeError::NotPermitted(way.path.clone());
    for name in names_of(&way.folder).map_err(|error| TreeError::io(&way.path, error))? {
        // What has no name for us is nobody's whom we know.
        let name = name.ok_or_else(not_permitted)?;
        if is_private(&name) {
            continue;
        }
        let path = joined(&way.path, &name);
        let below = match standing_at(&way.folder, &name).map_err(|error| TreeError::io(&path, error))? {
            Standing::Nothing => continue,
            Standing::Other => return Err(not_permitted()),
            Standing::File(file) => {
                let asked: RelPath = path.parse().map_err(|_| not_permitted())?;
                if !may(&found_file(way, &name, &file, &asked)?) {
                    return Err(TreeError::NotPermitted(path));
                }
                Survey::default()
            }
            Standing::Folder => {
                let depth = depth.checked_sub(1).ok_or_else(not_permitted)?;
                let folder = open_folder(&way.folder, &name).map_err(|error| TreeError::io(&path, error))?;
                survey_below(&Way { folder, path }, depth, may)?
            }
        };
        let slash = usize::from(below.names > 0);
        all.names = all.names.max(1 + below.names);
        all.bytes = all.bytes.max(name.len() + slash + below.bytes);
    }
    Ok(all)
}

/// The names of a folder; nothing for one that is no text.
fn names_of(folder: &Dir) -> io::Result<Vec<Option<String>>> {
    folder.entries()?.map(|entry| Ok(entry?.file_name().into_string().ok())).collect()
}
