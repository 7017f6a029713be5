//! A thread that reads, on a connection of its own.

mod frames;
mod history;
mod unread;

use std::path::PathBuf;

use proto::{RoomId, Seq};
use rusqlite::Connection;

use super::queue::Queue;
use super::read::{Found, Frames, HistoryAsk, SearchAsk, Stretch};
use super::trouble::Trouble;
use super::{StoreError, schema};

/// What a reader is asked to do.
pub(super) type Job = Box<dyn FnOnce(&mut Reader) + Send>;

/// A reader.
#[derive(Debug)]
pub(super) struct Reader {
    path: PathBuf,
    connection: Connection,
}

impl Reader {
    /// Opens a connection.
    pub(super) fn open(path: PathBuf) -> Result<Self, StoreError> {
        let connection = schema::open_to_read(&path)?;
        Ok(Self { path, connection })
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

    /// See [`super::Store::search`].
    pub(super) fn search(&self, _ask: &SearchAsk) -> Result<Found, StoreError> {
        let frames = bytes::Bytes::new();
        Ok(Found { frames, more: false, next: 0, gone_to: Seq(0), unindexed: true, wordless: false })
    }

    fn failed(&self, error: rusqlite::Error) -> StoreError {
        Trouble::from(error).of(&self.path)
    }
}
