//! All comparisons of an experiment as a forest plot.

use super::Told;
use super::figures::heading;
use crate::suite::report::grid::Grid;
use crate::suite::report::svg::{Interval, Look, Picture, Scale, Section, intervals, short};
use crate::suite::report::words;
use crate::suite::summary::{Comparison, Verdict};

/// A row for each comparison, under a heading for each metric and cell.
pub(super) fn ratios(told: &Told<'_>) -> Option<Picture> {
    let usable =
        |one: &&Comparison| [one.low, one.estimate, one.high].iter().all(|value| value.is_finite() && *value > 0.0);
    let compared: Vec<&Comparison> = told.found.comparisons.iter().filter(usable).collect();
    let mut table =
        Grid::new(["cell", "arm", "by", "figure", "low", "ratio", "high", "blocks", "verdict", "in doubt because"]);
    let mut rows = Vec::new();
    for metric in &told.spec().metrics {
        for cell in &told.spec().cells {
            let here = || compared.iter().filter(|one| one.metric.key == metric.key && one.cell == cell.name);
            if here().next().is_some() {
                rows.push(heading(&format!("{}, {} ({})", metric.label, cell.name, words::better(metric))));
            }
            for one in here() {
                rows.push(row(told, one));
                let numbers = [one.low, one.estimate, one.high].map(words::ratio_digits);
                let names = [one.cell.clone(), one.arm.clone(), one.reference.clone(), metric.label.clone()];
                let said = [one.blocks.to_string(), words::verdict(one), words::doubt(one)];
                table.push(names.into_iter().chain(numbers).chain(said));
            }
        }
    }
    if rows.is_empty() {
        return None;
    }
    let widest = compared.iter().flat_map(|one| [one.low.recip(), one.high]).fold(1.25, f64::max).min(100.0);
    let ticks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 1.0, 1.25, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];
    let inside = ticks.into_iter().filter(|tick| (1.0 / widest..=widest * 1.001).contains(tick));
    let ticks = inside.filter(|tick| widest < 3.0 || ![0.8, 1.25].contains(tick)).map(|tick| (tick, short(tick)));
    let scale = Scale::log_between(1.0 / widest / 1.08, widest * 1.08, ticks.collect());
    let (body, height) = intervals("ratio to the reference; 1 is no difference", &scale, Some(1.0), &rows);
    Some(Picture {
        key: told.key("ratios"),
        experiment: told.spec().experiment,
        section: Section::Ratios,
        title: told.title("every ratio with its 95 % interval"),
        about: "Each row is one strategy by its reference in one cell. Grey rows are within chance or fall to Holm's correction.".to_owned(),
        height,
        body,
        table: table.without_empty_columns(),
    })
}

fn row(told: &Told<'_>, one: &Comparison) -> Interval {
    let doubt = words::doubt(one);
    let look = told
        .arms()
        .find(|(name, _)| *name == one.arm)
        .map_or(Look { class: "c-other", marker: 0, is_dashed: false }, |arm| arm.1);
    let is_grey = !doubt.is_empty() || one.is_control;
    let class = match one.verdict {
        _ if is_grey => "grey",
        Verdict::Better => "good",
        Verdict::Worse => "bad",
        _ => "",
    };
    Interval {
        name: one.arm.clone(),
        look: Some(if is_grey { Look { class: "c-grey", ..look } } else { look }),
        values: Some((one.low, one.estimate, one.high)),
        said: format!("{} {}", words::triple(one), words::verdict(one)),
        class,
        tip: format!(
            "{} by {}, {}: {} {}. {doubt}",
            one.arm,
            one.reference,
            one.cell,
            words::triple(one),
            words::verdict(one)
        ),
    }
}
