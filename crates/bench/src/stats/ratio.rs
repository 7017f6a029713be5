//! Two things compared over blocks: the ratio, its interval, and what may be said about it.

use serde::Serialize;

use super::{SplitMix64, median_in_place};

/// Below this many blocks an interval of a median says next to nothing, so no verdict is given.
pub const BLOCKS_MIN: usize = 5;

/// Resamples of the bootstrap.
pub(super) const RESAMPLES: usize = 10_000;

/// What may be said about a ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The whole interval lies above 1.
    Faster,
    /// The whole interval lies below 1.
    Slower,
    /// The whole interval lies within the margin around 1.
    Equivalent,
    /// None of these; about so many more blocks would settle it.
    Inconclusive {
        /// How many.
        blocks_more: usize,
    },
}

/// Whether a promised ratio is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GoalState {
    /// The whole interval lies at or above the goal.
    Met,
    /// The whole interval lies below it.
    Missed,
    /// The goal lies inside the interval, or there are too few blocks.
    NotShown,
}

/// A promised ratio.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Goal {
    /// The least ratio that keeps the promise.
    pub at_least: f64,
    /// Whether it is kept.
    pub state: GoalState,
}

/// How many times as much one thing does as another, over the blocks in which both ran.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ratio {
    /// Blocks behind it.
    pub blocks: usize,
    /// The median of the blocks' ratios.
    pub estimate: f64,
    /// The lower end of the 95 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// What may be said, with [`Ratio::margin`] around 1 counting as no difference.
    pub verdict: Verdict,
    /// The margin, as a share: 0.05 is five per cent either way.
    pub margin: f64,
}

impl Ratio {
    /// Compares pairs of `(subject, reference)`, one a block. `None` without a usable pair.
    ///
    /// The estimate is the median of the paired log-ratios, the interval the percentile bootstrap of that median over
    /// blocks. Pairs with a value that is not positive are left out.
    pub fn of(pairs: &[(f64, f64)], margin: f64, seed: u64) -> Option<Self> {
        let logs: Vec<f64> = pairs
            .iter()
            .filter(|(subject, reference)| *subject > 0.0 && *reference > 0.0)
            .map(|(subject, reference)| (subject / reference).ln())
            .collect();
        let estimate = super::median(&logs)?;
        let (low, high) = bootstrap(&logs, seed)?;
        let verdict = verdict(&Interval { estimate, low, high }, logs.len(), margin);
        Some(Self { blocks: logs.len(), estimate: estimate.exp(), low: low.exp(), high: high.exp(), verdict, margin })
    }

    /// Whether the promise of at least `at_least` is kept.
    pub fn goal(&self, at_least: f64) -> Goal {
        let state = match () {
            () if self.blocks < BLOCKS_MIN => GoalState::NotShown,
            () if self.low >= at_least => GoalState::Met,
            () if self.high < at_least => GoalState::Missed,
            () => GoalState::NotShown,
        };
        Goal { at_least, state }
    }
}

/// An estimate and its interval, as logarithms of ratios.
pub(super) struct Interval {
    pub(super) estimate: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

pub(super) fn verdict(logs: &Interval, blocks: usize, margin: f64) -> Verdict {
    // In logarithms the margin is the same distance both ways only if it is measured as one.
    let margin = margin.ln_1p();
    if blocks < BLOCKS_MIN {
        return Verdict::Inconclusive { blocks_more: BLOCKS_MIN - blocks };
    }
    if logs.low > -margin && logs.high < margin {
        return Verdict::Equivalent;
    }
    if logs.low > 0.0 {
        return Verdict::Faster;
    }
    if logs.high < 0.0 {
        return Verdict::Slower;
    }
    Verdict::Inconclusive { blocks_more: blocks_more(logs, blocks, margin) }
}

/// About how many more blocks would bring the interval clear of 1, or inside the margin, whichever needs fewer.
///
/// An interval narrows with the square root of the blocks. The answer is an order of magnitude, capped at 1000.
fn blocks_more(logs: &Interval, blocks: usize, margin: f64) -> usize {
    let half_width = (logs.high - logs.low) / 2.0;
    let distance = logs.estimate.abs();
    let enough = distance.max(margin - distance).max(margin / 10.0);
    let wanted = blocks as f64 * (half_width / enough).powi(2);
    let more = (wanted - blocks as f64).ceil().clamp(1.0, 1000.0);
    (1..1000_u16).find(|count| f64::from(*count) >= more).map_or(1000, usize::from)
}

/// The 2.5 and 97.5 percentiles of the medians of resamples.
pub(super) fn bootstrap(logs: &[f64], seed: u64) -> Option<(f64, f64)> {
    let mut random = SplitMix64::new(seed);
    let mut resample = vec![0.0; logs.len()];
    let mut medians = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        for place in &mut resample {
            *place = *logs.get(random.below(logs.len()))?;
        }
        medians.push(median_in_place(&mut resample)?);
    }
    medians.sort_unstable_by(f64::total_cmp);
    let tail = RESAMPLES / 40;
    Some((*medians.get(tail)?, *medians.get(RESAMPLES - 1 - tail)?))
}
