//! The echo servers: ours in its forms, and the plainest one that tokio allows.

use std::path::Path;

use super::program_file;
use crate::child::{Ready, ServerCommand};
use crate::error::BenchError;

const WAY_OUT: &str = "build it: cargo build --release -p echo, or say --bin-dir";

/// `echo-server` as it stands beside the plain one.
pub fn ours(bin_dir: &Path) -> ServerCommand {
    command(bin_dir, "--wire raw --reply echo --strategy spawn")
}

/// `echo-server` as the exercise has it: one request in lower case, then the end.
pub fn once(bin_dir: &Path, strategy: &str, workers: usize) -> ServerCommand {
    command(bin_dir, &format!("--reply lower --once --strategy {strategy} --workers {workers}"))
}

/// This program's own `plain-echo`.
///
/// # Errors
/// If it cannot find out where it stands.
pub fn plain() -> Result<ServerCommand, BenchError> {
    let program = std::env::current_exe().map_err(BenchError::io("cannot find out where this program stands"))?;
    Ok(ServerCommand {
        name: "plain-echo".to_owned(),
        program,
        arguments: vec!["plain-echo".to_owned()],
        ready: Ready::Line,
        way_out: "the program was moved while it ran; start it again",
    })
}

fn command(bin_dir: &Path, options: &str) -> ServerCommand {
    let fixed = ["tcp", "--listen", "127.0.0.1:0"];
    ServerCommand {
        name: "echo-server".to_owned(),
        program: bin_dir.join(program_file("echo-server")),
        arguments: fixed.into_iter().chain(options.split(' ')).map(str::to_owned).collect(),
        ready: Ready::Line,
        way_out: WAY_OUT,
    }
}
