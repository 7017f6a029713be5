//! The data directory: made if it is not there, and used by one server at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// The file whose lock says that a server uses the directory.
const LOCK_FILE: &str = "chat-server.lock";

/// A data directory that nobody else uses while this stands.
#[derive(Debug)]
pub struct DataDir {
    /// Held, never read: the lock goes when it is closed.
    _lock: File,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// It cannot be made or written.
    #[error("cannot use the data directory {path}: {error}", path = path.display())]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// Another server holds the lock.
    #[error("another chat-server uses the data directory {path} (stop it, or choose another with --data-dir)", path = path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
}

impl DataDir {
    /// Makes the directory if need be, and takes its lock.
    ///
    /// # Errors
    /// [`DataDirError`] names the directory and the way out.
    pub fn take(path: &Path) -> Result<Self, DataDirError> {
        let unusable = |error| DataDirError::Unusable { path: path.to_owned(), error };
        std::fs::create_dir_all(path).map_err(unusable)?;
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(path.join(LOCK_FILE)).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_serves_one_at_a_time() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b");
        let first = DataDir::take(&path).unwrap();
        assert!(matches!(DataDir::take(&path), Err(DataDirError::InUse { .. })));
        drop(first);
        DataDir::take(&path).unwrap();
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        std::fs::write(&path, "").unwrap();
        let error = DataDir::take(&path).unwrap_err().to_string();
        assert!(error.contains("cannot use the data directory") && error.contains("file"), "{error}");
    }
}
