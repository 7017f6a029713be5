//! The whole distribution, and where the time went.

use super::Told;
use crate::stats::Latencies;
use crate::suite::record::{Parts, TrialRecord};
use crate::suite::report::grid::Grid;
use crate::suite::report::svg::{Axis, Bar, LineChart, Look, Picture, Piece, Point, Scale, Section, Series, stacked};
use crate::suite::report::words;
use crate::suite::spec::Experiment;

/// The shares that the axis of a spectrum names.
const NAMED: [(f64, &str); 5] = [(0.5, "50 %"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %"), (0.9999, "99.99 %")];

/// One of a trial's two histograms.
type Clock = fn(&TrialRecord) -> Option<&String>;

/// The latency below which a share of the requests stays, from the intended start and from the actual send. Of E1, at
/// the highest load that is below what the workers can do.
pub(super) fn spectrum(told: &Told<'_>) -> Option<Picture> {
    if told.spec().experiment != Experiment::E1 {
        return None;
    }
    let below = told.spec().cells.iter().filter(|cell| cell.x.is_some_and(|x| x < 1.0));
    let cell = below.max_by(|a, b| a.x.unwrap_or(0.0).total_cmp(&b.x.unwrap_or(0.0)))?;
    let mut table = Grid::new(["arm", "clock", "p50", "p90", "p99", "p99.9", "longest"]);
    let mut series = Vec::new();
    for (name, look) in told.arms().filter(|(name, _)| words::arm(told.spec(), name).is_some_and(|arm| !arm.is_control))
    {
        let clocks: [(&str, Clock); 2] = [("intended", |one| one.intended.as_ref()), ("sent", |one| one.sent.as_ref())];
        for (clock, of) in clocks {
            let merged = merged(told.trials(&cell.name, name).filter_map(of));
            let spread = merged.spread();
            let times = [spread.p50_ms, spread.p90_ms, spread.p99_ms, spread.p999_ms, spread.max_ms];
            let times = times.map(|value| words::amount_or_dash(value, "ms"));
            table.push([name.to_owned(), clock.to_owned()].into_iter().chain(times));
            let points: Vec<Point> = merged
                .spectrum()
                .filter(|at| at.quantile >= 0.5)
                .map(|at| Point {
                    x: 1.0 / (1.0 - at.quantile),
                    y: at.latency_ms.max(1e-3),
                    range: None,
                    tip: String::new(),
                })
                .collect();
            let look = Look { is_dashed: clock == "sent", ..look };
            let name = if clock == "sent" { String::new() } else { name.to_owned() };
            series.push(Series { name, look, points, model: Vec::new(), has_marks: false });
        }
    }
    let (x, y) = axes(&series)?;
    let notes = vec![
        "Solid: from the intended start. Dashed: from the actual send, which hides what a late sender waited."
            .to_owned(),
    ];
    let (body, height) = LineChart { x, y, series, notes }.draw();
    Some(Picture {
        key: told.key("spectrum"),
        experiment: told.spec().experiment,
        section: Section::Spectrum,
        title: told.title(&format!("all latencies at {}", cell.name)),
        about:
            "Each line climbs from the median to the rarest requests. It ends where the samples carry no percentile."
                .to_owned(),
        height,
        body,
        table,
    })
}

/// The share of the requests across, their latency up; `None` if there is nothing to draw.
fn axes(series: &[Series]) -> Option<(Axis, Axis)> {
    let furthest = series.iter().flat_map(|one| &one.points).map(|point| point.x).fold(1.0, f64::max);
    let values: Vec<f64> = series.iter().flat_map(|one| &one.points).map(|point| point.y).collect();
    let (low, high) =
        (values.iter().copied().fold(f64::INFINITY, f64::min), values.iter().copied().fold(0.0, f64::max));
    if furthest <= 2.0 || low >= high {
        return None;
    }
    let ticks = NAMED.iter().map(|(share, name)| (1.0 / (1.0 - share), (*name).to_owned()));
    let ticks = ticks.filter(|(place, _)| *place <= furthest * 1.2).collect();
    let x = Axis {
        label: "share of the requests that are faster, 1 / (1 - p)".to_owned(),
        scale: Scale::log_between(2.0, furthest * 1.1, ticks),
    };
    let y = Axis { label: "latency, ms".to_owned(), scale: Scale::log(low.max(high / 1e4), high) };
    Some((x, y))
}

/// All samples of trials of one arm in one cell.
fn merged<'a>(encoded: impl Iterator<Item = &'a String>) -> Latencies {
    let mut all = Latencies::new();
    for one in encoded.filter_map(|text| Latencies::decoded(text).ok()) {
        all.merge(&one);
    }
    all
}

/// What the parts are called, by colour.
const PARTS: [(&str, &str); 5] = [
    ("c-other", "load was late"),
    ("c-thread", "way and kernel's queue"),
    ("c-pool", "our queue"),
    ("c-spawn", "service"),
    ("c-threads", "way back"),
];

/// Where the time of an answered request went.
pub(super) fn parts(told: &Told<'_>) -> Option<Picture> {
    let below = told.spec().cells.iter().rfind(|cell| cell.x.is_some_and(|x| x < 1.0));
    let cell = match below {
        Some(cell) if told.spec().experiment == Experiment::E1 => cell.name.as_str(),
        _ => words::telling_cell(told.found)?,
    };
    let mut table = Grid::new(std::iter::once("arm").chain(PARTS.map(|part| part.1)).chain(["together"]));
    let mut bars = Vec::new();
    for (name, _) in told.arms() {
        let Some(parts) = told.found.row(cell, name).and_then(|row| row.parts) else { continue };
        let Parts { schedule_us, kernel_us, queue_us, service_us, return_us } = parts;
        let values = [schedule_us, kernel_us, queue_us, service_us, return_us].map(|micros| micros / 1e3);
        let total = values.iter().sum::<f64>();
        let texts = values.map(|value| words::amount(value, "ms"));
        table.push(std::iter::once(name.to_owned()).chain(texts.clone()).chain([words::amount(total, "ms")]));
        let piece = |((class, part), (value, text)): ((&'static str, &str), (f64, String))| Piece {
            class,
            value,
            tip: format!("{name}, {part}: {text}"),
        };
        let pieces = PARTS.into_iter().zip(values.into_iter().zip(texts)).map(piece).collect();
        bars.push(Bar { name: name.to_owned(), pieces, total: words::amount(total, "ms") });
    }
    if bars.is_empty() {
        return None;
    }
    let (body, height) = stacked("mean time of an answered request, ms", &PARTS, &bars);
    Some(Picture {
        key: told.key("parts"),
        experiment: told.spec().experiment,
        section: Section::Parts,
        title: told.title(&format!("where the time went at {cell}")),
        about: "A bar for each strategy, of what a request waited for and what it was worked on.".to_owned(),
        height,
        body,
        table,
    })
}
