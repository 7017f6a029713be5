//! Files of this machine that are sent: opened, looked at, hashed. Everything here may block.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use proto::Root;
use transfer::content::{Content as _, FileContent};
use transfer::group::{GroupHash, GroupHasher, PrefixHasher, RootBuilder, groups_of};

use crate::error::ClientError;

/// Bytes that are read at a time.
const READ_BYTES: usize = 1024 * 1024;

/// A file that is to be sent, as it was when it was opened.
#[derive(Debug, Clone)]
pub(crate) struct Local {
    pub(crate) path: PathBuf,
    pub(crate) content: Arc<FileContent>,
    pub(crate) size: u64,
    pub(crate) modified: SystemTime,
}

impl Local {
    /// Opens a file. A link is followed: whoever named it wants what is behind it.
    ///
    /// # Errors
    /// If it cannot be read, or is no file.
    pub(crate) fn open(path: &Path) -> Result<Self, ClientError> {
        let failed = |error: &io::Error| ClientError::local("read", path, error);
        let mut options = OpenOptions::new();
        options.read(true);
        // A pipe that nobody writes to must not hold us up.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(
            &mut options,
            rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
        );
        let file = options.open(path).map_err(|error| failed(&error))?;
        Self::of(path, file)
    }

    /// The open file `file`, called `path`.
    pub(crate) fn of(path: &Path, file: File) -> Result<Self, ClientError> {
        let failed = |error: &io::Error| ClientError::local("read", path, error);
        let metadata = file.metadata().map_err(|error| failed(&error))?;
        if !metadata.is_file() {
            let what = if metadata.is_dir() { "it is a folder" } else { "it is not a regular file" };
            return Err(failed(&io::Error::new(io::ErrorKind::InvalidInput, what)));
        }
        let modified = metadata.modified().map_err(|error| failed(&error))?;
        let content = Arc::new(FileContent::new(file).map_err(|error| failed(&error))?);
        // A relative path means something else in another folder; the key must not.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Ok(Self { path, content, size: metadata.len(), modified })
    }

    /// When it was changed, as the wire has it.
    pub(crate) fn modified_ms(&self) -> u64 {
        millis(self.modified)
    }

    /// The hashes of its groups before `upto`, a whole number of groups or its size.
    ///
    /// # Errors
    /// If it cannot be read, is shorter by now, or `stop` is set.
    pub(crate) fn hashes(&self, upto: u64, stop: &AtomicBool) -> Result<Vec<GroupHash>, ClientError> {
        let failed = |error: &io::Error| ClientError::local("read", &self.path, error);
        let mut hasher = GroupHasher::new(self.size, 0);
        let mut hashes = Vec::with_capacity(usize::try_from(groups_of(upto)).unwrap_or(0));
        let mut buffer = vec![0; READ_BYTES.min(usize::try_from(upto).unwrap_or(READ_BYTES))];
        while hasher.at() < upto {
            if stop.load(Ordering::Relaxed) {
                return Err(ClientError::Cancelled);
            }
            let wanted = usize::try_from(upto - hasher.at()).unwrap_or(READ_BYTES).min(buffer.len());
            let buffer = buffer.get_mut(..wanted).unwrap_or_default();
            let read = self.content.read_at(hasher.at(), buffer).map_err(|error| failed(&error))?;
            if read == 0 {
                return Err(ClientError::KeepsChanging(self.path.clone()));
            }
            hasher.update(buffer.get(..read).unwrap_or_default(), &mut hashes);
        }
        Ok(hashes)
    }
}

/// The hashes of a file's first groups, made into what the two sides compare.
pub(crate) fn prefix_of(hashes: &[GroupHash]) -> (RootBuilder, Root) {
    let (mut before, mut prefix) = (RootBuilder::new(), PrefixHasher::new());
    for hash in hashes {
        before.push(*hash);
        prefix.push(hash);
    }
    (before, prefix.finish())
}

/// Milliseconds since 1970-01-01 UTC; 0 for a time before that.
pub(crate) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Runs what may block on a thread that may. If this is dropped, what reads `stop` ends soon.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce(&AtomicBool) -> Result<T, ClientError> + Send + 'static,
) -> Result<T, ClientError> {
    struct StopOnDrop(Arc<AtomicBool>);
    impl Drop for StopOnDrop {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let stop = StopOnDrop(Arc::default());
    let flag = Arc::clone(&stop.0);
    match tokio::task::spawn_blocking(move || work(&flag)).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime is being shut down.
        Err(_) => Err(ClientError::Closed),
    }
}
