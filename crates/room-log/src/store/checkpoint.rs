//! The thread that puts what the write-ahead log holds into the file, beside the writer, so that a commit seldom waits for
//! it.
//!
//! SQLite begins the log anew only where all of it is in the file at the moment of a commit. Under load there is always
//! something newer, so the writer itself has to do the rest from time to time ([`super::schema`] says when); what is left
//! for it then is little.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rusqlite::Connection;

/// Bytes of a page.
const PAGE_BYTES: usize = 4096;

/// Pages of a commit beside what it brings: the ends of the tables and of their indexes.
const PAGES_BESIDE: usize = 4;

/// Pages in the log after which it is time.
const PAGES: usize = 1000;

/// The writer's side: counts what it wrote, and says when it is time.
#[derive(Debug)]
pub(super) struct Pages {
    written: usize,
    is_time: SyncSender<()>,
}

/// The two sides.
pub(super) fn pair() -> (Pages, Receiver<()>) {
    let (is_time, times) = sync_channel(1);
    (Pages { written: 0, is_time }, times)
}

impl Pages {
    /// A commit that brought so many bytes is done.
    pub(super) fn written(&mut self, bytes: usize) {
        self.written += bytes / PAGE_BYTES + PAGES_BESIDE;
        // Where it is still busy with the last time, this one is at the next commit.
        if self.written >= PAGES && self.is_time.try_send(()).is_ok() {
            self.written = 0;
        }
    }
}

/// Works until the writer ends.
pub(super) fn run(connection: &Connection, times: &Receiver<()>) {
    while times.recv().is_ok() {
        // What fails is done by the writer, who says so to whoever commits.
        drop(connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())));
    }
}
