//! The rooms' logs on disk: one SQLite file, one thread that writes it, a few that read it.
//!
//! [`Store::commit`] puts a [`Batch`] into one transaction and says when it is on disk. [`Store::frames`],
//! [`Store::history`], [`Store::search`] and [`Store::unread`] read on connections of their own, so no reader ever waits for
//! a commit, nor a commit for a reader.

pub mod read;
pub mod rows;

use std::path::{Path, PathBuf};

use proto::{RoomId, Seq};

use read::{Found, Frames, HistoryAsk, SearchAsk, Stretch};
use rows::{Batch, Stored};

/// When a commit counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// When the disk says that it has it (`synchronous = FULL`): survives a loss of power, if the disk does not lie.
    #[default]
    Full,
    /// When the system has it (`synchronous = NORMAL`): survives a crash of the server, not of the machine.
    Normal,
}

/// How much of a room is kept; nothing is trimmed where all are `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// Milliseconds.
    pub age_ms: Option<u64>,
    /// Events.
    pub events: Option<u64>,
    /// Bytes of frames.
    pub bytes: Option<u64>,
}

/// How a store is to be. No default: the operator chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreOptions {
    /// When a commit counts as done.
    pub durability: Durability,
    /// What is trimmed.
    pub retention: Retention,
    /// Threads that read.
    pub readers: usize,
}

/// Why a store cannot be opened, written or read. Each says which file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk is full, or the file may not grow.
    #[error("the disk is full: {path} cannot grow ({why})", path = path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        why: String,
    },
    /// It may not be written.
    #[error("{path} cannot be written ({why})", path = path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        why: String,
    },
    /// The file is damaged, or is no store.
    #[error("{path} is damaged or is not a chat store ({why}); restore it from a backup, or move it away to begin anew", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        why: String,
    },
    /// It was written by a newer program.
    #[error("{path} is of version {found}, and this program knows versions up to {known}; use the newer chat-server", path = path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest this program knows.
        known: u32,
    },
    /// Anything else.
    #[error("{path} failed ({why})", path = path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What SQLite or the system says.
        why: String,
    },
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
}

/// A batch that is not on disk, and why; nothing of it is.
#[derive(Debug)]
pub struct NotStored {
    /// The batch, to be tried again.
    pub batch: Batch,
    /// Why.
    pub error: StoreError,
}

/// The store. Its threads end when it is closed or dropped.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
}

impl Store {
    /// Opens the store of a data directory, makes it if there is none, and brings an older one to this version. What it
    /// holds comes with it.
    ///
    /// # Errors
    /// [`StoreError`] names the file and the way out.
    pub fn open(data_dir: &Path, options: StoreOptions) -> Result<(Self, Stored), StoreError> {
        let _ = options;
        Ok((Self { path: data_dir.join("chat.db") }, Stored::default()))
    }

    /// Puts a batch into one transaction. Ready when it is on disk, or when it is clear that nothing of it is.
    ///
    /// # Errors
    /// [`NotStored`] gives the batch back.
    pub async fn commit(&self, batch: Batch) -> Result<(), Box<NotStored>> {
        Err(Box::new(NotStored { batch, error: StoreError::Closed }))
    }

    /// Frames of a room from `from` on, whole events, at least one if there is one, up to about `budget_bytes`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn frames(&self, room: RoomId, from: Seq, budget_bytes: usize) -> Result<Frames, StoreError> {
        let _ = (room, from, budget_bytes);
        Err(StoreError::Closed)
    }

    /// Events of a room.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn history(&self, ask: HistoryAsk) -> Result<Found, StoreError> {
        let _ = ask;
        Err(StoreError::Closed)
    }

    /// Messages that hold words, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn search(&self, ask: SearchAsk) -> Result<Found, StoreError> {
        let _ = ask;
        Err(StoreError::Closed)
    }

    /// How many messages and files stand in each stretch, not counting those of `but_of`; for each, the count and whether
    /// there are more than were counted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unread(&self, stretches: Vec<Stretch>, but_of: String) -> Result<Vec<(u32, bool)>, StoreError> {
        let _ = (stretches, but_of);
        Err(StoreError::Closed)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Ends the threads, behind what was handed to them before.
    pub fn close(self) {}
}
