//! `cargo xtask crash`: pull the plug on a busy server, again and again, and see that nothing confirmed or seen is lost.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::program;
use crate::repo::Repo;

/// Kill a busy chat-server at random moments, also within a commit, and check every message after each.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    cargo xtask crash                            200 rounds, as the tests do\n  \
    cargo xtask crash --rounds 10000 --seed 7    more, with other dice")]
pub(crate) struct Options {
    /// Lives of the server; each ends with kill -9 or an abort within a commit, over all strategies in turn.
    #[arg(long, value_name = "N", default_value = "200", value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Decides when it dies and how.
    #[arg(long, value_name = "N", default_value = "20261124")]
    seed: u64,
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let repo = Repo::read()?;
    let test = "crash::whatever_was_confirmed_or_seen_is_there_after_the_plug_was_pulled";
    // A debug build, as only that has fail points; the test builds the server.
    let mut command = repo.cargo(&["test", "--locked", "--package", "tests", "--test", "it", "--"]);
    command.args(["--exact", test, "--nocapture"]);
    command.env("VERBATIM_CRASH_ROUNDS", options.rounds.to_string());
    command.env("VERBATIM_CRASH_SEED", options.seed.to_string());
    program::run(&mut command)?;
    Ok(ExitCode::SUCCESS)
}
