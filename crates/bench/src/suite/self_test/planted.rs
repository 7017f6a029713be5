//! A server that is 10 % slower on purpose, and one that is not, through the very path of the experiments: trials,
//! records, summary, verdict.

use std::time::Duration;

use super::Outcome;
use crate::error::BenchError;
use crate::load::open::{OpenPlan, Schedule};
use crate::plan::{Place, Plan};
use crate::suite::experiments::bout::{self, P50};
use crate::suite::experiments::said::judgement;
use crate::suite::lab::Ground;
use crate::suite::record::TrialRecord;
use crate::suite::spec::{Arm, Better, Cell, Experiment, Metric, Spec};
use crate::suite::summarise::{Header, summarise};
use crate::suite::summary::Verdict;

/// What each server waits. Long, so that a loaded machine is small beside it.
const TIMES: [(&str, &str); 3] =
    [("plain", "sleep:fix:100ms"), ("slower", "sleep:fix:110ms"), ("the same", "sleep:fix:100ms")];

/// The least for a verdict.
const BLOCKS: usize = crate::stats::BLOCKS_MIN;

/// Blocks at most: where a loaded machine leaves it open, more of them settle it.
const BLOCKS_MAX: usize = 4 * BLOCKS;

/// Whether the paired comparison finds the slower one and calls the other equivalent. A verdict that is open gets more
/// blocks; a wrong one is wrong at once.
pub(super) fn slowdown(ground: &Ground<'_>) -> Result<Outcome, BenchError> {
    let spec = spec();
    let names = |count: usize| vec![String::new(); count];
    let plan = Plan { blocks: BLOCKS_MAX, cells: names(1), arms: names(TIMES.len()), seed: ground.seed };
    let mut records = Vec::new();
    let mut found = Err("nothing compared".to_owned());
    for block in 0..BLOCKS_MAX {
        for place in plan.block(block) {
            ground.interrupt.check()?;
            records.push(trial(ground, &spec, place)?);
        }
        if block + 1 < BLOCKS {
            continue;
        }
        let [slower, same] = verdicts(&spec, &records);
        if slower == Some(Verdict::Worse) && same == Some(Verdict::Equivalent) {
            return Ok(Ok(()));
        }
        found = Err(said(&spec, &records));
        if !is_open(slower, Verdict::Worse) || !is_open(same, Verdict::Equivalent) {
            break;
        }
    }
    Ok(found)
}

/// Whether more blocks may still bring what is wanted.
fn is_open(verdict: Option<Verdict>, wanted: Verdict) -> bool {
    verdict == Some(wanted) || matches!(verdict, Some(Verdict::Inconclusive { .. }))
}

/// Of the slower one and of the same.
fn verdicts(spec: &Spec, records: &[TrialRecord]) -> [Option<Verdict>; 2] {
    let summary = summarise(std::slice::from_ref(spec), records, Header::default());
    let found = summary.experiment(spec.experiment);
    ["slower", "the same"].map(|arm| found?.comparison("", arm, P50).map(|one| one.verdict))
}

/// What was found, for whoever has to find out why.
fn said(spec: &Spec, records: &[TrialRecord]) -> String {
    let summary = summarise(std::slice::from_ref(spec), records, Header::default());
    let comparisons = summary.experiment(spec.experiment).map_or(&[][..], |found| &found.comparisons);
    let judged: Vec<String> = comparisons.iter().map(judgement).collect();
    let medians = |record: &TrialRecord| Some(format!("{} {:.1}", record.arm, record.figures.get(P50)?));
    let medians: Vec<String> = records.iter().filter_map(medians).collect();
    format!("{}; medians in ms: {}", judged.join(", "), medians.join(", "))
}

fn trial(ground: &Ground<'_>, spec: &Spec, place: Place) -> Result<TrialRecord, BenchError> {
    let (_, work) = TIMES.get(place.arm).copied().unwrap_or_default();
    let plan = OpenPlan { warm_up: Duration::ZERO, ..bout::plan(Schedule::fixed(200.0, Duration::from_millis(150))) };
    let bout = bout::run(ground, &bout::server("spawn", 8, 100, work), plan)?;
    // Whether the load was exact is another check's question.
    Ok(TrialRecord { invalid: Vec::new(), ..bout.record(ground, spec, place)? })
}

fn spec() -> Spec {
    let arm = |(name, _): (&str, &str)| Arm {
        name: name.to_owned(),
        strategy: "spawn".to_owned(),
        is_control: false,
        judged_by: (name != "plain").then(|| "plain".to_owned()),
        build: String::new(),
    };
    let metric = Metric {
        key: P50.to_owned(),
        label: "median latency".to_owned(),
        unit: "ms".to_owned(),
        better: Better::Lower,
        margin: 0.05,
    };
    Spec {
        experiment: Experiment::E1,
        title: String::new(),
        question: String::new(),
        setting: String::new(),
        cells: vec![Cell { name: String::new(), x: None }],
        axis: String::new(),
        arms: TIMES.map(arm).to_vec(),
        metrics: vec![metric],
        blocks: BLOCKS,
    }
}
