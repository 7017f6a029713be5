//! What happened over the time of a trial.

use super::Told;
use crate::suite::record::{Bin, StripRow, StripState, TrialRecord};
use crate::suite::report::grid::Grid;
use crate::suite::report::svg::{Curve, Picture, Section, StripPanel, TimePanel, strips, timelines};
use crate::suite::report::words;

/// The curves of a timeline, by colour; the first is dashed.
const CURVES: [(&str, &str); 4] = [
    ("c-other", "offered (dashed)"),
    ("c-request", "answered in time"),
    ("c-thread", "turned away"),
    ("c-pool", "too late"),
];

/// A picture for each cell with timelines.
pub(super) fn pulses(told: &Told<'_>) -> Vec<Picture> {
    told.spec().cells.iter().filter_map(|cell| pulse(told, &cell.name)).collect()
}

fn pulse(told: &Told<'_>, cell: &str) -> Option<Picture> {
    let mut table = Grid::new(["arm", "second", "offered", "answered", "turned away", "too late"]);
    let mut panels = Vec::new();
    for (name, _) in told.arms() {
        let trials: Vec<&TrialRecord> = told.trials(cell, name).filter(|one| !one.timeline.is_empty()).collect();
        let bins = trials.iter().map(|one| one.timeline.len()).min().unwrap_or(0);
        if bins < 2 {
            continue;
        }
        let mean = |of: fn(&Bin) -> u64| -> Vec<f64> {
            let sum =
                |at: usize| trials.iter().filter_map(|one| one.timeline.get(at)).map(|bin| of(bin) as f64).sum::<f64>();
            (0..bins).map(|at| sum(at) / trials.len() as f64).collect()
        };
        let at_s: Vec<f64> = trials.first()?.timeline.iter().take(bins).map(|bin| bin.at_ms / 1e3).collect();
        let width = (at_s.last()? - at_s.first()?) / (bins - 1) as f64;
        let per_second =
            |values: Vec<f64>| -> Vec<f64> { values.iter().map(|value| value / width.max(1e-6)).collect() };
        let all =
            [mean(|bin| bin.offered), mean(|bin| bin.answered), mean(|bin| bin.turned_away), mean(|bin| bin.timed_out)]
                .map(per_second);
        for (at, second) in at_s.iter().enumerate() {
            let values = all.iter().map(|values| values.get(at).copied().map_or_else(String::new, words::digits));
            table.push([name.to_owned(), words::digits(*second)].into_iter().chain(values));
        }
        let curve = |(at, (values, (class, _))): (usize, (Vec<f64>, (&'static str, &str)))| Curve {
            class,
            is_dashed: at == 0,
            values,
        };
        panels.push(TimePanel {
            name: name.to_owned(),
            at_s,
            curves: all.into_iter().zip(CURVES).enumerate().map(curve).collect(),
        });
    }
    if panels.is_empty() {
        return None;
    }
    let (body, height) = timelines("requests per second", &CURVES, &panels);
    Some(Picture {
        key: told.key(&format!("timeline-{cell}")),
        experiment: told.spec().experiment,
        section: Section::Pulse,
        title: told.title(&format!("{cell}, over time")),
        about: format!("A panel for each strategy, the mean over blocks. {}", told.found.verdict),
        height,
        body,
        table,
    })
}

/// What the states of a connection look like.
const STATES: [(&str, &str); 5] = [
    ("c-threads", "connecting"),
    ("c-pool", "waiting for a first answer"),
    ("c-request", "served"),
    ("c-accept", "turned away"),
    ("c-rule", "gone"),
];

const fn place(state: StripState) -> usize {
    match state {
        StripState::Connecting => 0,
        StripState::Waiting => 1,
        StripState::Served => 2,
        StripState::TurnedAway => 3,
        StripState::Gone => 4,
    }
}

/// A picture for each cell with a row per connection: of one block, the first that counts.
pub(super) fn starving(told: &Told<'_>) -> Vec<Picture> {
    told.spec().cells.iter().filter_map(|cell| starving_in(told, &cell.name)).collect()
}

fn starving_in(told: &Told<'_>, cell: &str) -> Option<Picture> {
    let shown: Vec<(&str, &TrialRecord)> = told
        .arms()
        .filter(|(name, _)| words::arm(told.spec(), name).is_some_and(|arm| !arm.is_control))
        .filter_map(|(name, _)| told.trials(cell, name).find(|one| !one.strip.is_empty()).map(|one| (name, one)))
        .collect();
    let last = shown
        .iter()
        .flat_map(|(_, one)| &one.strip)
        .flat_map(|row| &row.spans)
        .map(|span| span.from_ms)
        .fold(0.0, f64::max);
    let seconds = shown.iter().map(|(_, one)| one.seconds).fold(last / 1e3, f64::max);
    let mut table = Grid::new(["arm", "connections", "served at least once", "never served", "turned away"]);
    let mut panels = Vec::new();
    for (name, trial) in shown {
        let count = |state: StripState| {
            trial.strip.iter().filter(|row| row.spans.iter().any(|span| span.state == state)).count()
        };
        let (all, served) = (trial.strip.len(), count(StripState::Served));
        let cells = [all, served, all - served, count(StripState::TurnedAway)].map(|count| count.to_string());
        table.push(std::iter::once(name.to_owned()).chain(cells));
        let rows = trial.strip.iter().map(|row| spans(row, seconds)).collect();
        panels.push(StripPanel { name: format!("{name}: {served} of {all} were served"), rows });
    }
    if panels.is_empty() {
        return None;
    }
    let (body, height) = strips(seconds, &STATES, &panels);
    Some(Picture {
        key: told.key(&format!("strip-{cell}")),
        experiment: told.spec().experiment,
        section: Section::Starving,
        title: told.title(&format!("{cell}, a row per connection")),
        about: "Each thin row is one connection over the time of one trial, coloured by what it was doing.".to_owned(),
        height,
        body,
        table,
    })
}

fn spans(row: &StripRow, seconds: f64) -> Vec<(&'static str, f64, f64)> {
    let ends = row.spans.iter().skip(1).map(|span| span.from_ms / 1e3).chain([seconds]);
    row.spans.iter().zip(ends).map(|(span, end)| (STATES[place(span.state)].0, span.from_ms / 1e3, end)).collect()
}
