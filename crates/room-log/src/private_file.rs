//! Files that only their owner may read: what is said here is in them.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

/// Makes the file, if it is not there. SQLite gives those that it makes beside it the same rights. Also learns, in the
/// system's own words, that it cannot be written.
///
/// Only while nobody in this process has the file open: to close a file gives up all locks that the process has on it.
pub(crate) fn make(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
