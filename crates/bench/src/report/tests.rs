//! What the reports look like.

use super::*;
use crate::machine::Pinning;

fn ratio(pairs: &[(f64, f64)]) -> Ratio {
    Ratio::of(pairs, 0.05, 1).unwrap()
}

fn comparison(pairs: &[(f64, f64)], goal: Option<f64>) -> Comparison {
    let ratio = ratio(pairs);
    Comparison {
        cell: "64 B".to_owned(),
        subject: "ours".to_owned(),
        reference: "theirs".to_owned(),
        metric: "requests/s",
        ratio,
        goal: goal.map(|at_least| ratio.goal(at_least)),
        is_control: false,
    }
}

#[test]
fn numbers_have_three_digits_and_a_unit() {
    let check = |got: String, want: &str| assert_eq!(got, want);
    check(rate_text(23_140_000.0), "23.1 M/s");
    check(rate_text(999_999.0), "1000 k/s");
    check(rate_text(845.4), "845 /s");
    check(micros_text(1250.0), "1.25 ms");
    check(micros_text(99.97), "100 µs");
    check(micros_text(2_310_000.0), "2.31 s");
    check(bytes_text(2180.0), "2.13 KiB");
    check(bytes_text(17.0), "17.0 B");
    check(bytes_text(5_242_880.0), "5.00 MiB");
    check(percent_text(0.05), "5 %");
    check(percent_text(0.025), "2.5 %");
    check(percent_text(0.974), "97 %");
    check(optional(None, rate_text), "—");
}

#[test]
fn verdicts_are_sentences() {
    let check = |pairs: &[(f64, f64)], goal: Option<f64>, want: &str| {
        assert_eq!(comparison(pairs, goal).sentence(), want);
    };
    check(
        &[(3.0, 1.0); 6],
        Some(3.0),
        "64 B: ours by theirs, requests/s: 3.00 [3.00 3.00], more; goal of at least 3: met",
    );
    check(&[(1.0, 2.0); 6], None, "64 B: ours by theirs, requests/s: 0.500 [0.500 0.500], less");
    check(
        &[(1.0, 1.0); 6],
        Some(1.5),
        "64 B: ours by theirs, requests/s: 1.00 [1.00 1.00], equivalent within 5 %; goal of at least 1.5: MISSED",
    );
    check(
        &[(1.0, 1.0); 3],
        Some(0.95),
        "64 B: ours by theirs, requests/s: 1.00 [1.00 1.00], inconclusive, needs about 2 more blocks; goal of at \
         least 0.95: not shown either way",
    );
}

#[test]
fn control_says_what_chance_does() {
    let mut control = comparison(&[(1.02, 1.0), (0.98, 1.0), (1.0, 1.0), (1.01, 1.0), (0.99, 1.0)], None);
    control.is_control = true;
    assert_eq!(control.sentence(), "64 B: control, ours against itself: 1.00 [0.980 1.02]; chance alone: 2 %");
}

#[test]
fn markdown_stands_between_its_markers() {
    let report = Report {
        experiment: "echo",
        command: "bench-client echo --blocks 8".to_owned(),
        environment: Environment::read(Pinning::NONE),
        blocks: 8,
        seed: 1,
        tables: vec![Table {
            title: "Echo".to_owned(),
            headers: vec!["server", "rate"],
            rows: vec![vec!["ours".to_owned(), "1 /s".to_owned()]],
        }],
        comparisons: vec![comparison(&[(3.0, 1.0); 6], None)],
        findings: Vec::new(),
        warnings: vec!["the machine was busy".to_owned()],
        invalid_trials: 0,
        interrupted: false,
    };
    let markdown = report.markdown();
    let lines: Vec<&str> = markdown.lines().collect();
    assert_eq!(lines[0], "<!-- generated: bench-client echo --blocks 8 -->");
    assert!(lines[1].ends_with("8 blocks, seed 1."), "{}", lines[1]);
    assert!(lines.contains(&"| server | rate |"), "{markdown}");
    assert!(lines.contains(&"| ours   | 1 /s |"), "{markdown}");
    assert!(lines.contains(&"- warning: the machine was busy"), "{markdown}");
    assert_eq!(lines.last(), Some(&"<!-- end generated -->"));
}
