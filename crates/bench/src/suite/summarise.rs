//! From the records to the summary: what counts, what all trials of an arm come to, who differs from whom.
//!
//! What counts is fixed here and not by looking at the results:
//! - a block with one disturbed record is dropped whole, for every arm and cell of its experiment;
//! - an invalid trial is dropped, and so is every pair it would have been in;
//! - where a trial was recorded twice (a run that was resumed), the last record counts.
//!
//! What the labs conclude from it (verdict, findings, promises, model) is filled in afterwards by them.

pub(super) mod compare;
mod grade;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::record::TrialRecord;
use super::spec::Spec;
use super::summary::{ExperimentSummary, SCHEMA, Summary};

/// What a summary says that does not stand in the records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// The command that printed it, as someone would type it.
    pub command: String,
    /// When it began, ISO 8601 in UTC.
    pub started: String,
    /// Where it ran, in a line: [`crate::machine::Environment::line`].
    pub machine: String,
    /// How long it took, in whole seconds.
    pub took_seconds: u64,
    /// quick, full or ci.
    pub preset: String,
    /// What decides schedules, orders and resamples.
    pub seed: u64,
    /// What a reader has to know and the records do not say.
    pub warnings: Vec<String>,
    /// Whether somebody ended it early.
    pub interrupted: bool,
}

/// The trials of one experiment that count.
pub(super) struct Counted<'a> {
    spec: &'a Spec,
    /// By cell, arm and block.
    trials: BTreeMap<(&'a str, &'a str, usize), &'a TrialRecord>,
    /// Blocks that count.
    blocks: BTreeSet<usize>,
    /// Blocks that do not, and why.
    dropped: BTreeMap<usize, &'a str>,
}

/// What all records come to. Experiments without a record are left out. The same records and the same header's seed
/// give the same summary.
pub fn summarise(specs: &[Spec], records: &[TrialRecord], header: Header) -> Summary {
    let mut warnings = header.warnings;
    let mut experiments = Vec::new();
    let mut p_values = Vec::new();
    let mut invalid_trials = 0;
    for spec in specs {
        let counted = Counted::of(spec, records);
        if counted.blocks.is_empty() && counted.dropped.is_empty() {
            continue;
        }
        warnings.extend(counted.warning());
        invalid_trials += counted.trials.values().filter(|record| !record.invalid.is_empty()).count();
        let found = experiment(&counted, header.seed, &mut warnings, &mut p_values);
        experiments.push(found);
    }
    compare::correct(experiments.iter_mut().flat_map(|one| &mut one.comparisons), &p_values);
    warnings.extend(experiments.iter().flat_map(compare::suspicious_controls));
    let (noise_grade, noise) = grade::of(records, &experiments);
    Summary {
        schema: SCHEMA,
        command: header.command,
        started: header.started,
        machine: header.machine,
        took_seconds: header.took_seconds as f64,
        preset: header.preset,
        seed: header.seed,
        noise_grade,
        noise,
        invalid_trials,
        experiments,
        warnings,
        interrupted: header.interrupted,
    }
}

fn experiment(
    counted: &Counted<'_>,
    seed: u64,
    warnings: &mut Vec<String>,
    p_values: &mut Vec<f64>,
) -> ExperimentSummary {
    let (comparisons, found) = compare::all(counted, seed).into_iter().unzip::<_, _, Vec<_>, Vec<f64>>();
    p_values.extend(found);
    let rows = rows::all(counted, warnings);
    warnings.extend(rows::unsteady(counted, &rows));
    ExperimentSummary {
        spec: counted.spec.clone(),
        verdict: String::new(),
        findings: Vec::new(),
        rows,
        comparisons,
        promises: Vec::new(),
        blocks: counted.blocks.len(),
        blocks_dropped: counted.dropped.len(),
        objections: counted.objections(),
    }
}

impl<'a> Counted<'a> {
    pub(super) fn of(spec: &'a Spec, records: &'a [TrialRecord]) -> Self {
        let own = || records.iter().filter(|record| record.experiment == spec.experiment);
        let dropped: BTreeMap<usize, &str> =
            own().filter_map(|record| Some((record.block, record.disturbed.as_deref()?))).collect();
        let counting = || own().filter(|record| !dropped.contains_key(&record.block));
        let trials =
            counting().map(|record| ((record.cell.as_str(), record.arm.as_str(), record.block), record)).collect();
        let blocks = counting().map(|record| record.block).collect();
        Self { spec, trials, blocks, dropped }
    }

    /// Everything recorded of an arm in a cell, by block.
    fn recorded(&self, cell: &'a str, arm: &'a str) -> impl Iterator<Item = &'a TrialRecord> {
        self.blocks.iter().filter_map(move |block| self.trials.get(&(cell, arm, *block)).copied())
    }

    /// The valid ones.
    pub(super) fn valid(&self, cell: &'a str, arm: &'a str) -> impl Iterator<Item = &'a TrialRecord> {
        self.recorded(cell, arm).filter(|record| record.invalid.is_empty())
    }

    /// What invalid trials objected to, each with its place.
    fn objections(&self) -> Vec<String> {
        let of_trial = |record: &&'a TrialRecord| {
            let TrialRecord { cell, arm, block, invalid, .. } = *record;
            invalid.iter().map(move |why| format!("{cell}, {arm}, block {}: {why}", block + 1)).collect::<Vec<_>>()
        };
        self.trials.values().flat_map(of_trial).collect()
    }

    /// That blocks were dropped, if any were.
    fn warning(&self) -> Option<String> {
        let (block, why) = self.dropped.iter().next()?;
        let (name, count) = (self.spec.experiment.name(), self.dropped.len());
        let blocks = if count == 1 { "1 block was" } else { &format!("{count} blocks were") };
        Some(format!("{name}: {blocks} dropped because the machine was disturbed (block {}: {why})", block + 1))
    }
}
