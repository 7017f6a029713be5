//! What a connection and a disk have to tell a transfer, without a queue: only how it stands now.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use proto::message::{Committed, StalledBy};
use proto::{Refusal, Root};
use tokio::sync::watch;

/// How one transfer stands on one connection.
#[derive(Debug)]
pub(crate) struct Line {
    state: watch::Sender<LineState>,
    /// Bytes of the file before this offset have gone, or are here and verified. Looked at a few times a second, so
    /// it wakes nobody.
    reached: AtomicU64,
    /// Bytes of the file that went over this connection.
    moved: AtomicU64,
    /// Whether it goes by the second connection.
    is_second: AtomicBool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct LineState {
    /// What the server said of who holds it up; until something comes.
    pub(crate) stalled: Option<StalledBy>,
    /// What it waits for on this side.
    pub(crate) waits: Option<Waits>,
    /// Groups that came damaged, and where the last stands.
    pub(crate) repairs: u32,
    pub(crate) repaired_at: u64,
    /// How it ended on this connection.
    pub(crate) ended: Option<Ended>,
}

/// What a transfer waits for on this side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waits {
    /// Credit.
    Credit,
    /// The disk here.
    Disk,
    /// The connection.
    Connection,
}

/// How a transfer ended on one connection.
#[derive(Debug, Clone)]
pub(crate) enum Ended {
    /// Sent: it is in its place.
    Committed(Committed),
    /// Fetched: it is in its place.
    Finished { root: Root, size: u64 },
    /// It failed on this side.
    Failed(Refusal),
    /// The server ended it.
    Stopped(Refusal),
    /// The connection broke.
    Broken,
}

impl Line {
    pub(crate) fn new(from: u64) -> Self {
        Self {
            state: watch::channel(LineState::default()).0,
            reached: AtomicU64::new(from),
            moved: AtomicU64::new(0),
            is_second: AtomicBool::new(false),
        }
    }

    pub(crate) fn by_second(&self) {
        self.is_second.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_second(&self) -> bool {
        self.is_second.load(Ordering::Relaxed)
    }

    pub(crate) fn watch(&self) -> watch::Receiver<LineState> {
        self.state.subscribe()
    }

    pub(crate) fn reached(&self) -> u64 {
        self.reached.load(Ordering::Relaxed)
    }

    pub(crate) fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    pub(crate) fn reach(&self, offset: u64) {
        self.reached.store(offset, Ordering::Relaxed);
    }

    /// The same for what is sent, all of which moves over the connection.
    pub(crate) fn sent(&self, offset: u64) {
        let before = self.reached.swap(offset, Ordering::Relaxed);
        self.add_moved(offset.saturating_sub(before));
    }

    pub(crate) fn add_moved(&self, bytes: u64) {
        self.moved.fetch_add(bytes, Ordering::Relaxed);
    }

    /// How it ended; what is said after that is not heard.
    pub(crate) fn end(&self, ended: Ended) {
        self.state.send_if_modified(|state| {
            let first = state.ended.is_none();
            if first {
                state.ended = Some(ended);
            }
            first
        });
    }

    pub(crate) fn stalled(&self, by: Option<StalledBy>) {
        self.state.send_if_modified(|state| {
            state.stalled = by;
            // Looked at with the clock; nobody is woken.
            false
        });
    }

    pub(crate) fn waits(&self, waits: Option<Waits>) {
        self.state.send_if_modified(|state| {
            state.waits = waits;
            false
        });
    }

    pub(crate) fn repaired(&self, offset: u64) {
        self.state.send_modify(|state| {
            state.repairs += 1;
            state.repaired_at = offset;
        });
    }
}
