//! The monotonic clock as a number that all processes of a machine share, so that a client can set a server's times
//! beside its own.

use std::time::{Duration, Instant};

/// How often the two clocks are read side by side at the start; the closest reading counts.
#[cfg(unix)]
const READINGS: u32 = 16;

/// Turns instants into nanoseconds of `CLOCK_MONOTONIC`. On Linux an `Instant` is a reading of that clock, so that the
/// numbers are right to some tens of nanoseconds; on other systems they are right within this process, and beside
/// another's only as far as the system's clocks agree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    origin: Instant,
    origin_ns: u64,
}

impl Clock {
    pub(super) fn new() -> Self {
        #[cfg(unix)]
        {
            use rustix::time::{ClockId, clock_gettime};
            let readings = (0..READINGS).map(|_| {
                let before = Instant::now();
                let time = clock_gettime(ClockId::Monotonic);
                let took = before.elapsed();
                let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
                let ns = u64::try_from(time.tv_nsec).unwrap_or_default();
                (took, Self { origin: before + took / 2, origin_ns: seconds * 1_000_000_000 + ns })
            });
            if let Some((_, closest)) = readings.min_by_key(|(took, _)| *took) {
                return closest;
            }
        }
        Self { origin: Instant::now(), origin_ns: 0 }
    }

    pub(super) fn ns(&self, at: Instant) -> u64 {
        match at.checked_duration_since(self.origin) {
            Some(since) => self.origin_ns.saturating_add(ns(since)),
            None => self.origin_ns.saturating_sub(ns(self.origin - at)),
        }
    }
}

fn ns(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_and_after_the_start_keep_their_distance() {
        let clock = Clock { origin: Instant::now(), origin_ns: 5_000 };
        for (at, expected) in [(0, 5_000), (7, 5_007)] {
            assert_eq!(clock.ns(clock.origin + Duration::from_nanos(at)), expected);
        }
        assert_eq!(clock.ns(clock.origin - Duration::from_nanos(7)), 4_993);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn it_is_the_clock_that_all_processes_share() {
        let shared_ns = || {
            let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
            u64::try_from(time.tv_sec * 1_000_000_000 + time.tv_nsec).unwrap()
        };
        let clock = Clock::new();
        for _ in 0..100 {
            let before = shared_ns();
            let ours = clock.ns(Instant::now());
            let after = shared_ns();
            // The two were read side by side with a gap between them, which is the error.
            assert!(before <= ours + 10_000 && ours <= after + 10_000, "{before} {ours} {after}");
        }
    }
}
