//! A figure of two things that ran at different times: weaker than a pair of the same block, because whatever else has
//! changed meanwhile is part of the difference.

use super::ratio::{self, Interval, RESAMPLES};
use super::student::p_value_of_difference;
use super::{BLOCKS_MIN, SplitMix64, Verdict, median, median_in_place};

/// What counts as infinitely less: nought stands in the logarithms as this share of nothing much.
const NOUGHT: f64 = 1e-6;

/// How many times one thing's figure is another's, each over trials of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unpaired {
    /// Trials of the one that has fewer.
    pub trials: usize,
    /// The ratio of the medians.
    pub estimate: f64,
    /// The median of the ratios of every trial to every other (Hodges and Lehmann).
    pub hodges_lehmann: f64,
    /// The lower end of the 95 % bootstrap interval of the estimate.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The two-sided p-value that there is no difference, by Welch's test of the logarithms.
    pub p_value: f64,
}

impl Unpaired {
    /// Compares trials of the subject with trials of the reference. `None` if one has none. The same trials and the
    /// same seed give the same answer.
    pub fn of(subject: &[f64], reference: &[f64], seed: u64) -> Option<Self> {
        let (ours, theirs) = (logs(subject), logs(reference));
        let estimate = median(&ours)? - median(&theirs)?;
        let (low, high) = bootstrap(&ours, &theirs, seed)?;
        let mut all: Vec<f64> = ours.iter().flat_map(|one| theirs.iter().map(move |other| one - other)).collect();
        Some(Self {
            trials: ours.len().min(theirs.len()),
            estimate: estimate.exp(),
            hodges_lehmann: median_in_place(&mut all)?.exp(),
            low: low.exp(),
            high: high.exp(),
            p_value: p_value_of_difference(&ours, &theirs),
        })
    }

    /// What may be said, with `margin` around 1 counting as no difference; `None` with too few trials.
    pub fn verdict(&self, margin: f64) -> Option<Verdict> {
        let logs = Interval { estimate: self.estimate.ln(), low: self.low.ln(), high: self.high.ln() };
        (self.trials >= BLOCKS_MIN).then(|| ratio::verdict(&logs, self.trials, margin))
    }
}

/// Logarithms of what is a number; a nought (no goodput at all) is a finding and stays in.
fn logs(values: &[f64]) -> Vec<f64> {
    values.iter().filter(|value| value.is_finite() && **value >= 0.0).map(|value| value.max(NOUGHT).ln()).collect()
}

/// The 2.5 and 97.5 percentiles of the difference of the medians, both sides resampled.
fn bootstrap(ours: &[f64], theirs: &[f64], seed: u64) -> Option<(f64, f64)> {
    let mut random = SplitMix64::new(seed);
    let mut median_again = |values: &[f64], room: &mut Vec<f64>| {
        room.clear();
        room.extend((0..values.len()).filter_map(|_| values.get(random.below(values.len()))));
        median_in_place(room)
    };
    let mut room = Vec::new();
    let mut differences = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        let subject = median_again(ours, &mut room)?;
        differences.push(subject - median_again(theirs, &mut room)?);
    }
    differences.sort_unstable_by(f64::total_cmp);
    let tail = RESAMPLES / 40;
    Some((*differences.get(tail)?, *differences.get(RESAMPLES - 1 - tail)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten trials with a few per cent of noise around `middle`.
    fn around(middle: f64, seed: u64) -> Vec<f64> {
        let mut random = SplitMix64::new(seed);
        (0..10).map(|_| middle * (0.98 + 0.04 * (random.below(1001) as f64 / 1000.0))).collect()
    }

    #[test]
    fn a_planted_difference_is_found_and_none_is_equivalent() {
        for (factor, want) in [(1.2, Verdict::Faster), (0.8, Verdict::Slower), (1.0, Verdict::Equivalent)] {
            for seed in 0..10 {
                let found = Unpaired::of(&around(5.0 * factor, seed), &around(5.0, seed + 100), seed).unwrap();
                assert_eq!(found.verdict(0.05), Some(want), "{factor}, seed {seed}: {found:?}");
                assert!((found.estimate - factor).abs() < 0.03 && (found.hodges_lehmann - factor).abs() < 0.03);
                assert_eq!(found.p_value < 0.001, want != Verdict::Equivalent, "{found:?}");
            }
        }
    }

    #[test]
    fn nothing_and_noughts_are_what_they_are() {
        assert_eq!(Unpaired::of(&[], &[1.0; 5], 1), None);
        assert_eq!(Unpaired::of(&[f64::NAN; 5], &[1.0; 5], 1), None);
        let none = Unpaired::of(&[0.0; 5], &[1.0; 5], 1).unwrap();
        assert!(none.estimate < 1e-5 && none.verdict(0.05) == Some(Verdict::Slower), "{none:?}");
        let both = Unpaired::of(&[0.0; 5], &[0.0; 5], 1).unwrap();
        assert_eq!((both.estimate, both.verdict(0.05)), (1.0, Some(Verdict::Equivalent)));
        assert_eq!(Unpaired::of(&[1.0; 4], &[1.0; 9], 1).unwrap().verdict(0.05), None);
    }
}
