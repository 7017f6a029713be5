//! What E9 says when all its trials are there, and what it expects.

use super::{CLIENTS, PENALTY, SLOTS, USE_MS};
use crate::stats::{Point, Usl};
use crate::suite::experiments::begun::{figure, ms, shown};
use crate::suite::summary::{ExperimentSummary, Row};

/// Answers a second when `n` requests are let through and there are always more: the slots that are taken, each for its
/// time in that crowd.
pub(super) fn answers_per_second(n: f64) -> f64 {
    let slots = SLOTS as f64;
    let use_s = USE_MS / 1e3 * (1.0 + PENALTY * (n - slots).max(0.0));
    n.min(slots) / use_s
}

/// Fills the verdict, the findings and the model.
pub(super) fn conclude(found: &mut ExperimentSummary) {
    for row in &mut found.rows {
        let bound = if row.arm == "pool-request" { row.cell.x.unwrap_or_default() } else { CLIENTS as f64 };
        let answers = answers_per_second(bound.min(CLIENTS as f64));
        row.model.insert("answers_per_s".to_owned(), answers);
        // Little's law: in a closed loop without pauses the clients are all in the system.
        row.model.insert("p50_ms".to_owned(), CLIENTS as f64 / answers * 1e3);
    }
    found.verdict = verdict(found).unwrap_or_else(|| "No trial counts.".to_owned());
    found.findings = findings(found);
}

fn rate(row: &Row) -> Option<f64> {
    figure(row, "answers_per_s")
}

/// The row of the bounded arm with the most answers a second.
fn best(found: &ExperimentSummary) -> Option<&Row> {
    let bounded = shown(found).filter(|row| row.arm == "pool-request" && rate(row).is_some());
    bounded.max_by(|one, other| rate(one).unwrap_or_default().total_cmp(&rate(other).unwrap_or_default()))
}

/// The unbounded reference, which is the same in every cell: the first.
fn without_bound(found: &ExperimentSummary) -> Option<&Row> {
    shown(found).find(|row| row.arm == "spawn" && rate(row).is_some())
}

fn verdict(found: &ExperimentSummary) -> Option<String> {
    let with_p99 = |row: &Row| {
        let p99 = row.intended.p99_ms.map_or_else(String::new, |p99| format!(" (p99 {})", ms(p99)));
        Some(format!("{:.0} answers a second{p99}", rate(row)?))
    };
    let all = without_bound(found).and_then(with_p99);
    let Some(best) = best(found) else { return Some(format!("Without a bound {}.", all?)) };
    let cell = &best.cell.name;
    let bounded = format!("Of something with {SLOTS} slots, {cell} makes the most: {}", with_p99(best)?);
    Some(match all {
        Some(all) => format!("{bounded}; without a bound it is {all}."),
        None => format!("{bounded}."),
    })
}

fn findings(found: &ExperimentSummary) -> Vec<String> {
    let bounded: Vec<&Row> = shown(found).filter(|row| row.arm == "pool-request").collect();
    let error = |row: &&Row| {
        let (rate, model) = (rate(row)?, row.model.get("answers_per_s")?);
        Some((rate / model - 1.0, row.cell.name.clone()))
    };
    let worst = bounded.iter().filter_map(error).max_by(|one, other| one.0.abs().total_cmp(&other.0.abs()));
    let mut findings = Vec::new();
    if let Some((error, cell)) = worst {
        findings.push(format!(
            "The model, N slots' time in the crowd of N, is off by {:.0} % at most, at {cell}.",
            error.abs() * 100.0
        ));
    }
    let point = |row: &&Row| Some(Point { x: row.cell.x?, y: rate(row)? });
    let points: Vec<Point> = bounded.iter().filter_map(point).collect();
    if let Some(law) = Usl::through(&points)
        && let Some(peak) = law.peak()
    {
        findings.push(format!(
            "The universal scalability law fits with contention {:.3}, crosstalk {:.5} and a peak at N = {peak:.0} \
             (R² {:.2}; it knows no {SLOTS} slots, so its peak is smeared).",
            law.sigma, law.kappa, law.r_squared
        ));
    }
    if let (Some(few), Some(many)) = (bounded.first(), bounded.last())
        && let (Some(few_p99), Some(many_p99)) = (few.intended.p99_ms, many.intended.p99_ms)
        && let Some(best) = best(found).and_then(|row| row.intended.p99_ms)
    {
        findings.push(format!(
            "p99 over N is a U: {} at {}, {} at the best N, {} at {}.",
            ms(few_p99),
            few.cell.name,
            ms(best),
            ms(many_p99),
            many.cell.name
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_peaks_where_all_slots_are_taken_and_nobody_crowds() {
        for (n, want) in [(1.0, 200.0), (4.0, 800.0), (8.0, 1600.0), (58.0, 800.0), (256.0, 268.5)] {
            let got = answers_per_second(n);
            assert!((got - want).abs() < 0.1, "{n}: {got}");
        }
    }
}
