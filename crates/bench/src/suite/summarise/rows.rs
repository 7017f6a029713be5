//! What the valid trials of an arm in a cell come to.

use std::collections::{BTreeMap, BTreeSet};

use super::{Counted, name_of};
use crate::stats::{Latencies, median};
use crate::suite::record::{Counts, Parts, TrialRecord};
use crate::suite::spec::{Arm, Cell};
use crate::suite::summary::{Row, Spread};

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
            let experiment = name_of(counted.spec.experiment);
            warnings.push(format!("{experiment}, {}, {}: its latencies cannot be read: {why}", cell.name, arm.name));
            Spread::default()
        })
    };
    Row {
        intended: merged(|record| record.intended.as_ref()),
        sent: merged(|record| record.sent.as_ref()),
        cell: cell.clone(),
        arm: arm.name.clone(),
        trials: trials.len(),
        counts: trials.iter().fold(Counts::default(), |sum, record| sum_of(sum, record.counts)),
        parts: mean_parts(&trials),
        figures: figures(&trials),
        model: BTreeMap::new(),
    }
}

fn merge<'a>(texts: impl Iterator<Item = &'a String>) -> Result<Spread, crate::stats::EncodingError> {
    let mut all = Latencies::new();
    for text in texts {
        all.merge(&Latencies::decoded(text)?);
    }
    Ok(all.spread())
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
