//! The one thread that writes. It takes one batch at a time; a batch is one transaction.

use std::path::PathBuf;
use std::sync::mpsc::Receiver;

use futures::channel::oneshot;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::ledger::Ledger;
use super::rows::Batch;
use super::sent::Fresh;
use super::trouble::Trouble;
use super::{Durability, NotStored, StoreError, fail_point, put, schema};

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
}

/// The writer.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    durability: Durability,
    /// `None` after a failure: it is opened anew for the next batch.
    connection: Option<Connection>,
    ledger: Ledger,
}

impl Writer {
    /// Writes on `connection`, which has what `ledger` says.
    pub(super) const fn new(path: PathBuf, durability: Durability, connection: Connection, ledger: Ledger) -> Self {
        Self { path, durability, connection: Some(connection), ledger }
    }

    /// Works until nobody can ask any more.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        while let Ok(job) = jobs.recv() {
            self.work(job);
        }
        if let Some(connection) = self.connection {
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
                self.connection.as_ref().unwrap().pragma_update(None, "max_page_count", pages).unwrap();
            }
            #[cfg(test)]
            Job::ReadOnly(is_read_only) => {
                self.connection.as_ref().unwrap().pragma_update(None, "query_only", is_read_only).unwrap();
            }
        }
    }

    fn commit(&mut self, batch: &Batch, done: &mut Option<Done>) -> Result<(), StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => schema::open_to_write(&self.path, self.durability)?,
        };
        self.ledger.begin();
        let committed = transact(&connection, batch, &mut self.ledger, done);
        if committed.is_err() {
            self.ledger.take_back();
        }
        // What could not even be rolled back, or is failing, is opened anew: it may be another file by then.
        let is_sound = connection.is_autocommit() && !matches!(&committed, Err(Trouble::Sql(error)) if is_grave(error));
        self.connection = is_sound.then_some(connection);
        committed.map_err(|trouble| trouble.of(&self.path))
    }
}

/// Whether an error may be of the connection, and not only of what was asked.
fn is_grave(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, DatabaseCorrupt, NotADatabase, SystemIoFailure};
    matches!(error.sqlite_error_code(), Some(SystemIoFailure | DatabaseCorrupt | NotADatabase | CannotOpen))
}

fn transact(
    connection: &Connection,
    batch: &Batch,
    ledger: &mut Ledger,
    done: &mut Option<Done>,
) -> Result<(), Trouble> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    put::batch(&transaction, batch, ledger, &mut Fresh::default())?;
    if fail_point::confirms_early()
        && let Some(done) = done.take()
    {
        drop(done.send(Ok(())));
    }
    fail_point::pass("before-commit");
    transaction.commit()?;
    fail_point::pass("after-commit");
    Ok(())
}
