//! The rooms' logs on disk: one SQLite file, one thread that writes it, a few that read it.
//!
//! [`Store::commit`] puts a [`Batch`] into one transaction and says when it is on disk. [`Store::frames`],
//! [`Store::history`], [`Store::search`] and [`Store::unread`] read on connections of their own, so no reader ever waits for
//! a commit, nor a commit for a reader.

mod checkpoint;
pub mod fail_point;
mod indexer;
mod ledger;
mod load;
mod place;
mod progress;
mod put;
mod queue;
pub mod read;
mod reader;
pub mod rows;
mod schema;
mod sent;
mod trim;
mod trouble;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};

use futures::channel::oneshot;
use proto::{RoomId, Seq};

use indexer::Indexer;
use progress::Progress;
use queue::{NotTaken, Queue};
use read::{Found, Frames, HistoryAsk, SearchAsk, Stretch};
use reader::Reader;
use rows::{Batch, Stored};
use trouble::Trouble;
use writer::Writer;

use crate::private_file;

/// The file in the data directory.
const FILE: &str = "chat.db";

/// Batches that may wait for the writer. Its one client waits for each, so that there is more than one only where a
/// commit was given up half-way.
const BATCHES_WAITING_MAX: usize = 8;

/// Readings that may wait. Whoever reads waits for the answer, so these are as many as read at a time.
const READS_WAITING_MAX: usize = 65_536;

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

impl NotStored {
    /// A batch that went down with the thread that had it.
    fn lost() -> Self {
        Self { batch: Batch::default(), error: StoreError::Closed }
    }
}

/// The store. Its threads end when it is closed or dropped.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    /// `None` when it is being closed.
    writer: Option<SyncSender<writer::Job>>,
    reads: Arc<Queue<reader::Job>>,
    progress: Arc<Progress>,
    readers: Vec<JoinHandle<()>>,
    indexing: Option<JoinHandle<()>>,
    checkpointing: Option<JoinHandle<()>>,
    writing: Option<JoinHandle<()>>,
}

impl Store {
    /// Opens the store of a data directory, makes it if there is none, and brings an older one to this version. What it
    /// holds comes with it.
    ///
    /// # Errors
    /// [`StoreError`] names the file and the way out.
    pub fn open(data_dir: &Path, options: StoreOptions) -> Result<(Self, Stored), StoreError> {
        std::fs::create_dir_all(data_dir).map_err(|error| trouble::of_system(&error, data_dir))?;
        let path = data_dir.join(FILE);
        private_file::make(&path).map_err(|error| trouble::of_system(&error, &path))?;
        let connection = schema::open_to_write(&path, options.durability)?;
        let (stored, ledger) = load::load(&connection).map_err(|error| error.of(&path))?;
        let trimmed = trim::last_trimmed(&connection).map_err(|error| Trouble::from(error).of(&path))?;
        let reads = Arc::new(Queue::new(READS_WAITING_MAX));
        let progress = Arc::new(Progress::new(ledger.numbers.next, trimmed, Arc::clone(&reads)));
        let (pages, times) = checkpoint::pair();
        let checkpoints = schema::open_to_checkpoint(&path)?;
        let writer = Writer::new(path.clone(), options, connection, ledger, Arc::clone(&progress), pages);
        let indexer = Indexer::new(&path, schema::open_to_read(&path)?, Arc::clone(&progress));
        let (jobs, to_do) = sync_channel(BATCHES_WAITING_MAX);
        let (writer_jobs, readers) = (Some(jobs), Vec::new());
        let mut store = Self {
            path,
            writer: writer_jobs,
            reads,
            progress,
            readers,
            indexing: None,
            checkpointing: None,
            writing: None,
        };
        let path = &store.path;
        store.writing = Some(begin("store-writer", path, move || writer.run(&to_do))?);
        store.checkpointing = Some(begin("store-checkpoint", path, move || checkpoint::run(&checkpoints, &times))?);
        store.indexing = Some(begin("store-indexer", path, move || indexer.run())?);
        for _ in 0..options.readers.max(1) {
            let reader = Reader::open(path.clone(), Arc::clone(&store.progress))?;
            let queue = Arc::clone(&store.reads);
            store.readers.push(begin("store-reader", path, move || reader.run(&queue))?);
        }
        Ok((store, stored))
    }

