//! Runs made of planted numbers, and what the summary makes of them.

use std::time::Duration;

use super::*;
use crate::stats::{Latencies, SplitMix64};
use crate::suite::record::{Counts, Parts, SCHEMA as RECORD_SCHEMA};
use crate::suite::spec::{Arm, Better, Cell, Experiment, Metric};
use crate::suite::summary::{Comparison, Verdict};
use crate::suite::validity;

fn arm(name: &str, judged_by: Option<&str>, is_control: bool) -> Arm {
    let judged_by = judged_by.map(str::to_owned);
    Arm { name: name.to_owned(), strategy: name.to_owned(), is_control, judged_by, build: String::new() }
}

fn metric(key: &str, better: Better, margin: f64) -> Metric {
    Metric { key: key.to_owned(), label: key.to_owned(), unit: "ms".to_owned(), better, margin }
}

fn spec(experiment: Experiment, blocks: usize) -> Spec {
    Spec {
        experiment,
        title: "title".to_owned(),
        question: "question?".to_owned(),
        setting: "setting".to_owned(),
        cells: vec![Cell { name: "load 0.5".to_owned(), x: Some(0.5) }],
        axis: "load".to_owned(),
        arms: vec![arm("spawn", None, false), arm("control", Some("spawn"), true), arm("pool", Some("spawn"), false)],
        metrics: vec![metric("p99_ms", Better::Lower, 0.1), metric("ok_per_s", Better::Higher, 0.05)],
        blocks,
    }
}

fn record(arm: &str, block: usize, p99_ms: f64) -> TrialRecord {
    TrialRecord {
        schema: RECORD_SCHEMA,
        experiment: Experiment::E1,
        cell: "load 0.5".to_owned(),
        arm: arm.to_owned(),
        block,
        seed: 1,
        started_unix_ms: 0,
        seconds: 1.0,
        counts: Counts { offered: 10, ok: 8, shed: 2, ..Counts::default() },
        invalid: Vec::new(),
        disturbed: None,
        intended: None,
        sent: None,
        parts: None,
        figures: BTreeMap::from([("p99_ms".to_owned(), p99_ms), ("ok_per_s".to_owned(), 1000.0 / p99_ms)]),
        classes: Vec::new(),
        timeline: Vec::new(),
        strip: Vec::new(),
    }
}

/// Blocks of a reference of about 10, its control and a pool of `factor` times that, each with `noise` (a share) on it.
fn run(factor: f64, noise: f64, blocks: usize, seed: u64) -> Vec<TrialRecord> {
    let mut random = SplitMix64::new(seed);
    let mut shaken = |centre: f64| centre * (1.0 + noise * (random.below(2001) as f64 / 1000.0 - 1.0));
    let block = |block| {
        [("spawn", 10.0), ("control", 10.0), ("pool", 10.0 * factor)]
            .map(|(arm, centre)| record(arm, block, shaken(centre)))
    };
    (0..blocks).flat_map(block).collect()
}

fn summary(records: &[TrialRecord]) -> Summary {
    summarise(&[spec(Experiment::E1, 8), spec(Experiment::E2, 8)], records, Header { seed: 3, ..Header::default() })
}

fn about<'a>(summary: &'a Summary, arm: &str, metric: &str) -> &'a Comparison {
    summary.experiments[0].comparison("load 0.5", arm, metric).unwrap()
}

#[test]
fn verdict_goes_which_way_is_good() {
    let check = |factor: f64, p99: Verdict, ok: Verdict| {
        let found = summary(&run(factor, 0.01, 8, 5));
        assert_eq!((about(&found, "pool", "p99_ms").verdict, about(&found, "pool", "ok_per_s").verdict), (p99, ok));
        assert_eq!(about(&found, "control", "p99_ms").verdict, Verdict::Equivalent);
    };
    check(1.5, Verdict::Worse, Verdict::Worse);
    check(0.5, Verdict::Better, Verdict::Better);
    check(1.0, Verdict::Equivalent, Verdict::Equivalent);
    // Within 10 % of the p99 and beyond 5 % of the throughput.
    check(1.08, Verdict::Equivalent, Verdict::Worse);
}

