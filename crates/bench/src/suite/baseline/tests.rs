//! Runs that are kept, found again, refused, and compared.

use std::collections::BTreeMap;

use super::*;
use crate::stats::SplitMix64;
use crate::suite::spec::{Arm, Better, Cell, Experiment, Metric, Spec};
use crate::suite::summarise::{Header, summarise};
use crate::suite::summary::{Comparison, Verdict};

/// A run of ten blocks with a little noise, in which `pool`'s p99 is `factor` times `spawn`'s 5 ms.
fn run(factor: f64, seed: u64) -> Kept {
    let arm = |name: &str, judged_by: Option<&str>| Arm {
        name: name.to_owned(),
        strategy: name.split(' ').next().unwrap().to_owned(),
        is_control: name.ends_with("(control)"),
        judged_by: judged_by.map(str::to_owned),
        build: String::new(),
    };
    let metric = |key: &str, better| Metric {
        key: key.to_owned(),
        label: key.to_owned(),
        unit: String::new(),
        better,
        margin: 0.1,
    };
    let spec = Spec {
        experiment: Experiment::E1,
        title: String::new(),
        question: String::new(),
        setting: String::new(),
        cells: vec![Cell { name: "load 0.8".to_owned(), x: Some(0.8) }],
        axis: String::new(),
        arms: vec![arm("spawn", None), arm("spawn (control)", Some("spawn")), arm("pool", Some("spawn"))],
        metrics: vec![metric("p99_ms", Better::Lower), metric("ok_per_s", Better::Higher)],
        blocks: 10,
    };
    let mut random = SplitMix64::new(seed);
    let mut shaken = |value: f64| value * (0.98 + 0.04 * (random.below(1001) as f64 / 1000.0));
    let mut records = Vec::new();
    for block in 0..10 {
        for arm in &spec.arms {
            let p99 = if arm.name == "pool" { 5.0 * factor } else { 5.0 };
            let figures = BTreeMap::from([("p99_ms".to_owned(), shaken(p99)), ("ok_per_s".to_owned(), shaken(800.0))]);
            let (cell, arm) = ("load 0.8".to_owned(), arm.name.clone());
            records.push(TrialRecord { cell, arm, block, figures, ..TrialRecord::empty(Experiment::E1, seed) });
        }
    }
    let summary = summarise(&[spec], &records, Header { seed, ..Header::default() });
    Kept { summary, records }
}

fn write(run: &Kept, folder: &Path) {
    fs::write(folder.join(SUMMARY), serde_json::to_vec(&run.summary).unwrap()).unwrap();
    let lines: String =
        run.records.iter().map(|record| format!("{}\n", serde_json::to_string(record).unwrap())).collect();
    fs::write(folder.join(RESULTS), lines).unwrap();
}

#[test]
fn a_run_that_was_kept_comes_back_by_its_name_or_path_and_is_replaced() {
    let (root, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = root.path().join("elsewhere/x").display().to_string();
    for name in ["monday", &path] {
        for seed in [1, 2] {
            let kept = run(1.0, seed);
            write(&kept, dir.path());
            save(root.path(), name, dir.path()).unwrap();
            let back = load(root.path(), name).unwrap();
            // Not the floats to their last bit: reading decimal digits may lose it.
            assert_eq!((back.summary.seed, back.records.len()), (seed, kept.records.len()), "{name}");
            assert_eq!(back.records[29].arm, kept.records[29].arm, "{name}");
        }
    }
    assert!(root.path().join("baselines/monday/results.ndjson").is_file());
}

#[test]
fn what_is_no_baseline_is_refused_in_words() {
    let root = tempfile::tempdir().unwrap();
    let check = |name: &str, want: &str| {
        let error = load(root.path(), name).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains(want), "{name}: {error}");
    };
    check("monday", "there is none yet");
    check("", "no name for a baseline");
    check("..", "no name for a baseline");
    check("a/b", "nothing in a/b");
    let old = root.path().join("baselines/old");
    fs::create_dir_all(&old).unwrap();
    fs::write(old.join(SUMMARY), "{\"schema\": 99}").unwrap();
    check("monday", "known: old");
    check("old", "99");
    fs::write(old.join(SUMMARY), "[").unwrap();
    check("old", "summary.json");
}

#[test]
fn what_got_worse_is_a_regression_and_what_got_better_or_stayed_is_none() {
    let verdict = |compared: &[Comparison], arm: &str, metric: &str| {
        compared.iter().find(|one| one.arm == arm && one.metric.key == metric).unwrap().verdict
    };
    for (factor, want) in [(1.5, Verdict::Worse), (0.6, Verdict::Better), (1.0, Verdict::Equivalent)] {
        let compared = compare(&run(factor, 1), &run(1.0, 2));
        assert_eq!(compared.len(), 4, "two arms, two metrics, no control");
        assert_eq!(verdict(&compared, "pool", "p99_ms"), want);
        assert_eq!(verdict(&compared, "spawn", "p99_ms"), Verdict::Equivalent);
        let regressions: Vec<&Comparison> = compared.iter().filter(|one| is_regression(one)).collect();
        assert_eq!(regressions.len(), usize::from(want == Verdict::Worse), "{regressions:?}");
        let is_planted =
            |one: &Comparison| (&*one.cell, &*one.arm, &*one.metric.key) == ("E1, load 0.8", "pool", "p99_ms");
        assert!(regressions.iter().all(|one| is_planted(one)), "{regressions:?}");
    }
}

#[test]
fn a_difference_within_the_controls_is_grey_and_no_regression() {
    let (mut now, then) = (run(1.5, 1), run(1.0, 2));
    for one in now.summary.experiments.iter_mut().flat_map(|found| &mut found.comparisons) {
        one.high = if one.is_control { 2.0 } else { one.high };
    }
    let compared = compare(&now, &then);
    assert!(compared.iter().all(|one| one.is_grey), "{compared:?}");
    assert!(!compared.iter().any(is_regression));
}

#[test]
fn trials_that_do_not_count_are_not_compared() {
    let (mut now, then) = (run(1.0, 1), run(1.0, 2));
    for record in &mut now.records {
        // The wrong ones would make it a regression.
        if record.block < 3 {
            record.figures.insert("p99_ms".to_owned(), 500.0);
            match record.block {
                0 => record.disturbed = Some("steal".to_owned()),
                _ => record.invalid.push("client-bound".to_owned()),
            }
        }
    }
    let compared = compare(&now, &then);
    assert!(compared.iter().all(|one| one.blocks == 7 && one.verdict == Verdict::Equivalent), "{compared:?}");
}
