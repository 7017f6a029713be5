//! How far the writer has come, and how far the indexer behind it; which searches wait for the indexer.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::queue::{NotTaken, Queue};
use super::reader::Job;

/// How long a search waits for the newest events to be indexed.
const WAIT: Duration = Duration::from_millis(500);

/// Searches that wait at a time; one more does not wait.
const WAITING_MAX: usize = 1024;

/// Behind by so many events, or for so long, the indexer follows; before that it lets them gather. A transaction for every
/// commit would cost more than all else, on a core that the writer may need. A search that waits makes it follow at once.
const GATHERED: u64 = 1024;
const GATHER: Duration = Duration::from_millis(100);

/// Shared by the writer, the indexer and whoever asks.
#[derive(Debug)]
pub(super) struct Progress {
    state: Mutex<State>,
    changed: Condvar,
    reads: Arc<Queue<Job>>,
}

#[derive(Debug, Default)]
struct State {
    at: At,
    /// Since when the index is behind.
    behind_since: Option<Instant>,
    is_open: bool,
    is_damaged: bool,
    is_closing: bool,
    waiting: VecDeque<Waiting>,
}

/// How far each has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct At {
    /// All events with lesser numbers are on disk, or gone again.
    pub(super) committed: u64,
    /// All events with lesser numbers are in the index.
    pub(super) indexed: u64,
    /// The last row of `trimmed`.
    pub(super) trimmed: i64,
    /// The last row of `trimmed` that the index knows of.
    pub(super) removed: i64,
}

/// A search that waits.
struct Waiting {
    number: u64,
    until: Instant,
    search: Job,
}

/// What the indexer is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing more.
    End,
    /// Throw the index away: a reader found it damaged.
    Anew,
    /// Follow the writer from here.
    Follow(At),
}

impl Progress {
    /// The writer has come so far already; the indexer has not begun.
    pub(super) fn new(committed: u64, trimmed: i64, reads: Arc<Queue<Job>>) -> Self {
        let state = State { at: At { committed, trimmed, ..At::default() }, ..State::default() };
        Self { state: Mutex::new(state), changed: Condvar::new(), reads }
    }

    /// How far each has come.
    pub(super) fn at(&self) -> At {
        self.lock().at
    }

    /// Whether readers may open the index.
    pub(super) fn is_open(&self) -> bool {
        self.lock().is_open
    }

    /// The writer has come so far.
    pub(super) fn set_committed(&self, committed: u64) {
        let mut state = self.lock();
        state.at.committed = committed;
        // It may have read further than it was told.
        let behind = committed.saturating_sub(state.at.indexed);
        let is_first = behind > 0 && state.behind_since.is_none();
        if is_first {
            state.behind_since = Some(Instant::now());
        }
        // Not at every commit: it looks by itself when the time is over.
        if is_first || behind >= GATHERED {
            drop(state);
            self.changed.notify_one();
        }
    }

    /// The writer has removed events, and written down which.
    pub(super) fn set_trimmed(&self, trimmed: i64) {
        self.lock().at.trimmed = trimmed;
        self.changed.notify_one();
    }

    /// A reader found the index damaged.
    pub(super) fn set_damaged(&self) {
        self.lock().is_damaged = true;
        self.changed.notify_one();
    }

    /// The index is open and has come so far.
    pub(super) fn set_indexed(&self, indexed: u64) {
        let mut state = self.lock();
        state.is_open = true;
        state.at.indexed = indexed;
        state.behind_since = (indexed < state.at.committed).then(Instant::now);
        self.release(&mut state, Instant::now());
    }

    /// The index knows that these are gone.
    pub(super) fn set_removed(&self, removed: i64) {
        self.lock().at.removed = removed;
    }

    /// Hands a search to the readers as soon as the index has every event before `number`, or it has waited long enough.
    pub(super) fn search(&self, number: u64, search: Job) -> Result<(), NotTaken> {
        let mut state = self.lock();
        if state.at.indexed >= number || state.is_closing || state.waiting.len() >= WAITING_MAX {
            return self.reads.push(search);
        }
        state.waiting.push_back(Waiting { number, until: Instant::now() + WAIT, search });
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// What the indexer is to do next; waits for it. It does not follow the writer before `not_before`.
    pub(super) fn next(&self, not_before: Option<Instant>) -> Next {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            self.release(&mut state, now);
            if state.is_closing {
                return Next::End;
            }
            if std::mem::take(&mut state.is_damaged) {
                return Next::Anew;
            }
            let due = state.due(now).map(|due| not_before.map_or(due, |not_before| due.max(not_before)));
            if due.is_some_and(|due| due <= now) {
                return Next::Follow(state.at);
            }
            let wake = state.waiting.front().map(|first| first.until).into_iter().chain(due);
            state = match wake.min() {
                Some(until) => {
                    let left = until.saturating_duration_since(now);
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// The indexer ends, and nobody waits for it any more.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closing = true;
        self.release(&mut state, Instant::now());
        self.changed.notify_all();
    }

    /// Lets those go that have waited long enough. They wait in the order in which they came, for ever newer events.
    fn release(&self, state: &mut State, now: Instant) {
        let State { at, is_closing, waiting, .. } = state;
        let is_ready = |first: &mut Waiting| *is_closing || first.number <= at.indexed || first.until <= now;
        while let Some(ready) = waiting.pop_front_if(is_ready) {
            // One that is not taken is dropped, and whoever waits for it is told so.
            let _ = self.reads.push(ready.search);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// When the indexer is to follow: now, when enough has gathered, or not at all.
    fn due(&self, now: Instant) -> Option<Instant> {
        let At { committed, indexed, trimmed, removed } = self.at;
        let is_wanted = !self.is_open || !self.waiting.is_empty() || committed.saturating_sub(indexed) >= GATHERED;
        match self.behind_since {
            Some(since) if indexed < committed => Some(if is_wanted { now } else { since + GATHER }),
            // What is gone goes at once.
            _ => (removed < trimmed || !self.is_open).then_some(now),
        }
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").field("number", &self.number).field("until", &self.until).finish_non_exhaustive()
    }
}
