//! `cargo xtask ci`: everything that must hold before a change lands, step by step, with times.
//!
//! Needs the Rust toolchain and a C compiler, nothing else. The steps share one profile and one set of features, so
//! that nothing is built twice; but for the interleavings of the ring, which need locks of another make.

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};

use crate::repo::Repo;
use crate::{layers, peers, program, tidy, vectors};

mod tally;

use tally::Tally;

/// Run every check, as CI does; stops at the first that fails.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Go on after a step that failed, and fail at the end.
    #[arg(long)]
    keep_going: bool,
    /// Only these steps (and what they need built).
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STEP,…")]
    only: Vec<Step>,
}

/// The steps, in the order they run: what is quick and often wrong comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// The code is formatted.
    Fmt,
    /// The rules that the text shows.
    Tidy,
    /// Who imports whom.
    Layers,
    /// Clippy without a warning.
    Clippy,
    /// The API docs without a warning.
    Doc,
    /// Every program and every test builds.
    Build,
    /// All tests.
    Test,
    /// The byte examples of docs/protocol.md.
    Vectors,
    /// The bench is caught lying if it does, and every experiment runs once; nothing is said about speed.
    Bench,
    /// Licences, bans and sources of what we build on; where cargo-deny is installed.
    Deny,
}

/// How a step ended.
enum Verdict {
    Passed,
    Failed,
    Skipped,
}

struct Outcome {
    step: Step,
    verdict: Verdict,
    took: Duration,
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let repo = Repo::read()?;
    let started = Instant::now();
    let mut tally = Tally::default();
    let mut outcomes: Vec<Outcome> = Vec::new();
    for step in plan(&options.only) {
        let outcome = take(step, &repo, &mut tally);
        let failed = matches!(outcome.verdict, Verdict::Failed);
        outcomes.push(outcome);
        if failed && !options.keep_going {
            break;
        }
    }
    print_summary(&outcomes, started.elapsed());
    let failed: Vec<Step> = outcomes
        .iter()
        .filter(|outcome| matches!(outcome.verdict, Verdict::Failed))
        .map(|outcome| outcome.step)
        .collect();
    for step in &failed {
        println!("ci: {0} failed; alone: cargo xtask ci --only {0}", step.name());
    }
    if let Some(tally) = tally.seen() {
        println!("{} passed, {} failed", tally.passed, tally.failed);
    }
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The steps to run: all, or those of `only` with what they stand on.
fn plan(only: &[Step]) -> Vec<Step> {
    let wanted =
        |step: &Step| only.is_empty() || only.iter().any(|asked| asked == step || asked.stands_on() == Some(*step));
    Step::value_variants().iter().copied().filter(wanted).collect()
}

/// Runs one step and says so before and after.
fn take(step: Step, repo: &Repo, tally: &mut Tally) -> Outcome {
    let name = step.name();
    println!("\n== {name}");
    let started = Instant::now();
    let verdict = step.run(repo, tally).unwrap_or_else(|error| {
        println!("{name}: {error:#}");
        Verdict::Failed
    });
    let took = started.elapsed();
    println!("== {name}: {}, {:.1} s", verdict.word(), took.as_secs_f64());
    Outcome { step, verdict, took }
}

fn print_summary(outcomes: &[Outcome], all: Duration) {
    println!("\nstep     result   seconds");
    for Outcome { step, verdict, took } in outcomes {
        println!("{:<8} {:<8} {:>7.1}", step.name(), verdict.word(), took.as_secs_f64());
    }
    println!("{:<8} {:<8} {:>7.1}\n", "all", "", all.as_secs_f64());
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// The step whose programs this one starts: they must be those of the tree as it is.
    fn stands_on(self) -> Option<Self> {
        matches!(self, Self::Test | Self::Bench).then_some(Self::Build)
    }

    fn run(self, repo: &Repo, tally: &mut Tally) -> Result<Verdict> {
        match self {
            Self::Fmt => say_and_run(&mut repo.cargo(&["fmt", "--all", "--check"])),
            Self::Tidy => Ok(Verdict::from_check(tidy::check(repo)?)),
            Self::Layers => Ok(Verdict::from_check(layers::check(repo)?)),
            Self::Clippy => {
                let arguments = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
                say_and_run(&mut repo.cargo(&arguments))
            }
            Self::Doc => {
                let arguments = ["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"];
                say_and_run(repo.cargo(&arguments).env("RUSTDOCFLAGS", "-D warnings"))
            }
            // With the tests, so that both are built with the same features. Without xtask: Windows does not let a
            // running program be written.
            Self::Build => say_and_run(&mut repo.cargo(&[
                "build",
                "--workspace",
                "--exclude",
                "xtask",
                "--all-targets",
                "--locked",
            ])),
            Self::Test => test(repo, tally),
            Self::Vectors => say_and_run(&mut vectors::command(repo)),
            Self::Bench => bench(repo),
            Self::Deny if peers::find("cargo-deny").is_none() => {
                println!("cargo-deny is not installed: skipped (cargo install cargo-deny --locked)");
                Ok(Verdict::Skipped)
            }
            // Not `advisories`: they come from a repository that not every machine reaches.
            Self::Deny => {
                say_and_run(&mut repo.cargo(&["deny", "--workspace", "check", "bans", "licenses", "sources"]))
            }
        }
    }
}

/// All tests, then the ring's with a scheduler that tries interleavings. The second run whatever the first says.
fn test(repo: &Repo, tally: &mut Tally) -> Result<Verdict> {
    let interleavings: &[&str] =
        &["test", "--locked", "--package", "room-log", "--features", "shuttle", "--test", "interleavings"];
    let mut results = Vec::new();
    for arguments in [&["test", "--workspace", "--locked", "--no-fail-fast"], interleavings] {
        let mut command = repo.cargo(arguments);
        println!("{}", program::shown(&command));
        let before = tally.passed;
        let result = tally::run(&mut command, tally);
        results.push(result.and_then(|()| if tally.passed == before { bail!("not one test was run") } else { Ok(()) }));
    }
    results.into_iter().collect::<Result<()>>().map(|()| Verdict::Passed)
}

/// The bench's checks of itself, then a run of the experiments too small for a figure. It takes half a minute.
fn bench(repo: &Repo) -> Result<Verdict> {
    let client = repo.built("debug", "bench-client");
    say_and_run(Command::new(&client).arg("self-check"))?;
    let results = repo.target.join("bench").join("ci");
    match std::fs::remove_dir_all(&results) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", results.display()))
        }
        _ => say_and_run(Command::new(&client).args(["suite", "--preset", "ci", "--out"]).arg(&results)),
    }
}

impl Verdict {
    const fn from_check(clean: bool) -> Self {
        if clean { Self::Passed } else { Self::Failed }
    }

    const fn word(&self) -> &'static str {
        match self {
            Self::Passed => "ok",
            Self::Failed => "FAILED",
            Self::Skipped => "skipped",
        }
    }
}

/// Shows the command and runs it, without our input: no step asks anything.
fn say_and_run(command: &mut Command) -> Result<Verdict> {
    println!("{}", program::shown(command));
    program::run(command.stdin(Stdio::null()))?;
    Ok(Verdict::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_start_our_programs_build_them_first() {
        assert_eq!(plan(&[]), Step::value_variants());
        assert_eq!(plan(&[Step::Tidy, Step::Fmt]), [Step::Fmt, Step::Tidy]);
        assert_eq!(plan(&[Step::Test]), [Step::Build, Step::Test]);
    }
}
