//! The progress of a file that is still coming, shared by the one who writes it and those who read it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proto::Root;

/// Called when there is more to read, or when it has ended.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// How far a file that is still coming has come.
///
/// Invariant: the verified bytes never become fewer, and what is not verified is not read.
#[derive(Default)]
pub struct Arriving {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    verified: u64,
    end: Option<ArrivingEnd>,
    /// Those who found nothing more to read; one entry a reader.
    waiting: Vec<(u64, Wake)>,
    next_reader: u64,
    readers: usize,
}

/// How the coming of a file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrivingEnd {
    /// It is whole, and this is its hash.
    Done(Root),
    /// The rest will not come.
    Broken,
}

impl std::fmt::Debug for Arriving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.state();
        f.debug_struct("Arriving").field("verified", &state.verified).field("end", &state.end).finish_non_exhaustive()
    }
}

impl Arriving {
    /// A file of which the first `verified` bytes are here.
    pub fn new(verified: u64) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(State { verified, ..State::default() }) })
    }

    /// Bytes that may be read.
    pub fn verified(&self) -> u64 {
        self.state().verified
    }

    /// How it ended, if it has.
    pub fn end(&self) -> Option<ArrivingEnd> {
        self.state().end
    }

    /// How many read it now.
    pub fn readers(&self) -> usize {
        self.state().readers
    }

    /// The first `upto` bytes are verified and can be read, and so can the hashes of their groups.
    pub fn advance(&self, upto: u64) {
        let mut state = self.state();
        if upto > state.verified {
            state.verified = upto;
            wake_all(state);
        }
    }

    /// It is whole.
    pub fn done(&self, root: Root) {
        self.end_with(ArrivingEnd::Done(root));
    }

    /// The rest will not come. Those who read it are told when they have read what is there.
    pub fn broken(&self) {
        self.end_with(ArrivingEnd::Broken);
    }

    /// Somebody more reads it.
    pub(crate) fn read(self: &Arc<Self>, wake: Wake) -> Reader {
        let mut state = self.state();
        state.readers += 1;
        state.next_reader += 1;
        let id = state.next_reader;
        drop(state);
        Reader { arriving: Arc::clone(self), id, wake }
    }

    fn end_with(&self, end: ArrivingEnd) {
        let mut state = self.state();
        if state.end.is_none() {
            state.end = Some(end);
            wake_all(state);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes without the lock, so that the woken may look at once.
fn wake_all(mut state: MutexGuard<'_, State>) {
    let waiting = std::mem::take(&mut state.waiting);
    drop(state);
    waiting.iter().for_each(|(_, wake)| wake());
}

/// One who reads a file that is still coming.
pub(crate) struct Reader {
    arriving: Arc<Arriving>,
    id: u64,
    wake: Wake,
}

impl Reader {
    /// How far it may read, and how it ended; wakes this reader once there is more than `have` bytes, or an end.
    pub(crate) fn look(&self, have: u64) -> (u64, Option<ArrivingEnd>) {
        let mut state = self.arriving.state();
        if state.verified <= have && state.end.is_none() && !state.waiting.iter().any(|(id, _)| *id == self.id) {
            state.waiting.push((self.id, Arc::clone(&self.wake)));
        }
        (state.verified, state.end)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.arriving.state();
        state.readers -= 1;
        state.waiting.retain(|(id, _)| *id != self.id);
    }
}
