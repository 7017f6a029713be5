//! What is made of a run when it is over or was ended: the summary, the files, the words, the exit code.

use std::io::{IsTerminal, Write};
use std::path::Path;

use super::against;
use super::folder::{Run, iso, unix_ms};
use super::kept;
use crate::args::{FailOn, SuiteArguments};
use crate::error::BenchError;
use crate::suite::baseline::{Kept, is_regression};
use crate::suite::experiments::lab;
use crate::suite::record::{Counts, TrialRecord};
use crate::suite::report;
use crate::suite::spec::Preset;
use crate::suite::summarise::{Header, summarise};
use crate::suite::summary::{Comparison, Summary};

/// How wide the terminal is taken to be if nobody says.
const COLUMNS: usize = 100;

/// What came of the trials, and around them.
#[derive(Debug)]
pub(super) struct Ran<'a> {
    pub(super) arguments: &'a SuiteArguments,
    pub(super) folder: &'a Path,
    pub(super) run: &'a Run,
    pub(super) records: &'a [TrialRecord],
    /// Where it ran, in a line.
    pub(super) machine: String,
    /// What `env.json` says.
    pub(super) environment: serde_json::Value,
    /// What a reader has to know and the records do not say.
    pub(super) warnings: Vec<String>,
    /// What it is compared with.
    pub(super) earlier: Option<Kept>,
    pub(super) interrupted: bool,
}

impl Ran<'_> {
    /// Writes and prints everything, and says how the program ends.
    ///
    /// # Errors
    /// If a file cannot be written, and what the exit code is to tell: interrupted, invalid, regressed.
    pub(super) fn end(self) -> Result<(), BenchError> {
        let summary = self.summary();
        report::write_all(self.folder, &summary, self.records, &self.environment)
            .map_err(BenchError::io("the results cannot be written"))?;
        if let Some(docs) = &self.arguments.docs {
            report::write_docs(docs, &summary, self.records)
                .map_err(BenchError::io("the documentation cannot be written"))?;
        }
        print(&report::terminal(&summary, columns(), is_coloured()), self.folder)?;
        if self.interrupted {
            return Err(BenchError::Interrupted);
        }
        let beside = self.earlier.as_ref().map(|then| kept::compared(self.folder, then)).transpose()?;
        if let (Some(name), Some(beside)) = (&self.arguments.baseline, &beside) {
            say(&kept::told(name, beside))?;
        }
        kept::keep(self.arguments, self.folder)?;
        self.failed(&summary, beside.as_deref().unwrap_or_default()).map_or(Ok(()), Err)
    }

    fn summary(&self) -> Summary {
        let header = Header {
            command: command_line(),
            started: iso(self.run.started_unix_ms),
            machine: self.machine.clone(),
            took_seconds: unix_ms().saturating_sub(self.run.started_unix_ms) / 1000,
            preset: self.run.preset.name(),
            seed: self.run.seed,
            warnings: self.warnings.clone(),
            interrupted: self.interrupted,
        };
        concluded(summarise(&self.run.specs, self.records, header), self.arguments.against_name.as_deref())
    }

    /// What the exit code has to tell of a whole run: first that something was invalid, then what was asked for.
    fn failed(&self, summary: &Summary, beside: &[Comparison]) -> Option<BenchError> {
        if self.run.preset == Preset::Ci {
            return self.records.iter().find_map(wrong_books);
        }
        match summary.invalid_trials {
            0 => {}
            1 => return Some(BenchError::Invalid("one trial was invalid".to_owned())),
            count => return Some(BenchError::Invalid(format!("{count} trials were invalid"))),
        }
        if summary.experiments.iter().all(|found| found.blocks == 0) {
            return Some(BenchError::Invalid("the machine was never quiet enough: no block counts".to_owned()));
        }
        let asked = |what| self.arguments.fail_on.contains(&what);
        let all = || summary.experiments.iter().flat_map(|found| &found.comparisons);
        let slower = || {
            let builds =
                self.arguments.against_name.as_ref().and_then(|other| worse_than(all(), &format!("with {other}")));
            builds.or_else(|| worse_than(beside.iter(), "in the baseline"))
        };
        asked(FailOn::Slo)
            .then(|| broken(summary))
            .flatten()
            .or_else(|| asked(FailOn::Regress).then(slower).flatten())
            .map(BenchError::Regressed)
    }
}

/// What no machine may excuse: requests that are in nobody's books, or a server that failed. Whether the load was in
/// time is not asked of a machine that does something else meanwhile.
fn wrong_books(record: &TrialRecord) -> Option<BenchError> {
    let Counts { offered, ok, shed, refused, timed_out, failed, in_flight, .. } = record.counts;
    let place = format!("{}, {}", record.cell, record.arm);
    if offered != ok + shed + refused + timed_out + failed + in_flight {
        return Some(BenchError::Invalid(format!("{place}: of {offered} requests some are in nobody's books")));
    }
    let why = record.invalid.first().filter(|_| offered == 0)?;
    Some(BenchError::Invalid(format!("{place}: {why}")))
}

/// What each experiment says of itself; beside another build, what changed from it.
pub(super) fn concluded(mut summary: Summary, other: Option<&str>) -> Summary {
    for found in &mut summary.experiments {
        match (other, lab(found.spec.experiment)) {
            (Some(other), _) => against::conclude(found, other),
            (None, Some(lab)) => lab.conclude(found),
            (None, None) => {}
        }
        if summary.preset == Preset::Ci.name() {
            // Its trials are too small to promise anything by.
            found.promises.clear();
        }
    }
    summary
}

/// The promises that are broken, in words; `None` if there are none.
fn broken(summary: &Summary) -> Option<String> {
    let promises = summary.experiments.iter().flat_map(|found| &found.promises);
    let broken: Vec<&str> =
        promises.filter(|promise| promise.is_kept == Some(false)).map(|promise| &*promise.text).collect();
    (!broken.is_empty()).then(|| format!("broken: {}", broken.join("; ")))
}

/// How much is worse than there beyond all doubt, in words; `None` if nothing is.
fn worse_than<'a>(comparisons: impl Iterator<Item = &'a Comparison>, there: &str) -> Option<String> {
    match comparisons.filter(|one| is_regression(one)).count() {
        0 => None,
        1 => Some(format!("one figure is worse than {there}")),
        count => Some(format!("{count} figures are worse than {there}")),
    }
}

pub(super) fn print(text: &str, folder: &Path) -> Result<(), BenchError> {
    say(&format!("{}\n{}/report.html", text.trim_end(), folder.display()))
}

fn say(text: &str) -> Result<(), BenchError> {
    writeln!(std::io::stdout().lock(), "{}", text.trim_end()).map_err(BenchError::io("stdout"))
}

/// The columns of the terminal, if it tells them.
pub(super) fn columns() -> usize {
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(COLUMNS)
}

pub(super) fn is_coloured() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The command as someone would type it, or as they typed it for xtask.
fn command_line() -> String {
    if let Ok(typed) = std::env::var("BENCH_COMMAND") {
        return typed;
    }
    let arguments = std::env::args().skip(1);
    std::iter::once("bench-client".to_owned()).chain(arguments).collect::<Vec<_>>().join(" ")
}
