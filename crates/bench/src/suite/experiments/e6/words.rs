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

fn named(row: &Row) -> String {
    format!("{} with {}", row.arm, row.cell.name)
}

fn verdict(found: &ExperimentSummary) -> String {
    let stepped: Vec<String> = shown(found).filter(|row| has_stepped(row)).map(tell_stepped).collect();
    let smooth = |row: &&Row| !has_stepped(row);
    let slowest = shown(found).filter(smooth).filter_map(|row| figure(row, "connect_max_ms")).reduce(f64::max);
    let smooth: Vec<String> = shown(found).filter(smooth).map(named).collect();
    match (stepped.is_empty(), slowest) {
        (true, None) => "No trial counts.".to_owned(),
        (true, Some(slowest)) => {
            format!("Nobody met a full queue in the kernel: all {CONNECTS} were connected within {}.", ms(slowest))
        }
        (false, None) => format!("{}.", stepped.join("; ")),
        (false, Some(slowest)) => {
            format!("{}; all were connected within {} under {}.", stepped.join("; "), ms(slowest), listed(&smooth))
        }
    }
}

fn tell_stepped(row: &Row) -> String {
    let dropped = figure(row, "listen_overflows").unwrap_or_default();
    let p99 = figure(row, "connect_p99_ms").map_or_else(String::new, |p99| format!("p99 {}", ms(p99)));
    let starved = figure(row, "starved").filter(|count| *count > 0.0);
    let starved = starved.map_or_else(String::new, |count| format!(", and {count:.0} had no answer at the end"));
    format!("under {} the kernel dropped {dropped:.0} tries, connecting took {p99}{starved}", named(row))
}

fn findings(found: &ExperimentSummary) -> Vec<String> {
    let steps = |row: &Row| {
        let counts: Vec<String> = STEPS
            .iter()
            .filter_map(|seconds| {
                let count = figure(row, &format!("connects_at_{seconds}_s")).filter(|count| *count > 0.0)?;
                Some(format!("{count:.0} after {seconds} s"))
            })
            .collect();
        let arm = named(row);
        (!counts.is_empty()).then(|| {
            format!("The steps of SYN retransmission under {arm}: connected were {} (medians).", listed(&counts))
        })
    };
    let mut findings: Vec<String> = shown(found).filter_map(steps).collect();
    let pool = shown(found).filter(|row| row.arm == "pool").find_map(|row| figure(row, "first_answer_max_ms"));
    if let Some(last) = pool {
        findings.push(format!(
            "Under pool the same line stands in our process: the last of {CONNECTS} was answered after {}, which is \
             {CONNECTS} / {WORKERS} rounds of {WORK_MS} ms and some overhead.",
            ms(last)
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
