//! What all trials come to: `summary.json`. Made from the records and the specs alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::record::{Counts, Parts};
use super::spec::{Cell, Experiment, Metric, Spec};

/// The version of `summary.json`.
pub const SCHEMA: u32 = 1;

/// Everything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The command that printed it, as someone would type it.
    pub command: String,
    /// When it began, ISO 8601 in UTC.
    pub started: String,
    /// Where it ran, in a line: processor, cores, kernel, which core serves and which loads.
    #[serde(default)]
    pub machine: String,
    /// How long it took, in seconds.
    pub took_seconds: f64,
    /// quick, full or ci.
    pub preset: String,
    /// What decides schedules, orders and resamples.
    pub seed: u64,
    /// How quiet the machine was: "A" to "D".
    pub noise_grade: String,
    /// What the grade rests on, a sentence.
    pub noise: String,
    /// The experiments that ran.
    pub experiments: Vec<ExperimentSummary>,
    /// What a reader has to know: dropped blocks, missing programs, a debug build.
    pub warnings: Vec<String>,
    /// How many trials were invalid.
    pub invalid_trials: usize,
    /// Whether somebody ended it early.
    pub interrupted: bool,
}

/// One experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExperimentSummary {
    /// Its spec.
    pub spec: Spec,
    /// The answer in one sentence, with the numbers.
    pub verdict: String,
    /// Further findings, a sentence each; what a model said, what starved.
    pub findings: Vec<String>,
    /// A row per cell and arm.
    pub rows: Vec<Row>,
    /// Arms against the reference, cell by cell.
    pub comparisons: Vec<Comparison>,
    /// What is promised whatever the machine: `--fail-on slo` ends with 3 if one is broken.
    pub promises: Vec<Promise>,
    /// Blocks that count.
    pub blocks: usize,
    /// Blocks dropped because the machine was disturbed.
    pub blocks_dropped: usize,
    /// What the invalid trials objected to, each with its place.
    pub objections: Vec<String>,
}

/// Something that has to hold on any machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// What, with the number found.
    pub text: String,
    /// Whether it does; `None` where it could not be seen.
    pub is_kept: Option<bool>,
}

/// An arm in a cell, over the valid trials of the blocks that count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The cell.
    pub cell: Cell,
    /// The arm's name.
    pub arm: String,
    /// Valid trials.
    pub trials: usize,
    /// Summed over them.
    pub counts: Counts,
    /// From the intended start, merged over the trials.
    pub intended: Spread,
    /// From the actual send, likewise.
    pub sent: Spread,
    /// Where the time went, the mean over trials.
    pub parts: Option<Parts>,
    /// The median over trials of each figure.
    pub figures: BTreeMap<String, f64>,
    /// What queueing theory says of some figures, by the same keys; drawn as the model's curve.
    pub model: BTreeMap<String, f64>,
}

/// Latencies in milliseconds; `None` where the samples do not carry the percentile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// How many samples.
    pub samples: u64,
    /// Their mean.
    pub mean_ms: Option<f64>,
    /// Half are faster.
    pub p50_ms: Option<f64>,
    /// 90 % are faster.
    pub p90_ms: Option<f64>,
    /// 99 % are faster.
    pub p99_ms: Option<f64>,
    /// 99.9 % are faster.
    pub p999_ms: Option<f64>,
    /// The longest.
    pub max_ms: Option<f64>,
}

/// One arm against the reference in one cell, about one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The cell's name.
    pub cell: String,
    /// What is judged.
    pub arm: String,
    /// What it is judged by.
    pub reference: String,
    /// About what.
    pub metric: Metric,
    /// Blocks in which both were valid.
    pub blocks: usize,
    /// The median over blocks of (arm / reference): 2 is twice as much, whichever way is good.
    pub estimate: f64,
    /// The Hodges-Lehmann estimate of the same, as a check.
    pub hodges_lehmann: f64,
    /// The lower end of the 95 % bootstrap interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// What may be said.
    pub verdict: Verdict,
    /// Whether the difference is within what the control differs from the reference by chance: then it is grey.
    pub is_grey: bool,
    /// Whether it stands after Holm's correction over all comparisons of the run.
    pub survives_holm: bool,
    /// Whether the arm is the control.
    pub is_control: bool,
}

/// What may be said of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The whole interval is better than the reference, by more than nothing.
    Better,
    /// The whole interval is worse.
    Worse,
    /// The whole interval is within the metric's margin.
    Equivalent,
    /// None of these; about so many more blocks would settle it.
    Inconclusive {
        /// How many.
        blocks_more: usize,
    },
    /// Too few blocks for any verdict.
    TooFew,
}

impl Summary {
    /// The summary of one experiment, if it ran.
    pub fn experiment(&self, experiment: Experiment) -> Option<&ExperimentSummary> {
        self.experiments.iter().find(|one| one.spec.experiment == experiment)
    }
}

impl ExperimentSummary {
    /// The row of an arm in a cell.
    pub fn row(&self, cell: &str, arm: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.cell.name == cell && row.arm == arm)
    }

    /// What was found about `metric` (its key) for an arm in a cell.
    pub fn comparison(&self, cell: &str, arm: &str, metric: &str) -> Option<&Comparison> {
        self.comparisons.iter().find(|one| one.cell == cell && one.arm == arm && one.metric.key == metric)
    }
}
