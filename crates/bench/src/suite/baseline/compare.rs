//! One run by another, trial by trial unpaired.

use std::collections::BTreeSet;

use super::Kept;
use crate::stats::{self, Unpaired, holm};
use crate::suite::record::TrialRecord;
use crate::suite::spec::{Arm, Better, Experiment, Metric};
use crate::suite::summarise::name_of;
use crate::suite::summary::{Comparison, Summary, Verdict};

/// The chance, over all comparisons together, of even one difference that is none.
const LEVEL: f64 = 0.05;

/// Every arm of `now` by the same arm of `then`, in every cell and metric that both have. The cells' names have their
/// experiment before them. Grey is what is within the wider of both runs' controls.
pub fn compare(now: &Kept, then: &Kept) -> Vec<Comparison> {
    let mut found = Vec::new();
    let mut p_values = Vec::new();
    for spec in now.summary.experiments.iter().map(|one| &one.spec) {
        for (cell, metric) in spec.cells.iter().flat_map(|cell| spec.metrics.iter().map(move |metric| (cell, metric))) {
            for arm in spec.arms.iter().filter(|arm| !arm.is_control && arm.build.is_empty()) {
                let place = Place { experiment: spec.experiment, cell: &cell.name, arm, metric };
                let figures = |run: &Kept| place.figures(run);
                let Some(unpaired) = Unpaired::of(&figures(now), &figures(then), now.summary.seed) else { continue };
                p_values.push(unpaired.p_value);
                found.push(place.comparison(&unpaired, now, then));
            }
        }
    }
    for (comparison, survives) in found.iter_mut().zip(holm(&p_values, LEVEL)) {
        comparison.survives_holm = survives && comparison.verdict != Verdict::TooFew;
    }
    found
}

/// A sentence for everything that got worse beyond all doubt: the whole interval is worse, by more than a control
/// differs from itself, and it stands after Holm's correction.
pub fn is_regression(comparisons: &[Comparison]) -> Vec<String> {
    let is_worse =
        |one: &&Comparison| !one.is_control && one.verdict == Verdict::Worse && !one.is_grey && one.survives_holm;
    let sentence = |one: &Comparison| {
        let Comparison { cell, arm, reference, metric, estimate, low, high, .. } = one;
        let label = &metric.label;
        format!("{cell}, {arm}: {label} is {estimate:.2} [{low:.2} {high:.2}] of {reference}")
    };
    comparisons.iter().filter(is_worse).map(sentence).collect()
}

/// What is compared.
#[derive(Clone, Copy)]
struct Place<'a> {
    experiment: Experiment,
    cell: &'a str,
    arm: &'a Arm,
    metric: &'a Metric,
}

impl Place<'_> {
    /// The figures of the trials that count.
    fn figures(&self, run: &Kept) -> Vec<f64> {
        let own = || run.records.iter().filter(|record| record.experiment == self.experiment);
        let disturbed: BTreeSet<usize> =
            own().filter(|record| record.disturbed.is_some()).map(|record| record.block).collect();
        let counts = |record: &&TrialRecord| {
            record.cell == self.cell
                && record.arm == self.arm.name
                && record.invalid.is_empty()
                && !disturbed.contains(&record.block)
        };
        own().filter(counts).filter_map(|record| record.figures.get(&self.metric.key).copied()).collect()
    }

    fn comparison(&self, unpaired: &Unpaired, now: &Kept, then: &Kept) -> Comparison {
        let floor = self.reach(&now.summary).max(self.reach(&then.summary));
        Comparison {
            cell: format!("{}, {}", name_of(self.experiment), self.cell),
            arm: self.arm.name.clone(),
            reference: "the baseline".to_owned(),
            metric: self.metric.clone(),
            blocks: unpaired.trials,
            estimate: unpaired.estimate,
            hodges_lehmann: unpaired.hodges_lehmann,
            low: unpaired.low,
            high: unpaired.high,
            verdict: verdict(unpaired, self.metric),
            is_grey: unpaired.estimate.ln().abs() <= floor,
            survives_holm: false,
            is_control: false,
        }
    }

    /// How far the controls of this cell reach from 1, as a logarithm; nought without one.
    fn reach(&self, summary: &Summary) -> f64 {
        let Some(found) = summary.experiment(self.experiment) else { return 0.0 };
        let of_here = |one: &&Comparison| one.is_control && one.cell == self.cell && one.metric.key == self.metric.key;
        let reach = |one: &Comparison| one.low.ln().abs().max(one.high.ln().abs());
        found.comparisons.iter().filter(of_here).map(reach).fold(0.0, f64::max)
    }
}

fn verdict(unpaired: &Unpaired, metric: &Metric) -> Verdict {
    match unpaired.verdict(metric.margin) {
        None => Verdict::TooFew,
        Some(stats::Verdict::Equivalent) => Verdict::Equivalent,
        Some(stats::Verdict::Inconclusive { blocks_more }) => Verdict::Inconclusive { blocks_more },
        Some(stats::Verdict::Faster) if metric.better == Better::Higher => Verdict::Better,
        Some(stats::Verdict::Slower) if metric.better == Better::Lower => Verdict::Better,
        Some(stats::Verdict::Faster | stats::Verdict::Slower) => Verdict::Worse,
    }
}
