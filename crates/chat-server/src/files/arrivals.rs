//! The files that are arriving, found by number and by path.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chat::TreeName;
use proto::message::{FileEntry, Sort};
use proto::{FileVersion, PathKey, RelPath};
use transfer::partial::PartialId;

use super::arrival::Arrival;
use super::lock;

/// The files that are arriving. Bounded by the transfers there can be, and by what is held for a short while after.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    by_id: Mutex<HashMap<PartialId, Arc<Arrival>>>,
}

impl Arrivals {
    pub(super) fn add(&self, arrival: &Arc<Arrival>) {
        lock(&self.by_id).insert(arrival.id, Arc::clone(arrival));
    }

    pub(super) fn find(&self, id: &PartialId) -> Option<Arc<Arrival>> {
        lock(&self.by_id).get(id).cloned()
    }

    /// Takes `arrival` out; nothing happens if another has its number by now.
    pub(super) fn remove(&self, arrival: &Arc<Arrival>) {
        let mut by_id = lock(&self.by_id);
        if by_id.get(&arrival.id).is_some_and(|there| Arc::ptr_eq(there, arrival)) {
            by_id.remove(&arrival.id);
        }
    }

    /// What arrives at a path: `version` of it, or else whatever has come furthest.
    pub(super) fn at(&self, tree: &TreeName, path: &RelPath, version: Option<FileVersion>) -> Option<Arc<Arrival>> {
        let key = path.key();
        let by_id = lock(&self.by_id);
        let mut there = by_id.values().filter(|arrival| arrival.tree == *tree && arrival.path.key() == key);
        match version {
            Some(version) => there.find(|arrival| arrival.version == version).cloned(),
            None => there.max_by_key(|arrival| arrival.progress.verified()).cloned(),
        }
    }

    /// Those of a tree in `folder` (the whole tree if `None`), or at it, as they stand in a list: one for each path.
    pub(super) fn entries(&self, tree: &TreeName, folder: Option<&RelPath>, recursive: bool) -> Vec<FileEntry> {
        let is_listed = |path: &RelPath| match folder {
            Some(folder) if path == folder => true,
            Some(folder) => path.is_within(folder) && (recursive || path.parent().as_ref() == Some(folder)),
            None => recursive || path.parent().is_none(),
        };
        let by_id = lock(&self.by_id);
        let mut listed: Vec<_> =
            by_id.values().filter(|arrival| arrival.tree == *tree && is_listed(&arrival.path)).cloned().collect();
        drop(by_id);
        listed.sort_by(|a, b| a.path.cmp(&b.path).then(b.progress.verified().cmp(&a.progress.verified())));
        let mut seen: Option<PathKey> = None;
        listed.retain(|arrival| seen.replace(arrival.path.key()) != Some(arrival.path.key()));
        listed.iter().map(|arrival| arrival.entry()).collect()
    }

    /// Takes out those of a tree.
    pub(super) fn take_all_of(&self, tree: &TreeName) -> Vec<Arc<Arrival>> {
        let mut by_id = lock(&self.by_id);
        let of: Vec<_> = by_id.values().filter(|arrival| arrival.tree == *tree).cloned().collect();
        of.iter().for_each(|arrival| drop(by_id.remove(&arrival.id)));
        of
    }

    pub(super) fn all(&self) -> Vec<Arc<Arrival>> {
        lock(&self.by_id).values().cloned().collect()
    }
}

impl Arrival {
    fn entry(&self) -> FileEntry {
        FileEntry {
            path: self.path.as_str().to_owned(),
            sort: Sort::Arriving(self.progress.verified()),
            size: self.size,
            modified_ms: self.modified_ms,
            root: None,
            by: self.by.clone(),
        }
    }
}
