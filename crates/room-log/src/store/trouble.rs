//! What goes wrong below the store, in the store's words.

use std::path::Path;

use proto::{RoomId, Seq};
use rusqlite::ErrorCode;

use super::StoreError;

/// Why something was not done, before it is known which file that was.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// SQLite says so.
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    /// Whoever commits left out events, or commits some again; on disk that would be a hole, or a double.
    #[error("event {first} of room {room} was to be stored where {expected} is next")]
    Hole {
        /// The room.
        room: RoomId,
        /// The event that came.
        first: Seq,
        /// The event that had to come.
        expected: Seq,
    },
    /// What is stored makes no sense.
    #[error("{0}")]
    Nonsense(&'static str),
}

impl Trouble {
    /// With the file's name.
    pub(super) fn of(self, path: &Path) -> StoreError {
        let (path, why) = (path.to_owned(), self.to_string());
        let code = match &self {
            Self::Sql(error) => error.sqlite_error_code(),
            Self::Hole { .. } => None,
            Self::Nonsense(_) => Some(ErrorCode::DatabaseCorrupt),
        };
        match code {
            Some(ErrorCode::DiskFull) => StoreError::Full { path, why },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StoreError::ReadOnly { path, why },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged { path, why },
            _ => StoreError::Failed { path, why },
        }
    }
}

/// An error of the file system, with the file's name.
pub(super) fn of_system(error: &std::io::Error, path: &Path) -> StoreError {
    use std::io::ErrorKind;
    let (path, why) = (path.to_owned(), error.to_string());
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full { path, why },
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly { path, why },
        _ => StoreError::Failed { path, why },
    }
}
