//! What takes long, such as reading a file of many gigabytes, stands in a line of its own, so that nobody's short
//! request waits for it and it does not take every thread.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use proto::{Code, Refusal};

use super::limits::{LONG_JOBS, LONG_WAITING_MAX, RETRY_AFTER_MS};
use super::lock;

type Job = Box<dyn FnOnce() + Send>;

/// The line.
#[derive(Default)]
pub(super) struct Line {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    working: usize,
    waiting: VecDeque<Job>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("working", &lock(&self.state).working).finish_non_exhaustive()
    }
}

impl Line {
    /// Why nothing more can stand in the line; nothing if it can.
    pub(super) fn full(&self) -> Option<Refusal> {
        (lock(&self.state).waiting.len() >= LONG_WAITING_MAX).then(|| {
            Refusal::new(Code::Busy, "too many big files are being read; try again in a moment")
                .with_limit("long_jobs", LONG_WAITING_MAX as u64)
                .with_retry_after_ms(RETRY_AFTER_MS)
        })
    }

    /// Puts a job at the end of the line.
    pub(super) fn add(self: &Arc<Self>, job: impl FnOnce() + Send + 'static) {
        let mut state = lock(&self.state);
        state.waiting.push_back(Box::new(job));
        if state.working < LONG_JOBS {
            state.working += 1;
            drop(state);
            let worker = Worker(Arc::clone(self));
            // The runtime joins it when it stops; it ends with the line.
            drop(tokio::task::spawn_blocking(move || worker.work()));
        }
    }

    fn next(&self) -> Option<Job> {
        lock(&self.state).waiting.pop_front()
    }
}

/// One that works on the line. Whatever becomes of a job, its place is given on.
struct Worker(Arc<Line>);

impl Worker {
    fn work(self) {
        while let Some(job) = self.0.next() {
            job();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.working -= 1;
        let next = state.waiting.pop_front();
        drop(state);
        if let Some(job) = next {
            self.0.add(job);
        }
    }
}