#[test]
fn rows_hold_what_the_trials_come_to() {
    let mut records = run(1.0, 0.0, 5, 1);
    let parts = |service_us| Some(Parts { service_us, ..Parts::default() });
    let mut latencies = Latencies::new();
    (1..=400).for_each(|millis| latencies.record(Duration::from_millis(millis)));
    for record in records.iter_mut().filter(|record| record.arm == "pool") {
        record.parts = parts(record.block as f64);
        record.intended = Some(latencies.encoded());
        record.figures.insert("extra".to_owned(), record.block as f64);
    }
    let found = summary(&records);
    let experiment = &found.experiments[0];
    assert_eq!((found.experiments.len(), experiment.blocks, experiment.rows.len()), (1, 5, 3));
    let row = experiment.row("load 0.5", "pool").unwrap();
    assert_eq!((row.trials, row.counts.offered, row.counts.shed, row.counts.ok), (5, 50, 10, 40));
    assert_eq!((row.parts, row.figures["extra"]), (parts(2.0), 2.0));
    assert_eq!((row.intended.samples, row.sent.samples), (2_000, 0));
    // One trial carries no p99; five together do.
    assert!((row.intended.p99_ms.unwrap() - 396.0).abs() < 1.0, "{row:?}");
}

#[test]
fn a_disturbed_trial_drops_its_block_for_all() {
    let mut records = run(1.0, 0.0, 6, 1);
    let struck = records.iter_mut().find(|record| record.block == 2 && record.arm == "pool").unwrap();
    struck.disturbed = Some("others took 14 % of our cores".to_owned());
    struck.invalid = vec!["it does not count twice".to_owned()];
    let found = summary(&records);
    let experiment = &found.experiments[0];
    assert_eq!((experiment.blocks, experiment.blocks_dropped, found.invalid_trials), (5, 1, 0));
    assert!(experiment.rows.iter().all(|row| row.trials == 5), "{:?}", experiment.rows);
    assert!(experiment.comparisons.iter().all(|one| one.blocks == 5), "{:?}", experiment.comparisons);
    assert!(found.warnings[0].contains("block 3: others took 14 %"), "{:?}", found.warnings);
}

#[test]
fn an_invalid_trial_takes_its_pairs_with_it() {
    let check = |arm: &str, pool: usize, control: usize| {
        let mut records = run(1.0, 0.0, 6, 1);
        let struck = records.iter_mut().find(|record| record.block == 2 && record.arm == arm).unwrap();
        struck.invalid = vec!["achieved 0.9 of offered".to_owned()];
        let found = summary(&records);
        let blocks = |arm| about(&found, arm, "p99_ms").blocks;
        assert_eq!((blocks("pool"), blocks("control")), (pool, control), "{arm}");
        assert_eq!(found.invalid_trials, 1);
        assert_eq!(found.experiments[0].row("load 0.5", arm).unwrap().trials, 5);
        assert_eq!(found.experiments[0].objections, [format!("load 0.5, {arm}, block 3: achieved 0.9 of offered")]);
    };
    check("pool", 5, 6);
    check("spawn", 5, 5);
}

#[test]
fn the_last_of_two_records_of_a_trial_counts() {
    let mut records = run(1.0, 0.0, 5, 1);
    records.push(record("pool", 0, 1_000.0));
    records.extend((0..5).map(|block| record("spawn", block, 20.0)));
    let found = summary(&records);
    assert_eq!(found.experiments[0].row("load 0.5", "spawn").unwrap().figures["p99_ms"], 20.0);
    assert_eq!(found.experiments[0].row("load 0.5", "spawn").unwrap().trials, 5);
    assert!((about(&found, "pool", "p99_ms").high - 50.0).abs() < 1e-6);
}

#[test]
fn what_chance_does_to_the_control_is_grey() {
    let check = |factor: f64, noise: f64, grey: bool| {
        let found = summary(&run(factor, noise, 8, 2));
        let pool = about(&found, "pool", "p99_ms");
        assert_eq!(pool.is_grey, grey, "factor {factor}, noise {noise}: {pool:?}");
        assert!(about(&found, "control", "p99_ms").is_grey);
    };
    check(1.02, 0.20, true);
    check(1.02, 0.001, false);
    check(2.00, 0.20, false);
}

#[test]
fn without_a_control_nothing_is_grey() {
    let records: Vec<_> = run(1.0001, 0.2, 8, 2).into_iter().filter(|record| record.arm != "control").collect();
    let found = summary(&records);
    assert!(found.experiments[0].comparisons.iter().all(|one| !one.is_grey));
}

