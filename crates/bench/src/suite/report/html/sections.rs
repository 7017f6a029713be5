//! The words of the page: verdicts, surroundings, threats, the command, all tables.

use serde_json::Value;

use super::table;
use crate::suite::report::grid::Grid;
use crate::suite::report::rows;
use crate::suite::report::words::{self, escaped};
use crate::suite::summary::{ExperimentSummary, Summary};

/// Title, machine and what a reader has to know first.
pub(super) fn head(summary: &Summary) -> String {
    let Summary { preset, seed, took_seconds, noise_grade, started, machine, .. } = summary;
    let took = words::duration(*took_seconds);
    let mut out = format!(
        "<h1>A task per connection, or a pool?</h1>\n<p class=\"soft\">{} preset, seed {seed}, begun {}, took {took}. \
         {}. Noise grade <strong>{}</strong>.</p>\n",
        escaped(preset),
        escaped(started),
        escaped(machine),
        escaped(noise_grade)
    );
    if summary.interrupted {
        out.push_str("<p class=\"note\">This run was interrupted; what was complete is here.</p>\n");
    }
    if summary.invalid_trials > 0 {
        let count = words::counted(summary.invalid_trials, "invalid trial");
        out.push_str(&format!(
            "<p class=\"note\"><span class=\"bad\">{count}</span> left out; the reasons stand with the tables.</p>\n"
        ));
    }
    out
}

/// A card for each experiment.
pub(super) fn cards(summary: &Summary) -> String {
    let cards: String = summary.experiments.iter().map(card).collect();
    format!("<section id=\"verdicts\">\n<h2>Verdicts</h2>\n<div class=\"cards\">\n{cards}</div>\n</section>\n")
}

fn card(found: &ExperimentSummary) -> String {
    let is_broken = found.promises.iter().any(|promise| promise.is_kept == Some(false));
    let findings = found.findings.iter().map(|text| format!("<li>{}</li>", escaped(text)));
    let promises = found.promises.iter().map(|promise| {
        let (class, state) = match promise.is_kept {
            Some(true) => ("good", "kept"),
            Some(false) => ("bad", "broken"),
            None => ("soft", "not seen"),
        };
        format!("<li><span class=\"{class}\">{state}</span>: {}</li>", escaped(&promise.text))
    });
    let list: String = findings.chain(promises).collect();
    let list = if list.is_empty() { list } else { format!("<ul>{list}</ul>") };
    format!(
        "<article class=\"card{}\"><h3>{} {}</h3><p><strong>{}</strong></p><p class=\"soft\">{}</p>{list}</article>\n",
        if is_broken { " broken" } else { "" },
        found.spec.experiment.name(),
        escaped(&found.spec.title),
        escaped(&found.verdict),
        escaped(&found.spec.question)
    )
}

/// Where it ran, and how quiet it was there.
pub(super) fn surroundings(summary: &Summary, environment: &Value) -> String {
    let mut grid = Grid::new(["what", "was"]);
    flattened("", environment, &mut grid);
    let floor = words::noise_floor(&summary.experiments).map_or_else(
        || "No control ran, so nothing says how far chance alone goes.".to_owned(),
        |floor| {
            format!(
                "The reference ran a second time under another name: the two differ by ±{} by chance.",
                words::percent(floor)
            )
        },
    );
    let warnings: String =
        summary.warnings.iter().map(|text| format!("<p class=\"note\">{}</p>\n", escaped(text))).collect();
    format!(
        "<section id=\"noise\">\n<h2>Environment and noise</h2>\n<p>Noise grade <strong>{}</strong>: {}. {floor}</p>\n{warnings}\
         <details><summary>Everything recorded about the machine</summary>{}</details>\n</section>\n",
        escaped(&summary.noise_grade),
        escaped(summary.noise.trim_end_matches('.')),
        table(&grid)
    )
}

/// `kernel.somaxconn` and its value, a row each.
fn flattened(place: &str, value: &Value, grid: &mut Grid) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                flattened(&place, field, grid);
            }
        }
        Value::Null => grid.push([place, words::DASH]),
        Value::String(text) => grid.push([place, text]),
        other => grid.push([place.to_owned(), other.to_string()]),
    }
}

/// Why one might be wrong to believe it.
pub(super) fn threats(summary: &Summary) -> String {
    const ALWAYS: [&str; 6] = [
        "Client, server and kernel share one machine. Loopback has no distance and no loss, and the kernel's work is charged to whoever sends. Compare strategies with each other, not these figures with those of another machine.",
        "A service that waits (a sleep) stands for one that waits for a disk or a database. It says nothing about work that computes; E4 and E5 do.",
        "Trials are short. What builds up over hours, such as fragmented memory, does not show.",
        "An interval over few blocks is wide and rests on few numbers. It says where the median lies, not what one trial will do.",
        "The model takes the measured mean and variation of the service; it knows neither the kernel's timers nor the scheduler.",
        "Arrivals are Poisson: people come in clusters, and then every queue is longer than here.",
    ];
    let own = summary.experiments.iter().filter(|found| found.blocks_dropped > 0).map(|found| {
        format!(
            "{}: {} dropped because the machine was disturbed.",
            found.spec.experiment.name(),
            words::counted(found.blocks_dropped, "block")
        )
    });
    let all: String = ALWAYS
        .iter()
        .map(|text| (*text).to_owned())
        .chain(own)
        .map(|text| format!("<li>{}</li>\n", escaped(&text)))
        .collect();
    format!("<section id=\"threats\">\n<h2>Threats to validity</h2>\n<ul>\n{all}</ul>\n</section>\n")
}

/// How to do it again.
pub(super) fn command(summary: &Summary) -> String {
    format!(
        "<section id=\"again\">\n<h2>The exact command</h2>\n<pre>{}</pre>\n<p class=\"soft\">The same seed gives the same arrivals, \
         orders and resamples. <code>bench-client report</code> with this folder makes this page again from its records.</p>\n</section>\n",
        escaped(&summary.command)
    )
}

/// Every row of every experiment.
pub(super) fn raw(summary: &Summary) -> String {
    let files = "results.ndjson holds every trial with its histograms, summary.json (with its schema), summary.csv and \
                 summary.md the same as here, env.json the machine.";
    let all: String = summary.experiments.iter().map(experiment).collect();
    format!("<section id=\"tables\">\n<h2>All tables</h2>\n<p>Beside this page: {files}</p>\n{all}</section>\n")
}

fn experiment(found: &ExperimentSummary) -> String {
    let mut out = format!(
        "<details>\n<summary>{} {}, {}</summary>\n<p>{}</p>\n",
        found.spec.experiment.name(),
        escaped(&found.spec.title),
        words::counted(found.blocks, "block"),
        escaped(&found.spec.setting)
    );
    for cell in &found.spec.cells {
        let lines = rows::lines_of(found, &cell.name);
        if !lines.is_empty() {
            out.push_str(&table(
                &rows::grid(&cell.name, &lines, &rows::columns(found, &lines)).without_empty_columns(),
            ));
        }
    }
    if !found.objections.is_empty() {
        let all: String = found.objections.iter().map(|text| format!("<li>{}</li>", escaped(text))).collect();
        out.push_str(&format!("<h3>Left out</h3><ul>{all}</ul>\n"));
    }
    out.push_str("</details>\n");
    out
}
