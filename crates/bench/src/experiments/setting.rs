//! What every experiment is given: where programs are, which cores, how long, how often, where the words go.

use std::path::PathBuf;
use std::time::Duration;

use crate::args::Common;
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::load::Span;
use crate::machine::{Environment, Pinning};
use crate::plan::Plan;
use crate::report::{Format, Output, Report};

use super::{Blocks, Trial};

/// Above this share of a core going to other programs, figures are not to be believed.
const OTHERS_SHARE_MAX: f64 = 0.05;

/// An experiment's surroundings.
#[derive(Debug)]
pub struct Setting {
    /// Prints.
    pub output: Output,
    /// Asked by every loop.
    pub interrupt: Interrupt,
    /// Which cores serve and load.
    pub pinning: Pinning,
    /// Where it runs.
    pub environment: Environment,
    /// Where our own programs stand.
    pub bin_dir: PathBuf,
    /// Blocks.
    pub blocks: usize,
    /// Decides order and resamples.
    pub seed: u64,
    /// How long a trial is.
    pub span: Span,
    /// The command line, for the report.
    pub command: String,
}

impl Setting {
    /// Sets the surroundings up: pins this thread, raises the limit of open files, prints what stands before all.
    ///
    /// # Errors
    /// If it cannot find out where this program stands.
    pub fn new(common: &Common, defaults: Defaults, interrupt: Interrupt) -> Result<Self, BenchError> {
        let bin_dir = match &common.bin_dir {
            Some(bin_dir) => std::path::absolute(bin_dir).map_err(BenchError::io("--bin-dir"))?,
            None => own_folder()?,
        };
        let pinning = if common.no_pin { Pinning::NONE } else { Pinning::apart() };
        // Read first: a pinned thread is told of one core.
        let environment = Environment::read(pinning);
        pinning.enter_load_core();
        crate::machine::raise_open_files();
        let format = match (common.json, common.markdown) {
            (true, _) => Format::Json,
            (_, true) => Format::Markdown,
            _ => Format::Text,
        };
        let seconds = common.seconds.unwrap_or(defaults.seconds);
        let setting = Self {
            output: Output::new(format),
            interrupt,
            pinning,
            environment,
            bin_dir,
            blocks: common.blocks.unwrap_or(defaults.blocks),
            seed: common.seed,
            span: Span::of(Duration::from_secs_f64(seconds)),
            command: command_line(std::env::args()),
        };
        setting.output.begin(&setting.environment);
        Ok(setting)
    }

    /// A plan of these cells and arms.
    pub fn plan(&self, cells: Vec<String>, arms: Vec<String>) -> Plan {
        Plan { blocks: self.blocks, cells, arms, seed: self.seed }
    }

    /// Prints a report and hands it back.
    pub fn finish(&self, report: Report) -> Report {
        self.output.finish(&report);
        report
    }

    /// A report without figures yet; what the trials object to stands in it.
    pub fn report<T: Trial>(&self, experiment: &'static str, blocks: &Blocks<T>) -> Report {
        let objections = blocks.objections();
        let mut warnings: Vec<String> = Vec::new();
        if let Some(first) = objections.first() {
            let count = objections.len();
            warnings.push(format!("{count} trials were invalid and are left out with their block; the first: {first}"));
        }
        if let Some(share) = blocks.others_share().filter(|share| *share > OTHERS_SHARE_MAX) {
            let share = crate::report::percent_text(share);
            warnings
                .push(format!("other programs took {share} of a core in the median trial: run it on a quiet machine"));
        }
        if blocks.interrupted {
            warnings.push(format!("interrupted after {} complete blocks", blocks.complete));
        }
        Report {
            experiment,
            command: self.command.clone(),
            environment: self.environment.clone(),
            blocks: blocks.complete,
            seed: self.seed,
            tables: Vec::new(),
            comparisons: Vec::new(),
            findings: Vec::new(),
            warnings,
            invalid_trials: objections.len(),
            interrupted: blocks.interrupted,
        }
    }
}

/// What an experiment does unless told otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Defaults {
    /// Blocks.
    pub blocks: usize,
    /// Measured seconds a trial.
    pub seconds: f64,
}

/// Where this program stands.
pub(crate) fn own_folder() -> Result<PathBuf, BenchError> {
    let own = std::env::current_exe().map_err(BenchError::io("cannot find out where this program stands"))?;
    Ok(own.parent().map(PathBuf::from).unwrap_or_default())
}

/// The command as someone would type it, without what only says how to print.
fn command_line(arguments: impl Iterator<Item = String>) -> String {
    let kept = arguments.skip(1).filter(|argument| !matches!(argument.as_str(), "--markdown" | "--json"));
    std::iter::once("bench-client".to_owned()).chain(kept).collect::<Vec<_>>().join(" ")
}
