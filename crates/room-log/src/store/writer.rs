//! The one thread that writes. It takes one batch at a time; a batch is one transaction. Between batches it removes what is
//! to be removed, a little at a time.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use futures::channel::oneshot;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::checkpoint::Pages;
use super::ledger::Ledger;
use super::progress::Progress;
use super::rows::Batch;
use super::sent::Fresh;
use super::trim::{self, Trimming};
use super::trouble::Trouble;
use super::{Durability, NotStored, StoreError, StoreOptions, fail_point, put, schema};

/// Where the answer to a commit goes.
pub(super) type Done = oneshot::Sender<Result<(), Box<NotStored>>>;

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Job {
    /// Put a batch into one transaction.
    Commit {
        /// The batch.
        batch: Batch,
        /// Where the answer goes.
        done: Done,
    },
    /// Let the file be no longer than so many pages, as if the disk were full.
    #[cfg(test)]
    PagesMax(u32),
    /// Let the file be read only, or not.
    #[cfg(test)]
    ReadOnly(bool),
    /// Remove now what is to be removed, all of it.
    #[cfg(test)]
    Trim(std::sync::mpsc::SyncSender<()>),
}

/// The writer.
#[derive(Debug)]
pub(super) struct Writer {
    disk: Disk,
    trimming: Trimming,
    progress: Arc<Progress>,
    pages: Pages,
}

/// The file, and what is known of it.
#[derive(Debug)]
struct Disk {
    path: PathBuf,
    durability: Durability,
    /// `None` after a failure: it is opened anew for the next batch.
    connection: Option<Connection>,
    ledger: Ledger,
}

impl Writer {
    /// Writes on `connection`, which has what `ledger` says.
    pub(super) fn new(
        path: PathBuf,
        options: StoreOptions,
        connection: Connection,
        ledger: Ledger,
        progress: Arc<Progress>,
        pages: Pages,
    ) -> Self {
        let disk = Disk { path, durability: options.durability, connection: Some(connection), ledger };
        Self { disk, trimming: Trimming::new(options.retention), progress, pages }
    }

    /// Works until nobody can ask any more.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            let idle = self.trimming.due().saturating_duration_since(Instant::now());
            match jobs.recv_timeout(idle) {
                Ok(job) => self.work(job),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.trimming.due() <= Instant::now() {
                self.trim();
            }
        }
        if let Some(connection) = self.disk.connection {
            // For the next who opens it: how the tables are filled. That it fails harms nobody.
            drop(connection.execute_batch("PRAGMA optimize"));
        }
    }

    fn work(&mut self, job: Job) {
        match job {
            Job::Commit { batch, done } => {
                let mut done = Some(done);
                let answer = self.commit(&batch, &mut done);
                if let Some(done) = done {
                    // Whoever asked may have gone; the batch is stored all the same.
                    drop(done.send(answer.map_err(|error| Box::new(NotStored { batch, error }))));
                }
            }
            #[cfg(test)]
            Job::PagesMax(pages) => {
                self.disk.connection.as_ref().unwrap().pragma_update(None, "max_page_count", pages).unwrap();
            }
            #[cfg(test)]
            Job::ReadOnly(is_read_only) => {
                self.disk.connection.as_ref().unwrap().pragma_update(None, "query_only", is_read_only).unwrap();
            }
            #[cfg(test)]
            Job::Trim(done) => {
                while self.trim() {}
                done.send(()).unwrap();
            }
        }
    }

    fn commit(&mut self, batch: &Batch, done: &mut Option<Done>) -> Result<(), StoreError> {
        self.disk.transaction(|connection, ledger| {
            put::batch(connection, batch, ledger, &mut Fresh::default())?;
            if fail_point::confirms_early()
                && let Some(done) = done.take()
            {
                drop(done.send(Ok(())));
            }
            fail_point::pass("before-commit");
            Ok(())
        })?;
        fail_point::pass("after-commit");
        self.progress.set_committed(self.disk.ledger.numbers.next);
        self.pages.written(batch.events.iter().map(|events| events.segment.bytes().len()).sum());
        Ok(())
    }

    /// A slice of what is to be removed. Whether there is more. What fails is tried again the next time: it is nobody's
    /// loss, and where the disk is at fault, whoever commits hears of it.
    fn trim(&mut self) -> bool {
        let known = self.progress.at();
        let done = self.disk.transaction(|connection, ledger| {
            trim::forget_trimmed(connection, known.removed)?;
            let has_more = self.trimming.slice(connection, ledger.rooms())?;
            Ok((has_more, trim::last_trimmed(connection)?))
        });
        let (has_more, trimmed) = done.unwrap_or((false, known.trimmed));
        self.trimming.set_due(has_more);
        if trimmed > known.trimmed {
            self.progress.set_trimmed(trimmed);
        }
        has_more
    }
}

impl Disk {
    /// Does something as one transaction: all of it is on disk, or nothing, and then the ledger is as it was.
    fn transaction<T>(
        &mut self,
        work: impl FnOnce(&Connection, &mut Ledger) -> Result<T, Trouble>,
    ) -> Result<T, StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => schema::open_to_write(&self.path, self.durability)?,
        };
        self.ledger.begin();
        let done = transact(&connection, &mut self.ledger, work);
        if done.is_err() {
            self.ledger.take_back();
        }
        // What could not even be rolled back, or is failing, is opened anew: it may be another file by then.
        let is_sound = connection.is_autocommit() && !matches!(&done, Err(Trouble::Sql(error)) if is_grave(error));
        self.connection = is_sound.then_some(connection);
        done.map_err(|trouble| trouble.of(&self.path))
    }
}

/// Whether an error may be of the connection, and not only of what was asked.
fn is_grave(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, DatabaseCorrupt, NotADatabase, SystemIoFailure};
    matches!(error.sqlite_error_code(), Some(SystemIoFailure | DatabaseCorrupt | NotADatabase | CannotOpen))
}

fn transact<T>(
    connection: &Connection,
    ledger: &mut Ledger,
    work: impl FnOnce(&Connection, &mut Ledger) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let done = work(&transaction, ledger)?;
    transaction.commit()?;
    Ok(done)
}
