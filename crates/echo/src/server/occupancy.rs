//! How many requests are in the server, over time: the L of Little's law.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Requests that are here, and the integral of their number over time. Exact at every moment: it is summed from the
/// same readings of the clock that each request's own times are, in whatever order they arrive here.
#[derive(Debug)]
pub(super) struct Occupancy {
    began: Instant,
    sums: Mutex<Sums>,
}

#[derive(Debug, Default)]
struct Sums {
    inside: u64,
    /// When those inside came, added up, in nanoseconds since the start.
    inside_came_ns: u128,
    /// How long those who left were here, added up, in nanoseconds.
    stayed_ns: u128,
}

/// What [`Occupancy`] comes to at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reading {
    pub(super) at: Instant,
    /// Requests that are here.
    pub(super) inside: u64,
    /// The integral of that number since the start: requests times seconds.
    pub(super) integral_seconds: f64,
}

impl Occupancy {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), sums: Mutex::default() }
    }

    pub(super) fn come(&self, at: Instant) {
        let mut sums = self.sums();
        sums.inside += 1;
        sums.inside_came_ns += self.since(at);
    }

    /// One that came at `came` leaves.
    pub(super) fn leave(&self, came: Instant, at: Instant) {
        let (came, at) = (self.since(came), self.since(at));
        let mut sums = self.sums();
        sums.inside -= 1;
        sums.inside_came_ns -= came;
        sums.stayed_ns += at - came;
    }

    pub(super) fn reading(&self) -> Reading {
        let sums = self.sums();
        // Under the lock: nobody inside has come after it.
        let at = Instant::now();
        self.read(&sums, at)
    }

    fn read(&self, sums: &Sums, at: Instant) -> Reading {
        let inside_ns = u128::from(sums.inside) * self.since(at) - sums.inside_came_ns;
        let total = Duration::from_nanos_u128(sums.stayed_ns + inside_ns);
        Reading { at, inside: sums.inside, integral_seconds: total.as_secs_f64() }
    }

    fn since(&self, at: Instant) -> u128 {
        at.saturating_duration_since(self.began).as_nanos()
    }

    fn sums(&self) -> MutexGuard<'_, Sums> {
        // Nothing under this lock can panic half way.
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_integral_is_exact_whatever_the_order_of_arrival_here() {
        let occupancy = Occupancy::new();
        let at = |ms| occupancy.began + Duration::from_millis(ms);
        let reading = |ms| {
            let reading = occupancy.read(&occupancy.sums(), at(ms));
            (reading.inside, reading.integral_seconds)
        };
        assert_eq!(reading(10), (0, 0.0));
        occupancy.come(at(10));
        assert_eq!(reading(30), (1, 0.020));
        // Two threads: the one that read the clock later is here first.
        occupancy.come(at(50));
        occupancy.come(at(40));
        assert_eq!(reading(50), (3, 0.050));
        occupancy.leave(at(40), at(60));
        occupancy.leave(at(10), at(60));
        assert_eq!(reading(100), (1, 0.120));
        occupancy.leave(at(50), at(100));
        assert_eq!(reading(100_000), (0, 0.120));
    }

    proptest! {
        #[test]
        fn it_is_the_sum_of_all_stays(stays in prop::collection::vec((0_u64..1_000_000, 0_u64..1_000_000), 0..50)) {
            let occupancy = Occupancy::new();
            let at = |us| occupancy.began + Duration::from_micros(us);
            for (came, _) in &stays {
                occupancy.come(at(*came));
            }
            for (came, stayed) in &stays {
                occupancy.leave(at(*came), at(came + stayed));
            }
            let total = Duration::from_micros(stays.iter().map(|(_, stayed)| stayed).sum());
            let reading = occupancy.read(&occupancy.sums(), at(3_000_000));
            prop_assert_eq!((reading.inside, reading.integral_seconds), (0, total.as_secs_f64()));
        }
    }
}
