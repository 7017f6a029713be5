//! `summary.md`, which is also the generated part of `docs/benchmarks.md`.

use super::grid::Grid;
use super::rows;
use super::words;
use crate::suite::summary::{ExperimentSummary, Promise, Summary};

/// Figures of one experiment beside its answer.
const ANSWER_IMAGES_MAX: usize = 2;

/// A figure beside the text: the file's name and what it shows.
pub(super) struct Image {
    pub(super) experiment: crate::suite::spec::Experiment,
    pub(super) file: String,
    pub(super) title: String,
}

/// The whole summary; `images` stand with their experiments.
pub(super) fn markdown(summary: &Summary, images: &[Image]) -> String {
    let mut out = head(summary);
    let mut verdicts = Grid::new(["experiment", "verdict"]);
    for found in &summary.experiments {
        let name = found.spec.experiment.name();
        verdicts.push([format!("{name}: {}", plain(&found.spec.title)), plain(&found.verdict)]);
    }
    out.push_str(&format!("\n{}", left_aligned(&verdicts.markdown())));
    for found in &summary.experiments {
        let own: Vec<&Image> = images.iter().filter(|image| image.experiment == found.spec.experiment).collect();
        out.push_str(&experiment(found, &own));
    }
    out
}

/// For readers who want the answers and not the tables: question, verdict and the first figures of each experiment.
pub(super) fn answers(summary: &Summary, images: &[Image]) -> String {
    let mut out = String::new();
    for found in &summary.experiments {
        let name = found.spec.experiment.name();
        let own = images.iter().filter(|image| image.experiment == found.spec.experiment);
        let own: Vec<&Image> = own.take(ANSWER_IMAGES_MAX).collect();
        out.push_str(&format!("\n### {name}: {}\n\n", plain(&found.spec.title)));
        out.push_str(&format!("*{}* {}\n{}", plain(&found.spec.question), plain(&found.verdict), pictures(&own)));
    }
    out
}

fn head(summary: &Summary) -> String {
    let Summary { command, started, machine, noise, noise_grade, took_seconds, preset, seed, .. } = summary;
    let took = words::duration(*took_seconds);
    let partial = if summary.interrupted { " Interrupted: what is complete is here." } else { "" };
    let mut out = format!(
        "`{}`, begun {}, took {took}; {preset} preset, seed {seed}.{partial}\n\n{}. Noise grade {noise_grade}: {}.\n",
        code(command),
        plain(started),
        plain(machine),
        plain(noise.trim_end_matches('.'))
    );
    if let Some(floor) = words::noise_floor(&summary.experiments) {
        out.push_str(&format!(
            "\nThe same strategy under two names differs by ±{} (control).\n",
            words::percent(floor)
        ));
    }
    let mut warnings: Vec<String> =
        summary.warnings.iter().map(|text| format!("- warning: {}\n", plain(text))).collect();
    if summary.invalid_trials > 0 {
        warnings.push(format!("- {} left out\n", words::counted(summary.invalid_trials, "invalid trial")));
    }
    if !warnings.is_empty() {
        out.push_str(&format!("\n{}", warnings.concat()));
    }
    out
}

fn experiment(found: &ExperimentSummary, images: &[&Image]) -> String {
    let name = found.spec.experiment.name();
    let mut out = format!("\n### {name}: {}\n\n{}\n", plain(&found.spec.title), plain(&found.spec.question));
    out.push_str(&format!("{} {} count.\n", plain(&found.spec.setting), words::counted(found.blocks, "block")));
    out.push_str(&format!("\n**{}**\n", plain(&found.verdict)));
    let promises = found.promises.iter().map(promise);
    let sentences: String = found.findings.iter().map(|text| format!("- {}\n", plain(text))).chain(promises).collect();
    if !sentences.is_empty() {
        out.push_str(&format!("\n{sentences}"));
    }
    out.push_str(&pictures(images));
    for cell in &found.spec.cells {
        let lines = rows::lines_of(found, &cell.name);
        if !lines.is_empty() {
            let grid = rows::grid(&cell.name, &lines, &rows::columns(found, &lines)).without_empty_columns();
            out.push_str(&format!("\n{}", escaped(grid).markdown()));
        }
    }
    out
}

fn promise(promise: &Promise) -> String {
    let state = match promise.is_kept {
        Some(true) => "kept",
        Some(false) => "**broken**",
        None => "not seen",
    };
    format!("- promise {state}: {}\n", plain(&promise.text))
}

fn pictures(images: &[&Image]) -> String {
    images.iter().map(|image| format!("\n![{}](figures/{})\n", plain(&image.title), image.file)).collect()
}

fn escaped(grid: Grid) -> Grid {
    let each = |line: Vec<String>| line.iter().map(|cell| plain(cell)).collect();
    Grid { head: each(grid.head), rows: grid.rows.into_iter().map(each).collect() }
}

/// A table of words: every column to the left.
fn left_aligned(table: &str) -> String {
    let lines =
        table.lines().enumerate().map(|(at, line)| if at == 1 { line.replace(":|", "-|") } else { line.to_owned() });
    lines.map(|line| format!("{line}\n")).collect()
}

/// One line of text in which nothing is markup.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' => out.extend(['\\', letter]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

/// Text between backticks.
fn code(text: &str) -> String {
    text.chars().map(|letter| if letter == '`' || letter.is_control() { ' ' } else { letter }).collect()
}
