//! Why a connection, or one that waits, is sent away before it was served.

use crate::limits::Limits;

/// Why somebody is sent away, and the limit that was met. Its `Display` is a sentence for a person; a service puts it
/// into its own protocol, see [`crate::Service::refusal`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// As many connections as allowed are open.
    #[error("the server has {max_connections} connections, as many as it takes (try again later)")]
    ServerFull {
        /// [`Limits::max_connections`].
        max_connections: usize,
    },
    /// As many connections as allowed are open from this address.
    #[error("{max_per_address} connections are open from your address, as many as one may have (close one first)")]
    AddressFull {
        /// [`Limits::max_per_address`].
        max_per_address: usize,
    },
    /// All workers serve somebody, and the queue is full.
    #[error("all {workers} workers are taken and {queue} wait, as many as may (try again later)")]
    QueueFull {
        /// [`Limits::workers`].
        workers: usize,
        /// [`Limits::queue`].
        queue: usize,
    },
    /// No worker was free for as long as one may wait.
    #[error("no worker was free within {queue_wait_ms} ms (try again later)")]
    WaitedTooLong {
        /// [`Limits::queue_wait_ms`].
        queue_wait_ms: u64,
    },
    /// The server stops.
    #[error("the server stops (try again when it is back)")]
    Draining,
    /// The operating system gave no thread.
    #[error("the operating system gives the server no more threads (try again later)")]
    NoThread,
}

impl Refusal {
    pub(crate) const fn queue_full(limits: &Limits) -> Self {
        Self::QueueFull { workers: limits.workers.get(), queue: limits.queue }
    }
}
