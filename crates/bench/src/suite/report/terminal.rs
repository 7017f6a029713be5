//! The summary on a terminal: at most 40 lines, whatever ran.

use unicode_width::UnicodeWidthStr;

use super::grid::{cut, wrapped};
use super::rows::{self, Column, Line};
use super::words;
use crate::suite::spec::Experiment;
use crate::suite::summary::{ExperimentSummary, Summary, Verdict};

/// The most lines.
pub(super) const LINES_MAX: usize = 40;
/// Of these, one is left to whoever prints it, to say where the files are.
const LINES_OWN: usize = LINES_MAX - 1;
/// The most warnings shown; the others are counted.
const WARNINGS_MAX: usize = 3;
/// The least width it is made for; on a narrower terminal lines wrap.
const COLUMNS_MIN: usize = 40;

const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

/// The experiments whose tables are shown first where there is no room for all.
const TELLING: [Experiment; 4] = [Experiment::E1, Experiment::E5, Experiment::E8, Experiment::E3];

/// The summary in at most 39 lines of at most `columns` columns, so that one more can say where the files are.
pub fn terminal(summary: &Summary, columns: usize, colour: bool) -> String {
    let columns = columns.max(COLUMNS_MIN);
    let paint = Paint { colour };
    let mut out = head(summary, columns, &paint);
    let foot = foot(summary, columns, &paint);
    let room = LINES_OWN.saturating_sub(out.len() + foot.len());
    let verdicts = verdicts(&summary.experiments, columns, room, &paint);
    let room = room.saturating_sub(verdicts.len());
    out.extend(verdicts);
    out.extend(tables(&summary.experiments, columns, room, &paint));
    out.extend(foot);
    out.truncate(LINES_OWN);
    out.iter().map(|line| format!("{line}\n")).collect()
}

/// Colours, or none.
struct Paint {
    colour: bool,
}

impl Paint {
    fn with(&self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("{code}{text}{PLAIN}") } else { text.to_owned() }
    }

    /// `line` with its end in a colour.
    fn end(&self, line: &str, end: &str, code: &str) -> String {
        match line.strip_suffix(end) {
            Some(begin) => format!("{begin}{}", self.with(code, end)),
            None => line.to_owned(),
        }
    }
}

fn head(summary: &Summary, columns: usize, paint: &Paint) -> Vec<String> {
    let Summary { preset, seed, took_seconds, noise_grade, .. } = summary;
    let took = words::duration(*took_seconds);
    let partial = if summary.interrupted { ", interrupted: what is complete" } else { "" };
    let first = format!("{preset} preset, seed {seed}, {took}, noise grade {noise_grade}{partial}");
    let mut lines = vec![paint.with(BOLD, &cut(&first, columns))];
    let further = [&summary.machine, &summary.noise].into_iter().filter(|line| !line.is_empty());
    lines.extend(further.map(|line| cut(line, columns)));
    lines
}

fn foot(summary: &Summary, columns: usize, paint: &Paint) -> Vec<String> {
    let mut lines = vec![String::new()];
    if let Some(floor) = words::noise_floor(&summary.experiments) {
        let floor = words::percent(floor);
        let text =
            format!("control: the same strategy twice differs by ±{floor}; (…) is within chance or falls to Holm");
        lines.push(paint.with(DIM, &cut(&text, columns)));
    }
    let starved = starved(summary);
    if !starved.is_empty() {
        lines.push(paint.with(RED, &cut(&format!("starved, which is no latency: {}", starved.join("; ")), columns)));
    }
    if summary.invalid_trials > 0 {
        let text = format!(
            "{} left out, the reasons are in report.html",
            words::counted(summary.invalid_trials, "invalid trial")
        );
        lines.push(paint.with(RED, &cut(&text, columns)));
    }
    let shown = if summary.warnings.len() > WARNINGS_MAX { WARNINGS_MAX - 1 } else { WARNINGS_MAX };
    lines.extend(summary.warnings.iter().take(shown).map(|warning| cut(&format!("warning: {warning}"), columns)));
    if summary.warnings.len() > WARNINGS_MAX {
        lines.push(format!("and {} more warnings in report.html", summary.warnings.len() - shown));
    }
    lines
}

/// Who got no service at all, where.
fn starved(summary: &Summary) -> Vec<String> {
    let name = |found: &ExperimentSummary| found.spec.experiment.name();
    let rows = summary.experiments.iter().flat_map(|found| found.rows.iter().map(move |row| (found, row)));
    let starved = rows.filter(|(_, row)| row.counts.starved > 0);
    starved
        .map(|(found, row)| format!("{} {} {} of {}", name(found), row.arm, row.counts.starved, row.counts.offered))
        .collect()
}

