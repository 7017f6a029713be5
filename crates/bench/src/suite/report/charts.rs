//! Which pictures a run has, from its summary and its records.

mod figures;
mod memory;
mod ratios;
mod shapes;
mod spans;

use super::svg::{Look, Picture};
use crate::suite::record::TrialRecord;
use crate::suite::spec::Spec;
use crate::suite::summary::{ExperimentSummary, Summary};

/// An experiment with its trials that count.
pub(super) struct Told<'a> {
    pub(super) found: &'a ExperimentSummary,
    pub(super) records: Vec<&'a TrialRecord>,
}

impl<'a> Told<'a> {
    fn new(found: &'a ExperimentSummary, records: &'a [TrialRecord]) -> Self {
        let of_it = |record: &&TrialRecord| record.experiment == found.spec.experiment;
        let disturbed: Vec<usize> =
            records.iter().filter(of_it).filter(|one| one.disturbed.is_some()).map(|one| one.block).collect();
        let counts = |one: &&TrialRecord| one.invalid.is_empty() && !disturbed.contains(&one.block);
        Self { found, records: records.iter().filter(of_it).filter(counts).collect() }
    }

    fn spec(&self) -> &'a Spec {
        &self.found.spec
    }

    /// Its trials of an arm in a cell.
    fn trials(&self, cell: &str, arm: &str) -> impl Iterator<Item = &'a TrialRecord> {
        self.records.iter().copied().filter(move |one| one.cell == cell && one.arm == arm)
    }

    /// `e5-` and what follows, as a file may be called.
    fn key(&self, what: &str) -> String {
        let name = format!("{}-{what}", self.spec().experiment.name()).to_lowercase();
        let mut out: String =
            name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
        while out.contains("--") {
            out = out.replace("--", "-");
        }
        out.trim_matches('-').to_owned()
    }

    /// `E5, pulse: what`.
    fn title(&self, what: &str) -> String {
        format!("{}: {what}", self.spec().experiment.name())
    }

    /// The arms with their looks.
    fn arms(&self) -> impl Iterator<Item = (&'a str, Look)> {
        self.spec().arms.iter().enumerate().map(|(place, arm)| (arm.name.as_str(), Look::of(arm, place)))
    }
}

/// All pictures, in the order of the experiments.
pub(super) fn pictures(summary: &Summary, records: &[TrialRecord]) -> Vec<Picture> {
    let mut pictures = Vec::new();
    for found in &summary.experiments {
        let told = Told::new(found, records);
        pictures.extend(figures::along_the_axis(&told));
        pictures.extend(figures::without_an_axis(&told));
        pictures.extend(memory::memory(&told));
        pictures.extend(shapes::spectrum(&told));
        pictures.extend(shapes::parts(&told));
        pictures.extend(spans::pulses(&told));
        pictures.extend(spans::starving(&told));
        pictures.extend(ratios::ratios(&told));
    }
    pictures
}
