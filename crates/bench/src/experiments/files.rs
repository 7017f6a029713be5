//! Files: how fast, how many, what the chat beside them feels, and what the server holds.

mod chat;
mod memory;
mod scene;
mod small;
mod throughput;

pub use throughput::FileArm;
pub(super) use throughput::tiny_trials;

use serde::Serialize;

use super::{Blocks, Setting, Trial};
use crate::args::FilesCommand;
use crate::error::BenchError;
use crate::files::Moved;
use crate::interrupt::Interrupt;
use crate::load::Usage;
use crate::report::{Report, optional, percent_text, throughput_text};

/// A difference below this is none, in throughput.
const MARGIN: f64 = 0.05;

/// Above this share of the machine going to others, figures are not to be believed.
const OTHERS_SHARE_MAX: f64 = 0.05;

/// Runs one of them.
///
/// # Errors
/// If a server cannot be started, or there is no place for the files.
pub fn run(command: &FilesCommand, interrupt: Interrupt) -> Result<Report, BenchError> {
    match command {
        FilesCommand::Throughput(arguments) => throughput::run(arguments, interrupt),
        FilesCommand::Small(arguments) => small::run(arguments, interrupt),
        FilesCommand::Chat(arguments) => chat::run(arguments, interrupt),
        FilesCommand::Memory(arguments) => memory::run(arguments, interrupt),
    }
}

/// What a trial came to that moved files.
#[derive(Debug, Clone, Serialize)]
pub(super) struct MoveTrial {
    #[serde(flatten)]
    moved: Moved,
    /// What did not arrive, or not as it was.
    loss: Option<String>,
}

impl Trial for MoveTrial {
    fn loss(&self) -> Option<String> {
        self.loss.clone()
    }

    fn usage(&self) -> Option<&Usage> {
        None
    }
}

impl MoveTrial {
    /// A move that has to have brought so many bytes.
    fn of(moved: Moved, bytes: u64) -> Self {
        let loss = (moved.bytes != bytes).then(|| format!("{bytes} bytes were to arrive, and {} did", moved.bytes));
        Self { moved, loss }
    }
}

/// The columns that every table of moves has behind the name.
fn move_cells(arm: usize, blocks: &Blocks<MoveTrial>) -> Vec<String> {
    let cost = |seconds: f64| format!("{seconds:.2}");
    vec![
        optional(blocks.median(0, arm, |trial| Some(trial.moved.rate())), throughput_text),
        optional(blocks.median(0, arm, |trial| Some(trial.moved.seconds)), |seconds| format!("{seconds:.2} s")),
        optional(blocks.median(0, arm, |trial| trial.moved.server_cpu_per_gib()), cost),
        optional(blocks.median(0, arm, |trial| trial.moved.client_cpu_per_gib()), cost),
    ]
}

/// The headers of [`move_cells`].
const MOVE_HEADERS: [&str; 4] = ["rate", "time", "server CPU s/GiB", "client CPU s/GiB"];

/// What has to be known before a figure of files is believed.
fn warnings(ground: &crate::files::Ground, setting: &Setting) -> Vec<String> {
    let mut warnings = Vec::new();
    if !ground.has_memory() {
        warnings.push("there is no --memory-dir, so what is called memory is a disk here".to_owned());
    }
    if let Some(share) = ground.others_share().filter(|share| *share > OTHERS_SHARE_MAX) {
        let share = percent_text(share);
        warnings.push(format!(
            "other programs took {share} of the cores before the median trial: run it on a quiet machine"
        ));
    }
    if setting.environment.cores < 4 {
        let cores = setting.environment.cores;
        warnings.push(format!("both sides and the kernel share {cores} cores; two machines would not"));
    }
    warnings
}
