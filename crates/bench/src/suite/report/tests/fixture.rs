//! A run that never was: all experiments in all states, from a small simulation, the same every time.
//!
//! One arm is invalid in one cell, one starves, one block is disturbed, some comparisons are grey, some open.

mod queue;
mod specs;
mod trials;

use std::sync::OnceLock;

use crate::stats::SplitMix64;
use crate::suite::record::TrialRecord;
use crate::suite::spec::{Experiment, Spec};
use crate::suite::summarise::{Header, summarise};
use crate::suite::summary::{Promise, Summary};

/// All experiments of the fixture.
pub(super) fn specs() -> Vec<Spec> {
    specs::all()
}

/// Their trials.
pub(super) fn records() -> Vec<TrialRecord> {
    records_of(&specs())
}

/// The trials of some.
pub(super) fn records_of(specs: &[Spec]) -> Vec<TrialRecord> {
    let mut random = SplitMix64::new(7);
    let mut records = Vec::new();
    for spec in specs {
        for block in 0..spec.blocks {
            for cell in 0..spec.cells.len() {
                for arm in 0..spec.arms.len() {
                    records.push(trials::trial(spec, cell, arm, block, &mut random));
                }
            }
        }
    }
    records
}

/// The summary of the whole fixture; its intervals take a while, so it is made once.
pub(super) fn summary() -> Summary {
    static MADE: OnceLock<Summary> = OnceLock::new();
    MADE.get_or_init(|| summary_of(&specs())).clone()
}

/// What the quick preset would run.
pub(super) fn quick() -> Summary {
    use Experiment::{E0, E1, E3, E5, E6, E8, Exercise};
    let mut summary = summary();
    summary.experiments.retain(|found| [E0, Exercise, E1, E3, E5, E6, E8].contains(&found.spec.experiment));
    summary
}

/// A run that was ended before its first trial.
pub(super) fn empty() -> Summary {
    Summary { interrupted: true, ..summarise(&[], &[], header()) }
}

/// Names that try to be markup, formulas, escapes, and too long.
pub(super) fn hostile() -> Summary {
    static MADE: OnceLock<Summary> = OnceLock::new();
    MADE.get_or_init(|| summary_of(&hostile_specs())).clone()
}

/// The specs behind [`hostile`].
pub(super) fn hostile_specs() -> Vec<Spec> {
    let mut specs = specs::all();
    specs.retain(|spec| matches!(spec.experiment, Experiment::E1 | Experiment::E5 | Experiment::E8));
    let names = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "=HYPERLINK(\"http://example.org\")",
        "]]> & \u{1b}[31m red \u{7}\u{0}",
        "a|b\r\n| c",
        "[x](javascript:alert(1))",
        "a name that is a good deal longer than anybody would ever wish to read in a table of figures, and then some",
    ];
    for spec in &mut specs {
        spec.title = names[0].to_owned();
        spec.question = names[1].to_owned();
        spec.cells.truncate(2);
        spec.cells[0].name = names[3].to_owned();
        let reference = names[0].to_owned();
        for (arm, name) in spec.arms.iter_mut().zip(names) {
            arm.name = name.to_owned();
            arm.strategy = name.to_owned();
            arm.judged_by = arm.judged_by.as_ref().map(|_| reference.clone());
        }
    }
    specs
}

/// Names in Chinese.
pub(super) fn chinese() -> Summary {
    let mut specs = specs::all();
    specs.retain(|spec| spec.experiment == Experiment::E1);
    specs[0].cells.truncate(1);
    for arm in specs.iter_mut().flat_map(|spec| &mut spec.arms) {
        arm.name = arm.name.replace("pool", "线程池");
    }
    summary_of(&specs)
}

fn header() -> Header {
    Header {
        command: "cargo xtask bench --preset full --seed 7".to_owned(),
        started: "2026-11-24T18:05:00Z".to_owned(),
        preset: "full".to_owned(),
        seed: 7,
        warnings: vec!["both sides and the kernel share 2 cores; two machines would not".to_owned()],
        ..Header::default()
    }
}

fn summary_of(specs: &[Spec]) -> Summary {
    let mut summary = summarise(specs, &records_of(specs), header());
    "AMD EPYC, 2 cores, Linux 6.18.44; server on core 0, load on core 1".clone_into(&mut summary.machine);
    summary.took_seconds = 4_521.0;
    for found in &mut summary.experiments {
        specs::conclude(found);
        if found.spec.experiment == Experiment::E8 {
            found.promises = vec![
                Promise { text: "pool-request serves all 200 people: 200".to_owned(), is_kept: Some(true) },
                Promise { text: "nobody who is served waits longer than 1 s: 1.35 s".to_owned(), is_kept: Some(false) },
                Promise { text: "the kernel's queue stays below its backlog".to_owned(), is_kept: None },
            ];
        }
    }
    summary
}
