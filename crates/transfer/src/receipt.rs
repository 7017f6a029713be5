//! What stands with a stored file: which bytes it had when it came, and who sent it.
//!
//! It is an extended attribute of the file itself, so it goes where the file goes and there is no book that could say
//! something else. Where a file system has none, nothing is lost but the time to hash a file anew.

use std::fs::{File, Metadata};
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use proto::{FileVersion, Root};

/// Its name as an extended attribute.
#[cfg(any(target_os = "linux", target_os = "macos"))]
const ATTRIBUTE: &str = "user.verbatim";

/// The first byte: which layout follows.
const LAYOUT: u8 = 1;

/// Bytes before the nick: layout, version, root, size, modified.
const FIXED_BYTES: usize = 1 + 16 + 32 + 8 + 8;

/// The longest nick that is kept, in bytes of UTF-8.
const BY_BYTES_MAX: usize = 255;

/// What was known of a file when it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Names its content.
    pub version: FileVersion,
    /// Its hash.
    pub root: Root,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last changed, in nanoseconds since 1970-01-01 UTC. A file whose size or time is another now has been
    /// changed since: the receipt says nothing of it.
    pub modified_ns: i64,
    /// Who sent it; empty if nobody did, or if nobody knows.
    pub by: String,
}

impl Receipt {
    /// Whether it still says something about the file `metadata` is of.
    pub fn is_of(&self, metadata: &Metadata) -> bool {
        self.size == metadata.len() && self.modified_ns == modified_ns(metadata)
    }

    /// Puts it on a file. `false` if the file system keeps no such thing.
    ///
    /// # Errors
    /// What the disk says.
    pub fn write(&self, file: &File) -> io::Result<bool> {
        write_attribute(file, &self.to_bytes())
    }

    /// The one on a file, if it has one and it still says something about it.
    pub fn read(file: &File, metadata: &Metadata) -> Option<Self> {
        let mut bytes = [0; FIXED_BYTES + BY_BYTES_MAX];
        let read = read_attribute(file, &mut bytes)?;
        Self::from_bytes(bytes.get(..read)?).filter(|receipt| receipt.is_of(metadata))
    }

    fn to_bytes(&self) -> Vec<u8> {
        let by = self.by.get(..self.by.floor_char_boundary(BY_BYTES_MAX)).unwrap_or_default();
        let mut bytes = Vec::with_capacity(FIXED_BYTES + by.len());
        bytes.push(LAYOUT);
        bytes.extend_from_slice(&self.version.0);
        bytes.extend_from_slice(&self.root.0);
        bytes.extend_from_slice(&self.size.to_be_bytes());
        bytes.extend_from_slice(&self.modified_ns.to_be_bytes());
        bytes.extend_from_slice(by.as_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&layout, rest) = bytes.split_first()?;
        let (version, rest) = rest.split_first_chunk()?;
        let (root, rest) = rest.split_first_chunk()?;
        let (size, rest) = rest.split_first_chunk()?;
        let (modified_ns, by) = rest.split_first_chunk()?;
        let by = std::str::from_utf8(by).ok()?.to_owned();
        (layout == LAYOUT).then(|| Self {
            version: FileVersion(*version),
            root: Root(*root),
            size: u64::from_be_bytes(*size),
            modified_ns: i64::from_be_bytes(*modified_ns),
            by,
        })
    }
}

/// When a file was last changed, in nanoseconds since 1970-01-01 UTC; 0 if its system does not say.
pub(crate) fn modified_ns(metadata: &Metadata) -> i64 {
    let Ok(modified) = metadata.modified() else { return 0 };
    match modified.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |ns| -ns),
    }
}

/// When a file was last changed, in milliseconds since 1970-01-01 UTC; 0 if before, or if its system does not say.
pub(crate) fn modified_ms(modified: io::Result<SystemTime>) -> u64 {
    let since = modified.ok().and_then(|modified| modified.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn write_attribute(file: &File, value: &[u8]) -> io::Result<bool> {
    use rustix::io::Errno;
    match rustix::fs::fsetxattr(file, ATTRIBUTE, value, rustix::fs::XattrFlags::empty()) {
        Ok(()) => Ok(true),
        // Not every file system has them; some have too little room for one, or forbid it on a file of somebody else.
        Err(Errno::NOTSUP | Errno::NOSYS | Errno::PERM | Errno::ACCESS | Errno::TOOBIG | Errno::ROFS) => Ok(false),
        // Some file systems say so when there is no room for an attribute, although there is room for files.
        Err(Errno::NOSPC | Errno::DQUOT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn read_attribute(file: &File, value: &mut [u8]) -> Option<usize> {
    rustix::fs::fgetxattr(file, ATTRIBUTE, value).ok()
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn write_attribute(_: &File, _: &[u8]) -> io::Result<bool> {
    Ok(false)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn read_attribute(_: &File, _: &mut [u8]) -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(by: &str) -> Receipt {
        Receipt { version: FileVersion([7; 16]), root: Root([9; 32]), size: 3, modified_ns: -5, by: by.to_owned() }
    }

    #[test]
    fn a_receipt_reads_as_it_was_written_and_nothing_else_does() {
        for by in ["", "mei", "李小明"] {
            assert_eq!(Receipt::from_bytes(&receipt(by).to_bytes()), Some(receipt(by)));
        }
        let long = Receipt::from_bytes(&receipt(&"é".repeat(400)).to_bytes()).unwrap();
        assert_eq!(long.by, "é".repeat(127));
        let bytes = receipt("").to_bytes();
        for bad in [&[][..], &bytes[1..], &bytes[..bytes.len() - 1], &[bytes.as_slice(), b"\xff"].concat()] {
            assert_eq!(Receipt::from_bytes(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_receipt_says_nothing_of_a_file_that_was_changed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"abc").unwrap();
        let handle = file.as_file();
        let mut written = receipt("mei");
        written.modified_ns = modified_ns(&handle.metadata().unwrap());
        if !written.write(handle).unwrap() {
            return;
        }
        assert_eq!(Receipt::read(handle, &handle.metadata().unwrap()), Some(written));
        std::fs::write(file.path(), b"abcd").unwrap();
        assert_eq!(Receipt::read(handle, &handle.metadata().unwrap()), None);
    }
}
