//! The whole distribution, for a curve.

use super::{Latencies, millis, samples_min};

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
}
