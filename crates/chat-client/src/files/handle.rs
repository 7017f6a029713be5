//! The handle of a transfer.

use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::outcome::Outcome;
use super::progress::Progress;
use crate::error::ClientError;

/// What the caller wants of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Run,
    Pause,
    Cancel,
}

/// A transfer under way. It runs by itself; dropping this cancels it. What has come or gone so far is kept on the
/// receiving side, and the same transfer, begun again, goes on from there.
#[derive(Debug)]
pub struct Transfer {
    progress: watch::Receiver<Progress>,
    wish: watch::Sender<Wish>,
    outcome: oneshot::Receiver<Result<Outcome, ClientError>>,
    /// Ends by itself when this is dropped, after it has given back its slot.
    _task: JoinHandle<()>,
}

impl Transfer {
    pub(crate) const fn new(
        progress: watch::Receiver<Progress>,
        wish: watch::Sender<Wish>,
        outcome: oneshot::Receiver<Result<Outcome, ClientError>>,
        task: JoinHandle<()>,
    ) -> Self {
        Self { progress, wish, outcome, _task: task }
    }

    /// How it stands. The receiver sees every change, or the newest of those it slept through.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Waits for its end. Safe to be dropped while it waits, and to be called again; but once it has given the
    /// outcome, the next call says [`ClientError::Closed`].
    ///
    /// # Errors
    /// Why it came to nothing: [`ClientError::Cancelled`] if the caller wanted it so.
    pub async fn done(&mut self) -> Result<Outcome, ClientError> {
        match (&mut self.outcome).await {
            Ok(outcome) => outcome,
            Err(_) => Err(ClientError::Closed),
        }
    }

    /// Stops it where it is. The connection is free for others until [`Self::resume`].
    pub fn pause(&self) {
        self.wish(Wish::Pause);
    }

    /// Goes on after [`Self::pause`].
    pub fn resume(&self) {
        self.wish(Wish::Run);
    }

    /// Ends it, as dropping it does; [`Self::done`] then waits until it has ended.
    pub fn cancel(&self) {
        self.wish(Wish::Cancel);
    }

    fn wish(&self, wish: Wish) {
        // A cancelled transfer stays cancelled.
        self.wish.send_if_modified(|old| {
            let changes = *old != Wish::Cancel && *old != wish;
            if changes {
                *old = wish;
            }
            changes
        });
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.cancel();
    }
}
