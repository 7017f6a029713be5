//! Keeps output from being written while the line editor is between two reads.
//!
//! During a read rustyline takes output through a pipe and repaints its line; between reads its printer writes
//! straight to the terminal, which would overtake what still lies in the pipe. So the printer may only print while a
//! read is under way. The reader opens the gate when it has the terminal in hand, and shuts it before it lets go.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long the reader waits for a print under way. One that takes longer is stuck behind the reader itself.
const PRINT_MAX: Duration = Duration::from_millis(20);

/// The gate. Shut at first.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_open: bool,
    is_printing: bool,
    for_good: bool,
}

impl Gate {
    pub(super) fn open(&self) {
        self.lock().is_open = true;
        self.changed.notify_all();
    }

    /// Opens it for as long as the program lives: there is no reader, or it has ended.
    pub(super) fn open_for_good(&self) {
        let mut state = self.lock();
        (state.is_open, state.for_good) = (true, true);
        self.changed.notify_all();
    }

    /// Shuts it, and waits for a print that has passed it.
    pub(super) fn shut(&self) {
        let mut state = self.lock();
        state.is_open = state.for_good;
        let waited = self.changed.wait_timeout_while(state, PRINT_MAX, |state| state.is_printing);
        drop(waited);
    }

    /// Waits until it is open, then does `print`.
    pub(super) fn pass<T>(&self, print: impl FnOnce() -> T) -> T {
        let waited = self.changed.wait_while(self.lock(), |state| !state.is_open);
        waited.unwrap_or_else(PoisonError::into_inner).is_printing = true;
        let printed = print();
        self.lock().is_printing = false;
        self.changed.notify_all();
        printed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
