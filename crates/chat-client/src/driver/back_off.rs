//! How long to wait before the next connection.

use std::time::Duration;

/// Doubles from 200 ms up to 15 s, each shortened by up to a half at random, so that the clients of a server that
/// stopped do not all come back in the same millisecond.
#[derive(Debug, Default)]
pub(super) struct BackOff {
    tries: u32,
}

const FIRST_MS: u64 = 200;
const LONGEST_MS: u64 = 15_000;

impl BackOff {
    pub(super) fn next(&mut self) -> Duration {
        let full_ms = FIRST_MS.saturating_mul(1 << self.tries.min(16)).min(LONGEST_MS);
        self.tries = self.tries.saturating_add(1);
        // A machine without randomness waits the full time.
        let random = getrandom::u32().map_or(0, u64::from);
        Duration::from_millis(full_ms - random % (full_ms / 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_fifteen_seconds() {
        let mut back_off = BackOff::default();
        for full_ms in [200, 400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000] {
            let wait = back_off.next();
            let (least, most) = (Duration::from_millis(full_ms / 2), Duration::from_millis(full_ms));
            assert!(least <= wait && wait <= most, "{wait:?} for {full_ms} ms");
        }
    }
}
