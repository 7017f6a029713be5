//! The load side: one thread, one readiness loop, large reads. It has to be far faster than any server it measures,
//! and says itself when it was not.

mod churn;
pub mod clock;
mod closed;
pub(crate) mod comeback;
mod fanout;
mod gauge;
mod idle;
mod link;
pub mod open;
mod readiness;
mod saying;
pub mod schedule;
pub mod slow;
mod steady;
#[cfg(test)]
mod tests;
mod watch;

pub use churn::{Churn, ChurnCount, Exchange, Tally};
pub use closed::{Closed, ClosedCount};
pub use fanout::{Fanout, FanoutCount};
pub use gauge::{Gauge, Usage};
pub use idle::Crowd;
pub use readiness::Waiting;
pub(crate) use saying::{Saying, SayingCount, Texts};
pub(crate) use steady::{Steady, SteadyCount, SteadyPlan};

use std::time::Duration;

/// How long a loop sleeps at most before it looks whether it shall end.
const TURN: Duration = Duration::from_millis(50);

/// How long nothing may happen before a trial is called stuck. It bounds hangs and measures nothing.
const STUCK: Duration = Duration::from_secs(15);

/// The read buffer all connections share.
const SCRATCH_BYTES: usize = 256 * 1024;

/// How long a trial warms up and how long it is measured.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Not counted.
    pub warm_up: Duration,
    /// Counted.
    pub measured: Duration,
}

impl Span {
    /// `measured` after a warm-up of a quarter of it, at least 50 ms and at most a second.
    pub fn of(measured: Duration) -> Self {
        Self { warm_up: (measured / 4).clamp(Duration::from_millis(50), Duration::from_secs(1)), measured }
    }
}
