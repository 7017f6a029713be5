//! E1 in words: what the bound costs, at which load, and whether theory says the same.

use super::super::begun::{figure, listed, ms, shown, strategy};
use super::super::bout::{MEAN, P99, SERVICE};
use super::super::said::{judgements, nothing};
use super::{IDEAL_P99, OVER_IDEAL, SERVICE_MEAN, WORKERS, is_bounded};
use crate::stats::model;
use crate::suite::spec::Cell;
use crate::suite::summary::{Comparison, ExperimentSummary, Promise, Row, Verdict};

/// A measured p99 further than this from the ideal pool's is a finding: then either the bench or the theory is wrong.
const MODEL_ERROR_MAX: f64 = 0.2;

pub(super) fn conclude(found: &mut ExperimentSummary) {
    put_models(found);
    let cells: Vec<Cell> = found.spec.cells.clone();
    let sentences: Vec<String> = cells.iter().rev().filter_map(|cell| sentence(found, cell)).collect();
    found.verdict = match sentences.split_first() {
        None => nothing(found),
        Some((first, rest)) => {
            let verdict = [Some(first.clone()), predicted(found, &cells), equal(found, &cells)];
            found.findings.extend(rest.to_vec());
            verdict.into_iter().flatten().collect::<Vec<_>>().join(" ")
        }
    };
    let theory: Vec<String> = cells.iter().rev().filter_map(|cell| theory(found, cell)).collect();
    found.findings.extend(theory);
    found.promises.extend(promise(found));
}

/// What theory says of each row, by its measured time of service.
fn put_models(found: &mut ExperimentSummary) {
    let arms = found.spec.arms.clone();
    for row in &mut found.rows {
        let Some(load) = row.cell.x else { continue };
        let strategy = arms.iter().find(|arm| arm.name == row.arm).map_or("", |arm| arm.strategy.as_str());
        let service = row.figures.get(SERVICE).map_or(SERVICE_MEAN.as_secs_f64(), |millis| millis / 1000.0);
        let rate = load * WORKERS as f64 / SERVICE_MEAN.as_secs_f64();
        let said = if is_bounded(strategy) {
            let workers = u32::try_from(WORKERS).unwrap_or(u32::MAX);
            let Some(queue) = model::Queue::new(workers, rate, service, 1.0) else { continue };
            [(P99, queue.total_quantile(0.99)), (MEAN, queue.total_mean())]
        } else {
            [(P99, model::no_queue_quantile(service, 0.99)), (MEAN, service)]
        };
        row.model.extend(said.map(|(key, seconds)| (key.to_owned(), seconds * 1000.0)));
    }
}

/// "At load 0.95 the p99 is: pool 2.1 times spawn's (…)."
fn sentence(found: &ExperimentSummary, cell: &Cell) -> Option<String> {
    let judged = judgements(found, &cell.name, P99)?;
    let percent = cell.x.unwrap_or_default() * 100.0;
    Some(format!("At {percent:.0} % load the p99 is: {judged}."))
}

/// "With these arrivals an ideal pool of 8 comes to 1.97 times at load 0.95, in the long run (Erlang C) to 2.13."
fn predicted(found: &ExperimentSummary, cells: &[Cell]) -> Option<String> {
    let row = |cell: &Cell, bounded: bool| {
        let is_it = |row: &&Row| row.cell.name == cell.name && is_bounded(strategy(found, row)) == bounded;
        shown(found).find(is_it)
    };
    cells.iter().rev().find_map(|cell| {
        let (pool, boundless) = (row(cell, true)?, row(cell, false)?);
        let long_run = pool.model.get(P99)? / boundless.model.get(P99)?;
        let ideal = figure(pool, IDEAL_P99)? / figure(boundless, IDEAL_P99)?;
        Some(format!(
            "With these arrivals an ideal pool of {WORKERS} comes to {ideal:.2} times at {}, in the long run (Erlang \
             C) to {long_run:.2}.",
            cell.name,
        ))
    })
}

/// "At load 0.50 all are equivalent."
fn equal(found: &ExperimentSummary, cells: &[Cell]) -> Option<String> {
    let is_equal = |cell: &&Cell| {
        let of = |one: &&Comparison| one.cell == cell.name && one.metric.key == P99 && !one.is_control;
        let mut judged = found.comparisons.iter().filter(of).peekable();
        judged.peek().is_some() && judged.all(|one| one.verdict == Verdict::Equivalent)
    };
    let equal: Vec<String> = cells.iter().filter(is_equal).map(|cell| cell.name.clone()).collect();
    (!equal.is_empty()).then(|| format!("At {} all are equivalent.", listed(&equal)))
}

/// "At 95 % load Erlang C says 95 ms for a pool of 8 and 46 ms without a bound; …"
fn theory(found: &ExperimentSummary, cell: &Cell) -> Option<String> {
    let rows: Vec<&Row> = shown(found).filter(|row| row.cell.name == cell.name).collect();
    let of = |bounded: bool| rows.iter().find(|row| is_bounded(strategy(found, row)) == bounded);
    let long_run = [(true, format!("a pool of {WORKERS}")), (false, "no bound".to_owned())];
    let long_run: Vec<String> = long_run
        .into_iter()
        .filter_map(|(bounded, name)| Some(format!("{} for {name}", ms(*of(bounded)?.model.get(P99)?))))
        .collect();
    let measured: Vec<String> = rows.iter().filter_map(|row| beside_ideal(row)).collect();
    if measured.is_empty() {
        return None;
    }
    let percent = cell.x.unwrap_or_default() * 100.0;
    let long_run = match long_run.as_slice() {
        [] => "there is no long run to predict".to_owned(),
        some => format!("theory's p99 in the long run is {}", listed(some)),
    };
    let measured = listed(&measured);
    Some(format!(
        "At {percent:.0} % load {long_run}; measured, and off from an ideal server's of these arrivals: {measured}."
    ))
}

/// "pool 103 ms (+2 %)".
fn beside_ideal(row: &Row) -> Option<String> {
    let off = (figure(row, OVER_IDEAL)? - 1.0) * 100.0;
    let loud = if off.abs() > MODEL_ERROR_MAX * 100.0 { ", more than 20 %: bench or theory is wrong here" } else { "" };
    figure(row, IDEAL_P99)?;
    Some(format!("{} {} ({off:+.0} %{loud})", row.arm, ms(figure(row, P99)?)))
}

/// Below capacity nobody is turned away and nothing is lost.
fn promise(found: &ExperimentSummary) -> Option<Promise> {
    let rows = || found.rows.iter().filter(|row| row.trials > 0 && row.cell.x.is_some_and(|load| load < 1.0));
    let (offered, ok) = rows().fold((0, 0), |sum, row| (sum.0 + row.counts.offered, sum.1 + row.counts.ok));
    (offered > 0).then(|| Promise {
        text: format!("below capacity every request is answered: {ok} of {offered}"),
        is_kept: Some(ok == offered),
    })
}
