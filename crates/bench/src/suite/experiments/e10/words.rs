//! What E10 says when all its trials are there.

use super::{BLOCK_MS, OFFLOADED, ON_TASK, RATES, WORKERS};
use crate::suite::experiments::begun::{figure, listed, ms, shown};
use crate::suite::summary::{ExperimentSummary, Row};

/// Fills the verdict, the findings and the model.
pub(super) fn conclude(found: &mut ExperimentSummary) {
    for row in &mut found.rows {
        // What the schedule happened to hold: Poisson arrivals of a short trial are not the rate to the last one.
        let offered = figure(row, "offered_per_s").or(row.cell.x).unwrap_or_default();
        // Its runtime threads are the servers of a queue; the others have threads enough for these rates.
        let capacity = if row.arm.starts_with(ON_TASK) { runtime_threads(row) * 1e3 / BLOCK_MS } else { f64::INFINITY };
        row.model.insert("answers_per_s".to_owned(), offered.min(capacity));
        if offered * 10.0 < capacity {
            row.model.insert("p50_ms".to_owned(), BLOCK_MS);
        }
    }
    found.verdict = verdict(found).unwrap_or_else(|| "No trial counts.".to_owned());
    found.findings = findings(found);
}

/// Threads that run tasks: all but the one that waits for the signal to stop.
fn runtime_threads(row: &Row) -> f64 {
    figure(row, "threads").map_or(1.0, |threads| (threads - 1.0).max(1.0))
}

/// The rows of the cell with the highest rate.
fn busiest(found: &ExperimentSummary) -> impl Iterator<Item = &Row> {
    let most = RATES.into_iter().fold(0.0, f64::max);
    shown(found).filter(move |row| row.cell.x == Some(most))
}

fn verdict(found: &ExperimentSummary) -> Option<String> {
    let said = |row: &Row| {
        let p50 = row.intended.p50_ms.map_or_else(String::new, |p50| format!(", half within {}", ms(p50)));
        Some(format!("{:.0} a second{p50}", figure(row, "answers_per_s")?))
    };
    let on_task = busiest(found).find(|row| row.arm == ON_TASK)?;
    let offered = on_task.cell.x?;
    let others = busiest(found).filter(|row| row.arm != ON_TASK);
    let others: Vec<String> = others.filter_map(|row| Some(format!("{} {}", row.arm, said(row)?))).collect();
    let on_task = said(on_task)?;
    let first = format!(
        "Of {offered:.0} requests a second that block for {BLOCK_MS} ms, a server of tasks that blocks its own thread \
         answers {on_task}"
    );
    Some(if others.is_empty() { format!("{first}.") } else { format!("{first}; {}.", listed(&others)) })
}

fn findings(found: &ExperimentSummary) -> Vec<String> {
    let mut findings = vec![format!(
        "A blocked runtime thread serves nobody else: its ceiling is 1 / {BLOCK_MS} ms = {:.0} requests a second a \
         thread, whatever is awaited elsewhere; a pool of {WORKERS} threads has {:.0}.",
        1e3 / BLOCK_MS,
        WORKERS as f64 * 1e3 / BLOCK_MS
    )];
    let offloaded = busiest(found).find(|row| row.arm == OFFLOADED).and_then(|row| figure(row, "threads"));
    if let Some(threads) = offloaded {
        findings.push(format!(
            "Offloading is a thread pool too: at the end that server had {threads:.0} threads, made by tokio as they \
             were needed, at most 512 more than it began with."
        ));
    }
    findings
}
