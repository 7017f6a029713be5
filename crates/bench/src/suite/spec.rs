//! What an experiment is, before any trial: its question, its cells (workloads), its arms (what is compared) and its
//! figures.

use serde::{Deserialize, Serialize};

/// The experiments, in the order they are run and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
pub enum Experiment {
    /// Is this machine able: the client's ceiling against a null server, timer jitter.
    #[value(name = "E0")]
    E0,
    /// The exercise's own run: ten short clients, a thread each against a pool of ten.
    #[serde(rename = "exercise")]
    #[value(name = "exercise")]
    Exercise,
    /// Service that waits, at rising load, with the Erlang C curve.
    #[value(name = "E1")]
    E1,
    /// Connections of one request.
    #[value(name = "E2")]
    E2,
    /// Idle connections: memory by regression, who starves.
    #[value(name = "E3")]
    E3,
    /// Long and short computing mixed.
    #[value(name = "E4")]
    E4,
    /// Overload, with a deadline, retries off and on, and the time to recover.
    #[value(name = "E5")]
    E5,
    /// Everybody connects at once, with a backlog of 128 and of 4096.
    #[value(name = "E6")]
    E6,
    /// Slow clients beside normal ones.
    #[value(name = "E7")]
    E7,
    /// A chat of 200 people on 64 workers.
    #[value(name = "E8")]
    E8,
    /// Something scarce behind the server, over N.
    #[value(name = "E9")]
    E9,
    /// Work that blocks its thread.
    #[value(name = "E10")]
    E10,
}

impl Experiment {
    /// As it is typed: `E1`, `exercise`.
    pub fn name(self) -> String {
        typed(&self)
    }
}

impl Preset {
    /// As it is typed: `quick`.
    pub fn name(self) -> String {
        typed(&self)
    }
}

fn typed(value: &impl clap::ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// How much of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// About five minutes on two cores: answers the question.
    Quick,
    /// As long as it needs; can be interrupted and resumed.
    Full,
    /// Under a minute: checks the bench and says nothing about speed.
    Ci,
}

/// One experiment of one preset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// Which.
    pub experiment: Experiment,
    /// A few words: "Waiting service at rising load".
    pub title: String,
    /// What it asks, a sentence a student understands.
    pub question: String,
    /// How it was set up, with every number: a sentence or two.
    pub setting: String,
    /// The workloads, in the order of their axis.
    pub cells: Vec<Cell>,
    /// What the cells' `x` is, for an axis: "offered load (1 = capacity)". Empty if there is no axis.
    pub axis: String,
    /// What is compared. One may be the control: the reference under another name.
    pub arms: Vec<Arm>,
    /// What is compared about them; the first is the one the verdict is about.
    pub metrics: Vec<Metric>,
    /// Blocks.
    pub blocks: usize,
}

/// A workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// What people read: "load 0.95".
    pub name: String,
    /// Where it stands on the axis, if there is one.
    pub x: Option<f64>,
}

/// One of the things compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// What people read and records say: "pool-request", "pool, backlog 128", "spawn (control)".
    pub name: String,
    /// The strategy's name, which decides its colour.
    pub strategy: String,
    /// Whether it is the reference a second time.
    pub is_control: bool,
    /// The name of the arm it is judged by; `None` for the reference itself. With `--against` each strategy is judged
    /// by the same strategy of the other build.
    pub judged_by: Option<String>,
    /// Which build serves it: empty for this one, otherwise what `--against` named.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub build: String,
}

/// A figure of a trial that is compared between arms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its key among [`super::record::TrialRecord::figures`].
    pub key: String,
    /// What people read: "p99 latency".
    pub label: String,
    /// Its unit: "ms", "/s", "KiB", "" for a share.
    pub unit: String,
    /// Which way is good.
    pub better: Better,
    /// A difference of less than this share either way is none: 0.1 for a p99, 0.05 for throughput and CPU.
    pub margin: f64,
}

/// Which way a figure is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
}
