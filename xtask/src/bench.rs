//! `cargo xtask bench`: the measured programs and the measuring one in release, then `bench-client`.

use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::program;
use crate::repo::Repo;

/// Build in release and run bench-client; without ARGS a quick round of every experiment.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// What bench-client is asked; `cargo xtask bench -- --help` shows what it knows.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// The quick round, a few minutes in all. Five blocks are the least for a verdict.
const QUICK_ROUND: [&[&str]; 5] = [
    &["echo", "--blocks", "5", "--seconds", "0.5"],
    &["churn", "--blocks", "5", "--seconds", "0.5"],
    &["fanout", "--blocks", "5", "--seconds", "0.5"],
    &["fanout", "--mode", "single", "--blocks", "5", "--seconds", "0.5"],
    &["idle"],
];

/// Runs the command. Its exit code is that of the first bench-client that failed.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let repo = Repo::read()?;
    let packages = ["-p", "chat-server", "-p", "echo", "-p", "bench"];
    let mut build = repo.cargo(&["build", "--release", "--locked", "--bins"]);
    build.args(packages);
    eprintln!("{}", program::shown(&build));
    program::run(&mut build)?;
    if !options.args.is_empty() {
        return Ok(program::exit_code(bench(&repo, &options.args)?));
    }
    let mut failed = None;
    for arguments in QUICK_ROUND {
        let status = bench(&repo, arguments)?;
        if status.success() {
            continue;
        }
        failed.get_or_insert(status);
        // Someone at the keyboard, or a signal, wants it all to end.
        if matches!(status.code(), None | Some(130)) {
            break;
        }
    }
    Ok(failed.map_or(ExitCode::SUCCESS, program::exit_code))
}

fn bench<A: AsRef<std::ffi::OsStr>>(repo: &Repo, arguments: &[A]) -> Result<ExitStatus> {
    let mut bench = Command::new(repo.built("release", "bench-client"));
    bench.args(arguments);
    let line = program::shown(&bench);
    eprintln!("{line}");
    bench.status().with_context(|| format!("`{line}` did not start"))
}
