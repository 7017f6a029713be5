//! The time the hub is told.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chat::Millis;
use tokio::time::Instant;

/// Wall time that never goes back: read once and carried on by the monotonic clock, but set forward when the wall
/// clock turns out to be ahead, as on a box that learns the time after it started.
#[derive(Debug)]
pub(super) struct Clock {
    started: Instant,
    started_at_ms: u64,
}

/// How far the wall clock may be ahead before it is followed.
const CLOCK_SLACK_MS: u64 = 1000;

impl Clock {
    pub(super) fn start() -> Self {
        Self { started: Instant::now(), started_at_ms: wall_ms() }
    }

    pub(super) fn now(&mut self) -> Millis {
        let now_ms = self.started_at_ms.saturating_add(millis(self.started.elapsed()));
        let ahead_ms = wall_ms().saturating_sub(now_ms);
        if ahead_ms <= CLOCK_SLACK_MS {
            return Millis(now_ms);
        }
        self.started_at_ms = self.started_at_ms.saturating_add(ahead_ms);
        Millis(now_ms).plus(ahead_ms)
    }
}

fn wall_ms() -> u64 {
    millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
