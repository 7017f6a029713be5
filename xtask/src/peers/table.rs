//! The one table at the end: what was promised, what was measured, and whether that shows it.

use std::fmt::Write as _;

use serde_json::Value;

use super::measure::{Ended, Kind};

/// The most an idle member may cost, in bytes of resident memory.
const IDLE_BYTES: f64 = 4096.0;

/// The longest that 99 of 100 messages may take beside files, in microseconds.
const CHAT_P99_US: f64 = 5_000.0;

/// The load of `files chat` that the promise is about.
const FULL: &str = "full both ways";

/// A line of it.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    what: String,
    figure: String,
    goal: String,
    state: &'static str,
}

/// What is printed, at most forty lines: the rows, what is missing, what was invalid.
pub(super) fn text(all: &[Ended], missing: &[String]) -> String {
    let mut rows = vec![Row {
        what: "Ours beside others (promises: DESIGN section 6)".to_owned(),
        figure: "figure [95 %]".to_owned(),
        goal: "goal".to_owned(),
        state: "",
    }];
    rows.extend(all.iter().flat_map(rows_of));
    let width = |cell: fn(&Row) -> &str| rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or(0);
    let (what, figure, goal) = (width(|row| &row.what), width(|row| &row.figure), width(|row| &row.goal));
    let mut out = String::new();
    for row in &rows {
        let line = format!("{:what$}  {:>figure$}  {:>goal$}  {}", row.what, row.figure, row.goal, row.state);
        out.push_str(line.trim_end());
        out.push('\n');
    }
    for sentence in missing.iter().cloned().chain(all.iter().filter_map(invalid)) {
        let _ = writeln!(out, "{sentence}");
    }
    out.push_str("The other promises are shown by tests (cargo xtask ci). All trials: target/bench/peers\n");
    out
}

/// What one bench-client shows.
fn rows_of(ended: &Ended) -> Vec<Row> {
    match ended.kind {
        Kind::Idle => idle(ended).into_iter().chain(compared(ended)).collect(),
        Kind::Chat => chat(ended).into_iter().collect(),
        _ => compared(ended),
    }
}

/// A row for each comparison that is no control, and has ours in it.
fn compared(ended: &Ended) -> Vec<Row> {
    let Some(comparisons) = ended.summary.as_ref().and_then(|summary| summary.get("comparisons")?.as_array()) else {
        return Vec::new();
    };
    comparisons.iter().filter_map(|one| comparison(ended.kind, one)).collect()
}

fn comparison(kind: Kind, one: &Value) -> Option<Row> {
    let text = |key: &str| one.get(key).and_then(Value::as_str);
    let (cell, subject, reference) = (text("cell")?, text("subject")?, text("reference")?);
    // A rival beside another rival says nothing of ours, and the control nothing of either.
    let is_theirs = ["cp", "nginx", "iperf3", "rsync"].iter().any(|name| subject.starts_with(name));
    if one.get("is_control").and_then(Value::as_bool) == Some(true) || is_theirs {
        return None;
    }
    let ratio = |key: &str| one.get("ratio")?.get(key)?.as_f64();
    let figure = format!("{} [{} {}]", digits(ratio("estimate")?), digits(ratio("low")?), digits(ratio("high")?));
    let what = match kind {
        Kind::Pipelined => format!("fan-out, pipelined, by {reference}"),
        Kind::Single => format!("fan-out, one at a time, by {reference}"),
        Kind::Idle => format!("memory of an idle member by {reference}"),
        Kind::Echo => format!("raw echo, {cell}, by {reference}"),
        _ => format!("{subject} by {reference}"),
    };
    // Section 6 promises of files only what iperf3 measures.
    let goal = one.get("goal").filter(|_| kind != Kind::Throughput || reference.starts_with("iperf3"));
    let at_least = goal.and_then(|goal| goal.get("at_least")?.as_f64());
    let state = match goal.and_then(|goal| goal.get("state")?.as_str()) {
        Some("met") => "met",
        Some("missed") => "MISSED",
        Some(_) => "not shown",
        None => "",
    };
    Some(Row { what, figure, goal: at_least.map_or_else(|| "-".to_owned(), |least| format!(">= {least}")), state })
}

/// What an idle member costs us, from the cheapest block to the dearest.
fn idle(ended: &Ended) -> Option<Row> {
    let slope = |trial: &Value| trial.get("rss")?.get("slope")?.as_f64();
    let slopes =
        ended.trials.iter().filter(|trial| is_valid(trial) && text_of(trial, "arm").starts_with("chat-server"));
    bounded("an idle member, RSS", slopes.filter_map(slope), IDLE_BYTES, |bytes| {
        format!("{} KiB", digits(bytes / 1024.0))
    })
}

/// The p99 of messages beside files both ways, from the best block to the worst.
fn chat(ended: &Ended) -> Option<Row> {
    let p99 = |trial: &Value| {
        let of = |way: &str| trial.get(way)?.get("p99_us")?.as_f64();
        Some(of("out")?.max(of("back")?))
    };
    let full = ended.trials.iter().filter(|trial| is_valid(trial) && text_of(trial, "cell") == FULL);
    bounded("chat p99, files both ways", full.filter_map(p99), CHAT_P99_US, |us| format!("{} ms", digits(us / 1000.0)))
}

/// A row of figures that may be at most `most`: met if the worst is, missed if even the best is not.
fn bounded(what: &str, figures: impl Iterator<Item = f64>, most: f64, unit: impl Fn(f64) -> String) -> Option<Row> {
    let mut sorted: Vec<f64> = figures.collect();
    sorted.sort_by(f64::total_cmp);
    let (best, worst) = (*sorted.first()?, *sorted.last()?);
    let state = match () {
        () if worst <= most => "met",
        () if best > most => "MISSED",
        () => "not shown",
    };
    let figure = format!("{} to {}", unit(best), unit(worst));
    Some(Row { what: what.to_owned(), figure, goal: format!("<= {}", unit(most)), state })
}

/// A sentence if a trial did not count or the whole did not run.
fn invalid(ended: &Ended) -> Option<String> {
    let name = match ended.kind {
        Kind::Pipelined => "fan-out, pipelined",
        Kind::Single => "fan-out, one at a time",
        Kind::Idle => "idle members",
        Kind::Echo => "raw echo",
        Kind::Throughput => "files",
        Kind::Chat => "chat beside files",
    };
    if ended.is_interrupted() {
        return Some(format!("{name}: interrupted; only complete blocks count"));
    }
    let Some(summary) = &ended.summary else {
        return Some(format!("{name}: not measured ({}); what was wrong stands above", ended.status));
    };
    let count = summary.get("invalid_trials").and_then(Value::as_u64).filter(|count| *count > 0)?;
    let why = ended.trials.iter().find_map(|trial| trial.get("invalid")?.as_str()).unwrap_or_default();
    Some(format!("{name}: {count} trials were invalid and are left out with their blocks; the first: {why}"))
}

fn is_valid(trial: &Value) -> bool {
    trial.get("invalid").is_none_or(Value::is_null)
}

fn text_of<'a>(trial: &'a Value, key: &str) -> &'a str {
    trial.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Three digits that count.
fn digits(value: f64) -> String {
    let places = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        size if size >= 0.9995 => 2,
        _ => 3,
    };
    format!("{value:.places$}")
}
