//! A figure of two things that ran in the same blocks: by how much they differ, and how sure that is.

use super::ratio::{self, Interval};
use super::student::p_value_of_mean;
use super::{BLOCKS_MIN, Verdict, median_in_place};

/// What counts as infinitely more: nought against something is a ratio of one to this, not none at all.
const RATIO_MAX: f64 = 1e6;

/// How many times one thing's figure is another's, over the blocks in which both ran.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paired {
    /// Blocks behind it.
    pub blocks: usize,
    /// The median of the blocks' ratios.
    pub estimate: f64,
    /// The median of the means of all pairs of blocks (Hodges and Lehmann), as a ratio.
    pub hodges_lehmann: f64,
    /// The lower end of the 95 % bootstrap interval of the median.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The two-sided p-value that there is no difference, by Student's test of the log-ratios.
    pub p_value: f64,
}

impl Paired {
    /// Compares pairs of `(subject, reference)`, one a block. `None` without a usable pair.
    ///
    /// A figure of nought (no goodput at all) is a finding and stays in: against something it counts as a ratio of a
    /// millionth, and two noughts are equal. Pairs with a negative value or none at all are left out.
    pub fn of(pairs: &[(f64, f64)], seed: u64) -> Option<Self> {
        let mut logs: Vec<f64> = pairs.iter().filter_map(log_ratio).collect();
        let (low, high) = ratio::bootstrap(&logs, seed)?;
        let p_value = p_value_of_mean(&logs);
        let hodges_lehmann = hodges_lehmann(&logs)?.exp();
        let estimate = median_in_place(&mut logs)?.exp();
        Some(Self { blocks: logs.len(), estimate, hodges_lehmann, low: low.exp(), high: high.exp(), p_value })
    }

    /// What may be said, with `margin` around 1 counting as no difference; `None` with too few blocks.
    pub fn verdict(&self, margin: f64) -> Option<Verdict> {
        let logs = Interval { estimate: self.estimate.ln(), low: self.low.ln(), high: self.high.ln() };
        (self.blocks >= BLOCKS_MIN).then(|| ratio::verdict(&logs, self.blocks, margin))
    }

    /// How far the interval reaches from 1, as a logarithm: for a control, what differs by chance alone.
    pub fn reach(&self) -> f64 {
        self.low.ln().abs().max(self.high.ln().abs())
    }
}

fn log_ratio((subject, reference): &(f64, f64)) -> Option<f64> {
    let usable = |value: &f64| value.is_finite() && *value >= 0.0;
    if !usable(subject) || !usable(reference) {
        return None;
    }
    let bound = RATIO_MAX.ln();
    match (*subject > 0.0, *reference > 0.0) {
        (false, false) => Some(0.0),
        (true, false) => Some(bound),
        (false, true) => Some(-bound),
        (true, true) => Some((subject / reference).ln().clamp(-bound, bound)),
    }
}

/// The median of the means of every pair of values, each with itself included.
fn hodges_lehmann(values: &[f64]) -> Option<f64> {
    let with_later = |(place, one): (usize, &f64)| {
        let one = *one;
        values.iter().skip(place).map(move |other| f64::midpoint(one, *other))
    };
    let mut means: Vec<f64> = values.iter().enumerate().flat_map(with_later).collect();
    median_in_place(&mut means)
}

#[cfg(test)]
mod tests;
