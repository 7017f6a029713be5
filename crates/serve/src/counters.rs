//! What happened so far, in numbers that add up at every moment.
//!
//! Invariant: accepted = admitted + refused, and admitted = active + waiting + closed, in every [`Snapshot`]. That is
//! why the numbers of connections change under one short lock, which is taken a few times in a connection's life;
//! the numbers of requests are atomics.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::close::CloseReason;
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;

/// The counters of one server. Shared by the server, its metrics and its tests.
#[derive(Debug, Default)]
pub struct Counters {
    ledger: Mutex<Ledger>,
    pub(crate) requests: AtomicU64,
    pub(crate) requests_waiting: AtomicU64,
    pub(crate) requests_refused: AtomicU64,
    pub(crate) accept_errors: AtomicU64,
}

#[derive(Debug, Default)]
struct Ledger {
    /// The connection numbers; those of requests are filled in when a snapshot is taken.
    counted: Snapshot,
    /// Open connections by address; empty where they are not limited.
    addresses: HashMap<IpAddr, usize>,
}

/// What an admitted connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Waiting,
    Active,
}

impl Counters {
    /// All numbers, as they are together at this moment.
    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = self.ledger().counted.clone();
        snapshot.requests = self.requests.load(Ordering::Relaxed);
        snapshot.requests_waiting = self.requests_waiting.load(Ordering::Relaxed);
        snapshot.requests_refused = self.requests_refused.load(Ordering::Relaxed);
        snapshot.accept_errors = self.accept_errors.load(Ordering::Relaxed);
        snapshot
    }

    /// Whether one more connection from `address` may be open.
    pub(crate) fn room_for(&self, address: IpAddr, limits: &Limits) -> Result<(), Refusal> {
        let ledger = self.ledger();
        let open = ledger.counted.active + ledger.counted.waiting;
        if limits.max_connections > 0 && open >= limits.max_connections as u64 {
            return Err(Refusal::ServerFull { max_connections: limits.max_connections });
        }
        let here = ledger.addresses.get(&network(address)).copied().unwrap_or_default();
        if limits.max_per_address > 0 && here >= limits.max_per_address {
            return Err(Refusal::AddressFull { max_per_address: limits.max_per_address });
        }
        Ok(())
    }

    pub(crate) fn refuse(&self, refusal: &Refusal) {
        let mut ledger = self.ledger();
        ledger.counted.accepted += 1;
        let refused = match refusal {
            Refusal::ServerFull { .. } => &mut ledger.counted.refused_full,
            Refusal::AddressFull { .. } => &mut ledger.counted.refused_address,
            Refusal::NoThread => &mut ledger.counted.refused_system,
            Refusal::QueueFull { .. } | Refusal::WaitedTooLong { .. } | Refusal::Draining => {
                &mut ledger.counted.refused_queue
            }
        };
        *refused += 1;
    }

    /// Counts a connection in. `per_address` says whether it counts for its address as well; then so must its close.
    pub(crate) fn admit(&self, standing: Standing, per_address: Option<IpAddr>) {
        let mut ledger = self.ledger();
        ledger.counted.accepted += 1;
        ledger.counted.admitted += 1;
        *ledger.standing(standing) += 1;
        if let Some(address) = per_address {
            *ledger.addresses.entry(network(address)).or_default() += 1;
        }
    }

    /// One that waited is served now.
    pub(crate) fn begin(&self) {
        let mut ledger = self.ledger();
        ledger.counted.waiting -= 1;
        ledger.counted.active += 1;
    }

    /// Counts a connection out.
    pub(crate) fn close(&self, standing: Standing, per_address: Option<IpAddr>, reason: CloseReason) {
        let mut ledger = self.ledger();
        *ledger.standing(standing) -= 1;
        ledger.counted.closed.count(reason);
        if standing == Standing::Waiting {
            ledger.counted.starved += 1;
        }
        let Some(network) = per_address.map(network) else { return };
        match ledger.addresses.get_mut(&network) {
            Some(open) if *open > 1 => *open -= 1,
            _ => {
                ledger.addresses.remove(&network);
            }
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // Nothing under this lock can panic half way; a poisoned one is as good as new.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    const fn standing(&mut self, standing: Standing) -> &mut u64 {
        match standing {
            Standing::Waiting => &mut self.counted.waiting,
            Standing::Active => &mut self.counted.active,
        }
    }
}

/// Whom an address stands for: an IPv4 address for itself, an IPv6 address for its /64, which is one household.
fn network(address: IpAddr) -> IpAddr {
    const HOUSEHOLD: u128 = !(u64::MAX as u128);
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & HOUSEHOLD).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stands_for_its_household() {
        let rows = [
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false),
            ("::ffff:10.1.2.3", "10.1.2.3", true),
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
        ];
        for (one, other, same) in rows {
            assert_eq!(network(one.parse().unwrap()) == network(other.parse().unwrap()), same, "{one} and {other}");
        }
    }
}
