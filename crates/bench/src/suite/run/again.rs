//! A run shown again: everything but the records is made anew from the records.

use std::path::Path;

use super::ending::{columns, concluded, is_coloured, print};
use super::folder::{self, iso};
use super::journal::Journal;
use crate::args::ReportArguments;
use crate::error::BenchError;
use crate::suite::record::TrialRecord;
use crate::suite::report;
use crate::suite::spec::Spec;
use crate::suite::summarise::{Header, summarise};
use crate::suite::summary::Summary;

/// Writes the report of the run in a folder again, and prints its summary.
///
/// # Errors
/// If there is no run in the folder, or something cannot be read or written.
pub fn again(arguments: &ReportArguments) -> Result<(), BenchError> {
    let folder = &arguments.dir;
    let run = folder::read(folder)?;
    let (_, records) = Journal::open(folder)?;
    let environment = read(&folder.join("env.json")).unwrap_or_default();
    let earlier: Option<Summary> = read(&folder.join("summary.json"));
    let header = header(&run, &records, earlier);
    let mut summary = concluded(summarise(&run.specs, &records, header), other_build(&run.specs).as_deref());
    let mut seen = Vec::new();
    summary.warnings.retain(|warning| {
        let is_new = !seen.contains(warning);
        seen.push(warning.clone());
        is_new
    });
    report::write_all(folder, &summary, &records, &environment)
        .map_err(BenchError::io("the results cannot be written"))?;
    if let Some(docs) = &arguments.docs {
        report::write_docs(docs, &summary, &records).map_err(BenchError::io("the documentation cannot be written"))?;
    }
    print(&report::terminal(&summary, columns(), is_coloured()), folder)
}

/// What the records do not say: as it was said before, where the run came to its end.
fn header(run: &folder::Run, records: &[TrialRecord], earlier: Option<Summary>) -> Header {
    let last = records.iter().map(|one| one.started_unix_ms).max().unwrap_or(run.started_unix_ms);
    let preset = run.preset.name();
    let blank = Header {
        command: format!("bench-client suite --preset {preset} --seed {}", run.seed),
        started: iso(run.started_unix_ms),
        took_seconds: last.saturating_sub(run.started_unix_ms) / 1000,
        preset,
        seed: run.seed,
        // Only a run that came to its end has left a summary.
        interrupted: earlier.as_ref().is_none_or(|earlier| earlier.interrupted),
        ..Header::default()
    };
    match earlier {
        None => blank,
        Some(Summary { command, machine, took_seconds, warnings, .. }) => {
            let took_seconds = std::time::Duration::try_from_secs_f64(took_seconds).unwrap_or_default().as_secs();
            Header { command, machine, took_seconds, warnings, ..blank }
        }
    }
}

/// The build that `--against` named.
fn other_build(specs: &[Spec]) -> Option<String> {
    specs.iter().flat_map(|spec| &spec.arms).map(|arm| &arm.build).find(|build| !build.is_empty()).cloned()
}

/// What a file says, if it is there and says it.
fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::record::Counts;
    use crate::suite::spec::{Arm, Cell, Experiment, Preset};

    fn folder_of_a_run() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let spec = Spec {
            experiment: Experiment::E7,
            title: "Slow clients".to_owned(),
            question: String::new(),
            setting: String::new(),
            cells: vec![Cell { name: "cell".to_owned(), x: None }],
            axis: String::new(),
            arms: vec![Arm {
                name: "spawn".to_owned(),
                strategy: "spawn".to_owned(),
                is_control: false,
                judged_by: None,
                build: String::new(),
            }],
            metrics: Vec::new(),
            blocks: 1,
        };
        let run = folder::Run { schema: 1, started_unix_ms: 0, preset: Preset::Quick, seed: 5, specs: vec![spec] };
        std::fs::write(folder.path().join("specs.json"), serde_json::to_vec(&run).unwrap()).unwrap();
        let counts = Counts { offered: 3, ok: 3, ..Counts::default() };
        let record = TrialRecord {
            arm: "spawn".to_owned(),
            cell: "cell".to_owned(),
            counts,
            ..TrialRecord::empty(Experiment::E7, 5)
        };
        Journal::open(folder.path()).unwrap().0.append(&record).unwrap();
        folder
    }

    #[test]
    fn a_killed_run_is_shown_as_interrupted_and_shown_twice_the_same() {
        let folder = folder_of_a_run();
        let arguments = ReportArguments { dir: folder.path().to_owned(), docs: None };
        again(&arguments).unwrap();
        let first = std::fs::read(folder.path().join("summary.json")).unwrap();
        let summary: Summary = serde_json::from_slice(&first).unwrap();
        assert!(summary.interrupted && summary.experiments[0].rows[0].counts.ok == 3 && summary.seed == 5);
        assert!(folder.path().join("report.html").exists());
        again(&arguments).unwrap();
        assert!(std::fs::read(folder.path().join("summary.json")).unwrap() == first);
    }

    #[test]
    fn a_folder_without_a_run_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let said = again(&ReportArguments { dir: folder.path().to_owned(), docs: None }).unwrap_err();
        assert!(said.to_string().contains("specs.json"), "{said}");
    }
}
