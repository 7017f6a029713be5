//! The counters at one moment, and the report at the end.

use std::fmt;

use crate::close::CloseReason;

/// The counters at one moment.
///
/// Invariant: `accepted == admitted + refused()`, and `admitted == active + waiting + closed.total()`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Connections taken from the kernel.
    pub accepted: u64,
    /// Turned away: as many connections as allowed were open.
    pub refused_full: u64,
    /// Turned away: as many connections as allowed were open from the address.
    pub refused_address: u64,
    /// Turned away: all workers were taken and the queue was full.
    pub refused_queue: u64,
    /// Turned away: the operating system gave no thread.
    pub refused_system: u64,
    /// Let in, to be served or to wait for it.
    pub admitted: u64,
    /// Being served now.
    pub active: u64,
    /// Waiting for a worker now.
    pub waiting: u64,
    /// Ended without ever having been served: they left the queue, waited too long, or the server stopped.
    pub starved: u64,
    /// Requests worked on so far.
    pub requests: u64,
    /// Requests waiting for a permit now; only under `pool-request`.
    pub requests_waiting: u64,
    /// Requests turned away; only under `pool-request`.
    pub requests_refused: u64,
    /// Times the kernel would not hand over a connection, for want of file descriptors, say.
    pub accept_errors: u64,
    /// Admitted connections that have ended, by reason.
    pub closed: Closed,
}

impl Snapshot {
    /// Everyone turned away, whatever the reason.
    pub const fn refused(&self) -> u64 {
        self.refused_full + self.refused_address + self.refused_queue + self.refused_system
    }
}

impl fmt::Display for Snapshot {
    /// One line for a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "accepted {}, admitted {}, refused {}", self.accepted, self.admitted, self.refused())?;
        let refused = [
            ("full", self.refused_full),
            ("address", self.refused_address),
            ("queue", self.refused_queue),
            ("system", self.refused_system),
        ];
        parts(f, refused.into_iter())?;
        write!(f, ", active {}, waiting {}, starved {}", self.active, self.waiting, self.starved)?;
        write!(f, ", requests {}", self.requests)?;
        parts(f, [("waiting", self.requests_waiting), ("refused", self.requests_refused)].into_iter())?;
        write!(f, ", accept errors {}, closed {}", self.accept_errors, self.closed.total())?;
        parts(f, self.closed.iter().map(|(reason, count)| (reason.as_str(), count)))
    }
}

fn parts<'a>(f: &mut fmt::Formatter<'_>, counts: impl Iterator<Item = (&'a str, u64)>) -> fmt::Result {
    let mut separator = " (";
    for (name, count) in counts.filter(|(_, count)| *count > 0) {
        write!(f, "{separator}{name} {count}")?;
        separator = ", ";
    }
    if separator == ", " { f.write_str(")") } else { Ok(()) }
}

/// How many connections ended for which reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Closed([u64; CloseReason::ALL.len()]);

impl Closed {
    /// How many ended for `reason`.
    pub fn of(&self, reason: CloseReason) -> u64 {
        self.0.get(reason.index()).copied().unwrap_or_default()
    }

    /// How many ended in all.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Every reason with its count, zeros included.
    pub fn iter(&self) -> impl Iterator<Item = (CloseReason, u64)> {
        CloseReason::ALL.iter().copied().zip(self.0)
    }

    pub(crate) fn count(&mut self, reason: CloseReason) {
        if let Some(count) = self.0.get_mut(reason.index()) {
            *count += 1;
        }
    }
}

/// How the server's end went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrainEnd {
    /// Every connection ended on its own.
    InOrder,
    /// The drain deadline came first, and the rest was cut.
    Deadline,
    /// Somebody asked to close at once, and the rest was cut.
    AskedToClose,
}

/// What [`crate::serve()`] hands back when nothing is left.
#[derive(Debug, Clone)]
pub struct Report {
    /// The final counters; nothing is active or waiting in them.
    pub snapshot: Snapshot,
    /// How the end went.
    pub end: DrainEnd,
    /// Milliseconds from the request to stop until nothing was left.
    pub drain_ms: u64,
}

impl fmt::Display for Report {
    /// One line for a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.end {
            DrainEnd::InOrder => "in order",
            DrainEnd::Deadline => "at the drain deadline",
            DrainEnd::AskedToClose => "at once, as asked",
        };
        write!(f, "stopped {how} after {} ms: {}", self.drain_ms, self.snapshot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_one_line_that_names_only_what_happened() {
        let mut snapshot =
            Snapshot { accepted: 3, admitted: 2, refused_queue: 1, active: 1, requests: 7, ..Snapshot::default() };
        snapshot.closed.count(CloseReason::Cut);
        assert_eq!(
            snapshot.to_string(),
            "accepted 3, admitted 2, refused 1 (queue 1), active 1, waiting 0, starved 0, requests 7, \
             accept errors 0, closed 1 (cut 1)"
        );
    }
}
