//! Comparisons in words.

use super::begun::listed;
use crate::suite::summary::{Comparison, ExperimentSummary, Verdict};

/// "pool is 2.1 times spawn's (1.9 to 2.4, worse)".
pub(in crate::suite) fn judgement(one: &Comparison) -> String {
    let Comparison { arm, reference, estimate, low, high, .. } = one;
    let verdict = match one.verdict {
        Verdict::Better => "better".to_owned(),
        Verdict::Worse => "worse".to_owned(),
        Verdict::Equivalent => "equivalent".to_owned(),
        Verdict::Inconclusive { blocks_more } => format!("open: about {blocks_more} more blocks would tell"),
        Verdict::TooFew => "too few blocks for a verdict".to_owned(),
    };
    let chance = if one.is_grey { ", within chance" } else { "" };
    format!("{arm} {estimate:.2} times {reference}'s ({low:.2} to {high:.2}, {verdict}{chance})")
}

/// All that was found about `metric` in a cell, the control left out; `None` if nothing was.
pub(super) fn judgements(found: &ExperimentSummary, cell: &str, metric: &str) -> Option<String> {
    let of = |one: &&Comparison| one.cell == cell && one.metric.key == metric && !one.is_control;
    let judged: Vec<String> = found.comparisons.iter().filter(of).map(judgement).collect();
    (!judged.is_empty()).then(|| listed(&judged))
}

/// What is said where nothing can be.
pub(super) fn nothing(found: &ExperimentSummary) -> String {
    let why = match (found.blocks, found.objections.first()) {
        (0, _) if found.blocks_dropped > 0 => "every block was dropped because the machine was disturbed".to_owned(),
        (_, Some(first)) => format!("no trial is valid; the first objection: {first}"),
        _ => "there are no trials".to_owned(),
    };
    format!("Nothing can be said: {why}.")
}
