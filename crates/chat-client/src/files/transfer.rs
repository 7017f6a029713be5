//! The handle of a transfer.

use tokio::sync::{oneshot, watch};

use super::outcome::Outcome;
use super::progress::{Direction, Progress, State};
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
}

impl Transfer {
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

    pub(crate) fn failed(error: ClientError) -> Self {
        let (_, progress) =
            watch::channel(Progress { state: State::Failed, ..Progress::new(String::new(), Direction::Put) });
        let (outcome_end, outcome) = oneshot::channel();
        drop(outcome_end.send(Err(error)));
        Self { progress, wish: watch::channel(Wish::Run).0, outcome }
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.cancel();
    }
}
