//! Slows a flood down: a token bucket whose time is an argument. Nothing is refused and nothing is lost; whoever
//! asks faster than allowed is read slower, and the network holds them back.

use std::time::{Duration, Instant};

/// How many seconds' worth of requests may come at once.
const BURST_SECONDS: u32 = 10;

/// A bucket of requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    per_second: u32,
    /// May go below zero: a batch is taken whole and paid for behind it.
    tokens: i64,
    filled: Instant,
}

impl Pace {
    /// A full bucket; `per_second` 0 bounds nothing.
    pub(super) fn new(per_second: u32, now: Instant) -> Self {
        Self { per_second, tokens: i64::from(per_second) * i64::from(BURST_SECONDS), filled: now }
    }

    /// Whether [`Self::take`] can ever ask to wait.
    pub(super) const fn is_bounded(&self) -> bool {
        self.per_second > 0
    }

    /// Takes `requests` out at `now`; how long to wait before reading on.
    pub(super) fn take(&mut self, requests: usize, now: Instant) -> Duration {
        if self.per_second == 0 {
            return Duration::ZERO;
        }
        let rate = i64::from(self.per_second);
        let micros = i64::try_from(now.saturating_duration_since(self.filled).as_micros()).unwrap_or(i64::MAX);
        let gained = micros.saturating_mul(rate) / 1_000_000;
        if gained > 0 {
            self.tokens = self.tokens.saturating_add(gained).min(rate * i64::from(BURST_SECONDS));
            self.filled = now;
        }
        self.tokens = self.tokens.saturating_sub(i64::try_from(requests).unwrap_or(i64::MAX));
        let missing = u64::try_from(-self.tokens).unwrap_or(0);
        Duration::from_micros(missing.saturating_mul(1_000_000) / u64::from(self.per_second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_and_what_follows_waits_for_the_rate() {
        let start = Instant::now();
        let mut pace = Pace::new(100, start);
        let rows: &[(u64, usize, u64)] =
            &[(0, 1000, 0), (0, 50, 500), (500, 0, 0), (500, 100, 1000), (100_000, 1000, 0), (100_000, 1, 10)];
        for &(at_ms, requests, wait_ms) in rows {
            let waits = pace.take(requests, start + Duration::from_millis(at_ms));
            assert_eq!(waits, Duration::from_millis(wait_ms), "{requests} at {at_ms} ms");
        }
    }

    #[test]
    fn no_rate_never_waits() {
        let mut pace = Pace::new(0, Instant::now());
        assert_eq!(pace.take(usize::MAX, Instant::now()), Duration::ZERO);
    }
}
