//! Which names the folders have that were last put into, so that a name that only differs in case or form is found
//! without reading the folder anew for every file.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io;

use cap_std::fs::Dir;
use proto::PathKey;

use super::folder::{FolderState, folder_state};

/// Folders whose names are kept.
const FOLDERS_MAX: usize = 8;

/// Names kept in all; beyond, folders are let go, but for the last.
const NAMES_MAX: usize = 2 * proto::limits::FOLDER_NAMES_MAX;

/// What a tree knows of its folders. Whoever changes names in the tree holds it, so within this program nobody takes a
/// name between another's look and step.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Last used first.
    folders: VecDeque<FolderNames>,
    /// Folders that were made but are not on disk yet: they are not to be relied upon before the one above is synced.
    pub(super) unsynced: BTreeSet<String>,
}

/// The names of one folder.
#[derive(Debug)]
pub(super) struct FolderNames {
    path: String,
    /// As of when. Invariant: while the folder's state is this one, `names` is what is in it.
    state: FolderState,
    names: HashMap<PathKey, Box<str>>,
    /// Names that cannot be keys, as they are not text.
    others: usize,
    /// The last number that was put behind a name.
    numbers: HashMap<PathKey, u32>,
}

impl Names {
    /// The names of the folder at `path`, read anew if it was changed by somebody else.
    pub(super) fn of(&mut self, path: &str, folder: &Dir) -> io::Result<&mut FolderNames> {
        let state = folder_state(folder)?;
        let kept = self.folders.iter().position(|names| names.path == path);
        let kept = kept.and_then(|at| self.folders.remove(at)).filter(|names| names.state == state);
        let names = match kept {
            Some(names) => names,
            None => FolderNames::read(path, folder, state)?,
        };
        let mut in_all = names.len();
        self.folders.retain(|other| {
            in_all += other.len();
            in_all <= NAMES_MAX
        });
        self.folders.truncate(FOLDERS_MAX - 1);
        self.folders.push_front(names);
        self.folders.front_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Lets go of what is known of a folder.
    pub(super) fn forget(&mut self, path: &str) {
        self.folders.retain(|names| names.path != path);
    }
}

impl FolderNames {
    fn read(path: &str, folder: &Dir, state: FolderState) -> io::Result<Self> {
        let (mut names, mut others) = (HashMap::new(), 0);
        for entry in folder.entries()? {
            match entry?.file_name().to_str() {
                Some(name) => {
                    names.entry(PathKey::of(name)).or_insert_with(|| name.into());
                }
                None => others += 1,
            }
        }
        Ok(Self { path: path.to_owned(), state, names, others, numbers: HashMap::new() })
    }

    /// How many names.
    pub(super) fn len(&self) -> usize {
        self.names.len() + self.others
    }

    /// The name that stands for `key`.
    pub(super) fn find(&self, key: &PathKey) -> Option<&str> {
        self.names.get(key).map(|name| &**name)
    }

    /// A name that was just put into the folder, by whoever holds this.
    pub(super) fn add(&mut self, name: &str, folder: &Dir) -> io::Result<()> {
        self.names.insert(PathKey::of(name), name.into());
        self.state = folder_state(folder)?;
        Ok(())
    }

    /// Where to begin when a number is wanted for names of this key.
    pub(super) fn number(&mut self, key: PathKey) -> &mut u32 {
        self.numbers.entry(key).or_insert(1)
    }
}
