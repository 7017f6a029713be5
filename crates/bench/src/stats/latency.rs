//! Latencies of one trial, and the percentiles its samples can carry.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// The least samples for a percentile: below, the order statistics that would bound it lie outside the sample.
/// From `bench.md` section 1.4; for the median ten will do.
const SAMPLES_MIN: [(f64, u64); 3] = [(0.5, 10), (0.99, 568), (0.999, 5_689)];

/// The longest latency told apart; longer ones count as this.
const NANOS_MAX: u64 = 60_000_000_000;

/// A histogram of latencies: nanoseconds, three significant digits.
#[derive(Debug)]
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

    /// What the samples come to.
    pub fn percentiles(&self) -> Percentiles {
        let [p50, p99, p999] = SAMPLES_MIN
            .map(|(quantile, least)| (self.len() >= least).then(|| micros(self.histogram.value_at_quantile(quantile))));
        let max = (!self.is_empty()).then(|| micros(self.histogram.max()));
        Percentiles { samples: self.len(), p50_us: p50, p99_us: p99, p999_us: p999, max_us: max }
    }
}

fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1_000.0
}
