//! `cargo xtask bench`: the measured programs and the measuring one in release, then `bench-client suite`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};

use crate::program;
use crate::repo::Repo;

mod against;
mod facts;

const EXAMPLES: &str = "\
Examples:
  cargo xtask bench                            a task per connection, or a pool? about five minutes on two cores
  cargo xtask bench --only E1,E5 --blocks 20   two experiments, with more blocks
  cargo xtask bench --preset full              everything; Ctrl-C ends it with a report of what there is
  cargo xtask bench --preset full --resume     and this goes on with it
  cargo xtask bench --against main             this tree beside main, interleaved: did we make it slower?
  cargo xtask bench --save-baseline monday     keep the figures; later: --baseline monday
  cargo xtask bench -- fanout --mode single    any other command of bench-client; `-- --help` shows them
  cargo xtask peers                            ours beside redis-server, nats-server, ngircd, nginx, iperf3, rsync

Experiments:
  E0        is this machine able: the client's ceiling, timer jitter
  exercise  ten short clients, a thread each against a pool of ten
  E1        service that waits, at rising load, with the Erlang C curve
  E2        connections of one request                    (not in quick unless named)
  E3        idle connections: memory, who starves
  E4        long and short computing mixed                (not in quick unless named)
  E5        overload, with a deadline, retries off and on, the time to recover
  E6        everybody connects at once, backlog 128 and 4096
  E7        slow clients beside normal ones               (not in quick unless named)
  E8        a chat of 200 people on 64 workers
  E9        something scarce behind the server, over N    (not in quick unless named)
  E10       work that blocks its thread                   (not in quick unless named)

Results: target/bench/latest/report.html to read, and beside it results.ndjson, summary.json, .csv, .md, env.json.

Exit codes: 0 ok, 1 a trial was invalid or something could not be built or started, 2 usage, 3 a regression or a broken
promise (with --fail-on), 130 interrupted.";

/// As `bench-client suite` knows them.
const EXPERIMENTS: [&str; 12] = ["E0", "exercise", "E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8", "E9", "E10"];

/// As the echo server knows them.
const STRATEGIES: [&str; 6] = ["spawn", "pool", "pool-request", "pool-accept", "thread", "thread-pool"];

/// Build in release and compare the strategies: `bench-client suite`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    #[command(flatten)]
    suite: Suite,
    /// Measure the commit GIT_REF beside this tree, interleaved: each strategy is judged by itself in that build.
    #[arg(long, value_name = "GIT_REF")]
    against: Option<String>,
    /// Instead of the comparison, any command of bench-client; `-- --help` shows them.
    #[arg(last = true, value_name = "ARGS", conflicts_with_all = ["Suite", "against"])]
    args: Vec<String>,
}

/// What is handed on to `bench-client suite` as it is.
#[derive(Debug, Args)]
struct Suite {
    /// How much of everything: quick unless said.
    #[arg(long, value_enum)]
    preset: Option<Preset>,
    /// Only these experiments, also those that the preset leaves out.
    #[arg(long, value_delimiter = ',', value_parser = EXPERIMENTS, ignore_case = true, value_name = "E1,E5")]
    #[arg(hide_possible_values = true)]
    only: Vec<String>,
    /// Only these strategies; the first of them in the order of the documentation is the reference.
    #[arg(long, value_delimiter = ',', value_parser = STRATEGIES)]
    strategies: Vec<String>,
    /// Decides arrivals, orders and resamples: 1 unless said.
    #[arg(long)]
    seed: Option<u64>,
    /// How often everything runs; verdicts need at least 5.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1000))]
    blocks: Option<u64>,
    /// Where the results go; target/bench/YYYYMMDD-HHMMSS unless said.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on with the run in --out (target/bench/latest unless said) where it was interrupted.
    #[arg(long)]
    resume: bool,
    /// Keep the results under this name, or at this path.
    #[arg(long, value_name = "NAME")]
    save_baseline: Option<String>,
    /// Compare with the results kept under this name, or at this path; weaker than --against.
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
    /// End with 3 if something got slower (regress), or if a promise is broken (slo).
    #[arg(long, value_delimiter = ',', value_enum)]
    fail_on: Vec<FailOn>,
    /// Write the generated parts of the documentation into this folder.
    #[arg(long, value_name = "DIR")]
    docs: Option<PathBuf>,
    /// Keep blocks in which the machine was disturbed: to try things out where it is never quiet.
    #[arg(long)]
    keep_disturbed: bool,
    /// Leave servers and load on whatever cores the system gives them.
    #[arg(long)]
    no_pin: bool,
}

