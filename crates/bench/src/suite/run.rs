//! Which trials run when, and what is kept of them.

use super::experiments::specs;
use super::lab::Scale;
use crate::args::SuiteArguments;
use crate::error::BenchError;
use crate::interrupt::Interrupt;

/// Runs what the command line asks for.
///
/// # Errors
/// What made going on pointless; that a trial was invalid or the person interrupted is among it.
pub fn run(arguments: &SuiteArguments, interrupt: &Interrupt) -> Result<(), BenchError> {
    let scale = Scale {
        preset: arguments.preset,
        is_named: false,
        strategies: arguments.strategies.clone(),
        blocks: arguments.blocks,
    };
    if specs(&scale, &arguments.only).is_empty() {
        return Err(BenchError::Usage("no experiment is left to run with these --only and --strategies".to_owned()));
    }
    interrupt.check()
}
