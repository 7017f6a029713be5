//! What people, scripts and `docs/benchmarks.md` get to read: tables, sentences, one JSON object a line, Markdown.

mod numbers;
mod output;
mod table;
#[cfg(test)]
mod tests;

pub use numbers::{
    bytes_text, count_text, interval_text, micros_text, optional, percent_text, rate_text, throughput_text,
};
pub use output::{Format, Output};
pub use table::Table;

use serde::Serialize;

use crate::machine::Environment;
use crate::stats::{Goal, GoalState, Ratio, Verdict};

/// Two things compared in one workload by one figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The workload.
    pub cell: String,
    /// What is judged.
    pub subject: String,
    /// What it is judged by.
    pub reference: String,
    /// The figure: `requests/s`.
    pub metric: &'static str,
    /// Subject by reference.
    pub ratio: Ratio,
    /// What was promised.
    pub goal: Option<Goal>,
    /// Whether both are the same thing, run twice to see how far apart chance alone puts them.
    pub is_control: bool,
}

/// What an experiment has found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Which experiment.
    pub experiment: &'static str,
    /// How to run it again.
    pub command: String,
    /// Where it ran.
    pub environment: Environment,
    /// Complete blocks.
    pub blocks: usize,
    /// The seed.
    pub seed: u64,
    /// The figures.
    pub tables: Vec<Table>,
    /// What was compared.
    pub comparisons: Vec<Comparison>,
    /// Sentences about figures that are not comparisons.
    pub findings: Vec<String>,
    /// What a reader has to know before believing a figure.
    pub warnings: Vec<String>,
    /// How many trials were invalid.
    pub invalid_trials: usize,
    /// Whether it was interrupted; what stands here covers complete blocks.
    pub interrupted: bool,
}

impl Comparison {
    /// The verdict in one sentence.
    pub fn sentence(&self) -> String {
        let Self { cell, subject, reference, metric, ratio, .. } = self;
        let interval = interval_text(ratio);
        if self.is_control {
            let apart = (1.0 - ratio.low).max(ratio.high - 1.0).max(0.0);
            return format!(
                "{cell}: control, {subject} against itself: {interval}; chance alone: {}",
                percent_text(apart)
            );
        }
        let verdict = match ratio.verdict {
            Verdict::Faster => "more".to_owned(),
            Verdict::Slower => "less".to_owned(),
            Verdict::Equivalent => format!("equivalent within {}", percent_text(ratio.margin)),
            Verdict::Inconclusive { blocks_more } => format!("inconclusive, needs about {blocks_more} more blocks"),
        };
        let goal = self.goal.map_or_else(String::new, |goal| {
            let state = match goal.state {
                GoalState::Met => "met",
                GoalState::Missed => "MISSED",
                GoalState::NotShown => "not shown either way",
            };
            format!("; goal of at least {}: {state}", goal.at_least)
        });
        format!("{cell}: {subject} by {reference}, {metric}: {interval}, {verdict}{goal}")
    }
}

impl Report {
    /// As Markdown, between the markers that `docs/benchmarks.md` has for it.
    pub fn markdown(&self) -> String {
        let mut out = format!("<!-- generated: {} -->\n", self.command);
        out.push_str(&format!("{}; {} blocks, seed {}.\n", self.environment.line(), self.blocks, self.seed));
        for table in &self.tables {
            out.push_str(&format!("\n{}\n", table.markdown()));
        }
        let sentences: Vec<String> = self.sentences();
        if !sentences.is_empty() {
            out.push('\n');
        }
        for sentence in sentences {
            out.push_str(&format!("- {sentence}\n"));
        }
        out.push_str("<!-- end generated -->\n");
        out
    }

    /// For a terminal.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for table in &self.tables {
            out.push_str(&format!("{}\n", table.text()));
        }
        for sentence in self.sentences() {
            out.push_str(&format!("{sentence}\n"));
        }
        out
    }

    fn sentences(&self) -> Vec<String> {
        let compared = self.comparisons.iter().map(Comparison::sentence);
        let warned = self.warnings.iter().map(|warning| format!("warning: {warning}"));
        compared.chain(self.findings.iter().cloned()).chain(warned).collect()
    }
}
