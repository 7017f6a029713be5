//! Runs kept under a name, and later ones compared with them.
//!
//! The two ran at different times, so nothing is paired: whatever else has changed meanwhile (the kernel, a neighbour
//! of the virtual machine) is part of the difference. Another build beside this one (`--against`) is far stronger.

mod compare;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Component, Path, PathBuf};

pub use compare::{compare, is_regression};

use super::record::TrialRecord;
use super::run::{RESULTS, read_records};
use super::summary::{SCHEMA, Summary};
use crate::error::BenchError;

/// What a reader of a comparison with a baseline has to know.
pub const WEAKER: &str = "a baseline ran at another time: whatever else has changed since is part of the difference; \
     cargo xtask bench --against GIT_REF runs both side by side";

/// Below the results' folder: a folder a baseline.
const BASELINES: &str = "baselines";

/// The files that are kept.
const SUMMARY: &str = "summary.json";
const ENVIRONMENT: &str = "env.json";

/// A run with its trials.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// What it came to.
    pub summary: Summary,
    /// Its trials, which are what is compared.
    pub records: Vec<TrialRecord>,
}

/// Keeps what stands in `run_dir` under `name` below `root` (`target/bench`), or at `name` if that is a path. What was
/// kept there before is replaced. Returns where it is.
///
/// # Errors
/// If the name is none, or the files cannot be copied.
pub fn save(root: &Path, name: &str, run_dir: &Path) -> Result<PathBuf, BenchError> {
    let failed = BenchError::io("the baseline cannot be kept");
    let folder = place(root, name)?;
    fs::create_dir_all(&folder).map_err(&failed)?;
    for file in [SUMMARY, RESULTS] {
        // Copied aside first: whoever reads meanwhile sees the old file or the new one.
        let aside = folder.join(format!("{file}.new"));
        fs::copy(run_dir.join(file), &aside).map_err(&failed)?;
        fs::rename(&aside, folder.join(file)).map_err(&failed)?;
    }
    if run_dir.join(ENVIRONMENT).is_file() {
        fs::copy(run_dir.join(ENVIRONMENT), folder.join(ENVIRONMENT)).map_err(&failed)?;
    }
    Ok(folder)
}

/// Whether a run can be kept under `name`: worth knowing before a run of minutes.
///
/// # Errors
/// [`BenchError::Usage`] if it is no name.
pub fn check_name(name: &str) -> Result<(), BenchError> {
    place(Path::new(""), name).map(drop)
}

/// The run kept under `name`.
///
/// # Errors
/// [`BenchError::Usage`] if there is none, with the names there are, or if another version wrote it.
pub fn load(root: &Path, name: &str) -> Result<Kept, BenchError> {
    let folder = place(root, name)?;
    if !folder.join(SUMMARY).is_file() {
        let known = known(&root.join(BASELINES));
        let known = if known.is_empty() { "there is none yet".to_owned() } else { format!("known: {known}") };
        let why = format!("--baseline {name}: nothing in {} ({known}; --save-baseline keeps one)", folder.display());
        return Err(BenchError::Usage(why));
    }
    read(&folder)
}

/// The run in `run_dir`.
///
/// # Errors
/// [`BenchError::Usage`] if its files are not those of a run, or of another version.
pub fn read(run_dir: &Path) -> Result<Kept, BenchError> {
    let path = run_dir.join(SUMMARY);
    let wrong = |why: String| BenchError::Usage(format!("{}: {why}", path.display()));
    let text = fs::read(&path).map_err(|error| wrong(error.to_string()))?;
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
    // Before the rest: another version may well have another form.
    match value.get("schema").and_then(serde_json::Value::as_u64) {
        Some(schema) if schema == u64::from(SCHEMA) => {}
        schema => return Err(wrong(format!("version {schema:?} is not ours, {SCHEMA}: make the baseline anew"))),
    }
    let summary = serde_json::from_value(value).map_err(|error| wrong(error.to_string()))?;
    Ok(Kept { summary, records: read_records(run_dir)? })
}

/// Where `name` is: a path if it looks like one, otherwise a folder below `root`.
fn place(root: &Path, name: &str) -> Result<PathBuf, BenchError> {
    let path = Path::new(name);
    if name.contains(['/', '\\']) {
        return Ok(path.to_owned());
    }
    let mut parts = path.components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(_)), None) => Ok(root.join(BASELINES).join(name)),
        _ => Err(BenchError::Usage(format!("`{name}` is no name for a baseline: a word, or a path with a slash"))),
    }
}

/// The names of the baselines there are.
fn known(folder: &Path) -> String {
    let Ok(entries) = fs::read_dir(folder) else { return String::new() };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().escape_debug().to_string()).collect();
    names.sort();
    names.join(", ")
}
