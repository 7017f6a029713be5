//! Stdin as a file: its size has to be known before it is sent.

use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;
use tokio::sync::oneshot;

use crate::cli::failure::Failure;

/// A private file with what came on stdin. It is gone when this is dropped.
#[derive(Debug)]
pub(super) struct Spool(NamedTempFile);

impl Spool {
    /// Reads stdin to its end.
    pub(super) async fn of_stdin() -> Result<Self, Failure> {
        let spool = NamedTempFile::with_prefix("verbatim-")?;
        let file = spool.reopen()?;
        let (end, ended) = oneshot::channel();
        // A read of a terminal or a pipe cannot be called off, so it has a thread that may end with the program.
        std::thread::spawn(move || drop(end.send(copy(file))));
        match ended.await {
            Ok(copied) => copied.map_err(|error| Failure::here(format!("stdin cannot be kept: {error}"), 1))?,
            Err(_) => return Err(Failure::here("stdin cannot be read", 1)),
        };
        Ok(Self(spool))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }
}

fn copy(mut file: File) -> io::Result<u64> {
    io::copy(&mut io::stdin().lock(), &mut file)
}
