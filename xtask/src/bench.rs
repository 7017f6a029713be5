//! `cargo xtask bench`: the measured programs and the measuring one in release, then `bench-client`.

use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::program;
use crate::repo::Repo;

/// Build in release and run bench-client; without ARGS a quick round of every experiment, with `files` of those of files.
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

/// The same of files: `cargo xtask bench files`. It takes several GiB of disk.
const FILES_ROUND: [&[&str]; 4] = [
    &["files", "throughput", "--blocks", "5", "--size-mib", "1024"],
    &["files", "small", "--blocks", "5"],
    &["files", "chat", "--blocks", "5", "--seconds", "3"],
    &["files", "memory", "--blocks", "1", "--sizes-mib", "1,64,1024"],
];

/// Runs the command. Its exit code is that of the first bench-client that failed.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let repo = Repo::read()?;
    let packages = ["-p", "chat-server", "-p", "echo", "-p", "bench"];
    let mut build = repo.cargo(&["build", "--release", "--locked", "--bins"]);
    build.args(packages);
    eprintln!("{}", program::shown(&build));
    program::run(&mut build)?;
    let round: &[&[&str]] = match options.args.as_slice() {
        [] => &QUICK_ROUND,
        [only] if only == "files" => &FILES_ROUND,
        _ => return Ok(program::exit_code(bench(&repo, &options.args)?)),
    };
    let mut failed = None;
    for arguments in round {
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
