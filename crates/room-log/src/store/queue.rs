//! The one queue before the threads that read: first come, first served, bounded.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Jobs that wait.
pub(super) struct Queue<T> {
    inner: Mutex<Inner<T>>,
    changed: Condvar,
    waiting_max: usize,
}

struct Inner<T> {
    jobs: VecDeque<T>,
    is_closed: bool,
}

/// Why a job was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// As many wait as may.
    Full,
    /// Nobody works any more.
    Closed,
}

impl<T> Queue<T> {
    /// A queue in which at most `waiting_max` wait.
    pub(super) const fn new(waiting_max: usize) -> Self {
        let inner = Inner { jobs: VecDeque::new(), is_closed: false };
        Self { inner: Mutex::new(inner), changed: Condvar::new(), waiting_max }
    }

    /// Puts a job behind the others.
    pub(super) fn push(&self, job: T) -> Result<(), NotTaken> {
        let mut inner = self.lock();
        if inner.is_closed {
            return Err(NotTaken::Closed);
        }
        if inner.jobs.len() >= self.waiting_max {
            return Err(NotTaken::Full);
        }
        inner.jobs.push_back(job);
        drop(inner);
        self.changed.notify_one();
        Ok(())
    }

    /// The next job; waits for it. `None` when the queue is closed and empty.
    pub(super) fn pop(&self) -> Option<T> {
        let is_idle = |inner: &mut Inner<T>| inner.jobs.is_empty() && !inner.is_closed;
        let mut inner = self.changed.wait_while(self.lock(), is_idle).unwrap_or_else(PoisonError::into_inner);
        inner.jobs.pop_front()
    }

    /// No more jobs are taken; those that wait are still done.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        // Nothing panics while the lock is held.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("waiting", &self.lock().jobs.len()).finish_non_exhaustive()
    }
}
