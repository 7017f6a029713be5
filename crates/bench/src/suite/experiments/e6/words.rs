//! What E6 says when all its trials are there.

use super::{CONNECTS, STEPS, WORK_MS, WORKERS};
use crate::suite::experiments::begun::{figure, holds_workers, listed, ms, shown, strategy};
use crate::suite::summary::{ExperimentSummary, Promise, Row};

/// A connect that takes longer has met a queue in the kernel that had no room.
const STEP_MS: f64 = 900.0;

/// Fills the verdict, the findings, the promises and the model.
pub(super) fn conclude(found: &mut ExperimentSummary) {
    let bounded: Vec<bool> = found.rows.iter().map(|row| holds_workers(strategy(found, row))).collect();
    for (row, is_bounded) in found.rows.iter_mut().zip(bounded) {
        // With room for all, the last is answered when as many rounds as it takes have been worked.
        let rounds = if is_bounded { CONNECTS.div_ceil(WORKERS) } else { 1 };
        row.model.insert("first_answer_max_ms".to_owned(), (rounds as u64 * WORK_MS) as f64);
    }
    found.verdict = verdict(found);
    found.findings = findings(found);
    found.promises = promises(found);
}

fn has_stepped(row: &Row) -> bool {
    figure(row, "connect_max_ms").is_some_and(|max| max > STEP_MS)
}

fn verdict(found: &ExperimentSummary) -> String {
    let stepped: Vec<String> = shown(found).filter_map(late).collect();
    let cell = shown(found).find(|row| has_stepped(row)).map_or("", |row| row.cell.name.as_str());
    let smooth = |row: &&Row| !has_stepped(row);
    let slowest = shown(found).filter(smooth).filter_map(|row| figure(row, "connect_max_ms")).reduce(f64::max);
    let most = found.spec.cells.last().map_or("", |cell| cell.name.as_str());
    let whole = slowest.map(|slowest| format!("all were connected within {}", ms(slowest)));
    match (stepped.is_empty(), whole) {
        (true, None) => "No trial counts.".to_owned(),
        (true, Some(whole)) => format!("Nobody met a full queue in the kernel: of {CONNECTS} {whole}."),
        (false, None) => format!("With {cell}, of {CONNECTS} connects {}.", listed(&stepped)),
        (false, Some(whole)) => {
            format!("With {cell}, of {CONNECTS} connects {}; with {most} {whole}.", listed(&stepped))
        }
    }
}

/// How many met a full queue, if any did.
fn late(row: &Row) -> Option<String> {
    if !has_stepped(row) {
        return None;
    }
    let tries: f64 = STEPS.iter().filter_map(|seconds| figure(row, &format!("connects_at_{seconds}_s"))).sum();
    let starved = figure(row, "starved").filter(|count| *count > 0.0);
    let starved = starved.map_or_else(String::new, |count| format!(" (and {count:.0} had no answer at the end)"));
    Some(format!("{tries:.0} needed a second or more under {}{starved}", row.arm))
}

fn findings(found: &ExperimentSummary) -> Vec<String> {
    let steps = |row: &Row| {
        let count = |seconds: &f64| {
            let count = figure(row, &format!("connects_at_{seconds}_s")).filter(|count| *count > 0.0)?;
            Some(format!("{count:.0} after {seconds} s"))
        };
        let counts: Vec<String> = STEPS.iter().filter_map(count).collect();
        (!counts.is_empty()).then(|| format!("{} under {} ({})", listed(&counts), row.arm, row.cell.name))
    };
    let steps: Vec<String> = shown(found).filter_map(steps).collect();
    let mut findings = Vec::new();
    if !steps.is_empty() {
        findings.push(format!(
            "A SYN that meets a full queue is dropped, and the client's kernel tries again 1, 3 and 7 s after the \
             first: connected were {}.",
            steps.join("; ")
        ));
    }
    let pool = found.rows.iter().rfind(|row| row.arm == "pool" && row.trials > 0);
    if let Some(last) = pool.and_then(|row| figure(row, "first_answer_max_ms")) {
        let rounds = CONNECTS.div_ceil(WORKERS);
        findings.push(format!(
            "With room in the kernel, pool holds the line itself: the last of {CONNECTS} was answered after {}; \
             {rounds} rounds of {WORK_MS} ms are {} ms.",
            ms(last),
            rounds as u64 * WORK_MS
        ));
    }
    findings
}

fn promises(found: &ExperimentSummary) -> Vec<Promise> {
    let long = shown(found).filter(|row| row.cell.x.is_some_and(|backlog| backlog > CONNECTS as f64));
    let overflows = long.filter_map(|row| figure(row, "listen_overflows")).reduce(f64::max);
    let text =
        |found: f64| format!("a backlog of 4096 drops nobody of {CONNECTS}: {found:.0} drops in the median trial");
    overflows.map(|found| Promise { text: text(found), is_kept: Some(found <= 0.0) }).into_iter().collect()
}
