//! Computing for a known time. Counted in steps, not by the clock: on a busy machine the same work takes longer, as
//! real work does.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Steps of one calibration run; about a millisecond.
const RUN_STEPS: u64 = 1_000_000;
/// Runs; the fastest counts, as it was disturbed the least.
const RUNS: u32 = 8;

/// Knows how fast this processor takes its steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Burner {
    steps_per_us: f64,
}

impl Burner {
    /// For work that does not compute.
    pub(super) const fn idle() -> Self {
        Self { steps_per_us: 0.0 }
    }

    /// Measures the processor, for a few milliseconds.
    pub(super) fn calibrated() -> Self {
        let fastest = (0..RUNS).map(|_| {
            let began = Instant::now();
            steps(RUN_STEPS);
            began.elapsed()
        });
        let fastest = fastest.min().unwrap_or_default().max(Duration::from_nanos(1));
        Self { steps_per_us: RUN_STEPS as f64 / (fastest.as_secs_f64() * 1e6) }
    }

    /// Computes for `time`, as long as nothing else runs on this core.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float is cut to the range of u64")]
    pub(super) fn burn(self, time: Duration) {
        steps((self.steps_per_us * time.as_secs_f64() * 1e6) as u64);
    }
}

/// Each step depends on the one before, so that they cannot be taken side by side.
fn steps(count: u64) {
    let mut state = black_box(1_u64);
    for _ in 0..count {
        state = black_box(state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1));
    }
    black_box(state);
}
