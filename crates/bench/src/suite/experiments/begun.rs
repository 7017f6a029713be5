//! What the labs need at the beginning of a spec, of a trial and of a sentence.

use std::time::Duration;

use crate::error::BenchError;
use crate::plan::Place;
use crate::suite::lab::{Ground, Scale};
use crate::suite::record::TrialRecord;
use crate::suite::spec::{Arm, Better, Cell, Metric, Preset, Spec};
use crate::suite::summary::{ExperimentSummary, Row};

/// How many blocks a spec has: what the person said, or what the preset means.
pub(super) fn blocks(scale: &Scale) -> usize {
    scale.blocks.unwrap_or(match scale.preset {
        Preset::Quick => 5,
        Preset::Full => 20,
        Preset::Ci => 1,
    })
}

/// Whether an experiment that this preset would leave out runs all the same, or one that it has is there anyway.
pub(super) fn is_in(scale: &Scale, presets: &[Preset]) -> bool {
    scale.is_named || presets.contains(&scale.preset)
}

/// A figure that is compared.
pub(super) fn metric(key: &str, label: &str, unit: &str, better: Better, margin: f64) -> Metric {
    Metric { key: key.to_owned(), label: label.to_owned(), unit: unit.to_owned(), better, margin }
}

/// The only workload of an experiment without an axis.
pub(super) fn only_cell(name: impl Into<String>) -> Vec<Cell> {
    vec![Cell { name: name.into(), x: None }]
}

/// The cell and the arm of a place.
///
/// # Errors
/// [`BenchError::Usage`] if the spec has no such place, which a plan made from it never has.
pub(super) fn at(spec: &Spec, place: Place) -> Result<(&Cell, &Arm), BenchError> {
    let both = spec.cells.get(place.cell).zip(spec.arms.get(place.arm));
    both.ok_or_else(|| BenchError::Usage(format!("{}: the plan has a trial that the spec has not", spec.title)))
}

/// A record that has nothing in it yet.
///
/// # Errors
/// As [`at`].
pub(super) fn record(ground: &Ground<'_>, spec: &Spec, place: Place) -> Result<TrialRecord, BenchError> {
    at(spec, place)?;
    Ok(TrialRecord::new(spec, place, ground.seed))
}

/// Milliseconds as people read them.
pub(super) fn ms(millis: f64) -> String {
    match millis {
        millis if millis < 9.95 => format!("{millis:.1} ms"),
        millis if millis < 999.5 => format!("{millis:.0} ms"),
        millis => format!("{:.1} s", millis / 1e3),
    }
}

/// "a", "a and b", "a, b and c".
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [firsts @ .., last] => format!("{} and {last}", firsts.join(", ")),
    }
}

/// A figure of a row; `None` if no valid trial had it.
pub(super) fn figure(row: &Row, key: &str) -> Option<f64> {
    row.figures.get(key).copied()
}

/// The rows of valid trials that sentences speak of: those of this build and not of the control.
pub(super) fn shown(found: &ExperimentSummary) -> impl Iterator<Item = &Row> {
    let is_shown = |arm: &Arm| !arm.is_control && arm.build.is_empty();
    let named = move |row: &&Row| found.spec.arms.iter().any(|arm| arm.name == row.arm && is_shown(arm));
    found.rows.iter().filter(|row| row.trials > 0).filter(named)
}

/// The strategy behind a row; empty for a row of no arm.
pub(super) fn strategy<'a>(found: &'a ExperimentSummary, row: &Row) -> &'a str {
    found.spec.arms.iter().find(|arm| arm.name == row.arm).map_or("", |arm| arm.strategy.as_str())
}

/// Strategies whose worker belongs to a connection for as long as it is open.
pub(super) fn holds_workers(strategy: &str) -> bool {
    matches!(strategy, "pool" | "pool-accept" | "thread-pool")
}

/// A time for the strip, in milliseconds: to 10 us, which is finer than any picture and half as long in a file.
pub(super) fn strip_ms(at: Duration) -> f64 {
    (at.as_secs_f64() * 1e5).round() / 1e2
}

/// Jain's index of what each got; `None` if nobody got anything, which is no fairness worth the name.
pub(super) fn jain(got: &[u64]) -> Option<f64> {
    if got.iter().all(|one| *one == 0) { None } else { crate::stats::jain(got) }
}
