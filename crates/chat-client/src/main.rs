//! The terminal client: the REPL, and the one-shot commands for scripts.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
