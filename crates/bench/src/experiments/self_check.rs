//! Can the bench be believed? Planted truths are found, and a tiny trial of each kind loses nothing.
//! Nothing here says anything about speed, so it passes on a loaded machine.

use std::time::Duration;

use super::setting::Defaults;
use super::{Setting, Trial, churn, echo, fanout, files, store};
use crate::args::SelfCheckArguments;
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::stats::{Goal, GoalState, Latencies, Line, Point, Ratio, SplitMix64, Verdict};
use crate::targets;

/// What it does unless told otherwise: a trial a server, and short.
const DEFAULTS: Defaults = Defaults { blocks: 1, seconds: 0.3 };

/// What a check found; the error says what is wrong.
type Outcome = Result<(), String>;

/// A check that needs no server: what it shows, and the showing.
type Check = (&'static str, fn() -> Outcome);

/// Runs all checks and prints a line for each.
///
/// # Errors
/// [`BenchError::Invalid`] if one fails.
pub fn run(arguments: &SelfCheckArguments, interrupt: Interrupt) -> Result<(), BenchError> {
    let setting = Setting::new(&arguments.common(), DEFAULTS, interrupt)?;
    let pure: [Check; 6] = [
        ("a planted difference of 10 % is found", planted_difference),
        ("a planted difference of 0 % is equivalent", planted_equality),
        ("a goal is met only by the whole interval", goal_needs_interval),
        ("the regression is exact on a line", regression_is_exact),
        ("percentiles are right, and withheld from small samples", percentiles_are_right),
        ("the same seed gives the same order", seed_decides_order),
    ];
    let mut failed = 0;
    for (name, check) in pure {
        failed += usize::from(!say(name, &check()));
    }
    for (name, outcome) in trials(&setting)? {
        failed += usize::from(!say(&name, &outcome));
    }
    for (name, outcome) in suite_checks(&setting)? {
        failed += usize::from(!say(name, &outcome));
    }
    match failed {
        0 => Ok(()),
        count => Err(BenchError::Invalid(format!("{count} checks failed"))),
    }
}

fn say(name: &str, outcome: &Outcome) -> bool {
    match outcome {
        Ok(()) => println!("ok      {name}"),
        Err(why) => println!("FAILED  {name}: {why}"),
    }
    outcome.is_ok()
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// Pairs of trials with up to 2 % of noise on each, the first of each pair `factor` times the second.
fn noisy_pairs(factor: f64, seed: u64) -> Vec<(f64, f64)> {
    let mut random = SplitMix64::new(seed);
    let mut shaken = move || 0.98 + 0.04 * (random.below(1001) as f64 / 1000.0);
    (0..8).map(|_| (factor * shaken(), shaken())).collect()
}

fn verdict_is(factor: f64, wanted: Verdict) -> Outcome {
    for seed in 0..10 {
        let ratio = Ratio::of(&noisy_pairs(factor, seed), 0.05, seed).ok_or("no ratio")?;
        ensure(ratio.verdict == wanted, || format!("seed {seed}: {ratio:?}"))?;
    }
    Ok(())
}

fn planted_difference() -> Outcome {
    verdict_is(1.1, Verdict::Faster)?;
    verdict_is(0.9, Verdict::Slower)
}

fn planted_equality() -> Outcome {
    verdict_is(1.0, Verdict::Equivalent)
}

fn goal_needs_interval() -> Outcome {
    let state = |factor: f64, at_least: f64| {
        let ratio = Ratio::of(&noisy_pairs(factor, 1), 0.05, 1)?;
        let Goal { state, .. } = ratio.goal(at_least);
        Some(state)
    };
    let states = [state(1.0, 0.95), state(0.9, 0.95), state(1.0, 1.0)];
    let wanted = [GoalState::Met, GoalState::Missed, GoalState::NotShown].map(Some);
    ensure(states == wanted, || format!("{states:?}"))
}

fn regression_is_exact() -> Outcome {
    let points: Vec<Point> = (1..6).map(f64::from).map(|x| Point { x, y: 7.0 + 3.0 * x }).collect();
    let line = Line::through(&points).ok_or("no line")?;
    let errors = [line.slope - 3.0, line.intercept - 7.0, line.r_squared - 1.0];
    ensure(errors.iter().all(|error| error.abs() < 1e-9), || format!("{line:?}"))
}

fn percentiles_are_right() -> Outcome {
    let mut latencies = Latencies::new();
    for micros in 1..=1000 {
        latencies.record(Duration::from_micros(micros));
    }
    let found = latencies.percentiles();
    let near = |value: Option<f64>, wanted: f64| value.is_some_and(|value| (value - wanted).abs() < wanted / 500.0);
    let right = near(found.p50_us, 500.0) && near(found.p99_us, 990.0) && found.p999_us.is_none();
    ensure(right, || format!("{found:?}"))
}

fn seed_decides_order() -> Outcome {
    let order = |seed| SplitMix64::new(seed).shuffled(100);
    ensure(order(1) == order(1) && order(1) != order(2), || "it does not".to_owned())
}

/// A tiny trial of each kind, as far as the servers are there.
fn trials(setting: &Setting) -> Result<Vec<(String, Outcome)>, BenchError> {
    let mut outcomes = Vec::new();
    let cell = echo::Cell { message_bytes: 1000, connections: 3 };
    let plain = targets::echo::plain()?;
    outcomes.push(checked("plain echo: every echo is what was sent", echo::trial(cell, &plain, setting))?);
    outcomes.push(checked("echo: every echo is what was sent", {
        echo::trial(cell, &targets::echo::ours(&setting.bin_dir), setting)
    })?);
    for strategy in ["spawn", "thread-pool"] {
        let command = targets::echo::once(&setting.bin_dir, strategy, 2);
        let name = format!("churn, {strategy}: offered = ok + refused + failed");
        outcomes.push(checked(&name, churn::trial(&command, 5, setting))?);
    }
    let (arms, missing) = fanout::started_arms(targets::Protocol::ALL);
    for arm in arms {
        for mode in [crate::args::Mode::Pipelined, crate::args::Mode::Single] {
            let name = format!("fanout, {}, {mode:?}: every receiver got all, in order", arm.name);
            outcomes.push(checked(&name, fanout::tiny_trial(&arm, mode, setting))?);
        }
    }
    for (name, trial) in files::tiny_trials(setting)? {
        outcomes.push(checked(&name, trial)?);
    }
    for (name, trial) in store::tiny_trials(setting)? {
        outcomes.push(checked(name, trial)?);
    }
    for sentence in missing {
        println!("skipped {sentence}");
    }
    Ok(outcomes.into_iter().flatten().collect())
}

/// The suite's own checks; none, and a line that says so, where the echo server is not built.
fn suite_checks(setting: &Setting) -> Result<Vec<(&'static str, Outcome)>, BenchError> {
    match crate::suite::self_test::run(&setting.bin_dir, setting.pinning, &setting.interrupt) {
        Err(BenchError::NoProgram { program, .. }) => {
            println!("skipped the suite's checks: {program} is not built");
            Ok(Vec::new())
        }
        other => other,
    }
}

/// A trial's outcome as a check; `None`, and a line that says so, where the server is not built.
fn checked<T: Trial>(name: &str, trial: Result<T, BenchError>) -> Result<Option<(String, Outcome)>, BenchError> {
    match trial {
        Ok(trial) => {
            // Who was busy does not matter here: on a loaded machine it may well be the load.
            Ok(Some((name.to_owned(), trial.loss().map_or(Ok(()), Err))))
        }
        Err(BenchError::NoProgram { program, .. }) => {
            println!("skipped {name}: {program} is not built");
            Ok(None)
        }
        Err(BenchError::Interrupted) => Err(BenchError::Interrupted),
        Err(error) => Ok(Some((name.to_owned(), Err(error.to_string())))),
    }
}
