//! What the valid trials of an arm in a cell come to.

use std::collections::{BTreeMap, BTreeSet};

use super::Counted;
use crate::stats::{BLOCKS_MIN, EncodingError, Latencies, median};
use crate::suite::record::{Counts, Parts, TrialRecord};
use crate::suite::spec::{Arm, Cell};
use crate::suite::summary::Row;
use crate::suite::validity;

/// A row for each cell and arm of which there is a record, in the spec's order. What cannot be read goes to
/// `warnings`.
pub(super) fn all(counted: &Counted<'_>, warnings: &mut Vec<String>) -> Vec<Row> {
    let spec = counted.spec;
    let places = spec.cells.iter().flat_map(|cell| spec.arms.iter().map(move |arm| (cell, arm)));
    places
        .filter(|(cell, arm)| counted.recorded(&cell.name, &arm.name).next().is_some())
        .map(|(cell, arm)| row(counted, cell, arm, warnings))
        .collect()
}

fn row<'a>(counted: &Counted<'a>, cell: &'a Cell, arm: &'a Arm, warnings: &mut Vec<String>) -> Row {
    let trials: Vec<&TrialRecord> = counted.valid(&cell.name, &arm.name).collect();
    let mut merged = |of: fn(&TrialRecord) -> Option<&String>| {
        merge(trials.iter().filter_map(|record| of(record))).unwrap_or_else(|why| {
            let experiment = counted.spec.experiment.name();
            warnings.push(format!("{experiment}, {}, {}: its latencies cannot be read: {why}", cell.name, arm.name));
            Latencies::new()
        })
    };
    let intended = merged(|record| record.intended.as_ref());
    let sent = merged(|record| record.sent.as_ref());
    let place = || format!("{}, {}, {}", counted.spec.experiment.name(), cell.name, arm.name);
    warnings.extend(validity::kernel_timers(&intended).iter().map(|timer| format!("{}: {timer}", place())));
    Row {
        intended: intended.spread(),
        sent: sent.spread(),
        cell: cell.clone(),
        arm: arm.name.clone(),
        trials: trials.len(),
        counts: trials.iter().fold(Counts::default(), |sum, record| sum_of(sum, record.counts)),
        parts: mean_parts(&trials),
        figures: figures(&trials),
        model: BTreeMap::new(),
    }
}

/// The median of [`validity::DRIFT`] beyond which, one way or the other, a cell was not steady.
const DRIFT_MAX: f64 = 1.5;

/// Below this share of answers a cell is overloaded, and nobody expects it to be steady.
const ANSWERED_MIN: f64 = 0.99;

/// The cells whose latency went one way during the trials, though all were answered: what was measured there depends
/// on how long.
pub(super) fn unsteady(counted: &Counted<'_>, rows: &[Row]) -> Option<String> {
    let is_unsteady = |row: &&Row| {
        let answered = row.counts.ok as f64 >= ANSWERED_MIN * row.counts.offered as f64;
        let drift = row.figures.get(validity::DRIFT).filter(|_| answered && row.trials >= BLOCKS_MIN);
        drift.is_some_and(|drift| *drift > DRIFT_MAX || *drift < 1.0 / DRIFT_MAX)
    };
    let mut places: Vec<String> =
        rows.iter().filter(is_unsteady).map(|row| format!("{} ({})", row.cell.name, row.arm)).collect();
    let more = places.len().saturating_sub(PLACES_MAX);
    places.truncate(PLACES_MAX);
    let places = places.join(", ");
    let others = if more > 0 { format!(" and {more} others") } else { String::new() };
    let name = counted.spec.experiment.name();
    (!places.is_empty()).then(|| {
        format!("{name}: latency was not steady in {places}{others}; what was measured there depends on how long")
    })
}

/// How many places one warning names.
const PLACES_MAX: usize = 3;

fn merge<'a>(texts: impl Iterator<Item = &'a String>) -> Result<Latencies, EncodingError> {
    let mut all = Latencies::new();
    for text in texts {
        all.merge(&Latencies::decoded(text)?);
    }
    Ok(all)
}

const fn sum_of(one: Counts, other: Counts) -> Counts {
    Counts {
        offered: one.offered + other.offered,
        ok: one.ok + other.ok,
        shed: one.shed + other.shed,
        refused: one.refused + other.refused,
        timed_out: one.timed_out + other.timed_out,
        failed: one.failed + other.failed,
        in_flight: one.in_flight + other.in_flight,
        starved: one.starved + other.starved,
    }
}

fn mean_parts(trials: &[&TrialRecord]) -> Option<Parts> {
    let known: Vec<Parts> = trials.iter().filter_map(|record| record.parts).collect();
    let mean = |of: fn(&Parts) -> f64| known.iter().map(of).sum::<f64>() / known.len() as f64;
    (!known.is_empty()).then(|| Parts {
        schedule_us: mean(|parts| parts.schedule_us),
        kernel_us: mean(|parts| parts.kernel_us),
        queue_us: mean(|parts| parts.queue_us),
        service_us: mean(|parts| parts.service_us),
        return_us: mean(|parts| parts.return_us),
    })
}

/// The median of each figure over the trials that have it.
fn figures(trials: &[&TrialRecord]) -> BTreeMap<String, f64> {
    let keys: BTreeSet<&String> = trials.iter().flat_map(|record| record.figures.keys()).collect();
    keys.into_iter()
        .filter_map(|key| {
            let values: Vec<f64> = trials.iter().filter_map(|record| record.figures.get(key).copied()).collect();
            Some((key.clone(), median(&values)?))
        })
        .collect()
}
