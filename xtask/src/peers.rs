//! `cargo xtask peers`: ours beside the programs of others, and what of DESIGN section 6 that shows.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::repo::Repo;
use crate::{bench, program};

mod measure;
mod programs;
mod table;

pub(crate) use programs::find;

use measure::Ended;

const EXAMPLES: &str = "\
Examples:
  cargo xtask peers                       everything that is installed, with a table of promises at the end
  cargo xtask peers --quick               the same in about five minutes, with wider intervals
  cargo xtask peers --only fanout,echo    two of the four
  cargo xtask peers --blocks 20           narrower intervals
  cargo xtask peers --list                which programs of others are here, and how to get the rest

Parts:
  fanout  one sender to a hundred receivers, pipelined and one at a time: redis-server, nats-server, ngircd
  idle    what an idle member of a room costs in memory: the same
  echo    raw echo beside the plainest that tokio allows
  files   one big file: iperf3, nginx, cp, rsync; and chat on a connection that is full of files

Every trial is kept in target/bench/peers. Exit codes: 0 ok, also where a promise is missed; 1 a trial was invalid or
something could not be built or started; 2 usage; 130 interrupted.";

/// Measure ours beside redis-server, nats-server, ngircd, nginx, iperf3, rsync: what is installed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Only these.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PART,…")]
    only: Vec<Part>,
    /// How often everything runs; verdicts need at least 5.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1000))]
    blocks: Option<u64>,
    /// Five blocks of short trials, a smaller file, fewer members.
    #[arg(long)]
    quick: bool,
    /// Measure nothing: say which programs for this and for checks are installed, and how to get the rest.
    #[arg(long, conflicts_with_all = ["only", "blocks", "quick"])]
    list: bool,
}

/// What is measured, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// One sender, many receivers.
    Fanout,
    /// Idle members.
    Idle,
    /// Raw echo.
    Echo,
    /// Files.
    Files,
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    if options.list {
        programs::print();
        return Ok(ExitCode::SUCCESS);
    }
    let repo = Repo::read()?;
    bench::build(&repo)?;
    program::leave_ctrl_c_to_children()?;
    let is_wanted = |part: &Part| options.only.is_empty() || options.only.contains(part);
    let parts: Vec<Part> = Part::value_variants().iter().copied().filter(is_wanted).collect();
    let mut all = Vec::new();
    for measure in parts.iter().flat_map(|part| measure::of(*part, options.quick, options.blocks)) {
        let ended = measure::run(&repo, &measure)?;
        let is_over = ended.is_interrupted();
        all.push(ended);
        if is_over {
            break;
        }
    }
    print!("\n{}", table::text(&all, &programs::missing(&parts)));
    Ok(exit_code(&all))
}

/// That of the first bench-client that failed. A person who interrupts it wants nothing else to be told.
fn exit_code(all: &[Ended]) -> ExitCode {
    let failed = || all.iter().find(|ended| !ended.status.success());
    all.iter().find(|ended| ended.is_interrupted()).or_else(failed).map_or(ExitCode::SUCCESS, |ended| {
        if ended.is_interrupted() { ExitCode::from(130) } else { program::exit_code(ended.status) }
    })
}

#[cfg(test)]
mod tests;
