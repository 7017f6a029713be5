//! What a server held with so many connections, and the line through it: its slope is what one costs.

use super::Told;
use crate::stats;
use crate::suite::report::grid::Grid;
use crate::suite::report::svg::{Axis, LineChart, Picture, Point, Scale, Section, Series, short};
use crate::suite::report::words;
use crate::suite::spec::Experiment;
use crate::suite::summary::Row;

/// The figures that say what a server held: this, and with how many connections.
const HELD: &str = "rss_kib_at_";

/// Resident memory over connections, with the regression as the model.
pub(super) fn memory(told: &Told<'_>) -> Option<Picture> {
    if told.spec().experiment != Experiment::E3 {
        return None;
    }
    let cell = &told.spec().cells.last()?.name;
    let mut table = Grid::new(["arm", "connections", "resident", "a connection", "fit (R²)"]);
    let mut series = Vec::new();
    for (name, look) in told.arms() {
        let Some(row) = told.found.row(cell, name) else { continue };
        let held = held(row);
        let line = stats::Line::through(&held);
        let fit = line.map(|line| (words::amount(line.slope, "KiB"), words::digits(line.r_squared)));
        let (slope, fit) = fit.unwrap_or_default();
        let mut points = Vec::new();
        for at in &held {
            let text = words::amount(at.y, "KiB");
            table.push([name.to_owned(), short(at.x), text.clone(), slope.clone(), fit.clone()]);
            let tip = format!("{name}, {} connections: {text}; {slope} a connection", short(at.x));
            points.push(Point { x: at.x, y: at.y / 1024.0, range: None, tip });
        }
        let ends = [held.first(), held.last()].into_iter().flatten();
        let on_line = |x: f64| line.map(|line| (x, (line.intercept + line.slope * x) / 1024.0));
        let model = ends.filter_map(|end| on_line(end.x)).collect();
        let name = if slope.is_empty() { name.to_owned() } else { format!("{name}: {slope}") };
        series.push(Series { name, look, points, model, has_marks: true });
    }
    series.retain(|one| one.points.len() > 1);
    let last = series.iter().flat_map(|one| &one.points).map(|point| point.x).fold(0.0, f64::max);
    let most = series.iter().flat_map(|one| &one.points).map(|point| point.y);
    let y =
        Axis { label: "resident memory of the server, MiB; less is better".to_owned(), scale: Scale::from_zero(most) };
    if series.is_empty() {
        return None;
    }
    let x = Axis { label: "connections that say nothing".to_owned(), scale: Scale::until(last) };
    let notes =
        vec!["Dotted is the line by least squares; behind each name its slope, what one connection costs.".to_owned()];
    let (body, height) = LineChart { x, y, series, notes }.draw();
    Some(Picture {
        key: told.key("memory"),
        experiment: told.spec().experiment,
        section: Section::Memory,
        title: told.title("resident memory over connections"),
        about: format!("A line for each strategy. {}", told.found.verdict),
        height,
        body,
        table,
    })
}

/// By how many connections: what was held, in KiB. None at all is left out, for the first costs more than one.
fn held(row: &Row) -> Vec<stats::Point> {
    let at = |(key, value): (&String, &f64)| {
        let x: f64 = key.strip_prefix(HELD)?.parse().ok()?;
        (x > 0.0 && value.is_finite()).then_some(stats::Point { x, y: *value })
    };
    let mut held: Vec<stats::Point> = row.figures.iter().filter_map(at).collect();
    held.sort_by(|a, b| a.x.total_cmp(&b.x));
    held
}
