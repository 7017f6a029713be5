//! One run by another, trial by trial unpaired.

use super::Kept;
use crate::stats::Unpaired;
use crate::suite::spec::{Arm, Experiment, Metric};
use crate::suite::summarise::Counted;
use crate::suite::summarise::compare::{correct, verdict};
use crate::suite::summary::{Comparison, Summary, Verdict};

/// Every arm of `now` by the same arm of `then`, in every cell and metric that both have. The cells' names have their
/// experiment before them. Grey is what is within the wider of both runs' controls.
pub fn compare(now: &Kept, then: &Kept) -> Vec<Comparison> {
    let mut found = Vec::new();
    let mut p_values = Vec::new();
    for spec in now.summary.experiments.iter().map(|one| &one.spec) {
        let [ours, theirs] = [now, then].map(|run| Counted::of(spec, &run.records));
        for (cell, metric) in spec.cells.iter().flat_map(|cell| spec.metrics.iter().map(move |metric| (cell, metric))) {
            for arm in spec.arms.iter().filter(|arm| !arm.is_control && arm.build.is_empty()) {
                let place = Place { experiment: spec.experiment, cell: &cell.name, arm, metric };
                let [ours, theirs] = [&ours, &theirs].map(|run| place.figures(run));
                let Some(unpaired) = Unpaired::of(&ours, &theirs, now.summary.seed) else { continue };
                p_values.push(unpaired.p_value);
                found.push(place.comparison(&unpaired, now, then));
            }
        }
    }
    correct(found.iter_mut(), &p_values);
    found
}

/// Whether it got worse beyond all doubt: the whole interval is worse, by more than a control differs from itself, and
/// it stands after Holm's correction.
pub fn is_regression(one: &Comparison) -> bool {
    !one.is_control && one.verdict == Verdict::Worse && !one.is_grey && one.survives_holm
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
    fn figures(&self, run: &Counted<'_>) -> Vec<f64> {
        run.valid(self.cell, &self.arm.name).filter_map(|trial| trial.figures.get(&self.metric.key).copied()).collect()
    }

    fn comparison(&self, unpaired: &Unpaired, now: &Kept, then: &Kept) -> Comparison {
        let floor = self.reach(&now.summary).max(self.reach(&then.summary));
        Comparison {
            cell: format!("{}, {}", self.experiment.name(), self.cell),
            arm: self.arm.name.clone(),
            reference: "the baseline".to_owned(),
            metric: self.metric.clone(),
            blocks: unpaired.trials,
            estimate: unpaired.estimate,
            hodges_lehmann: unpaired.hodges_lehmann,
            low: unpaired.low,
            high: unpaired.high,
            verdict: verdict(unpaired.verdict(self.metric.margin), self.metric),
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
