//! `summary.csv`: a line per experiment, cell and arm, for spreadsheets and notebooks (RFC 4180).

use std::collections::BTreeSet;

use super::words;
use crate::suite::record::{Counts, Parts};
use crate::suite::summary::{ExperimentSummary, Row, Spread, Summary, Verdict};

const FIRST: [&str; 16] = [
    "experiment",
    "cell",
    "x",
    "arm",
    "strategy",
    "build",
    "trials",
    "offered",
    "ok",
    "shed",
    "refused",
    "timed_out",
    "failed",
    "in_flight",
    "starved",
    "is_control",
];
const SPREAD: [&str; 7] = ["samples", "mean_ms", "p50_ms", "p90_ms", "p99_ms", "p999_ms", "max_ms"];
const PARTS: [&str; 5] = ["schedule_us", "kernel_us", "queue_us", "service_us", "return_us"];
const RATIO: [&str; 5] = ["ratio", "low", "high", "verdict", "is_grey"];

/// The whole summary. A column that means nothing to a line is empty there.
pub(super) fn csv(summary: &Summary) -> String {
    let rows = || summary.experiments.iter().flat_map(|found| found.rows.iter().map(move |row| (found, row)));
    let figures: BTreeSet<&str> = rows().flat_map(|(_, row)| row.figures.keys().map(String::as_str)).collect();
    let models: BTreeSet<&str> = rows().flat_map(|(_, row)| row.model.keys().map(String::as_str)).collect();
    let compared: BTreeSet<&str> =
        summary.experiments.iter().flat_map(|found| &found.comparisons).map(|one| one.metric.key.as_str()).collect();
    let head = FIRST.iter().map(|name| (*name).to_owned());
    let head = head.chain(SPREAD.iter().map(|name| format!("intended_{name}")));
    let head = head.chain(SPREAD.iter().map(|name| format!("sent_{name}")));
    let head = head.chain(PARTS.iter().map(|name| (*name).to_owned()));
    let head = head.chain(figures.iter().map(|key| format!("figure_{key}")));
    let head = head.chain(models.iter().map(|key| format!("model_{key}")));
    let head = head.chain(compared.iter().flat_map(|key| RATIO.iter().map(move |name| format!("{name}_{key}"))));
    let mut out = line(head);
    for (found, row) in rows() {
        let fields = placed(found, row).into_iter().chain(spread(&row.intended)).chain(spread(&row.sent));
        let fields = fields.chain(parts(row.parts));
        let fields = fields.chain(figures.iter().map(|key| number(row.figures.get(*key).copied())));
        let fields = fields.chain(models.iter().map(|key| number(row.model.get(*key).copied())));
        out.push_str(&line(fields.chain(compared.iter().flat_map(|key| ratio(found, row, key)))));
    }
    out
}

fn placed(found: &ExperimentSummary, row: &Row) -> Vec<String> {
    let arm = words::arm(&found.spec, &row.arm);
    let Counts { offered, ok, shed, refused, timed_out, failed, in_flight, starved } = row.counts;
    let mut fields = vec![
        found.spec.experiment.name(),
        row.cell.name.clone(),
        number(row.cell.x),
        row.arm.clone(),
        arm.map(|arm| arm.strategy.clone()).unwrap_or_default(),
        arm.map(|arm| arm.build.clone()).unwrap_or_default(),
        row.trials.to_string(),
    ];
    let counts = [offered, ok, shed, refused, timed_out, failed, in_flight, starved];
    fields.extend(counts.map(|count| count.to_string()));
    fields.push(arm.is_some_and(|arm| arm.is_control).to_string());
    fields
}

fn spread(spread: &Spread) -> [String; 7] {
    let Spread { samples, mean_ms, p50_ms, p90_ms, p99_ms, p999_ms, max_ms } = *spread;
    let [mean, p50, p90, p99, p999, max] = [mean_ms, p50_ms, p90_ms, p99_ms, p999_ms, max_ms].map(number);
    [samples.to_string(), mean, p50, p90, p99, p999, max]
}

fn parts(parts: Option<Parts>) -> [String; 5] {
    let values = |parts: Parts| {
        [parts.schedule_us, parts.kernel_us, parts.queue_us, parts.service_us, parts.return_us].map(Some)
    };
    parts.map_or([None; 5], values).map(number)
}

fn ratio(found: &ExperimentSummary, row: &Row, key: &str) -> [String; 5] {
    let Some(one) = found.comparison(&row.cell.name, &row.arm, key) else { return Default::default() };
    let verdict = match one.verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Equivalent => "equivalent",
        Verdict::Inconclusive { .. } => "inconclusive",
        Verdict::TooFew => "too-few",
    };
    let [estimate, low, high] = [one.estimate, one.low, one.high].map(|value| number(Some(value)));
    [estimate, low, high, verdict.to_owned(), one.is_grey.to_string()]
}

/// As short as it can be without losing a bit; nothing where there is none.
fn number(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map_or_else(String::new, |value| value.to_string())
}

fn line(fields: impl Iterator<Item = String>) -> String {
    format!("{}\r\n", fields.map(|field| quoted(&field)).collect::<Vec<_>>().join(","))
}

/// In quotes where it has to be. A text that a spreadsheet would take for a formula gets an apostrophe in front.
fn quoted(field: &str) -> String {
    let is_formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']) && field.parse::<f64>().is_err();
    let field = if is_formula { format!("'{field}") } else { field.to_owned() };
    if field.contains([',', '"', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}
