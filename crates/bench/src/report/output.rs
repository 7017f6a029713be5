//! Where the words go: figures to stdout, progress and warnings to stderr, progress only if that is a terminal.

use std::io::{IsTerminal, Write};

use serde::Serialize;

use super::Report;
use crate::machine::Environment;

/// How figures are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Tables and sentences.
    Text,
    /// One object a line: a trial each as it ends, the report last.
    Json,
    /// The section for `docs/benchmarks.md`.
    Markdown,
}

/// Prints.
#[derive(Debug)]
pub struct Output {
    format: Format,
    shows_progress: bool,
}

/// A JSON line.
#[derive(Serialize)]
struct Typed<'a, T> {
    r#type: &'static str,
    #[serde(flatten)]
    content: &'a T,
}

impl Output {
    /// Prints in `format`.
    pub fn new(format: Format) -> Self {
        Self { format, shows_progress: std::io::stderr().is_terminal() }
    }

    /// What stands before everything: the machine, and loudly if the figures will be worthless.
    pub fn begin(&self, environment: &Environment) {
        match self.format {
            Format::Text => print_line(&environment.line()),
            Format::Json => self.json("environment", environment),
            Format::Markdown => {}
        }
        if cfg!(debug_assertions) {
            self.warn("THIS IS A DEBUG BUILD: its figures say nothing; build with --release");
        }
    }

    /// Says on the terminal what runs now, on a line that the next replaces.
    pub fn progress(&self, what: &str) {
        if self.shows_progress {
            eprint!("\r\x1b[2K{what}");
        }
    }

    /// Takes the progress line away.
    pub fn progress_done(&self) {
        self.progress("");
    }

    /// A warning that cannot wait for the report.
    pub fn warn(&self, what: &str) {
        self.progress_done();
        eprintln!("bench-client: warning: {what}");
    }

    /// A trial has ended.
    pub fn trial(&self, trial: &impl Serialize) {
        self.json("trial", trial);
    }

    /// The one outcome of a command that makes no report: an object, or these words.
    pub fn outcome(&self, r#type: &'static str, outcome: &impl Serialize, words: &str) {
        self.progress_done();
        match self.format {
            Format::Json => self.json(r#type, outcome),
            Format::Text | Format::Markdown => print_line(words),
        }
    }

    /// All has ended.
    pub fn finish(&self, report: &Report) {
        self.progress_done();
        match self.format {
            Format::Text => print_line(&format!("\n{}", report.text().trim_end())),
            Format::Json => self.json("summary", report),
            Format::Markdown => print_line(report.markdown().trim_end()),
        }
    }

    fn json(&self, r#type: &'static str, content: &impl Serialize) {
        if self.format != Format::Json {
            return;
        }
        match serde_json::to_string(&Typed { r#type, content }) {
            Ok(line) => print_line(&line),
            Err(error) => self.warn(&format!("a {type} could not be written as JSON: {error}")),
        }
    }
}

/// A reader that has gone (`bench-client | head`) is no reason to stop measuring, so errors are left alone.
fn print_line(line: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}
