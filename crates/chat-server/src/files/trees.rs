//! The rooms' trees under the data directory, opened when somebody first asks.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use chat::TreeName;
use proto::{Code, Refusal, RoomId, RoomName};
use transfer::tree::Tree;

use super::lock;

/// Trees that are kept open; those that nobody uses make place.
const OPEN_MAX: usize = 512;

/// The trees.
#[derive(Debug)]
pub(super) struct Trees {
    rooms: PathBuf,
    /// Those of the direct conversations, each in a folder under the room's number, which no other room ever has.
    directs: PathBuf,
    open: Mutex<HashMap<TreeName, Arc<Tree>>>,
}

impl Trees {
    /// The trees under `root`. Of the direct conversations there are these; a folder of another is set aside, so that
    /// nobody comes upon it whose conversation gets its number.
    pub(super) fn open(root: &Path, there_are: &HashSet<RoomId>) -> io::Result<Self> {
        let (rooms, directs) = (root.join("rooms"), root.join("direct"));
        std::fs::create_dir_all(&rooms)?;
        std::fs::create_dir_all(&directs)?;
        let mut left = 0;
        for entry in std::fs::read_dir(&directs)? {
            let entry = entry?;
            let room = direct_of(&entry.file_name());
            if room.is_some_and(|room| there_are.contains(&room)) {
                continue;
            }
            left += 1;
            if room.is_some() {
                std::fs::rename(entry.path(), directs.join(format!("left-{}", unguessable()?)))?;
            }
        }
        if left > 0 {
            tracing::info!(left, path = %directs.display(), "folders of direct conversations that are no more; nobody can reach them, you may delete them");
        }
        Ok(Self { rooms, directs, open: Mutex::default() })
    }

    /// A tree, made if it is not there.
    pub(super) fn tree(&self, name: &TreeName) -> Result<Arc<Tree>, Refusal> {
        self.find(name, true).map_err(|error| failed(&error))?.ok_or_else(|| failed(&io::ErrorKind::NotFound.into()))
    }

    /// A tree, if anything was ever put into it.
    pub(super) fn tree_if_there(&self, name: &TreeName) -> Result<Option<Arc<Tree>>, Refusal> {
        self.find(name, false).map_err(|error| failed(&error))
    }

    /// The rooms that have a tree, direct conversations included.
    pub(super) fn rooms(&self) -> io::Result<Vec<TreeName>> {
        let mut rooms = Vec::new();
        for entry in std::fs::read_dir(&self.rooms)? {
            let name = entry?.file_name();
            rooms.extend(name.to_str().and_then(|name| name.parse::<RoomName>().ok()).map(TreeName::Room));
        }
        for entry in std::fs::read_dir(&self.directs)? {
            rooms.extend(direct_of(&entry?.file_name()).map(TreeName::Direct));
        }
        Ok(rooms)
    }

    /// A direct conversation is over. Its folder, to be deleted, if it has one.
    pub(super) fn forget_direct(&self, room: RoomId) -> Option<PathBuf> {
        lock(&self.open).remove(&TreeName::Direct(room));
        Some(self.direct(room)).filter(|path| path.is_dir())
    }

    fn direct(&self, room: RoomId) -> PathBuf {
        self.directs.join(room.0.to_string())
    }

    fn find(&self, name: &TreeName, make: bool) -> io::Result<Option<Arc<Tree>>> {
        let mut open = lock(&self.open);
        if let Some(tree) = open.get(name) {
            return Ok(Some(Arc::clone(tree)));
        }
        let path = match name {
            TreeName::Room(name) => self.rooms.join(name.as_str()),
            TreeName::Direct(room) => self.direct(*room),
        };
        if !make && !path.is_dir() {
            return Ok(None);
        }
        if open.len() >= OPEN_MAX {
            open.retain(|_, tree| Arc::strong_count(tree) > 1);
        }
        let tree = Arc::new(Tree::open(&path)?);
        open.insert(name.clone(), Arc::clone(&tree));
        Ok(Some(tree))
    }
}

/// Of which direct conversation a folder is.
fn direct_of(name: &OsStr) -> Option<RoomId> {
    let number = name.to_str()?.parse().ok().map(RoomId)?;
    (name == number.0.to_string().as_str()).then_some(number)
}

fn unguessable() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn failed(error: &io::Error) -> Refusal {
    tracing::error!(%error, "cannot open a room's files");
    Refusal::new(Code::StorageFailed, "the server cannot open this room's files")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direct_conversation_finds_its_files_again_and_no_other_does() {
        let root = tempfile::tempdir().unwrap();
        let (kept, gone) = (RoomId(5), RoomId(6));
        let begun = Trees::open(root.path(), &HashSet::new()).unwrap();
        for room in [kept, gone] {
            assert!(begun.tree_if_there(&TreeName::Direct(room)).unwrap().is_none());
            begun.tree(&TreeName::Direct(room)).unwrap();
        }
        let again = Trees::open(root.path(), &HashSet::from([kept])).unwrap();
        assert_eq!(again.rooms().unwrap(), [TreeName::Direct(kept)]);
        assert!(again.tree_if_there(&TreeName::Direct(kept)).unwrap().is_some());
        assert!(again.tree_if_there(&TreeName::Direct(gone)).unwrap().is_none());
        // What was set aside is still there for whoever runs the server, and a third start leaves it alone.
        Trees::open(root.path(), &HashSet::from([kept])).unwrap();
        assert_eq!(std::fs::read_dir(root.path().join("direct")).unwrap().count(), 2);
        assert_eq!(again.forget_direct(kept), Some(root.path().join("direct/5")));
        assert_eq!(again.forget_direct(gone), None);
    }

    #[test]
    fn only_a_plain_number_is_a_direct_conversation() {
        for (name, room) in [("5", Some(5)), ("05", None), ("+5", None), ("left-5", None), ("4294967296", None)] {
            assert_eq!(direct_of(OsStr::new(name)), room.map(RoomId), "{name}");
        }
    }
}
