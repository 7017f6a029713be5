//! How an experiment runs: from a preset to its spec, from a place in the plan to a record, from all records to a
//! sentence.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::record::TrialRecord;
use super::spec::{Experiment, Preset, Spec};
use super::summary::ExperimentSummary;
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::machine::Pinning;
use crate::plan::Place;

/// One experiment.
pub trait Lab: Sync {
    /// Which.
    fn experiment(&self) -> Experiment;

    /// Its cells, arms and figures at this scale; `None` if the preset leaves it out or no strategy asked for fits it.
    fn spec(&self, scale: &Scale) -> Option<Spec>;

    /// What has to be known before the trials of a block, such as the capacity that its loads are shares of; they find
    /// it in [`Ground::prepared`]. Most experiments need nothing.
    ///
    /// # Errors
    /// As [`Lab::trial`].
    fn prepare(&self, _ground: &Ground<'_>, _spec: &Spec) -> Result<Prepared, BenchError> {
        Ok(Prepared::new())
    }

    /// Runs one trial on fresh servers. What its server did wrong stands in [`TrialRecord::invalid`].
    ///
    /// # Errors
    /// What makes going on pointless, and [`BenchError::Interrupted`].
    fn trial(&self, ground: &Ground<'_>, spec: &Spec, place: Place) -> Result<TrialRecord, BenchError>;

    /// Says what was found: fills the verdict, the findings, the promises and the rows' model.
    fn conclude(&self, found: &mut ExperimentSummary);
}

/// Figures by name that [`Lab::prepare`] found for the trials of a block.
pub type Prepared = BTreeMap<String, f64>;

/// How much of an experiment.
#[derive(Debug, Clone)]
pub struct Scale {
    /// Which preset.
    pub preset: Preset,
    /// Whether the person named this experiment: then the preset leaves nothing out.
    pub is_named: bool,
    /// The strategies asked for, in the order of [`STRATEGIES`]; an experiment takes those that mean something to it.
    pub strategies: Vec<String>,
    /// Blocks, where the person said so.
    pub blocks: Option<usize>,
}

/// The strategies by name, in the order of the documentation; a test of the echo server's `--help` keeps them the same.
pub const STRATEGIES: [&str; 6] = ["spawn", "pool", "pool-request", "pool-accept", "thread", "thread-pool"];

/// Where a trial runs.
#[derive(Debug)]
pub struct Ground<'a> {
    /// How much of everything: with it a trial knows the sizes that its spec was made with.
    pub preset: Preset,
    /// Which cores serve and load.
    pub pinning: Pinning,
    /// Where the servers' programs stand: of the build that the trial's arm names.
    pub bin_dir: PathBuf,
    /// Asked by every loop.
    pub interrupt: &'a Interrupt,
    /// Decides this block's arrivals: the same for every arm of a cell in a block.
    pub seed: u64,
    /// What the block was prepared with.
    pub prepared: Prepared,
}
