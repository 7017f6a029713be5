//! What a run says, to people and to programs: the terminal, `report.html`, `summary.json`, `.csv` and `.md`, and the
//! figures of the documentation.
//!
//! Everything is made from the summary and the records, so that `bench-client report DIR` makes it again.

mod charts;
mod csv;
mod docs;
mod grid;
mod html;
mod markdown;
mod rows;
mod svg;
mod terminal;
#[cfg(test)]
mod tests;
mod words;

use std::path::Path;
use std::{fs, io};

pub use docs::{check_docs, write_docs};
pub use terminal::terminal;

use super::record::TrialRecord;
use super::summary::Summary;

/// What `summary.json` is, in the language of JSON Schema (2020-12); written beside it.
pub const SUMMARY_SCHEMA: &str = include_str!("report/summary.schema.json");

/// Writes everything that a run leaves but its records: `report.html`, `summary.json` and its schema, `summary.csv`,
/// `summary.md` with its `figures`, and `env.json`.
///
/// # Errors
/// What the operating system says to a file in `dir`.
pub fn write_all(
    dir: &Path,
    summary: &Summary,
    records: &[TrialRecord],
    environment: &serde_json::Value,
) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    fs::write(dir.join("env.json"), json(environment)?)?;
    fs::write(dir.join("summary.json"), json(summary)?)?;
    fs::write(dir.join("summary.schema.json"), SUMMARY_SCHEMA)?;
    fs::write(dir.join("summary.csv"), csv::csv(summary))?;
    let pictures = charts::pictures(summary, records);
    docs::write_figures(dir, &pictures)?;
    fs::write(dir.join("summary.md"), markdown::markdown(summary, &docs::images(&pictures)))?;
    fs::write(dir.join("report.html"), html::html(summary, &pictures, environment))
}

fn json(value: &impl serde::Serialize) -> io::Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(value)?))
}
