//! `cargo xtask vectors`: the byte examples of docs/protocol.md against the codec, both ways.

use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::Args;

use crate::program;
use crate::repo::Repo;

/// Check every byte example in docs/protocol.md against the codec.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Write the codec's bytes into docs/protocol.md instead of checking; look at the difference before you commit.
    #[arg(long)]
    bless: bool,
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let mut command = command(&Repo::read()?);
    if options.bless {
        command.env("VECTORS_BLESS", "1");
    }
    println!("{}", program::shown(&command));
    program::run(&mut command)?;
    Ok(ExitCode::SUCCESS)
}

/// The test that checks them. With `--workspace` it is built with the features of the whole, so `ci` builds it once.
pub(crate) fn command(repo: &Repo) -> Command {
    repo.cargo(&["test", "--workspace", "--locked", "--test", "vectors"])
}
