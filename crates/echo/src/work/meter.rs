//! Chance, and what it came to: the times drawn for requests, and the times they really took.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Times;

/// A stream of chances that follows from its seed: splitmix64, which needs no lock.
#[derive(Debug)]
pub(super) struct Dice(AtomicU64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// A time as `times` says.
    pub(super) fn pick(&self, times: Times) -> Duration {
        match times {
            Times::Fixed(time) => time,
            Times::Exponential(mean) => mean.mul_f64(-(1.0 - self.roll()).ln()),
            Times::Bimodal { usual, rare, share } => {
                if self.roll() < share {
                    rare
                } else {
                    usual
                }
            }
        }
    }

    /// At least 0 and less than 1.
    fn roll(&self) -> f64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // The upper 53 bits, which is what a float holds.
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// What the requests of a server took.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Sums>);

#[derive(Debug, Default)]
struct Sums {
    requests: u64,
    sum_us: f64,
    sum_of_squares: f64,
    least_us: f64,
    most_us: f64,
}

/// The measured service time: what queueing theory asks for, and the extremes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServiceTime {
    /// How many requests were measured.
    pub requests: u64,
    /// Their mean in microseconds.
    pub mean_us: f64,
    /// The squared coefficient of variation, variance / mean²: 0 for a fixed time, 1 for an exponential one.
    pub variation: f64,
    /// The shortest in microseconds.
    pub least_us: f64,
    /// The longest in microseconds.
    pub most_us: f64,
}

impl Meter {
    pub(super) fn record(&self, time: Duration) {
        let us = time.as_secs_f64() * 1e6;
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sums.least_us = if sums.requests == 0 { us } else { sums.least_us.min(us) };
        sums.most_us = sums.most_us.max(us);
        sums.requests += 1;
        sums.sum_us += us;
        sums.sum_of_squares += us * us;
    }

    pub(super) fn service_time(&self) -> Option<ServiceTime> {
        let sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sums.requests == 0 {
            return None;
        }
        let requests = sums.requests as f64;
        let mean_us = sums.sum_us / requests;
        let variance = (sums.sum_of_squares / requests - mean_us * mean_us).max(0.0);
        Some(ServiceTime {
            requests: sums.requests,
            mean_us,
            variation: variance / (mean_us * mean_us).max(f64::MIN_POSITIVE),
            least_us: sums.least_us,
            most_us: sums.most_us,
        })
    }
}

impl fmt::Display for ServiceTime {
    /// One line for a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} requests took {:.1} µs on average (squared variation {:.3}, least {:.1} µs, most {:.1} µs)",
            self.requests, self.mean_us, self.variation, self.least_us, self.most_us
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(times: Times) -> ServiceTime {
        let (dice, meter) = (Dice::new(7), Meter::default());
        for _ in 0..100_000 {
            meter.record(dice.pick(times));
        }
        meter.service_time().unwrap()
    }

    #[test]
    fn drawn_times_have_the_mean_and_the_variation_of_their_law() {
        let ms = Duration::from_millis;
        let rows = [
            (Times::Fixed(ms(5)), 5000.0, 0.0),
            (Times::Exponential(ms(5)), 5000.0, 1.0),
            // Mean 0.99 × 1 + 0.01 × 100 = 1.99 ms; variance 0.99 × 0.01 × 99² ms².
            (Times::Bimodal { usual: ms(1), rare: ms(100), share: 0.01 }, 1990.0, 24.5),
        ];
        for (times, mean_us, variation) in rows {
            let time = measured(times);
            assert!((time.mean_us / mean_us - 1.0).abs() < 0.05, "{times:?}: {time}");
            assert!((time.variation - variation).abs() <= 0.1 * variation + 1e-6, "{times:?}: {time}");
        }
    }

    #[test]
    fn a_seed_gives_the_same_times_again() {
        let times = Times::Exponential(Duration::from_millis(5));
        let draw = |seed| (0..10).map(|_| Dice::new(seed).pick(times)).collect::<Vec<_>>();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
