//! The rooms' trees under the data directory, opened when somebody first asks.

use std::collections::HashMap;
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
    directs: PathBuf,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    trees: HashMap<TreeName, Arc<Tree>>,
    /// The folders of the direct conversations, under names that nobody can guess.
    directs: HashMap<RoomId, PathBuf>,
}

impl Trees {
    /// The trees under `root`.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let (rooms, directs) = (root.join("rooms"), root.join("direct"));
        std::fs::create_dir_all(&rooms)?;
        std::fs::create_dir_all(&directs)?;
        let left = std::fs::read_dir(&directs)?.count();
        if left > 0 {
            tracing::info!(left, path = %directs.display(), "folders of direct conversations that ended with the server before; nobody can reach them, you may delete them");
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

    /// The rooms that have a tree.
    pub(super) fn rooms(&self) -> io::Result<Vec<TreeName>> {
        let mut rooms = Vec::new();
        for entry in std::fs::read_dir(&self.rooms)? {
            let name = entry?.file_name();
            rooms.extend(name.to_str().and_then(|name| name.parse::<RoomName>().ok()).map(TreeName::Room));
        }
        Ok(rooms)
    }

    /// A direct conversation is over. Its folder, to be deleted.
    pub(super) fn forget_direct(&self, room: RoomId) -> Option<PathBuf> {
        let mut open = lock(&self.open);
        open.trees.remove(&TreeName::Direct(room));
        open.directs.remove(&room)
    }

    fn find(&self, name: &TreeName, make: bool) -> io::Result<Option<Arc<Tree>>> {
        let mut open = lock(&self.open);
        if let Some(tree) = open.trees.get(name) {
            return Ok(Some(Arc::clone(tree)));
        }
        let path = match name {
            TreeName::Room(name) => self.rooms.join(name.as_str()),
            TreeName::Direct(room) => match (open.directs.get(room), make) {
                (Some(path), _) => path.clone(),
                (None, false) => return Ok(None),
                (None, true) => {
                    let path = self.directs.join(unguessable()?);
                    open.directs.insert(*room, path.clone());
                    path
                }
            },
        };
        if !make && !path.is_dir() {
            return Ok(None);
        }
        if open.trees.len() >= OPEN_MAX {
            open.trees.retain(|_, tree| Arc::strong_count(tree) > 1);
        }
        let tree = Arc::new(Tree::open(&path)?);
        open.trees.insert(name.clone(), Arc::clone(&tree));
        Ok(Some(tree))
    }
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
