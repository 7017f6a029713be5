//! What E7 says when all its trials are there.

use super::{NORMAL, WORKERS};
use crate::suite::experiments::begun::{figure, holds_workers, listed, ms, shown, strategy};
use crate::suite::summary::{ExperimentSummary, Promise, Row};

/// Fills the verdict, the findings, the promises and the model.
pub(super) fn conclude(found: &mut ExperimentSummary) {
    let served: Vec<usize> =
        found.rows.iter().map(|row| if holds_workers(strategy(found, row)) { 0 } else { NORMAL }).collect();
    for (row, served) in found.rows.iter_mut().zip(served) {
        row.model.insert("served".to_owned(), served as f64);
    }
    found.verdict = verdict(found);
    found.findings = findings(found);
    found.promises = promises(found);
}

fn verdict(found: &ExperimentSummary) -> String {
    let is_whole = |row: &&Row| figure(row, "served") == Some(NORMAL as f64);
    let whole: Vec<String> = shown(found).filter(is_whole).map(with_latency).collect();
    let hurt = |row: &Row| {
        let served = figure(row, "served").filter(|served| *served < NORMAL as f64)?;
        Some(format!("{} served {served:.0}", row.arm))
    };
    let hurt: Vec<String> = shown(found).filter_map(hurt).collect();
    match (hurt.is_empty(), whole.is_empty()) {
        (true, true) => "No trial counts.".to_owned(),
        (true, false) => format!("{WORKERS} slow clients hurt nobody: all {NORMAL} were served by {}.", listed(&whole)),
        (false, true) => format!("With {WORKERS} slow clients, of {NORMAL} normal ones {}.", listed(&hurt)),
        (false, false) => format!(
            "With {WORKERS} slow clients, of {NORMAL} normal ones {}; all were served by {}.",
            listed(&hurt),
            listed(&whole)
        ),
    }
}

fn with_latency(row: &Row) -> String {
    row.intended.p99_ms.map_or_else(|| row.arm.clone(), |p99| format!("{} (p99 {})", row.arm, ms(p99)))
}

fn findings(found: &ExperimentSummary) -> Vec<String> {
    let jain = |row: &Row| Some(format!("{:.2} under {}", figure(row, "jain")?, row.arm));
    let jain: Vec<String> = shown(found).filter_map(jain).collect();
    let mut findings = vec![format!(
        "A slow client costs a worker for as long as it likes, so {WORKERS} of them are a total outage of a pool of \
         {WORKERS} connections; what helps there is a bound on the time of one request, not a larger N."
    )];
    if !jain.is_empty() {
        let jain = listed(&jain);
        findings.push(format!(
            "Jain's index of answers among the normal clients (1 is fair): {jain}; none if nobody \
             was answered."
        ));
    }
    findings
}

fn promises(found: &ExperimentSummary) -> Vec<Promise> {
    let unbounded: Vec<&Row> = shown(found).filter(|row| !holds_workers(strategy(found, row))).collect();
    let names: Vec<String> = unbounded.iter().map(|row| row.arm.clone()).collect();
    let starved: u64 = unbounded.iter().map(|row| row.counts.starved).sum();
    let text = format!("{WORKERS} slow clients starve nobody under {}: {starved} starved", listed(&names));
    (!names.is_empty()).then_some(Promise { text, is_kept: Some(starved == 0) }).into_iter().collect()
}
