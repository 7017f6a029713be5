//! Giving files and folders another path.

use std::io;

use proto::limits::{FOLDER_NAMES_MAX, PATH_BYTES_MAX, PATH_NAMES_MAX};
use proto::message::{OnConflict, Sort};
use proto::{PathError, PathKey, RelPath};

use super::folder::{Standing, rename_to_free, standing_at};
use super::names::Names;
use super::remove::{Survey, survey};
use super::{
    Found, ROUNDS_MAX, ToSync, Tree, TreeError, Way, found_file, found_folder, joined, path_of, unsteady, wrong_sort,
};

/// How many numbers are tried behind a taken name.
const NUMBERS_MAX: u32 = 10_000;

/// What is moved, from where.
struct Source {
    way: Way,
    name: String,
    found: Found,
    below: Survey,
}

impl Tree {
    /// Gives a file or folder the path `to`, or takes it into the folder that stands there. On disk when this returns.
    /// `may` says of each file that is moved or replaced whether the asker may. Gives its path as it stands now.
    ///
    /// Without a receipt on both, two files do not count as the same.
    ///
    /// # Errors
    /// [`TreeError::NotFound`], [`TreeError::NotPermitted`], [`TreeError::Taken`] and others.
    pub fn rename(
        &self,
        from: &RelPath,
        to: &RelPath,
        on_conflict: OnConflict,
        may: &dyn Fn(&Found) -> bool,
    ) -> Result<RelPath, TreeError> {
        let mut names = self.lock();
        let source = self.source(&mut names, from, may)?;
        let to = self.destination(&mut names, &source, to)?;
        let mut sync = ToSync::default();
        let way = self.walk_making(&mut names, to.parent().as_ref(), &mut sync)?;
        for _ in 0..ROUNDS_MAX {
            if let Some(name) = try_to_rename(&mut names, &source, &way, &to, on_conflict, may)? {
                names.forget(&source.way.path);
                names.forget(&way.path);
                drop(names);
                let added = sync.add(&way).and_then(|()| sync.add(&source.way));
                added.map_err(|error| TreeError::io(to.as_str(), error))?;
                self.sync(sync)?;
                return path_of(&joined(&way.path, &name), &to);
            }
            names.forget(&way.path);
        }
        Err(unsteady(to.as_str()))
    }

    fn source(&self, names: &mut Names, from: &RelPath, may: &dyn Fn(&Found) -> bool) -> Result<Source, TreeError> {
        let (way, name, standing) = self.find(names, from)?;
        let (found, below) = match standing {
            Standing::File(file) => (found_file(&way, &name, &file, from)?, Survey::default()),
            Standing::Folder => (found_folder(&way, &name, from)?, survey(&way, &name, may)?),
            Standing::Other | Standing::Nothing => return Err(TreeError::NotFound(from.to_string())),
        };
        if found.sort == Sort::File && !may(&found) {
            return Err(TreeError::NotPermitted(from.to_string()));
        }
        Ok(Source { way, name, found, below })
    }

    /// Which path is meant by `to`; checks that what is moved, and all in it, has a path there.
    fn destination(&self, names: &mut Names, source: &Source, to: &RelPath) -> Result<RelPath, TreeError> {
        let bad = |error| TreeError::BadPath { path: to.to_string(), error };
        let itself = source.found.path.key();
        let to = match self.find(names, to) {
            Ok((way, name, Standing::Folder)) if PathKey::of(&joined(&way.path, &name)) != itself => {
                path_of(&joined(&way.path, &name), to)?.join(source.found.path.name()).map_err(bad)?
            }
            Ok(_) | Err(TreeError::NotFound(_)) => to.clone(),
            Err(error) => return Err(error),
        };
        if to.key().as_str().starts_with(&format!("{}/", itself.as_str())) {
            return Err(wrong_sort(source.found.path.as_str(), "cannot go into itself"));
        }
        if to.names().count() + source.below.names > PATH_NAMES_MAX {
            return Err(bad(PathError::TooManyNames));
        }
        if source.below.names > 0 && to.as_str().len() + 1 + source.below.bytes > PATH_BYTES_MAX {
            return Err(bad(PathError::TooLong));
        }
        Ok(to)
    }
}

/// The name it has now, or nothing if the folder was changed meanwhile.
fn try_to_rename(
    names: &mut Names,
    source: &Source,
    way: &Way,
    to: &RelPath,
    on_conflict: OnConflict,
    may: &dyn Fn(&Found) -> bool,
) -> Result<Option<String>, TreeError> {
    let failed = |error| TreeError::io(to.as_str(), error);
    let there = names.of(&way.path, &way.folder).map_err(failed)?;
    if way.path != source.way.path && there.len() >= FOLDER_NAMES_MAX {
        return Err(TreeError::FolderFull(way.path.clone()));
    }
    let is_free = |name: &str| there.find(&PathKey::of(name)).is_none();
    let Some(standing) = there.find(&PathKey::of(to.name())) else { return take(source, way, to.name()) };
    if way.path == source.way.path && standing == source.name {
        // The same name, or the same in another case or form.
        return if to.name() == standing { Ok(Some(standing.to_owned())) } else { take(source, way, to.name()) };
    }
    let found = match standing_at(&way.folder, standing).map_err(failed)? {
        Standing::Nothing => return Ok(None),
        Standing::File(file) => found_file(way, standing, &file, to).ok(),
        Standing::Folder | Standing::Other => None,
    };
    match on_conflict {
        OnConflict::Rename => {
            let free = (1..=NUMBERS_MAX).map_while(|number| to.numbered(number)).find(|path| is_free(path.name()));
            free.map_or_else(|| Err(TreeError::Taken(to.to_string())), |free| take(source, way, free.name()))
        }
        OnConflict::Same if found.as_ref().is_some_and(|found| is_same(found, &source.found)) => {
            source.way.folder.remove_file(&source.name).map_err(failed)?;
            Ok(Some(standing.to_owned()))
        }
        OnConflict::Fail | OnConflict::Same => Err(TreeError::Taken(to.to_string())),
        OnConflict::Replace => match found.filter(|_| source.found.sort == Sort::File) {
            None => Err(wrong_sort(to.as_str(), "is no file that could be replaced")),
            Some(found) if !may(&found) => Err(TreeError::NotPermitted(found.path.to_string())),
            Some(_) => {
                source.way.folder.rename(&source.name, &way.folder, standing).map_err(failed)?;
                Ok(Some(standing.to_owned()))
            }
        },
    }
}

fn take(source: &Source, way: &Way, name: &str) -> Result<Option<String>, TreeError> {
    match rename_to_free(&source.way.folder, &source.name, &way.folder, name) {
        Ok(()) => Ok(Some(name.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(TreeError::io(name, error)),
    }
}

fn is_same(one: &Found, other: &Found) -> bool {
    let root = |found: &Found| found.receipt.as_ref().map(|receipt| receipt.root);
    root(one).is_some() && root(one) == root(other)
}
