//! The whole distribution, for a curve, and how sure a percentile is.

use super::{Latencies, millis, samples_min, whole};

/// A place on the curve of a distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpectrumPoint {
    /// The share of samples that do not exceed [`SpectrumPoint::latency_ms`]; below 1.
    pub quantile: f64,
    /// In milliseconds.
    pub latency_ms: f64,
}

/// Steps of the curve for each halving of what is left above it.
const STEPS: u32 = 8;

impl Latencies {
    /// The distribution from its lowest values to the highest quantile that the samples carry, in steps that grow
    /// finer towards the tail: even on an axis of 1 / (1 - quantile).
    pub fn spectrum(&self) -> impl Iterator<Item = SpectrumPoint> + '_ {
        let point =
            |quantile: f64| SpectrumPoint { quantile, latency_ms: millis(self.histogram.value_at_quantile(quantile)) };
        (0_u32..)
            .map(|step| 1.0 - 0.5_f64.powf(f64::from(step) / f64::from(STEPS)))
            .take_while(|quantile| self.len() >= samples_min(*quantile))
            .map(point)
    }

    /// Between which latencies, in milliseconds, the true `quantile` lies with 95 % confidence, if the samples were
    /// independent: the order statistics around it. `None` where there are too few samples.
    pub fn interval_of(&self, quantile: f64) -> Option<(f64, f64)> {
        let count = self.len();
        if count < samples_min(quantile) {
            return None;
        }
        let samples = count as f64;
        let centre = samples * quantile;
        let reach = 1.96 * (centre * (1.0 - quantile)).sqrt();
        let at = |rank: f64| millis(self.histogram.value_at_quantile(whole(rank).clamp(1, count) as f64 / samples));
        Some((at((centre - reach).floor()), at((centre + reach).ceil() + 1.0)))
    }
}