#[test]
fn holm_goes_over_the_whole_run() {
    let found = summary(&run(1.5, 0.02, 8, 5));
    assert!(about(&found, "pool", "p99_ms").survives_holm);
    assert!(!about(&found, "control", "p99_ms").survives_holm);
    // The same difference in four blocks only is no verdict at all.
    let found = summary(&run(1.5, 0.02, 4, 5));
    let pool = about(&found, "pool", "p99_ms");
    assert_eq!((pool.verdict, pool.survives_holm), (Verdict::TooFew, false));
}

#[test]
fn a_control_that_differs_is_a_warning() {
    let mut records = run(1.0, 0.01, 8, 5);
    for record in records.iter_mut().filter(|record| record.arm == "control") {
        record.figures.insert("p99_ms".to_owned(), 20.0 + 0.01 * record.block as f64);
    }
    let found = summary(&records);
    assert!(found.warnings.iter().any(|text| text.contains("the control differs")), "{:?}", found.warnings);
    assert_eq!(summary(&run(1.0, 0.01, 8, 5)).warnings, [""; 0]);
}

#[test]
fn nothing_answered_at_all_is_compared() {
    let mut records = run(1.0, 0.01, 8, 5);
    for record in records.iter_mut().filter(|record| record.arm == "pool") {
        record.figures.insert("ok_per_s".to_owned(), 0.0);
    }
    let found = summary(&records);
    let pool = about(&found, "pool", "ok_per_s");
    assert_eq!((pool.verdict, pool.blocks), (Verdict::Worse, 8));
    assert!(pool.estimate < 1e-5);
}

#[test]
fn grade_follows_what_others_took() {
    let check = |others: f64, dropped: usize, want: &str| {
        let mut records = run(1.0, 0.0, 20, 1);
        for record in &mut records {
            record.figures.insert("noise_others".to_owned(), others);
            record.figures.insert("noise_steal".to_owned(), 0.002);
            record.disturbed = (record.block < dropped).then(|| "disturbed".to_owned());
        }
        let found = summary(&records);
        assert_eq!(found.noise_grade, want, "{others}, {dropped}: {}", found.noise);
        assert!(found.noise.contains(&format!("{dropped} of 20 blocks dropped")), "{}", found.noise);
    };
    check(0.005, 0, "A");
    check(0.005, 2, "B");
    check(0.02, 0, "B");
    check(0.07, 6, "C");
    check(0.07, 8, "D");
    check(0.20, 0, "D");
    assert_eq!(summary(&run(1.0, 0.0, 5, 1)).noise_grade, "?");
}

#[test]
fn what_cannot_be_read_is_said() {
    let mut records = run(1.0, 0.01, 5, 5);
    records[0].intended = Some("no histogram".to_owned());
    let found = summary(&records);
    assert!(found.warnings[0].contains("cannot be read"), "{:?}", found.warnings);
}

#[test]
fn a_drift_is_a_warning_where_all_were_answered() {
    let check = |drift: f64, ok: u64, is_said: bool| {
        let mut records = run(1.0, 0.01, 5, 5);
        for record in records.iter_mut().filter(|record| record.arm == "pool") {
            record.figures.insert(validity::DRIFT.to_owned(), drift);
            record.counts = Counts { offered: 1000, ok, timed_out: 1000 - ok, ..Counts::default() };
        }
        let found = summary(&records);
        let said = found.warnings.iter().any(|text| text.contains("not steady in load 0.5 (pool)"));
        assert_eq!(said, is_said, "{drift}, {ok}: {:?}", found.warnings);
    };
    check(1.6, 1000, true);
    check(0.6, 1000, true);
    check(1.4, 1000, false);
    check(1.6, 900, false);
}

#[test]
fn timers_of_the_kernel_are_a_warning() {
    let mut latencies = Latencies::new();
    (0..500).for_each(|at| latencies.record(Duration::from_millis(if at % 10 == 0 { 1001 } else { 5 })));
    let mut records = run(1.0, 0.01, 5, 5);
    records[0].intended = Some(latencies.encoded());
    let found = summary(&records);
    assert!(found.warnings[0].contains("behind 1000 ms"), "{:?}", found.warnings);
}

#[test]
fn same_records_same_summary() {
    let records = run(1.1, 0.1, 8, 5);
    assert_eq!(summary(&records), summary(&records));
}
