//! An experiment's rows as a table, the same for the terminal, Markdown and the page.

use super::grid::Grid;
use super::words;
use crate::suite::record::Counts;
use crate::suite::spec::{Arm, Spec};
use crate::suite::summary::{Comparison, ExperimentSummary, Row};

/// A column, and how soon it is left out where there is no room: the highest first, 0 never.
pub(super) struct Column {
    pub(super) head: String,
    pub(super) rank: u8,
    pub(super) cells: Vec<String>,
}

/// Which of a row's numbers, and of which line.
pub(super) struct Line<'a> {
    /// The row.
    pub(super) row: &'a Row,
    /// Whether the others are judged by it.
    pub(super) is_reference: bool,
    /// Its comparison by the experiment's first metric, where there is one.
    pub(super) compared: Option<&'a Comparison>,
}

/// The rows of one cell, in the order of the arms.
pub(super) fn lines_of<'a>(found: &'a ExperimentSummary, cell: &str) -> Vec<Line<'a>> {
    let first = found.spec.metrics.first().map(|metric| metric.key.as_str());
    let of_arm = |arm: &'a Arm| {
        let name = arm.name.as_str();
        let row = found.row(cell, name)?;
        Some(Line {
            row,
            is_reference: arm.judged_by.is_none(),
            compared: first.and_then(|key| found.comparison(cell, name, key)),
        })
    };
    found.spec.arms.iter().filter_map(of_arm).collect()
}

/// What stands behind the arm's name: figures, latency, how requests ended, who starved, the ratio, the verdict.
pub(super) fn columns(found: &ExperimentSummary, lines: &[Line<'_>]) -> Vec<Column> {
    let mut columns = Vec::new();
    let mut add = |head: &str, rank: u8, cell: &dyn Fn(&Line<'_>) -> String| {
        columns.push(Column { head: head.to_owned(), rank, cells: lines.iter().map(cell).collect() });
    };
    let is_partial = lines.iter().any(|line| line.row.trials != found.blocks);
    if is_partial {
        add("trials", 3, &|line| format!("{}/{}", line.row.trials, found.blocks));
    }
    for (at, metric) in words::own_metrics(&found.spec).enumerate() {
        let rank = u8::try_from(at).unwrap_or(9).saturating_mul(2).min(9);
        add(&metric.label, rank, &|line| {
            words::amount_or_dash(line.row.figures.get(&metric.key).copied(), &metric.unit)
        });
    }
    let time = |value: Option<f64>| words::amount_or_dash(value, "ms");
    add("p50", 4, &|line| time(line.row.intended.p50_ms));
    add("p99", 1, &|line| time(line.row.intended.p99_ms));
    add("p99.9", 7, &|line| time(line.row.intended.p999_ms));
    add("max", 6, &|line| time(line.row.intended.max_ms));
    add("shed", 3, &|line| share(line.row.counts, |counts| counts.shed));
    add("refused", 5, &|line| share(line.row.counts, |counts| counts.refused));
    add("late", 3, &|line| share(line.row.counts, |counts| counts.timed_out));
    add("failed", 5, &|line| share(line.row.counts, |counts| counts.failed));
    add("starved", 0, &|line| starved(line.row.counts));
    add(&ratio_head(&found.spec), 0, &|line| line.compared.map_or_else(String::new, words::triple));
    add("verdict", 0, &verdict);
    columns
}

/// `p99 latency by spawn`; without the name if arms are judged by different ones.
fn ratio_head(spec: &Spec) -> String {
    let label = spec.metrics.first().map_or("ratio", |metric| metric.label.as_str());
    let mut references: Vec<&str> = spec.arms.iter().filter_map(|arm| arm.judged_by.as_deref()).collect();
    references.sort_unstable();
    references.dedup();
    match references.as_slice() {
        [one] => format!("{label} by {one}"),
        _ => label.to_owned(),
    }
}

fn verdict(line: &Line<'_>) -> String {
    if words::is_void(line.row) {
        return "INVALID".to_owned();
    }
    let Some(one) = line.compared else {
        return if line.is_reference { "reference" } else { "no pair" }.to_owned();
    };
    let said = words::verdict(one);
    if words::doubt(one).is_empty() { said } else { format!("({said})") }
}

/// A share of what was offered; empty where there is nothing to tell.
fn share(counts: Counts, of: impl Fn(&Counts) -> u64) -> String {
    match (of(&counts), counts.offered) {
        (0, _) | (_, 0) => String::new(),
        (some, all) => words::percent(some as f64 / all as f64),
    }
}

fn starved(counts: Counts) -> String {
    if counts.starved == 0 { String::new() } else { counts.starved.to_string() }
}

/// Arms and columns as one grid, `head` above the arms' names.
pub(super) fn grid(head: &str, lines: &[Line<'_>], columns: &[Column]) -> Grid {
    let mut grid = Grid::new(std::iter::once(head).chain(columns.iter().map(|column| column.head.as_str())));
    for (at, line) in lines.iter().enumerate() {
        let cells = columns.iter().map(|column| column.cells.get(at).cloned().unwrap_or_default());
        grid.push(std::iter::once(line.row.arm.clone()).chain(cells));
    }
    grid
}
