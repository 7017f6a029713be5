//! A thread that reads, on a connection of its own.

mod frames;
mod history;
mod search;
mod unread;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use proto::{RoomId, Seq};
use rusqlite::Connection;

use super::progress::Progress;
use super::queue::Queue;
use super::read::{Found, Frames, HistoryAsk, SearchAsk, Stretch};
use super::trouble::Trouble;
use super::{StoreError, indexer, schema};
use crate::search::{Finder, Query};

/// What a reader is asked to do.
pub(super) type Job = Box<dyn FnOnce(&mut Reader) + Send>;

/// A reader.
#[derive(Debug)]
pub(super) struct Reader {
    path: PathBuf,
    connection: Connection,
    progress: Arc<Progress>,
    /// `None` until somebody searches, and after a failure.
    finder: Option<Finder>,
}

impl Reader {
    /// Opens a connection.
    pub(super) fn open(path: PathBuf, progress: Arc<Progress>) -> Result<Self, StoreError> {
        let connection = schema::open_to_read(&path)?;
        Ok(Self { path, connection, progress, finder: None })
    }

    /// Works until the queue is closed and empty.
    pub(super) fn run(mut self, queue: &Queue<Job>) {
        while let Some(job) = queue.pop() {
            job(&mut self);
        }
    }

    /// See [`super::Store::frames`].
    pub(super) fn frames(&self, room: RoomId, from: Seq, budget_bytes: usize) -> Result<Frames, StoreError> {
        frames::frames(&self.connection, room, from, budget_bytes).map_err(|error| self.failed(error))
    }

    /// See [`super::Store::history`].
    pub(super) fn history(&mut self, ask: HistoryAsk) -> Result<Found, StoreError> {
        history::history(&mut self.connection, ask).map_err(|error| self.failed(error))
    }

    /// See [`super::Store::unread`].
    pub(super) fn unread(&self, stretches: &[Stretch], but_of: &str) -> Result<Vec<(u32, bool)>, StoreError> {
        unread::unread(&self.connection, stretches, but_of.as_bytes()).map_err(|error| self.failed(error))
    }

    /// See [`super::Store::search`]. The newest event that was stored when it was asked for has a number less than
    /// `committed`.
    pub(super) fn search(&mut self, ask: &SearchAsk, committed: u64) -> Result<Found, StoreError> {
        let nothing =
            Found { frames: Bytes::new(), more: false, next: 0, gone_to: Seq(0), unindexed: false, wordless: false };
        let Some(query) = Query::parse(&ask.words, ask.from.as_deref(), &ask.rooms) else {
            return Ok(Found { wordless: true, ..nothing });
        };
        // Before it looks: what is indexed while it does may be missing.
        let unindexed = self.progress.at().indexed < committed;
        if self.finder.is_none() && self.progress.is_open() {
            self.finder = Finder::open(&indexer::path_beside(&self.path)).ok();
        }
        let Some(finder) = &self.finder else { return Ok(Found { unindexed: true, ..nothing }) };
        match search::search(&self.connection, finder, &query, ask) {
            Ok(found) => Ok(Found { unindexed, ..found }),
            Err(search::Failed::Store(error)) => Err(self.failed(error)),
            Err(search::Failed::Index(error)) => {
                // It is made again from the store; until then nothing is known.
                self.finder = None;
                if is_damage(&error) {
                    self.progress.set_damaged();
                }
                Ok(Found { unindexed: true, ..nothing })
            }
        }
    }

    fn failed(&self, error: rusqlite::Error) -> StoreError {
        Trouble::from(error).of(&self.path)
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}