/// As `bench-client suite` knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Preset {
    /// About five minutes on two cores: answers the question.
    Quick,
    /// As long as it needs; can be interrupted and resumed.
    Full,
    /// Under a minute: checks the bench and says nothing about speed.
    Ci,
}

/// What makes a run end with 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Something is slower than in the baseline, or than the other build.
    Regress,
    /// A promise that holds on any machine is broken.
    Slo,
}

/// Runs the command. Its exit code is that of bench-client.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let repo = Repo::read()?;
    let mut arguments: Vec<OsString> = options.args.iter().map(OsString::from).collect();
    if arguments.is_empty() {
        arguments = options.suite.arguments()?;
    }
    if let Some(wanted) = &options.against {
        match against::build(&repo, wanted)? {
            Ok(build) => arguments.extend(build.arguments()),
            Err(usage) => {
                eprintln!("xtask: --against {wanted}: {usage}");
                return Ok(ExitCode::from(2));
            }
        }
    }
    build(&repo)?;
    let mut bench = client(&repo);
    bench.args(&arguments).envs(facts::gather(&repo));
    let line = program::shown(Command::new(bench.get_program()).args(&arguments));
    eprintln!("{line}");
    program::leave_ctrl_c_to_children()?;
    let status = bench.status().with_context(|| format!("`{line}` did not start"))?;
    Ok(program::exit_code(status))
}

/// Builds in release what is measured and what measures.
pub(crate) fn build(repo: &Repo) -> Result<()> {
    let arguments = ["build", "--release", "--locked", "--bins", "-p", "echo", "-p", "chat-server", "-p", "bench"];
    let mut build = repo.cargo(&arguments);
    eprintln!("{}", program::shown(&build));
    program::run(&mut build)
}

/// The bench-client of [`build`], in the root: results go below it wherever this was called.
pub(crate) fn client(repo: &Repo) -> Command {
    let mut client = Command::new(repo.built("release", "bench-client"));
    client.current_dir(&repo.root);
    client
}

impl Suite {
    /// As bench-client reads them. Folders are made absolute: they were typed for here, and it runs in the root.
    fn arguments(&self) -> Result<Vec<OsString>> {
        let mut line = Line(vec!["suite".into()]);
        line.option("--preset", self.preset.map(name));
        line.option("--only", joined(&self.only));
        line.option("--strategies", joined(&self.strategies));
        line.option("--seed", self.seed.map(|seed| seed.to_string()));
        line.option("--blocks", self.blocks.map(|blocks| blocks.to_string()));
        line.option("--out", self.out.as_ref().map(std::path::absolute).transpose()?);
        line.flag("--resume", self.resume);
        line.option("--save-baseline", self.save_baseline.as_deref().map(at_home).transpose()?);
        line.option("--baseline", self.baseline.as_deref().map(at_home).transpose()?);
        line.option("--fail-on", joined(&self.fail_on.iter().copied().map(name).collect::<Vec<_>>()));
        line.option("--docs", self.docs.as_ref().map(std::path::absolute).transpose()?);
        line.flag("--keep-disturbed", self.keep_disturbed);
        line.flag("--no-pin", self.no_pin);
        Ok(line.0)
    }
}

/// A command line under construction.
struct Line(Vec<OsString>);

impl Line {
    fn option(&mut self, name: &str, value: Option<impl Into<OsString>>) {
        if let Some(value) = value {
            self.0.extend([name.into(), value.into()]);
        }
    }

    fn flag(&mut self, name: &str, is_set: bool) {
        if is_set {
            self.0.push(name.into());
        }
    }
}

/// A baseline's name as it is, or its path from the root.
fn at_home(name: &str) -> Result<OsString> {
    let is_path = name.contains(['/', '\\']);
    Ok(if is_path { std::path::absolute(name)?.into_os_string() } else { name.into() })
}

fn joined(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| words.join(","))
}

fn name(value: impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

#[cfg(test)]
mod tests;
