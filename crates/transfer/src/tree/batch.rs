//! Many files at once: folders are gone down to once, and names are taken under one lock.

use std::collections::HashMap;

use proto::message::OnConflict;
use proto::{RelPath, Root};

use super::folder::{Standing, standing_at};
use super::names::Names;
use super::place::{Asked, NameKey, Try, try_to_place};
use super::{Found, Placed, Ready, ToSync, Tree, TreeError, Way, found_file};

/// The folders that were gone down to, by the path that was asked for; nothing for one that is not there.
type Ways = HashMap<Option<RelPath>, Option<Way>>;

/// A finished file, and where it shall stand.
#[derive(Debug)]
pub(crate) struct Going {
    pub(crate) ready: Ready,
    pub(crate) path: RelPath,
}

impl Tree {
    /// Whether these paths have a file of that root, as receipts have it. Nothing is read, so a `false` may be wrong.
    pub(crate) fn have<'a>(&self, asked: impl Iterator<Item = Option<(&'a RelPath, Root)>>) -> Vec<bool> {
        let mut names = self.lock();
        let mut ways = Ways::new();
        asked
            .map(|asked| {
                let Some((path, root)) = asked else { return false };
                let parent = path.parent();
                let way = ways.entry(parent).or_insert_with_key(|parent| self.walk(&mut names, parent.as_ref()).ok());
                way.as_ref().is_some_and(|way| root_at(&mut names, way, path).is_ok_and(|there| there == Some(root)))
            })
            .collect()
    }

    /// [`Tree::place_unsynced`] for many.
    pub(crate) fn place_all(
        &self,
        all: Vec<Going>,
        on_conflict: OnConflict,
        may_replace: &dyn Fn(&Found) -> bool,
        sync: &mut ToSync,
    ) -> Vec<Result<Placed, TreeError>> {
        let mut names = self.lock();
        let mut ways = HashMap::new();
        let tried: Vec<_> = all
            .into_iter()
            .map(|Going { mut ready, path }| {
                let asked = Asked { path: &path, on_conflict, may_replace };
                let parent = path.parent();
                let way = match ways.remove(&parent) {
                    Some(way) => way,
                    None => self.walk_making(&mut names, parent.as_ref(), sync)?,
                };
                let tried = try_to_place(&mut names, &way, &mut ready, &asked, None, sync)?;
                match tried {
                    Try::Placed(placed) => {
                        ways.insert(parent, way);
                        Ok(Tried::Placed(placed))
                    }
                    // Another program was here, or bytes have to be compared: not while everybody waits.
                    Try::Again | Try::Compare(..) => Ok(Tried::Later(Going { ready, path })),
                }
            })
            .collect();
        drop(names);
        let mut later = |going: Going| self.place_unsynced(going.ready, &going.path, on_conflict, may_replace, sync);
        tried
            .into_iter()
            .map(|tried: Result<Tried, TreeError>| match tried? {
                Tried::Placed(placed) => Ok(placed),
                Tried::Later(going) => later(going),
            })
            .collect()
    }
}

/// What became of one of many.
enum Tried {
    Placed(Placed),
    Later(Going),
}

/// The root of the file at `path`, if it has a receipt.
fn root_at(names: &mut Names, way: &Way, path: &RelPath) -> Result<Option<Root>, TreeError> {
    let failed = |error| TreeError::io(path.as_str(), error);
    let there = names.of(&way.path, &way.folder).map_err(failed)?;
    let Some(name) = there.find(&path.key_of_name()) else { return Ok(None) };
    let Standing::File(file) = standing_at(&way.folder, name).map_err(failed)? else { return Ok(None) };
    Ok(found_file(way, name, &file, path)?.receipt.map(|receipt| receipt.root))
}
