//! Completions and the man page, out of the command line's own definition.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::{Arguments, Generated};
use crate::error::BenchError;

/// Prints what was asked for to stdout.
///
/// # Errors
/// If stdout does not take it.
pub(crate) fn print(what: Generated) -> Result<(), BenchError> {
    let mut command = Arguments::command();
    let mut out = Vec::new();
    let shell = match what {
        Generated::Bash => Some(Shell::Bash),
        Generated::Zsh => Some(Shell::Zsh),
        Generated::Fish => Some(Shell::Fish),
        Generated::Elvish => Some(Shell::Elvish),
        Generated::Powershell => Some(Shell::PowerShell),
        Generated::Man => None,
    };
    match shell {
        Some(shell) => clap_complete::generate(shell, &mut command, "bench-client", &mut out),
        None => clap_mangen::Man::new(command).render(&mut out).map_err(BenchError::io("man page"))?,
    }
    std::io::stdout().write_all(&out).map_err(BenchError::io("stdout"))
}
