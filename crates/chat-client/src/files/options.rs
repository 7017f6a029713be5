//! What a caller decides of a transfer.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;

use proto::message::OnConflict;

use super::RelPath;

/// How something is sent.
#[derive(Debug, Clone)]
pub struct PutOptions {
    /// Its path in the room's tree; of a folder, where that folder is to stand.
    pub to: RelPath,
    /// What to do when that path is taken.
    pub on_conflict: OnConflict,
    /// Whether the room is told.
    pub announce: bool,
    /// Begin anew, whatever the server has of an upload that broke off.
    pub fresh: bool,
}

impl PutOptions {
    /// To `to`, by another name if it is taken; the room is told.
    pub const fn new(to: RelPath) -> Self {
        Self { to, on_conflict: OnConflict::Rename, announce: true, fresh: false }
    }
}

/// Where what is fetched goes.
pub enum GetTarget {
    /// Into this file. What has come stands beside it until it is whole.
    File(PathBuf),
    /// Into this folder, by the name it has in the room's tree.
    Folder(PathBuf),
    /// Through here: only verified bytes, in order. Cannot be resumed by another start of the program.
    Writer(Box<dyn Write + Send>),
    /// Nowhere: to see whether it comes, and how fast.
    Nowhere,
}

impl fmt::Debug for GetTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Folder(path) => f.debug_tuple("Folder").field(path).finish(),
            Self::Writer(_) => f.write_str("Writer(…)"),
            Self::Nowhere => f.write_str("Nowhere"),
        }
    }
}

/// How something is fetched.
#[derive(Debug, Clone, Copy, Default)]
pub struct GetOptions {
    /// What to do when a file is there already. `Replace` takes the place of any.
    pub on_conflict: OnConflict,
    /// Begin anew, whatever is here of a fetch that broke off.
    pub fresh: bool,
}
