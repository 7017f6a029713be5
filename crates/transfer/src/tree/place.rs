//! Giving a finished file its place.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io;

use cap_std::fs::Dir;
use proto::limits::FOLDER_NAMES_MAX;
use proto::message::OnConflict;
use proto::{FileVersion, PathKey, RelPath};

use super::folder::{Standing, rename_to_free, standing_at, sync_folder};
use super::names::{FolderNames, Names};
use super::ready::Ready;
use super::{Found, ROUNDS_MAX, Tree, TreeError, Way, found_file, joined, path_of, unsteady, wrong_sort};
use crate::group::hash_all;
use crate::partial::Journal;
use crate::receipt::modified_ns;

/// How many numbers are tried behind a taken name.
const NUMBERS_MAX: u32 = 10_000;

/// Where a finished file stands.
#[derive(Debug)]
pub struct Placed {
    /// Its path.
    pub path: RelPath,
    /// Whether the same bytes were there already; they stayed, and the new ones are gone.
    pub same: bool,
    /// The version of what is there.
    pub version: FileVersion,
    /// The hashes of its groups, if it came in a partial; removed when dropped.
    pub journal: Option<Journal>,
}

/// Folders that have to be synced before something is on disk.
#[derive(Debug, Default)]
pub struct ToSync {
    folders: BTreeMap<String, Dir>,
    pub(super) made: Vec<String>,
}

impl ToSync {
    pub(super) fn add(&mut self, way: &Way) -> io::Result<()> {
        if !self.folders.contains_key(&way.path) {
            self.folders.insert(way.path.clone(), way.folder.try_clone()?);
        }
        Ok(())
    }
}

/// How one try to place a file ended.
pub(super) enum Try {
    Placed(Placed),
    /// Something else was changed meanwhile.
    Again,
    /// Whether it is the same has to be read.
    Compare(File, Identity),
}

/// Which file, in which state, was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    number: (u64, u64),
    size: u64,
    modified_ns: i64,
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let number = {
            use std::os::unix::fs::MetadataExt;
            (metadata.dev(), metadata.ino())
        };
        #[cfg(not(unix))]
        let number = (0, 0);
        Self { number, size: metadata.len(), modified_ns: modified_ns(metadata) }
    }
}

/// What is asked of a place.
pub(super) struct Asked<'a> {
    pub(super) path: &'a RelPath,
    pub(super) on_conflict: OnConflict,
    pub(super) may_replace: &'a dyn Fn(&Found) -> bool,
}

impl Tree {
    /// Gives a finished file its place, and makes the folders above it. On disk when this returns. If it cannot be
    /// placed, `ready` is removed; but when the disk failed and it came in a partial, that is kept to be resumed.
    ///
    /// # Errors
    /// [`TreeError::Taken`], [`TreeError::NotPermitted`] and others.
    pub fn place(
        &self,
        ready: Ready,
        path: &RelPath,
        on_conflict: OnConflict,
        may_replace: &dyn Fn(&Found) -> bool,
    ) -> Result<Placed, TreeError> {
        let mut sync = ToSync::default();
        let placed = self.place_unsynced(ready, path, on_conflict, may_replace, &mut sync)?;
        self.sync(sync)?;
        Ok(placed)
    }

    /// Like [`Self::place`], but on disk only after [`Self::sync`] of `sync`.
    ///
    /// # Errors
    /// See [`Self::place`].
    pub fn place_unsynced(
        &self,
        mut ready: Ready,
        path: &RelPath,
        on_conflict: OnConflict,
        may_replace: &dyn Fn(&Found) -> bool,
        sync: &mut ToSync,
    ) -> Result<Placed, TreeError> {
        let asked = Asked { path, on_conflict, may_replace };
        match self.place_somehow(&mut ready, &asked, sync) {
            Err(error @ (TreeError::Io { .. } | TreeError::NoSpace { .. })) if ready.journal.is_some() => {
                ready.keep();
                Err(error)
            }
            result => result,
        }
    }

    /// Puts on disk what was placed.
    ///
    /// # Errors
    /// What the disk says.
    pub fn sync(&self, sync: ToSync) -> Result<(), TreeError> {
        for (path, folder) in &sync.folders {
            sync_folder(folder).map_err(|error| TreeError::io(path, error))?;
        }
        let mut names = self.lock();
        sync.made.iter().for_each(|path| _ = names.unsynced.remove(path));
        Ok(())
    }

    fn place_somehow(&self, ready: &mut Ready, asked: &Asked<'_>, sync: &mut ToSync) -> Result<Placed, TreeError> {
        let mut compared = None;
        for _ in 0..ROUNDS_MAX {
            let mut names = self.lock();
            let way = self.walk_making(&mut names, asked.path.parent().as_ref(), sync)?;
            let tried = try_to_place(&mut names, &way, ready, asked, compared, sync)?;
            drop(names);
            match tried {
                Try::Placed(placed) => return Ok(placed),
                Try::Again => {}
                Try::Compare(file, identity) => {
                    // Outside the lock, as it may be long.
                    let same = hash_all(&file, identity.size, &mut Vec::new()).is_ok_and(|root| root == ready.root);
                    compared = Some((identity, same));
                }
            }
        }
        Err(unsteady(asked.path.as_str()))
    }
}

