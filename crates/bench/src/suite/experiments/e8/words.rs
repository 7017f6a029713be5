//! What E8 says when all its trials are there.

use super::{PEOPLE, WORKERS};
use crate::suite::experiments::begun::{figure, holds_workers, listed, ms, shown, strategy};
use crate::suite::summary::{ExperimentSummary, Promise, Row};

/// A usual stay, for the rule: ten minutes.
const STAY_SECONDS: f64 = 600.0;

/// Fills the verdict, the findings, the promises and the model.
pub(super) fn conclude(found: &mut ExperimentSummary) {
    let served: Vec<usize> =
        found.rows.iter().map(|row| if holds_workers(strategy(found, row)) { WORKERS } else { PEOPLE }).collect();
    for (row, served) in found.rows.iter_mut().zip(served) {
        row.model.insert("served".to_owned(), served as f64);
        row.model.insert("starved".to_owned(), (PEOPLE - served) as f64);
    }
    found.verdict = verdict(found);
    found.findings = findings(found);
    found.promises = promises(found);
}

fn verdict(found: &ExperimentSummary) -> String {
    let all = |row: &&Row| figure(row, "starved") == Some(0.0);
    let all: Vec<String> = shown(found).filter(all).map(with_latency).collect();
    let all = if all.is_empty() { String::new() } else { format!("{} let in all", listed(&all)) };
    let starving = |row: &Row| {
        let (served, starved) = (figure(row, "served")?, figure(row, "starved").filter(|count| *count > 0.0)?);
        let busy = figure(row, "server_share")?;
        let arm = &row.arm;
        Some(format!(
            "{arm} of {WORKERS} let in {served:.0} and starved {starved:.0}, with its core {:.0} % busy",
            busy * 100.0
        ))
    };
    let starving: Vec<String> = shown(found).filter_map(starving).collect();
    match (starving.is_empty(), all.is_empty()) {
        (false, false) => format!("Of {PEOPLE} people, {}; {all}.", starving.join("; ")),
        (false, true) => format!("Of {PEOPLE} people, {}.", starving.join("; ")),
        (true, false) => format!("Of {PEOPLE} people nobody starved: {all}."),
        (true, true) => "No trial counts.".to_owned(),
    }
}

fn with_latency(row: &Row) -> String {
    row.intended.p99_ms.map_or_else(|| row.arm.clone(), |p99| format!("{} (a message's p99 {})", row.arm, ms(p99)))
}

fn findings(found: &ExperimentSummary) -> Vec<String> {
    let workers = WORKERS as f64;
    let mut findings = vec![format!(
        "The rule: capacity = N sessions, so by Little's law at most N / mean stay join per second, however fast the \
         machine is. With N = {WORKERS} and a stay of ten minutes that is {:.2} a second: one person in {:.0} s.",
        workers / STAY_SECONDS,
        STAY_SECONDS / workers,
    )];
    for row in shown(found).filter(|row| holds_workers(strategy(found, row))) {
        let arm = &row.arm;
        if let Some(place) = figure(row, "last_place") {
            findings
                .push(format!("Who waits under {arm} is told the place in the line; the last was told {place:.0}."));
        }
        if let (Some(jain), Some(p99)) = (figure(row, "jain"), row.intended.p99_ms) {
            findings.push(format!(
                "Under {arm} Jain's index of messages heard is {jain:.2} (1 is fair): the p99 of {} is of those inside \
                 and says nothing of those outside.",
                ms(p99)
            ));
        }
    }
    findings
}

fn promises(found: &ExperimentSummary) -> Vec<Promise> {
    let unbounded: Vec<&Row> = shown(found).filter(|row| !holds_workers(strategy(found, row))).collect();
    let names: Vec<String> = unbounded.iter().map(|row| row.arm.clone()).collect();
    let starved: u64 = unbounded.iter().map(|row| row.counts.starved).sum();
    let text = format!("nobody starves under {} in the chat of {PEOPLE}: {starved} did", listed(&names));
    let promise = (!names.is_empty()).then_some(Promise { text, is_kept: Some(starved == 0) });
    promise.into_iter().collect()
}
