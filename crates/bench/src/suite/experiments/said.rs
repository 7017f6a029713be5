//! Comparisons in words.

use super::begun::listed;
use crate::suite::summary::{Comparison, ExperimentSummary, Verdict};

/// "pool 2.10 times spawn's (1.90 to 2.40, worse)".
pub(in crate::suite) fn judgement(one: &Comparison) -> String {
    group(&[one])
}

/// All that was found about `metric` in a cell, the control left out, the arms of one verdict together: "pool and
/// thread-pool 1.98 to 2.00 times spawn's (1.44 to 2.73, worse) and thread 1.00 times spawn's (…, equivalent)".
/// `None` if nothing was found.
pub(super) fn judgements(found: &ExperimentSummary, cell: &str, metric: &str) -> Option<String> {
    let of = |one: &&Comparison| one.cell == cell && one.metric.key == metric && !one.is_control;
    let mut groups: Vec<Vec<&Comparison>> = Vec::new();
    for one in found.comparisons.iter().filter(of) {
        let same = groups.iter_mut().find(|group| group.first().is_some_and(|first| go_together(first, one)));
        match same {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    let groups: Vec<String> = groups.iter().map(|group| self::group(group)).collect();
    (!groups.is_empty()).then(|| listed(&groups))
}

/// Whether two comparisons can be said in one breath.
fn go_together(one: &Comparison, other: &Comparison) -> bool {
    let near = (one.estimate / other.estimate).ln().abs() < one.metric.margin.max(0.05);
    one.reference == other.reference && word(one) == word(other) && near
}

fn group(of: &[&Comparison]) -> String {
    let Some(first) = of.first() else { return String::new() };
    let names: Vec<String> = of.iter().map(|one| one.arm.clone()).collect();
    let least = |figure: fn(&Comparison) -> f64| of.iter().map(|one| figure(one)).fold(f64::INFINITY, f64::min);
    let most = |figure: fn(&Comparison) -> f64| of.iter().map(|one| figure(one)).fold(0.0, f64::max);
    let (from, to) = (ratio(least(|one| one.estimate)), ratio(most(|one| one.estimate)));
    let times = if from == to { from } else { format!("{from} to {to}") };
    let (low, high) = (least(|one| one.low), most(|one| one.high));
    let (names, reference, word) = (listed(&names), &first.reference, word(first));
    format!("{names} {times} times {reference}'s ({} to {}, {word})", ratio(low), ratio(high))
}

/// A ratio as people read it. Where one of both is nothing, the number itself says nothing.
fn ratio(times: f64) -> String {
    match times {
        times if times > 1000.0 => "over 1000".to_owned(),
        times if times < 0.001 => "under 0.001".to_owned(),
        times => format!("{times:.2}"),
    }
}

/// What may be said of it.
fn word(one: &Comparison) -> &'static str {
    match one.verdict {
        Verdict::Equivalent => "equivalent",
        Verdict::Better | Verdict::Worse if one.is_grey => "within chance",
        Verdict::Better | Verdict::Worse if !one.survives_holm => "not beyond doubt over so many comparisons",
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Inconclusive { .. } => "open",
        Verdict::TooFew => "too few blocks for a verdict",
    }
}

/// What is said where nothing can be.
pub(super) fn nothing(found: &ExperimentSummary) -> String {
    let why = match (found.blocks, found.objections.first()) {
        (0, _) if found.blocks_dropped > 0 => "every block was dropped because the machine was disturbed".to_owned(),
        (_, Some(first)) => format!("no trial is valid; the first objection: {first}"),
        _ => "too few trials carry the figure".to_owned(),
    };
    format!("Nothing can be said: {why}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::spec::{Better, Metric};

    fn one(arm: &str, estimate: f64, verdict: Verdict) -> Comparison {
        Comparison {
            cell: "load".to_owned(),
            arm: arm.to_owned(),
            reference: "spawn".to_owned(),
            metric: Metric {
                key: "p99_ms".to_owned(),
                label: String::new(),
                unit: String::new(),
                better: Better::Lower,
                margin: 0.1,
            },
            blocks: 5,
            estimate,
            hodges_lehmann: estimate,
            low: estimate * 0.9,
            high: estimate * 1.1,
            verdict,
            is_grey: false,
            survives_holm: true,
            is_control: false,
        }
    }

    #[test]
    fn those_of_one_verdict_are_said_together() {
        let check = |of: &[&Comparison], want: &str| assert_eq!(group(of), want);
        let (pool, threads) = (one("pool", 2.0, Verdict::Worse), one("thread-pool", 2.1, Verdict::Worse));
        check(&[&pool], "pool 2.00 times spawn's (1.80 to 2.20, worse)");
        check(&[&pool, &threads], "pool and thread-pool 2.00 to 2.10 times spawn's (1.80 to 2.31, worse)");
        let doubted = Comparison { survives_holm: false, ..pool.clone() };
        check(&[&doubted], "pool 2.00 times spawn's (1.80 to 2.20, not beyond doubt over so many comparisons)");
        let nothing = one("pool", 1e6, Verdict::Better);
        check(&[&nothing], "pool over 1000 times spawn's (over 1000 to over 1000, better)");
        assert!(go_together(&pool, &threads));
        assert!(!go_together(&pool, &one("thread", 1.0, Verdict::Equivalent)));
    }
}
