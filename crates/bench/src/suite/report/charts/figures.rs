//! Figures over the cells of an experiment: lines along its axis, rows where there is none.

use super::Told;
use crate::suite::report::grid::Grid;
use crate::suite::report::svg::{Axis, Interval, LineChart, Picture, Point, Scale, Section, Series, intervals, short};
use crate::suite::report::words;
use crate::suite::spec::{Cell, Experiment, Metric};
use crate::suite::summary::Row;

/// A picture for each metric over the cells that stand on the axis.
pub(super) fn along_the_axis(told: &Told<'_>) -> Vec<Picture> {
    let cells: Vec<&Cell> = told.spec().cells.iter().filter(|cell| cell.x.is_some()).collect();
    if cells.len() < 2 {
        return Vec::new();
    }
    told.spec().metrics.iter().filter_map(|metric| lines(told, metric, &cells)).collect()
}

fn lines(told: &Told<'_>, metric: &Metric, cells: &[&Cell]) -> Option<Picture> {
    let mut table = Grid::new(["arm", &told.spec().axis, &words::labelled(metric), "from", "to", "model"]);
    let mut series = Vec::new();
    for (name, look) in told.arms() {
        let mut one = Series { name: name.to_owned(), look, points: Vec::new(), model: Vec::new(), has_marks: true };
        for (cell, x) in cells.iter().filter_map(|cell| cell.x.map(|x| (cell, x))) {
            let Some(row) = told.found.row(&cell.name, name) else { continue };
            let range = range(told, cell, name, &metric.key);
            let y = value(row, &metric.key);
            let model = row.model.get(&metric.key).copied().filter(|value| value.is_finite());
            one.model.extend(model.map(|model| (x, model)));
            let text = |value: Option<f64>| words::amount_or_dash(value, &metric.unit);
            table.push([
                name.to_owned(),
                words::digits(x),
                text(y),
                text(range.map(|it| it.0)),
                text(range.map(|it| it.1)),
                text(model),
            ]);
            one.points.extend(y.map(|y| {
                let tip = format!("{name}, {}: {} {}", cell.name, metric.label, text(Some(y)));
                Point { x, y, range, tip }
            }));
        }
        series.push(one);
    }
    let values: Vec<f64> = series.iter().flat_map(values_of).collect();
    if series.iter().all(|one| one.points.is_empty()) {
        return None;
    }
    let x = Axis {
        label: told.spec().axis.clone(),
        scale: Scale::at(cells.iter().filter_map(|cell| cell.x).map(|x| (x, short(x))).collect()),
    };
    let label = format!("{}; {}", words::labelled(metric), words::better(metric));
    let chart = LineChart { x, y: Axis { label, scale: scale(metric, values) }, series, notes: notes(told, cells) };
    let (body, height) = chart.draw();
    Some(Picture {
        key: told.key(&metric.key),
        experiment: told.spec().experiment,
        section: section(told.spec().experiment),
        title: told.title(&format!("{} over {}", metric.label, told.spec().axis)),
        about: format!("A line for each strategy. {} {}", told.spec().question, told.found.verdict),
        height,
        body,
        table: table.without_empty_columns(),
    })
}

fn values_of(one: &Series) -> Vec<f64> {
    let ranges = one.points.iter().filter_map(|point| point.range).flat_map(|range| [range.0, range.1]);
    let points = one.points.iter().map(|point| point.y);
    points.chain(ranges).chain(one.model.iter().map(|point| point.1)).collect()
}

/// The median over trials; where the key is a percentile, that is `None` unless the samples carry it.
fn value(row: &Row, key: &str) -> Option<f64> {
    row.figures.get(key).copied().filter(|value| value.is_finite())
}

/// The interval of the median over blocks: order statistics, and with few blocks all that was seen.
fn range(told: &Told<'_>, cell: &Cell, arm: &str, key: &str) -> Option<(f64, f64)> {
    let mut values: Vec<f64> = told
        .trials(&cell.name, arm)
        .filter_map(|one| one.figures.get(key).copied())
        .filter(|one| one.is_finite())
        .collect();
    values.sort_unstable_by(f64::total_cmp);
    let beyond = ranks_beyond(values.len());
    let (low, high) = (values.get(beyond)?, values.get(values.len().checked_sub(beyond + 1)?)?);
    (values.len() > 1).then_some((*low, *high))
}

/// How many values on each side may lie outside an interval that holds the median with 95 %.
fn ranks_beyond(count: usize) -> usize {
    let mut left = 0.5_f64.powf(count as f64);
    let (mut beyond, mut term) = (0, left);
    // `left` is the chance that the median lies below the value of rank `beyond`.
    loop {
        term *= (count - beyond) as f64 / (beyond + 1) as f64;
        left += term;
        if left > 0.025 || beyond + 1 >= count / 2 {
            return beyond;
        }
        beyond += 1;
    }
}

