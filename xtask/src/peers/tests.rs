//! What the table makes of bench-client's lines, and how the command is typed.

use std::process::{Command, ExitStatus};

use clap::Parser;
use serde_json::{Value, json};

use super::measure::{Ended, Kind};
use super::*;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

fn parsed(line: &str) -> Result<Options, String> {
    let words = std::iter::once("peers").chain(line.split_whitespace());
    Cli::try_parse_from(words).map(|cli| cli.options).map_err(|error| error.to_string())
}

/// How a program ends with this code.
fn status(code: u8) -> ExitStatus {
    let shell = if cfg!(windows) { ["cmd", "/C"] } else { ["sh", "-c"] };
    Command::new(shell[0]).args([shell[1], &format!("exit {code}")]).status().unwrap()
}

fn comparison(subject: &str, reference: &str, goal: Option<(f64, &str)>) -> Value {
    let goal = goal.map(|(at_least, state)| json!({ "at_least": at_least, "state": state }));
    let ratio = json!({ "blocks": 8, "estimate": 6.7, "low": 6.51, "high": 7.412, "margin": 0.05 });
    json!({ "cell": "64 B x 1", "subject": subject, "reference": reference, "ratio": ratio, "goal": goal })
}

fn slope(arm: &str, bytes: f64) -> Value {
    json!({ "arm": arm, "invalid": null, "rss": { "slope": bytes } })
}

fn p99(cell: &str, us: f64) -> Value {
    json!({ "cell": cell, "invalid": null, "out": { "p99_us": us }, "back": { "p99_us": 9.0 } })
}

fn ended(kind: Kind, code: u8, trials: Vec<Value>, comparisons: &[Value], invalid: u64) -> Ended {
    let summary = json!({ "type": "summary", "comparisons": comparisons, "invalid_trials": invalid });
    Ended { kind, status: status(code), trials, summary: Some(summary) }
}

/// The table's lines with every run of blanks as one.
fn lines(all: &[Ended]) -> Vec<String> {
    let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    table::text(all, &["ngircd is not installed: apt-get install ngircd".to_owned()]).lines().map(squeezed).collect()
}

#[test]
fn promises_stand_with_figure_goal_and_state() {
    let mut control = comparison("plain tokio again", "plain tokio", None);
    control["is_control"] = true.into();
    let all = [
        ended(
            Kind::Pipelined,
            0,
            Vec::new(),
            &[comparison("chat-server", "redis-server", Some((3.0, "met"))), comparison("chat-server", "ngircd", None)],
            0,
        ),
        ended(Kind::Single, 0, Vec::new(), &[comparison("chat-server", "nats-server", Some((1.0, "missed")))], 0),
        ended(
            Kind::Idle,
            0,
            vec![slope("chat-server", 3072.0), slope("chat-server, announced", 4608.0), slope("redis-server", 9e9)],
            &[],
            0,
        ),
        ended(
            Kind::Echo,
            0,
            Vec::new(),
            &[comparison("echo-server", "plain tokio", Some((0.95, "not-shown"))), control],
            0,
        ),
        ended(
            Kind::Throughput,
            0,
            Vec::new(),
            &[
                comparison("download to nowhere", "iperf3, one stream", Some((0.9, "missed"))),
                comparison("upload to disk", "cp", Some((0.9, "missed"))),
                comparison("cp, synced", "cp", None),
            ],
            0,
        ),
        ended(
            Kind::Chat,
            0,
            vec![p99("full both ways", 4000.0), p99("full both ways", 4500.0), p99("no files", 9e9)],
            &[],
            0,
        ),
    ];
    let told = lines(&all);
    assert_eq!(
        told[1..],
        [
            "fan-out, pipelined, by redis-server 6.70 [6.51 7.41] >= 3 met",
            "fan-out, pipelined, by ngircd 6.70 [6.51 7.41] -",
            "fan-out, one at a time, by nats-server 6.70 [6.51 7.41] >= 1 MISSED",
            "an idle member, RSS 3.00 KiB to 4.50 KiB <= 4.00 KiB not shown",
            "raw echo, 64 B x 1, by plain tokio 6.70 [6.51 7.41] >= 0.95 not shown",
            "download to nowhere by iperf3, one stream 6.70 [6.51 7.41] >= 0.9 MISSED",
            "upload to disk by cp 6.70 [6.51 7.41] -",
            "chat p99, files both ways 4.00 ms to 4.50 ms <= 5.00 ms met",
            "ngircd is not installed: apt-get install ngircd",
            "The other promises are shown by tests (cargo xtask ci). All trials: target/bench/peers",
        ]
    );
}

#[test]
fn invalid_trials_and_ends_are_told_and_decide_the_exit_code() {
    let invalid = || json!({ "arm": "chat-server", "invalid": "client-bound", "rss": { "slope": 1.0 } });
    let unmeasured = || Ended { summary: None, ..ended(Kind::Echo, 1, Vec::new(), &[], 0) };
    let check = |all: &[Ended], want: &str, code: ExitCode| {
        let told = lines(all);
        assert!(told.iter().any(|line| line.contains(want)), "{told:?}");
        assert!(told.iter().all(|line| !line.contains("KiB")), "{told:?}");
        assert_eq!(format!("{:?}", exit_code(all)), format!("{code:?}"));
    };
    let none = || ended(Kind::Single, 0, Vec::new(), &[], 0);
    check(&[none(), ended(Kind::Idle, 1, vec![invalid()], &[], 1)], "the first: client-bound", ExitCode::from(1));
    check(&[unmeasured(), none()], "raw echo: not measured", ExitCode::from(1));
    check(&[unmeasured(), ended(Kind::Idle, 130, Vec::new(), &[], 0)], "interrupted", ExitCode::from(130));
    check(&[none()], "ngircd is not installed", ExitCode::SUCCESS);
}

#[test]
fn the_parts_are_known_and_listing_stands_alone() {
    let options = parsed("--only fanout,echo --quick --blocks 7").unwrap();
    assert_eq!((options.only.as_slice(), options.blocks), ([Part::Fanout, Part::Echo].as_slice(), Some(7)));
    for (line, want) in [("--only chat", "chat"), ("--blocks 0", "1..=1000"), ("--list --quick", "cannot be used with")]
    {
        let said = parsed(line).unwrap_err();
        assert!(said.contains(want), "{line}: {said}");
    }
}
