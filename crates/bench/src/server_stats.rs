//! What an echo server started with `--stats-every-ms` says of itself: a JSON object a line on its stdout, behind the
//! `listening on` line, and a last one when it ends.

use serde::Deserialize;

/// One such line. Counts are since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
pub struct ServerStats {
    /// When, in nanoseconds of the monotonic clock, which all processes of a machine share.
    pub at_ns: u64,
    /// Connections taken from the kernel.
    pub accepted: u64,
    /// Of these, turned away.
    pub refused: u64,
    /// Being served now.
    pub active: u64,
    /// Waiting for a worker now.
    pub waiting: u64,
    /// Ended without ever having been served.
    pub starved: u64,
    /// Requests worked on or being worked on.
    pub requests: u64,
    /// Requests waiting at the gate now.
    pub requests_waiting: u64,
    /// Requests turned away.
    pub requests_refused: u64,
    /// Connections in the kernel's queue now; `None` where it cannot be read.
    pub backlog: Option<u64>,
    /// Requests read and not yet answered now.
    pub in_system: u64,
    /// The integral of that over time since the start, in seconds: requests times seconds. For Little's law.
    pub in_system_seconds: f64,
    /// Requests whose work was measured.
    pub service_requests: u64,
    /// The mean time of their work, in microseconds.
    pub service_mean_us: f64,
    /// Its squared coefficient of variation.
    pub service_variation: f64,
    /// Whether it is the last line.
    #[serde(rename = "final")]
    pub is_final: bool,
}