/// A share is read from zero; times and rates may be far apart.
fn scale(metric: &Metric, values: Vec<f64>) -> Scale {
    if metric.unit.is_empty() { Scale::from_zero(values) } else { Scale::holding(values) }
}

/// What a line cannot show: cells without a valid trial, and who starved.
fn notes(told: &Told<'_>, cells: &[&Cell]) -> Vec<String> {
    let rows = || cells.iter().flat_map(|cell| told.found.rows.iter().filter(|row| row.cell.name == cell.name));
    let place = |row: &Row| format!("{} at {}", row.arm, row.cell.name);
    let void: Vec<String> = rows().filter(|row| words::is_void(row)).map(place).collect();
    let starved: Vec<String> = rows()
        .filter(|row| row.counts.starved > 0)
        .map(|row| format!("{} ({})", place(row), row.counts.starved))
        .collect();
    let mut notes = Vec::new();
    if !void.is_empty() {
        notes.push(format!("No valid trial, so no point: {}.", void.join(", ")));
    }
    if !starved.is_empty() {
        notes.push(format!("Starved, which is no latency: {}.", starved.join(", ")));
    }
    notes
}

const fn section(experiment: Experiment) -> Section {
    match experiment {
        Experiment::E1 => Section::Load,
        Experiment::E5 => Section::Goodput,
        Experiment::E3 => Section::Memory,
        Experiment::E4 | Experiment::E9 => Section::Limit,
        _ => Section::Other,
    }
}

/// A picture for each metric over the cells that stand on no axis.
pub(super) fn without_an_axis(told: &Told<'_>) -> Vec<Picture> {
    let all_on_axis = told.spec().cells.iter().filter(|cell| cell.x.is_some()).count() >= 2;
    let cells: Vec<&Cell> = told.spec().cells.iter().filter(|cell| !all_on_axis || cell.x.is_none()).collect();
    told.spec().metrics.iter().filter_map(|metric| rows(told, metric, &cells)).collect()
}

fn rows(told: &Told<'_>, metric: &Metric, cells: &[&Cell]) -> Option<Picture> {
    let text = |value: Option<f64>| words::amount_or_dash(value, &metric.unit);
    let mut table = Grid::new(["cell", "arm", &words::labelled(metric), "from", "to", "starved"]);
    let mut drawn = Vec::new();
    let mut values = Vec::new();
    for cell in cells.iter().filter(|cell| says_something(told, cell, &metric.key)) {
        drawn.push(heading(&cell.name));
        for (name, look) in told.arms() {
            let Some(row) = told.found.row(&cell.name, name) else { continue };
            let (range, middle) = (range(told, cell, name, &metric.key), value(row, &metric.key));
            let three = middle.map(|middle| range.map_or((middle, middle, middle), |(low, high)| (low, middle, high)));
            values.extend(three.iter().flat_map(|it| [it.0, it.1, it.2]));
            let starved = row.counts.starved;
            let (mut said, mut class) = (text(middle), "");
            if words::is_void(row) {
                (said, class) = ("no valid trial".to_owned(), "grey");
            } else if starved > 0 {
                (said, class) = (format!("{said}; {starved} starved"), "bad");
            }
            let count = if starved > 0 { starved.to_string() } else { String::new() };
            table.push([
                cell.name.clone(),
                name.to_owned(),
                text(middle),
                text(range.map(|it| it.0)),
                text(range.map(|it| it.1)),
                count,
            ]);
            let tip = format!("{name}, {}: {said}", cell.name);
            drawn.push(Interval { name: name.to_owned(), look: Some(look), values: three, said, class, tip });
        }
    }
    if values.is_empty() {
        return None;
    }
    let label = format!("{}; {}", words::labelled(metric), words::better(metric));
    let (body, height) = intervals(&label, &scale(metric, values), None, &drawn);
    Some(Picture {
        key: told.key(&format!("{}-by-cell", metric.key)),
        experiment: told.spec().experiment,
        section: match section(told.spec().experiment) {
            Section::Memory => Section::Memory,
            Section::Goodput => Section::Pulse,
            _ => Section::Other,
        },
        title: told.title(&format!("{}, {}", told.spec().title, metric.label)),
        about: format!("The median over blocks of each strategy with its interval. {}", told.found.verdict),
        height,
        body,
        table: table.without_empty_columns(),
    })
}

/// Whether there is a figure in a cell, or a trial that should have had one: rows of dashes alone are left out.
fn says_something(told: &Told<'_>, cell: &Cell, key: &str) -> bool {
    let mut rows = told.arms().filter_map(|(name, _)| told.found.row(&cell.name, name));
    rows.any(|row| words::is_void(row) || value(row, key).is_some())
}

/// A row of words.
pub(super) fn heading(name: &str) -> Interval {
    Interval { name: name.to_owned(), look: None, values: None, said: String::new(), class: "", tip: String::new() }
}
