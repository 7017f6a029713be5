//! `cargo xtask kill`: send files while sender, receiver and server are killed at random moments.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::program;
use crate::repo::Repo;

/// Send files through a real server while `kill -9` falls on sender, receiver and server, and see them arrive whole.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    cargo xtask kill                             100 rounds, as the tests do\n  \
    cargo xtask kill --rounds 1000 --seed 7      more, with other dice")]
pub(crate) struct Options {
    /// Files to send; each meets one to four kills.
    #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Decides who is killed when.
    #[arg(long, value_name = "N", default_value = "20261124")]
    seed: u64,
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let repo = Repo::read()?;
    let test = "kill::whatever_is_killed_the_file_arrives_whole_and_once";
    let mut command = repo.cargo(&["test", "--locked", "--package", "tests", "--test", "it", "--"]);
    command.args(["--exact", test, "--nocapture"]);
    command.env("VERBATIM_KILL_ROUNDS", options.rounds.to_string()).env("VERBATIM_KILL_SEED", options.seed.to_string());
    program::run(&mut command)?;
    Ok(ExitCode::SUCCESS)
}
