//! What a server allows. The operator sets it; [`crate::serve()`] and the service keep it.

use std::num::NonZeroUsize;
use std::time::Duration;

/// Every bound of a server. There is no default: each binary says its own, in its `--help`.
///
/// What 0 means is said at each field. Which strategies read `workers` and `queue` stands in `docs/concurrency.md`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Connections that may be open at a time, served and waiting together. 0: no limit but the system's.
    pub max_connections: usize,
    /// Of these, connections from one address (of IPv6, from one /64 network). 0: no limit.
    pub max_per_address: usize,
    /// Workers of `pool`, `pool-accept` and `thread-pool`; requests worked on at a time under `pool-request`.
    pub workers: NonZeroUsize,
    /// Connections (`pool`, `thread-pool`) or requests (`pool-request`) that may wait for a worker.
    /// 0: nobody waits; who finds no free worker is told so.
    pub queue: usize,
    /// The longest wait for a worker in milliseconds; then the one who waits is told and sent away. 0: no limit.
    pub queue_wait_ms: u64,
    /// Milliseconds a peer has for its first words. 0: no limit. The service keeps this one; `serve` carries it.
    pub handshake_ms: u64,
    /// Milliseconds of silence after which a peer is sent away. 0: no limit. Kept by the service, as above.
    pub idle_ms: u64,
    /// Milliseconds that open connections have to end on their own once draining began; then they are cut.
    /// 0: cut at once.
    pub drain_ms: u64,
}

impl Limits {
    /// No limit on anything: one worker, and nobody waits.
    pub(crate) const NONE: Self = Self {
        max_connections: 0,
        max_per_address: 0,
        workers: NonZeroUsize::MIN,
        queue: 0,
        queue_wait_ms: 0,
        handshake_ms: 0,
        idle_ms: 0,
        drain_ms: 0,
    };

    /// How many connections a pool takes in, served and waiting together.
    pub(crate) const fn pool_capacity(&self) -> usize {
        self.workers.get().saturating_add(self.queue)
    }

    /// `queue_wait_ms` as a duration; `None` for no limit.
    pub(crate) const fn queue_wait(&self) -> Option<Duration> {
        match self.queue_wait_ms {
            0 => None,
            ms => Some(Duration::from_millis(ms)),
        }
    }
}
