//! Who differs from whom: pairs of a block, an interval, a verdict, and what chance alone would do.

use super::Counted;
use crate::stats::{self, Paired, holm};
use crate::suite::record::TrialRecord;
use crate::suite::spec::{Arm, Better, Cell, Metric};
use crate::suite::summary::{Comparison, ExperimentSummary, Verdict};

/// The chance, over all comparisons of a run together, of even one difference that is none.
const LEVEL: f64 = 0.05;

/// Every arm against what it is judged by, in every cell, about every metric, where both have a valid trial in a
/// block; each with its p-value.
pub(super) fn all(counted: &Counted<'_>, seed: u64) -> Vec<(Comparison, f64)> {
    let spec = counted.spec;
    let mut found = Vec::new();
    for cell in &spec.cells {
        for metric in &spec.metrics {
            found.extend(in_cell(counted, cell, metric, seed));
        }
    }
    found
}

fn in_cell<'a>(counted: &Counted<'a>, cell: &'a Cell, metric: &'a Metric, seed: u64) -> Vec<(Comparison, f64)> {
    let arms = &counted.spec.arms;
    let judged: Vec<(&Arm, &str, Paired)> = arms
        .iter()
        .filter_map(|arm| {
            let reference = arm.judged_by.as_deref()?;
            let paired = Paired::of(&pairs(counted, cell, (&arm.name, reference), &metric.key), seed)?;
            Some((arm, reference, paired))
        })
        .collect();
    // By chance alone a figure differs as far as the control's interval reaches. A reference without a control of its
    // own borrows the widest of the cell.
    let controls = || judged.iter().filter(|(arm, ..)| arm.is_control);
    let widest = controls().map(|(.., paired)| paired.reach()).reduce(f64::max);
    let floor = |reference: &str| {
        let own = controls().filter(|(_, of, _)| *of == reference).map(|(.., paired)| paired.reach()).reduce(f64::max);
        own.or(widest)
    };
    let comparison = |(arm, reference, paired): &(&Arm, &str, Paired)| {
        let within = floor(reference).is_some_and(|floor| paired.estimate.ln().abs() <= floor);
        let comparison = Comparison {
            cell: cell.name.clone(),
            arm: arm.name.clone(),
            reference: (*reference).to_owned(),
            metric: metric.clone(),
            blocks: paired.blocks,
            estimate: paired.estimate,
            hodges_lehmann: paired.hodges_lehmann,
            low: paired.low,
            high: paired.high,
            verdict: verdict(paired.verdict(metric.margin), metric),
            is_grey: arm.is_control || within,
            survives_holm: false,
            is_control: arm.is_control,
        };
        (comparison, paired.p_value)
    };
    judged.iter().map(comparison).collect()
}

/// The figures of an arm and of its reference, block by block, where both trials are valid and have it.
fn pairs<'a>(counted: &Counted<'a>, cell: &'a Cell, arms: (&'a str, &'a str), key: &str) -> Vec<(f64, f64)> {
    let figure = |arm: &'a str, block: usize| {
        let trial: &TrialRecord = counted.trials.get(&(cell.name.as_str(), arm, block)).copied()?;
        if trial.invalid.is_empty() { trial.figures.get(key).copied() } else { None }
    };
    counted.blocks.iter().filter_map(|block| Some((figure(arms.0, *block)?, figure(arms.1, *block)?))).collect()
}

/// What a finding about a ratio means for this metric; `None` is too few blocks or trials for any.
pub(in crate::suite) fn verdict(found: Option<stats::Verdict>, metric: &Metric) -> Verdict {
    match found {
        None => Verdict::TooFew,
        Some(stats::Verdict::Equivalent) => Verdict::Equivalent,
        Some(stats::Verdict::Inconclusive { blocks_more }) => Verdict::Inconclusive { blocks_more },
        // The ratio's own words are about speed: "faster" is a ratio above 1.
        Some(stats::Verdict::Faster) if metric.better == Better::Higher => Verdict::Better,
        Some(stats::Verdict::Slower) if metric.better == Better::Lower => Verdict::Better,
        Some(stats::Verdict::Faster | stats::Verdict::Slower) => Verdict::Worse,
    }
}

/// Marks what stands after Holm's correction over all of `comparisons`, whose p-values these are.
pub(in crate::suite) fn correct<'a>(comparisons: impl Iterator<Item = &'a mut Comparison>, p_values: &[f64]) {
    for (comparison, survives) in comparisons.zip(holm(p_values, LEVEL)) {
        comparison.survives_holm = survives && comparison.verdict != Verdict::TooFew;
    }
}

/// A control that differs from its reference, both being the same thing, says that the bench itself is wrong.
pub(super) fn suspicious_controls(found: &ExperimentSummary) -> Vec<String> {
    let differs = |one: &&Comparison| {
        one.is_control && one.survives_holm && matches!(one.verdict, Verdict::Better | Verdict::Worse)
    };
    let name = found.spec.experiment.name();
    let sentence = |one: &Comparison| {
        let Comparison { cell, metric, estimate, .. } = one;
        let label = &metric.label;
        format!(
            "{name}, {cell}: the control differs from what it is ({label}, ratio {estimate:.2}); trust no difference here"
        )
    };
    found.comparisons.iter().filter(differs).map(sentence).collect()
}
