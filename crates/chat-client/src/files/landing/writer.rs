//! Bytes that go through a writer: only verified ones, in order.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::ClientError;

/// Bytes that go through a writer.
pub(crate) struct WriterGoal {
    writer: Box<dyn Write + Send>,
    verified: u64,
    /// What has come behind `verified`. Bounded by how far a sender may be ahead of its hashes.
    tail: Vec<u8>,
}

impl fmt::Debug for WriterGoal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriterGoal").field("verified", &self.verified).finish_non_exhaustive()
    }
}

/// A pipe or device that is opened when it is first written to.
struct Opening {
    path: PathBuf,
    file: Option<File>,
}

impl Write for Opening {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(File::options().write(true).open(&self.path)?),
        };
        file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WriterGoal {
    pub(crate) const fn new(writer: Box<dyn Write + Send>) -> Self {
        Self { writer, verified: 0, tail: Vec::new() }
    }

    /// Through what is at `path`, opened with the first byte: that may block.
    pub(crate) fn opening(path: PathBuf) -> Self {
        Self::new(Box::new(Opening { path, file: None }))
    }

    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        // What a broken connection brought and nobody verified comes again.
        let at = usize::try_from(offset.saturating_sub(self.verified)).unwrap_or(usize::MAX);
        if at > self.tail.len() {
            return Err(io::Error::other("bytes are missing"));
        }
        self.tail.truncate(at);
        self.tail.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn verified(&mut self, upto: u64) -> io::Result<()> {
        let len = usize::try_from(upto.saturating_sub(self.verified)).unwrap_or(usize::MAX).min(self.tail.len());
        self.writer.write_all(self.tail.get(..len).unwrap_or_default())?;
        self.tail.drain(..len);
        self.verified = upto;
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<(), ClientError> {
        self.writer.flush().map_err(|error| ClientError::local("write", Path::new("the output"), &error))
    }
}
