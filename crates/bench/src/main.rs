//! `bench-client`: measures chat and echo servers. See `bench-client --help` and `docs/benchmarks.md`.

use std::process::ExitCode;

use bench::args::Arguments;
use clap::Parser;

fn main() -> ExitCode {
    match bench::run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-client: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
