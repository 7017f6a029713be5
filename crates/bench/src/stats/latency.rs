//! Latencies of one trial, and the percentiles its samples can carry.

mod encoding;
mod spectrum;

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

pub use encoding::EncodingError;
pub use spectrum::SpectrumPoint;

use crate::suite::summary::Spread;

/// The least samples for a percentile: below, the order statistics that would bound it lie outside the sample.
/// For the median ten will do.
const SAMPLES_MIN: [(f64, u64); 3] = [(0.5, 10), (0.99, 568), (0.999, 5_689)];

/// For a quantile that does not stand there: so many samples have to lie beyond it.
const BEYOND_MIN: f64 = 5.69;

/// The longest latency told apart; longer ones count as this.
const NANOS_MAX: u64 = 60_000_000_000;

/// A histogram of latencies: nanoseconds, three significant digits.
#[derive(Debug, Clone)]
pub struct Latencies {
    histogram: Histogram<u64>,
}

/// What a trial's latencies come to, in microseconds; `None` where there are too few samples to say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    /// How many samples there are.
    pub samples: u64,
    /// Half are faster.
    pub p50_us: Option<f64>,
    /// 99 % are faster.
    pub p99_us: Option<f64>,
    /// 99.9 % are faster.
    pub p999_us: Option<f64>,
    /// The longest.
    pub max_us: Option<f64>,
}

impl Default for Latencies {
    fn default() -> Self {
        Self::new()
    }
}

impl Latencies {
    /// No samples yet.
    ///
    /// # Panics
    /// Never: the bounds are constants that the histogram accepts, which a test shows.
    pub fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, NANOS_MAX, 3)
            .expect("1 <= NANOS_MAX / 2 and 3 digits are bounds that hdrhistogram accepts");
        Self { histogram }
    }

    /// Counts one sample.
    pub fn record(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(NANOS_MAX);
        self.histogram.saturating_record(nanos.max(1));
    }

    /// How many samples there are.
    pub fn len(&self) -> u64 {
        self.histogram.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counts all of `other` too. Only histograms of one trial or of trials of one cell and arm belong together.
    pub fn merge(&mut self, other: &Self) {
        // All have the same bounds, so it cannot fail; one that did would count nothing, which its length shows.
        let _ = self.histogram.add(&other.histogram);
    }

    /// The latency in milliseconds that the share `quantile` of the samples does not exceed; `None` where there are
    /// too few samples to say.
    pub fn value_at(&self, quantile: f64) -> Option<f64> {
        (self.len() >= samples_min(quantile)).then(|| millis(self.histogram.value_at_quantile(quantile)))
    }

    /// The mean in milliseconds; `None` of nothing.
    pub fn mean_ms(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.histogram.mean() / 1e6)
    }

    /// The longest in milliseconds; `None` of nothing.
    pub fn max_ms(&self) -> Option<f64> {
        (!self.is_empty()).then(|| millis(self.histogram.max()))
    }

    /// How many samples lie between two latencies, in milliseconds.
    pub fn count_between(&self, low_ms: f64, high_ms: f64) -> u64 {
        self.histogram.count_between(whole(low_ms * 1e6), whole(high_ms * 1e6))
    }

    /// What the samples come to, for a summary.
    pub fn spread(&self) -> Spread {
        Spread {
            samples: self.len(),
            mean_ms: self.mean_ms(),
            p50_ms: self.value_at(0.5),
            p90_ms: self.value_at(0.9),
            p99_ms: self.value_at(0.99),
            p999_ms: self.value_at(0.999),
            max_ms: self.max_ms(),
        }
    }

    /// What the samples come to.
    pub fn percentiles(&self) -> Percentiles {
        let [p50, p99, p999] = SAMPLES_MIN
            .map(|(quantile, least)| (self.len() >= least).then(|| micros(self.histogram.value_at_quantile(quantile))));
        let max = (!self.is_empty()).then(|| micros(self.histogram.max()));
        Percentiles { samples: self.len(), p50_us: p50, p99_us: p99, p999_us: p999, max_us: max }
    }
}

/// How many samples a quantile needs before it is quoted.
fn samples_min(quantile: f64) -> u64 {
    let known = SAMPLES_MIN.iter().find(|(known, _)| (known - quantile).abs() < 1e-9);
    known.map_or_else(|| whole((BEYOND_MIN / (1.0 - quantile).max(f64::EPSILON)).max(10.0)), |(_, least)| *least)
}

/// A positive number without its fraction.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast to an integer saturates")]
const fn whole(number: f64) -> u64 {
    number as u64
}

fn millis(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}

fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1_000.0
}
