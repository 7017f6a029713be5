//! `--save-baseline` and `--baseline`: the run that is kept, and the one it is compared with.

use std::path::Path;

use super::folder::HOME;
use crate::args::{FailOn, SuiteArguments};
use crate::error::BenchError;
use crate::suite::baseline::{self, Kept, WEAKER};
use crate::suite::summary::{Comparison, Verdict};

/// How many differences are told on the terminal; `baseline.json` has them all.
const TOLD_MAX: usize = 6;

/// The run that `--baseline` names, before anything is measured; a name that is none is worth no five minutes.
///
/// # Errors
/// If there is no such run, a regression is asked for with nothing to compare with, or `--save-baseline` has no name.
pub(super) fn earlier(arguments: &SuiteArguments) -> Result<Option<Kept>, BenchError> {
    let compares = arguments.baseline.is_some() || arguments.against_name.is_some();
    if arguments.fail_on.contains(&FailOn::Regress) && !compares {
        return Err(BenchError::Usage("--fail-on regress: worse than what? say --baseline or --against".to_owned()));
    }
    arguments.save_baseline.as_deref().map_or(Ok(()), baseline::check_name)?;
    arguments.baseline.as_deref().map(|name| baseline::load(Path::new(HOME), name)).transpose()
}

/// Compares the run in `folder` with an earlier one and writes all of it to `baseline.json` there.
///
/// # Errors
/// If a file cannot be read or written.
pub(super) fn compared(folder: &Path, then: &Kept) -> Result<Vec<Comparison>, BenchError> {
    let found = baseline::compare(&baseline::read(folder)?, then);
    let failed = BenchError::io("baseline.json cannot be written");
    let text = serde_json::to_vec_pretty(&found).map_err(std::io::Error::from).map_err(&failed)?;
    std::fs::write(folder.join("baseline.json"), text).map_err(&failed)?;
    Ok(found)
}

/// What people are told of it, a few lines.
pub(super) fn told(name: &str, found: &[Comparison]) -> String {
    let differs = |one: &&Comparison| {
        matches!(one.verdict, Verdict::Better | Verdict::Worse) && !one.is_grey && one.survives_holm
    };
    let all: Vec<&Comparison> = found.iter().filter(differs).collect();
    let (count, compared) = (all.len(), found.len());
    let mut out = format!("Beside the baseline {name}: {count} of {compared} figures differ ({WEAKER}).\n");
    for Comparison { cell, arm, metric, estimate, low, high, verdict, .. } in all.into_iter().take(TOLD_MAX) {
        let word = if *verdict == Verdict::Worse { "worse" } else { "better" };
        let label = &metric.label;
        out.push_str(&format!("  {word:<6}  {cell}, {arm}: {label} x {estimate:.2} [{low:.2} {high:.2}]\n"));
    }
    if count > TOLD_MAX {
        out.push_str(&format!("  and {} more in baseline.json\n", count - TOLD_MAX));
    }
    out
}

/// Keeps the run in `folder`, if that was asked for, and says where.
///
/// # Errors
/// If it cannot be copied.
pub(super) fn keep(arguments: &SuiteArguments, folder: &Path) -> Result<(), BenchError> {
    let Some(name) = &arguments.save_baseline else { return Ok(()) };
    let place = baseline::save(Path::new(HOME), name, folder)?;
    eprintln!("kept as baseline {name}: {}", place.display());
    Ok(())
}
