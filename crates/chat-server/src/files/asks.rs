//! The requests of one connection, worked on one at a time, in order, by a job on a thread that may block. It ends
//! when there are none, and when answers have piled up; the writer then has it go on.

use std::collections::VecDeque;
use std::sync::Arc;

use chat::FileAsk;

use super::asking::Asking;
use super::lock;
use super::session::SessionFiles;

/// Requests that wait for their turn.
#[derive(Debug, Default)]
pub(super) struct Asks {
    pub(super) waiting: VecDeque<(Asking, FileAsk)>,
    working: Working,
}

/// Whether the requests are worked on.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Working {
    #[default]
    No,
    Yes,
    /// Answers have piled up: it goes on when they are written.
    Held,
}

impl SessionFiles {
    /// Answers have been taken to be written: what was held because of them goes on.
    pub(crate) fn has_written(self: &Arc<Self>) {
        let mut asks = lock(&self.asks);
        if asks.working == Working::Held {
            asks.working = Working::No;
            drop(asks);
            self.work();
        }
    }

    /// Starts the job that works on the requests, unless it runs or is held.
    pub(super) fn work(self: &Arc<Self>) {
        let mut asks = lock(&self.asks);
        if asks.working == Working::No && !asks.waiting.is_empty() {
            asks.working = Working::Yes;
            drop(asks);
            let this = Arc::clone(self);
            // The runtime joins it when it stops; it ends with the requests.
            drop(tokio::task::spawn_blocking(move || this.work_on()));
        }
    }

    fn work_on(self: Arc<Self>) {
        let goes_on = GoesOn(&self);
        while let Some((asking, ask)) = self.next_ask() {
            super::tree_asks::work(asking, ask);
        }
        std::mem::forget(goes_on);
    }

    fn next_ask(&self) -> Option<(Asking, FileAsk)> {
        let mut asks = lock(&self.asks);
        if asks.waiting.is_empty() {
            asks.working = Working::No;
        } else if !self.has_room_for_answer() {
            asks.working = Working::Held;
        } else {
            return asks.waiting.pop_front();
        }
        None
    }
}

/// Work on one request panicked: the next is worked on all the same.
struct GoesOn<'a>(&'a Arc<SessionFiles>);

impl Drop for GoesOn<'_> {
    fn drop(&mut self) {
        lock(&self.0.asks).working = Working::No;
        self.0.work();
    }
}
