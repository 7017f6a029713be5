//! What a source reads its bytes from.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::{Buf, Bytes};

/// Bytes that can be read at any place, by several threads at once.
pub trait Content: Send + Sync + 'static {
    /// Reads into `buffer` from `offset` on and says how many bytes came; 0 is the end. May block.
    ///
    /// # Errors
    /// The disk's.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// The same, if it can be done at once; `None` if it would wait for a disk, or if nobody can tell.
    ///
    /// # Errors
    /// The disk's.
    fn read_now(&self, offset: u64, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let _ = (offset, buffer);
        Ok(None)
    }

    /// Whether it is still what it was when it was opened. Asked behind the last byte. May block.
    ///
    /// # Errors
    /// The disk's.
    fn unchanged(&self) -> io::Result<bool> {
        Ok(true)
    }

    /// The file behind it, if its bytes stand there at the same offsets; for `sendfile`.
    fn file(&self) -> Option<&Arc<File>> {
        None
    }
}

/// A file of the file system.
#[derive(Debug)]
pub struct FileContent {
    file: Arc<File>,
    /// Size and time of change when it was opened; `None` for a file that is still being written.
    opened_as: Option<(u64, SystemTime)>,
}

impl FileContent {
    /// A file that must not change while it is read.
    ///
    /// # Errors
    /// If its size and time of change cannot be read.
    pub fn new(file: impl Into<Arc<File>>) -> io::Result<Self> {
        let file = file.into();
        let opened_as = Some(stamp(&file)?);
        expect_sequence(&file);
        Ok(Self { file, opened_as })
    }

    /// A file that is still being written, such as the partial of a file that is arriving.
    pub fn growing(file: impl Into<Arc<File>>) -> Self {
        Self { file: file.into(), opened_as: None }
    }
}

impl Content for FileContent {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match read_file(&self.file, offset, buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn read_now(&self, offset: u64, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        read_cached(&self.file, offset, buffer)
    }

    fn unchanged(&self) -> io::Result<bool> {
        match self.opened_as {
            Some(opened_as) => Ok(stamp(&self.file)? == opened_as),
            None => Ok(true),
        }
    }

    fn file(&self) -> Option<&Arc<File>> {
        Some(&self.file)
    }
}

/// Bytes in memory are at hand.
impl Content for Bytes {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.len());
        let mut rest = self.slice(start..);
        let len = rest.len().min(buffer.len());
        rest.copy_to_slice(buffer.get_mut(..len).unwrap_or_default());
        Ok(len)
    }

    fn read_now(&self, offset: u64, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        self.read_at(offset, buffer).map(Some)
    }
}

fn stamp(file: &File) -> io::Result<(u64, SystemTime)> {
    let metadata = file.metadata()?;
    Ok((metadata.len(), metadata.modified()?))
}

#[cfg(unix)]
fn read_file(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_file(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

/// Reads what the page cache has.
#[cfg(target_os = "linux")]
fn read_cached(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    use rustix::io::{Errno, ReadWriteFlags, preadv2};
    match preadv2(file, &mut [io::IoSliceMut::new(buffer)], offset, ReadWriteFlags::NOWAIT) {
        Ok(len) => Ok(Some(len)),
        // Not at hand, or a file system that cannot tell.
        Err(Errno::AGAIN | Errno::INTR | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn read_cached(_: &File, _: u64, _: &mut [u8]) -> io::Result<Option<usize>> {
    Ok(None)
}

/// Asks the kernel to read far ahead. Only advice: that it is refused changes nothing but the speed.
#[cfg(target_os = "linux")]
fn expect_sequence(file: &File) {
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Sequential);
}

#[cfg(not(target_os = "linux"))]
fn expect_sequence(_: &File) {}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_that_grew_shrank_or_was_touched_has_changed() {
        type Change = fn(&File);
        let changes: [(Change, bool); 4] = [
            (|_| {}, true),
            (|mut file| file.write_all(b"more").unwrap(), false),
            (|file| file.set_len(1).unwrap(), false),
            (|file| file.set_modified(SystemTime::UNIX_EPOCH).unwrap(), false),
        ];
        for (at, (change, unchanged)) in changes.into_iter().enumerate() {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(b"what it was").unwrap();
            let content = FileContent::new(file.try_clone().unwrap()).unwrap();
            change(&file);
            assert_eq!(content.unchanged().unwrap(), unchanged, "change {at}");
            let growing = FileContent::growing(file);
            assert!(growing.unchanged().unwrap());
        }
    }

    #[test]
    fn both_ways_of_reading_agree() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let content = FileContent::new(file).unwrap();
        for (offset, expected) in [(0, &b"0123"[..]), (8, b"89"), (10, b""), (99, b"")] {
            let mut buffer = [0; 4];
            let len = content.read_at(offset, &mut buffer).unwrap();
            assert_eq!(&buffer[..len], expected, "at {offset}");
            if let Some(len) = content.read_now(offset, &mut buffer).unwrap() {
                assert_eq!(&buffer[..len], expected, "now at {offset}");
            }
        }
    }
}