/// A sentence each, and the promises that are broken; on two lines where there is room.
fn verdicts(experiments: &[ExperimentSummary], columns: usize, room: usize, paint: &Paint) -> Vec<String> {
    let wide =
        experiments.iter().map(|found| wrapped(&found.verdict, columns.saturating_sub(10), 2, "").len()).sum::<usize>();
    let each = if wide + 2 <= room * 2 / 3 { 2 } else { 1 };
    let mut lines = vec![String::new()];
    for found in experiments {
        let name = found.spec.experiment.name();
        let sentence = if found.verdict.is_empty() { "no verdict" } else { &found.verdict };
        for (at, line) in wrapped(sentence, columns.saturating_sub(10), each, "").iter().enumerate() {
            let name = if at == 0 { paint.with(BOLD, &format!("{name:<8}")) } else { " ".repeat(8) };
            lines.push(format!("{name}  {line}"));
        }
        let broken = found.promises.iter().filter(|promise| promise.is_kept == Some(false));
        lines.extend(
            broken.map(|promise| paint.with(RED, &cut(&format!("          broken: {}", promise.text), columns))),
        );
    }
    lines.truncate(room);
    lines
}

/// The tables for which there is room, in the order of the run.
fn tables(experiments: &[ExperimentSummary], columns: usize, room: usize, paint: &Paint) -> Vec<String> {
    let rank = |found: &&ExperimentSummary| {
        let experiment = found.spec.experiment;
        (TELLING.iter().position(|one| *one == experiment).unwrap_or(TELLING.len()), experiment)
    };
    let mut by_rank: Vec<&ExperimentSummary> = experiments.iter().collect();
    by_rank.sort_by_key(rank);
    let mut left = room;
    let mut shown: Vec<(Experiment, Vec<String>)> = Vec::new();
    for found in by_rank {
        let lines = table(found, columns, paint);
        if !lines.is_empty() && lines.len() < left {
            left -= lines.len() + 1;
            shown.push((found.spec.experiment, lines));
        }
    }
    shown.sort_by_key(|(experiment, _)| *experiment);
    shown.into_iter().flat_map(|(_, lines)| std::iter::once(String::new()).chain(lines)).collect()
}

fn table(found: &ExperimentSummary, columns: usize, paint: &Paint) -> Vec<String> {
    let Some(cell) = words::telling_cell(found) else { return Vec::new() };
    let lines = rows::lines_of(found, cell);
    if lines.is_empty() {
        return Vec::new();
    }
    let head = cut(&format!("{} {cell}", found.spec.experiment.name()), columns / 3);
    let drawn = fitted(&head, &lines, rows::columns(found, &lines), columns);
    let mut drawn = drawn.into_iter();
    let head = drawn.next().map(|line| paint.with(BOLD, &line));
    head.into_iter().chain(drawn.zip(&lines).map(|(text, line)| coloured(&text, line, paint))).collect()
}

/// The table's lines, without the columns that say nothing and those that there is no room for.
fn fitted(head: &str, lines: &[Line<'_>], mut columns: Vec<Column>, width: usize) -> Vec<String> {
    columns.retain(|column| column.cells.iter().any(|cell| !cell.is_empty() && cell != words::DASH));
    loop {
        let mut grid = rows::grid(head, lines, &columns);
        let taken =
            |grid: &super::grid::Grid| grid.widths().iter().map(|width| width + 2).sum::<usize>().saturating_sub(2);
        if taken(&grid) <= width {
            return grid.lines();
        }
        let last =
            columns.iter().enumerate().filter(|(_, column)| column.rank > 0).max_by_key(|(_, column)| column.rank);
        if let Some((at, _)) = last {
            columns.remove(at);
            continue;
        }
        // Nothing more can go: names and heads are cut.
        let over = taken(&grid) - width;
        for (at, name) in grid.rows.iter_mut().map(|row| &mut row[0]).chain(grid.head.iter_mut()).enumerate() {
            let room = if at <= lines.len() { name.width().saturating_sub(over).max(8) } else { 12 };
            *name = cut(name, room);
        }
        return grid.lines().iter().map(|line| cut(line, width)).collect();
    }
}

fn coloured(text: &str, line: &Line<'_>, paint: &Paint) -> String {
    if words::is_void(line.row) {
        return paint.with(RED, text);
    }
    let Some(one) = line.compared else { return text.to_owned() };
    if one.is_control || !words::doubt(one).is_empty() {
        return paint.with(DIM, text);
    }
    match one.verdict {
        Verdict::Better => paint.end(text, "better", GREEN),
        Verdict::Worse => paint.end(text, "worse", RED),
        _ => text.to_owned(),
    }
}
