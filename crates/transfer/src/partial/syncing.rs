//! Having a file written to disk while more of it comes, so that little is left to wait for at its end.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

/// Syncs a growing file from time to time, on a thread of its own. Invariant: at most one thread, joined before this is
/// gone.
#[derive(Debug)]
pub(super) struct Syncing {
    file: Arc<File>,
    /// Up to where it was written when it was last synced.
    synced: u64,
    every_bytes: u64,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Syncing {
    pub(super) const fn new(file: Arc<File>, synced: u64, every_bytes: u64) -> Self {
        Self { file, synced, every_bytes, thread: None }
    }

    /// The bytes before `upto` are written. Syncs them if they have become many; waits for the sync before.
    ///
    /// # Errors
    /// What the disk said about bytes written before.
    pub(super) fn written(&mut self, upto: u64) -> io::Result<()> {
        if upto.saturating_sub(self.synced) < self.every_bytes {
            return Ok(());
        }
        self.finish()?;
        self.synced = upto;
        let file = self.file.clone();
        let thread = std::thread::Builder::new().name("file-sync".to_owned());
        self.thread = Some(thread.spawn(move || file.sync_data())?);
        Ok(())
    }

    /// Waits for a sync that is under way.
    ///
    /// # Errors
    /// What the disk said.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match self.thread.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(io::Error::other("the thread that syncs has panicked")),
        }
    }
}

impl Drop for Syncing {
    fn drop(&mut self) {
        // What the disk said is for whoever resumes: they hash everything anew.
        let _ = self.finish();
    }
}
