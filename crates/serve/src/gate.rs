//! The gate before the work of a request: `pool-request` bounds the work here and not the connections.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::counters::Counters;
use crate::limits::Limits;
use crate::strategy::Strategy;

/// Where each request asks to be worked on. Clones are the same gate.
///
/// Under `pool-request` at most [`Limits::workers`] permits are out and at most [`Limits::queue`] requests wait for
/// one. Under every other strategy the gate is open and only counts.
#[derive(Debug, Clone)]
pub struct RequestGate(Arc<Gate>);

#[derive(Debug)]
struct Gate {
    counters: Arc<Counters>,
    limits: Arc<Limits>,
    /// `None` where the gate is open.
    permits: Option<Arc<Semaphore>>,
}

/// The right to work on one request, until dropped. Give it back before writing the answer to a socket, so that a
/// slow reader does not hold a worker.
#[derive(Debug)]
#[must_use = "the permit is given back when dropped"]
pub struct RequestPermit {
    _permit: Option<OwnedSemaphorePermit>,
}

/// No permit: answer the request so, and go on with the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GateBusy {
    /// All permits are out and as many requests wait as may.
    #[error("{workers} requests are worked on and {queue} wait, as many as may (try again later)")]
    Full {
        /// [`Limits::workers`].
        workers: usize,
        /// [`Limits::queue`].
        queue: usize,
    },
    /// The request waited as long as it may.
    #[error("no worker was free for the request within {queue_wait_ms} ms (try again later)")]
    WaitedTooLong {
        /// [`Limits::queue_wait_ms`].
        queue_wait_ms: u64,
    },
}

impl RequestGate {
    /// A gate that lets everything in: for a service that is run without [`crate::serve()`].
    pub fn open() -> Self {
        Self::new(Strategy::Spawn, &Arc::new(Counters::default()), &Arc::new(Limits::NONE))
    }

    pub(crate) fn new(strategy: Strategy, counters: &Arc<Counters>, limits: &Arc<Limits>) -> Self {
        let workers = limits.workers.get().min(Semaphore::MAX_PERMITS);
        let permits = (strategy == Strategy::PoolRequest).then(|| Arc::new(Semaphore::new(workers)));
        Self(Arc::new(Gate { counters: Arc::clone(counters), limits: Arc::clone(limits), permits }))
    }

    /// Asks for a permit; waits for one if some may wait. Cancel safe: whoever gives up loses its place.
    ///
    /// # Errors
    /// [`GateBusy`] when as many wait as may, or the wait was too long.
    pub async fn enter(&self) -> Result<RequestPermit, GateBusy> {
        let permit = match &self.0.permits {
            None => None,
            // Decided by `try_acquire`: polling `acquire` may answer "pending" for tokio's own reasons.
            Some(permits) => match Arc::clone(permits).try_acquire_owned() {
                Ok(permit) => Some(permit),
                // Boxed, so that a connection that never waits does not carry the room for it.
                Err(_) => Some(Box::pin(self.0.wait(permits)).await?),
            },
        };
        self.0.counters.requests.fetch_add(1, Ordering::Relaxed);
        Ok(RequestPermit { _permit: permit })
    }

    /// The same for a thread. The thread strategies bound connections, so that it never waits.
    pub fn enter_blocking(&self) -> RequestPermit {
        self.0.counters.requests.fetch_add(1, Ordering::Relaxed);
        RequestPermit { _permit: None }
    }
}

impl Gate {
    async fn wait(&self, permits: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, GateBusy> {
        let _place = self.place()?;
        let acquired = Arc::clone(permits).acquire_owned();
        let acquired = match self.limits.queue_wait() {
            None => Ok(acquired.await),
            Some(longest) => tokio::time::timeout(longest, acquired).await,
        };
        match acquired {
            Ok(Ok(permit)) => Ok(permit),
            // The semaphore is never closed, so that only the time can have run out.
            Ok(Err(_)) | Err(_) => {
                self.counters.requests_refused.fetch_add(1, Ordering::Relaxed);
                Err(GateBusy::WaitedTooLong { queue_wait_ms: self.limits.queue_wait_ms })
            }
        }
    }

    fn place(&self) -> Result<Place<'_>, GateBusy> {
        let waiting = &self.counters.requests_waiting;
        let queue = self.limits.queue;
        let taken = waiting.try_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
            (waiting < queue as u64).then_some(waiting + 1)
        });
        if taken.is_err() {
            self.counters.requests_refused.fetch_add(1, Ordering::Relaxed);
            return Err(GateBusy::Full { workers: self.limits.workers.get(), queue });
        }
        Ok(Place(&self.counters))
    }
}

/// One request in the queue; gives its place up when dropped.
struct Place<'a>(&'a Counters);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.requests_waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
