//! What E3 says when all its trials are there.

use super::{WORKERS, steps};
use crate::suite::experiments::begun::{figure, holds_workers, listed, shown, strategy};
use crate::suite::spec::Preset;
use crate::suite::summary::{ExperimentSummary, Promise, Row};

/// Fills the verdict, the findings, the promises and the model.
pub(super) fn conclude(found: &mut ExperimentSummary) {
    let bounded: Vec<bool> = found.rows.iter().map(|row| holds_workers(strategy(found, row))).collect();
    for (row, is_bounded) in found.rows.iter_mut().zip(bounded) {
        let offered = row.counts.offered as f64 / row.trials.max(1) as f64;
        let served = if is_bounded { offered.min(WORKERS as f64) } else { offered };
        row.model.insert("served".to_owned(), served);
        row.model.insert("starved".to_owned(), offered - served);
    }
    found.verdict = verdict(found);
    found.findings = findings(found);
    found.promises = promises(found);
}

fn verdict(found: &ExperimentSummary) -> String {
    let cost = |row: &Row| Some(format!("{} under {}", kib(figure(row, "rss_per_connection_kib")?), row.arm));
    let is_bounded = |row: &&Row| holds_workers(strategy(found, row));
    let costs: Vec<String> = shown(found).filter(|row| !is_bounded(row)).filter_map(cost).collect();
    let starving: Vec<&Row> =
        shown(found).filter(|row| figure(row, "starved").is_some_and(|count| count > 0.0)).collect();
    let names: Vec<String> = starving.iter().map(|row| row.arm.clone()).collect();
    let costs = match costs.is_empty() {
        true => String::new(),
        false => format!("An idle connection costs {}", listed(&costs)),
    };
    let starving = starving.first().map(|row| {
        let starved = figure(row, "starved").unwrap_or_default();
        let offered = row.counts.offered as f64 / row.trials as f64;
        let names = listed(&names);
        format!("with {WORKERS} workers {names} left {starved:.0} of {offered:.0} connections without any answer")
    });
    match (costs.is_empty(), starving) {
        (false, Some(starving)) => format!("{costs}; {starving}."),
        (false, None) => format!("{costs}; everybody was answered."),
        (true, Some(starving)) => format!("{}.", starving.replacen("with", "With", 1)),
        (true, None) => "No trial counts.".to_owned(),
    }
}

fn findings(found: &ExperimentSummary) -> Vec<String> {
    let mut findings = Vec::new();
    let last = |row: &Row| {
        let most =
            steps(Preset::Full).iter().rev().find(|count| row.figures.contains_key(&format!("threads_at_{count}")));
        let threads = figure(row, &format!("threads_at_{}", most?))?;
        Some(format!("{threads:.0} under {}", row.arm))
    };
    let threads: Vec<String> = shown(found).filter_map(last).collect();
    if !threads.is_empty() {
        findings.push(format!("Threads with all connections open: {}.", listed(&threads)));
    }
    let waiting = |row: &Row| {
        let cost = figure(row, "rss_per_connection_kib")?;
        holds_workers(strategy(found, row)).then(|| format!("{} under {}", kib(cost), row.arm))
    };
    let waiting: Vec<String> = shown(found).filter_map(waiting).collect();
    if !waiting.is_empty() {
        findings.push(format!("A connection that waits unserved costs our process {}.", listed(&waiting)));
    }
    findings
}

fn promises(found: &ExperimentSummary) -> Vec<Promise> {
    let unbounded: Vec<&Row> = shown(found).filter(|row| !holds_workers(strategy(found, row))).collect();
    let names: Vec<String> = unbounded.iter().map(|row| row.arm.clone()).collect();
    let starved: u64 = unbounded.iter().map(|row| row.counts.starved).sum();
    let answered = (!names.is_empty()).then(|| Promise {
        text: format!("every idle connection was answered once under {}: {starved} were not", listed(&names)),
        is_kept: Some(starved == 0),
    });
    let left = shown(found).filter_map(|row| figure(row, "threads_left")).reduce(f64::max);
    let said = left.map_or_else(|| "cannot be read here".to_owned(), |left| format!("{left:.0} more at most"));
    let text = format!("no thread is left when the connections are gone, under any strategy: {said}");
    answered.into_iter().chain([Promise { text, is_kept: left.map(|left| left <= 0.0) }]).collect()
}

fn kib(kib: f64) -> String {
    format!("{kib:.1} KiB")
}
