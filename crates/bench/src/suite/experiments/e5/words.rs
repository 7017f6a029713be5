//! E5 in words.

use super::super::begun::{figure, listed, ms, shown, strategy};
use super::super::said::{judgements, nothing};
use super::{CAPACITY, GOODPUT, PULSE_AGAIN, PULSE_ONCE, RECOVERY, UNRECOVERED, UNYIELDING, UNYIELDING_LOAD};
use crate::suite::spec::Cell;
use crate::suite::summary::{ExperimentSummary, Promise, Row};

/// What a bounded queue keeps of the capacity under half as much again as it can do, on any machine.
const GOODPUT_MIN: f64 = 0.7;

/// The load the verdict is about.
const VERDICT_LOAD: f64 = 1.5;

pub(super) fn conclude(found: &mut ExperimentSummary) {
    put_models(found);
    let cells: Vec<Cell> = found.spec.cells.clone();
    let steady = |cell: &&Cell| cell.x.is_some();
    let is_verdict = |cell: &&Cell| cell.x == Some(VERDICT_LOAD);
    let overload = cells.iter().find(is_verdict).or_else(|| cells.iter().rfind(steady));
    let pulses: Vec<String> =
        [PULSE_ONCE, PULSE_AGAIN].iter().filter_map(|cell| recovery_sentence(found, cell)).collect();
    let goodput = overload.and_then(|cell| goodput_sentence(found, cell));
    found.verdict = match (&goodput, pulses.last()) {
        (None, None) => nothing(found),
        (Some(goodput), None) => goodput.clone(),
        (None, Some(pulse)) => pulse.clone(),
        (Some(goodput), Some(pulse)) => format!("{goodput} {pulse}"),
    };
    let others = cells.iter().filter(steady).filter(|cell| !is_verdict(cell));
    let mut findings: Vec<String> = others.filter_map(|cell| goodput_sentence(found, cell)).collect();
    findings.extend(overload.and_then(|cell| judged(found, &cell.name, GOODPUT, "served in time")));
    findings.extend(pulses.split_last().map(|(_, rest)| rest.to_vec()).unwrap_or_default());
    findings.extend([PULSE_ONCE, PULSE_AGAIN].iter().filter_map(|cell| judged(found, cell, RECOVERY, "recovery time")));
    findings.extend(storm(found));
    findings.extend(unyielding(found));
    found.findings.extend(findings);
    found.promises.extend(promises(found));
}

/// What could be served in time at best: all of it below capacity, and the capacity above.
fn put_models(found: &mut ExperimentSummary) {
    for row in &mut found.rows {
        if let Some(load) = row.cell.x {
            row.model.insert(GOODPUT.to_owned(), load.min(1.0));
        }
    }
}

/// "Asked for 1.5 times what the machine can do (480 a second), spawn serves 3 % of it in time and pool 96 %."
fn goodput_sentence(found: &ExperimentSummary, cell: &Cell) -> Option<String> {
    let rows: Vec<&Row> = shown(found).filter(|row| row.cell.name == cell.name).collect();
    let served = |row: &&Row| Some(format!("{} {:.0} %", row.arm, figure(row, GOODPUT)? * 100.0));
    let served: Vec<String> = rows.iter().filter_map(served).collect();
    let capacity = rows.iter().find_map(|row| figure(row, CAPACITY))?;
    let load = cell.x?;
    (!served.is_empty()).then(|| {
        format!(
            "Asked for {load} times its capacity ({capacity:.0} a second) it serves so much of it in time: {}.",
            listed(&served),
        )
    })
}

/// "After a pulse of overload (retries) they recover after: spawn not within 900 ms, pool 75 ms."
fn recovery_sentence(found: &ExperimentSummary, cell: &str) -> Option<String> {
    let rows = shown(found).filter(|row| row.cell.name == cell);
    let recovered: Vec<String> = rows.filter_map(recovered).collect();
    let how = if cell == PULSE_AGAIN { "with retries" } else { "without retries" };
    (!recovered.is_empty()).then(|| format!("After a pulse {how} it takes to recover: {}.", listed(&recovered)))
}

fn recovered(row: &Row) -> Option<String> {
    let took = ms(figure(row, RECOVERY)?);
    let within = if figure(row, UNRECOVERED)? >= 0.5 { format!("over {took}") } else { took };
    Some(format!("{} {within}", row.arm))
}

fn judged(found: &ExperimentSummary, cell: &str, metric: &str, what: &str) -> Option<String> {
    let judged = judgements(found, cell, metric)?;
    Some(format!("{cell}, {what}: {judged}."))
}

/// How many tries a request came to where clients try again.
fn storm(found: &ExperimentSummary) -> Option<String> {
    let of = |row: &Row| {
        let offered = row.counts.offered as f64 / row.trials.max(1) as f64;
        let tries = figure(row, "tries").filter(|_| offered > 0.0)?;
        Some(format!("{} {:.2}", row.arm, tries / offered))
    };
    let tries: Vec<String> = shown(found).filter(|row| row.cell.name == PULSE_AGAIN).filter_map(of).collect();
    (!tries.is_empty()).then(|| format!("With retries a request came to so many tries: {}.", listed(&tries)))
}

/// Work that never lets go of the core keeps everybody before the gate, in the runtime's own queue.
fn unyielding(found: &ExperimentSummary) -> Option<String> {
    let rows = shown(found).filter(|row| row.cell.name == UNYIELDING);
    let served = rows.filter_map(|row| Some(format!("{} {:.0} %", row.arm, figure(row, GOODPUT)? * 100.0)));
    let served: Vec<String> = served.collect();
    (!served.is_empty()).then(|| {
        format!(
            "Where the work never yields, at {UNYIELDING_LOAD} times capacity this much of it is served in time: {}. \
             A task that runs from its request to its answer without a pause never meets another at the gate: the \
             queue stands before it, in the runtime, where nothing bounds it.",
            listed(&served),
        )
    })
}

fn promises(found: &ExperimentSummary) -> Vec<Promise> {
    let is_bounded = |row: &&Row| strategy(found, row).contains("pool");
    let rows = shown(found).filter(|row| row.cell.x == Some(VERDICT_LOAD)).filter(is_bounded);
    rows.filter_map(|row| {
        let share = figure(row, GOODPUT)?;
        Some(Promise {
            text: format!(
                "{} keeps at least {:.0} % of the capacity at {VERDICT_LOAD} times it: {:.0} %",
                row.arm,
                GOODPUT_MIN * 100.0,
                share * 100.0,
            ),
            is_kept: Some(share >= GOODPUT_MIN),
        })
    })
    .collect()
}