/// `compared` is a file that was there and has no receipt, and whether it is the same.
pub(super) fn try_to_place(
    names: &mut Names,
    way: &Way,
    ready: &mut Ready,
    asked: &Asked<'_>,
    compared: Option<(Identity, bool)>,
    sync: &mut ToSync,
) -> Result<Try, TreeError> {
    let failed = |error| TreeError::io(asked.path.as_str(), error);
    let there = names.of(&way.path, &way.folder).map_err(failed)?;
    let Some(standing) = there.find(&asked.path.key_of_name()).map(str::to_owned) else {
        return take_name(ready, names, way, asked.path.name(), asked, sync);
    };
    let (file, found) = match standing_at(&way.folder, &standing).map_err(failed)? {
        Standing::Nothing => {
            names.forget(&way.path);
            return Ok(Try::Again);
        }
        Standing::File(file) => {
            let found = found_file(way, &standing, &file, asked.path).ok();
            (Some(file), found)
        }
        Standing::Folder | Standing::Other => (None, None),
    };
    if let (Some(file), Some(found)) = (file, &found)
        && asked.on_conflict != OnConflict::Fail
        && found.size == ready.size
    {
        let identity = Identity::of(&file.metadata().map_err(failed)?);
        match (&found.receipt, compared) {
            (Some(receipt), _) if receipt.root == ready.root => return Ok(same(ready, found)),
            (Some(_), _) => {}
            (None, Some((which, is_same))) if which == identity => {
                if is_same {
                    return Ok(same(ready, found));
                }
            }
            (None, _) => return Ok(Try::Compare(file, identity)),
        }
    }
    match (asked.on_conflict, found) {
        (OnConflict::Fail | OnConflict::Same, _) => Err(TreeError::Taken(asked.path.to_string())),
        (OnConflict::Rename, _) => take_number(ready, names, way, asked, sync),
        (OnConflict::Replace, None) => Err(wrong_sort(asked.path.as_str(), "is no file that could be replaced")),
        (OnConflict::Replace, Some(found)) if !(asked.may_replace)(&found) => {
            Err(TreeError::NotPermitted(found.path.to_string()))
        }
        (OnConflict::Replace, Some(found)) => replace(ready, names, way, &standing, &found, sync),
    }
}

fn same(ready: &Ready, found: &Found) -> Try {
    let version = found.receipt.as_ref().map_or(ready.version, |receipt| receipt.version);
    Try::Placed(Placed { path: found.path.clone(), same: true, version, journal: None })
}

/// Takes a name that is free as far as is known.
fn take_name(
    ready: &mut Ready,
    names: &mut Names,
    way: &Way,
    name: &str,
    asked: &Asked<'_>,
    sync: &mut ToSync,
) -> Result<Try, TreeError> {
    let failed = |error| TreeError::io(asked.path.as_str(), error);
    let there = names.of(&way.path, &way.folder).map_err(failed)?;
    check_room(there, way)?;
    let path = path_of(&joined(&way.path, name), asked.path)?;
    match rename_to_free(&ready.folder, &ready.name, &way.folder, name) {
        Ok(()) => {
            let placed = ready.placed(path);
            there.add(name, &way.folder).and_then(|()| sync.add(way)).map_err(failed)?;
            Ok(Try::Placed(placed))
        }
        // Taken, or the folder gone, by another program.
        Err(error) if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) => {
            names.forget(&way.path);
            Ok(Try::Again)
        }
        Err(error) => Err(failed(error)),
    }
}

/// Takes the name with the first number that is free.
fn take_number(
    ready: &mut Ready,
    names: &mut Names,
    way: &Way,
    asked: &Asked<'_>,
    sync: &mut ToSync,
) -> Result<Try, TreeError> {
    let failed = |error| TreeError::io(asked.path.as_str(), error);
    let there = names.of(&way.path, &way.folder).map_err(failed)?;
    check_room(there, way)?;
    let key = asked.path.key_of_name();
    let first = *there.number(key.clone());
    for number in first..=first.saturating_add(NUMBERS_MAX) {
        let Some(numbered) = asked.path.numbered(number) else { break };
        if there.find(&numbered.key_of_name()).is_none() {
            *there.number(key) = number;
            return take_name(ready, names, way, numbered.name(), asked, sync);
        }
    }
    Err(TreeError::Taken(asked.path.to_string()))
}

fn replace(
    ready: &mut Ready,
    names: &mut Names,
    way: &Way,
    standing: &str,
    found: &Found,
    sync: &mut ToSync,
) -> Result<Try, TreeError> {
    let failed = |error| TreeError::io(found.path.as_str(), error);
    let there = names.of(&way.path, &way.folder).map_err(failed)?;
    ready.folder.rename(&ready.name, &way.folder, standing).map_err(failed)?;
    let placed = ready.placed(found.path.clone());
    there.add(standing, &way.folder).and_then(|()| sync.add(way)).map_err(failed)?;
    Ok(Try::Placed(placed))
}

fn check_room(there: &FolderNames, way: &Way) -> Result<(), TreeError> {
    if there.len() < FOLDER_NAMES_MAX { Ok(()) } else { Err(TreeError::FolderFull(way.path.clone())) }
}

/// The key of a path's last name.
pub(super) trait NameKey {
    fn key_of_name(&self) -> PathKey;
}

impl NameKey for RelPath {
    fn key_of_name(&self) -> PathKey {
        PathKey::of(self.name())
    }
}