    /// Puts a batch into one transaction. Ready when it is on disk, or when it is clear that nothing of it is. Given up
    /// half-way, it is stored all the same, or not.
    ///
    /// # Errors
    /// [`NotStored`] gives the batch back.
    pub async fn commit(&self, batch: Batch) -> Result<(), Box<NotStored>> {
        let Some(writer) = &self.writer else {
            return Err(Box::new(NotStored { batch, error: StoreError::Closed }));
        };
        let (done, answer) = oneshot::channel();
        let (job, error) = match writer.try_send(writer::Job::Commit { batch, done }) {
            // The thread has died of a fault of ours, and the batch with it: nothing may be confirmed.
            Ok(()) => return answer.await.unwrap_or_else(|_| Err(Box::new(NotStored::lost()))),
            Err(TrySendError::Full(job)) => (job, self.failed("as many batches wait as may")),
            Err(TrySendError::Disconnected(job)) => (job, StoreError::Closed),
        };
        match job {
            writer::Job::Commit { batch, .. } => Err(Box::new(NotStored { batch, error })),
            #[cfg(test)]
            _ => Err(Box::new(NotStored::lost())),
        }
    }

    /// Frames of a room from `from` on, whole events, at least one if there is one, no more than `budget_bytes` otherwise.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn frames(&self, room: RoomId, from: Seq, budget_bytes: usize) -> Result<Frames, StoreError> {
        self.ask(move |reader| reader.frames(room, from, budget_bytes)).await
    }

    /// Events of a room.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn history(&self, ask: HistoryAsk) -> Result<Found, StoreError> {
        self.ask(move |reader| reader.history(ask)).await
    }

    /// Messages that hold words, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn search(&self, ask: SearchAsk) -> Result<Found, StoreError> {
        let committed = self.progress.at().committed;
        let (job, answer) = job(move |reader| reader.search(&ask, committed));
        self.answer(self.progress.search(committed, job), answer).await
    }

    /// How many messages and files stand in each stretch, not counting those of `but_of`; for each, the count and whether
    /// there are more than were counted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unread(&self, stretches: Vec<Stretch>, but_of: String) -> Result<Vec<(u32, bool)>, StoreError> {
        self.ask(move |reader| reader.unread(&stretches, &but_of)).await
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Ends the threads, behind what was handed to them before.
    pub fn close(self) {}

    /// Lets a reader do something, as soon as one is free.
    async fn ask<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (job, answer) = job(read);
        self.answer(self.reads.push(job), answer).await
    }

    async fn answer<T>(&self, pushed: Result<(), NotTaken>, answer: Answer<T>) -> Result<T, StoreError> {
        match pushed {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(self.failed("whoever was to read it is gone"))),
            Err(NotTaken::Full) => Err(self.failed("as many readings wait as may")),
            Err(NotTaken::Closed) => Err(StoreError::Closed),
        }
    }

    /// Lets the writer do what only a test asks for.
    #[cfg(test)]
    fn send(&self, job: writer::Job) {
        self.writer.as_ref().unwrap().send(job).unwrap();
    }

    fn failed(&self, why: &str) -> StoreError {
        StoreError::Failed { path: self.path.clone(), why: why.to_owned() }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // The writer last: who closes the file last puts all into it and leaves it alone in the folder, if they may write.
        // A thread that has died has nothing left to end.
        self.progress.close();
        self.reads.close();
        self.readers.drain(..).for_each(|reader| drop(reader.join()));
        drop(self.indexing.take().map(JoinHandle::join));
        self.writer = None;
        drop(self.writing.take().map(JoinHandle::join));
        drop(self.checkpointing.take().map(JoinHandle::join));
    }
}

/// The answer of a reader, when it comes.
type Answer<T> = oneshot::Receiver<Result<T, StoreError>>;

/// Something for a reader to do, and where the answer comes. Not done if nobody waits for it any more.
fn job<T: Send + 'static>(
    read: impl FnOnce(&mut Reader) -> Result<T, StoreError> + Send + 'static,
) -> (reader::Job, Answer<T>) {
    let (done, answer) = oneshot::channel();
    let job: reader::Job = Box::new(move |reader| {
        if !done.is_canceled() {
            drop(done.send(read(reader)));
        }
    });
    (job, answer)
}

fn begin(name: &str, path: &Path, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    Builder::new().name(name.to_owned()).spawn(work).map_err(|error| trouble::of_system(&error, path))
}

#[cfg(test)]
mod tests;
