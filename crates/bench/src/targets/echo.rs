//! The echo servers: ours in its forms, and the plainest one that tokio allows.

use std::path::Path;

use super::program_file;
use crate::child::{Ready, ServerCommand};
use crate::error::BenchError;

const WAY_OUT: &str = "build it: cargo build --release -p echo, or say --bin-dir";

/// `echo-server tcp` as an experiment wants it. What is `None` is left to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EchoServer {
    /// One of [`crate::suite::lab::STRATEGIES`].
    pub strategy: String,
    /// `--workers`: N of the pools.
    pub workers: Option<usize>,
    /// `--queue`: how many may wait for a worker.
    pub queue: Option<usize>,
    /// `--backlog`: how many connections the kernel holds ready.
    pub backlog: Option<u32>,
    /// `--work`, as the server's `--help` lists it: `none`, `asked:sleep`, `scarce:8:5ms:2%`.
    pub work: String,
    /// `--wire`.
    pub wire: Wire,
    /// `--stamps`: every answer carries when the server did what. On the framed wire only.
    pub has_stamps: bool,
    /// `--stats-every-ms`: what [`crate::child::RunningServer::stats`] reads, this often in milliseconds.
    pub stats_every_ms: Option<u64>,
    /// Whatever else: `["--drain-ms", "0"]`.
    pub extra: Vec<String>,
}

/// What goes over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Bytes as they come.
    Raw,
    /// Frames, kind Echo.
    Framed,
}

impl EchoServer {
    /// A framed server of no work that says nothing of itself.
    pub fn new(strategy: &str) -> Self {
        Self {
            strategy: strategy.to_owned(),
            workers: None,
            queue: None,
            backlog: None,
            work: "none".to_owned(),
            wire: Wire::Framed,
            has_stamps: false,
            stats_every_ms: None,
            extra: Vec::new(),
        }
    }

    /// How to start it.
    pub fn command(&self, bin_dir: &Path) -> ServerCommand {
        let wire = match self.wire {
            Wire::Raw => "raw",
            Wire::Framed => "framed",
        };
        let mut options = format!("--strategy {} --wire {wire} --work {}", self.strategy, self.work);
        let numbers = [
            ("--workers", self.workers.map(|count| count as u64)),
            ("--queue", self.queue.map(|count| count as u64)),
            ("--backlog", self.backlog.map(u64::from)),
            ("--stats-every-ms", self.stats_every_ms),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                options.push_str(&format!(" {name} {number}"));
            }
        }
        if self.has_stamps {
            options.push_str(" --stamps");
        }
        let mut command = command(bin_dir, &options);
        command.arguments.extend(self.extra.iter().cloned());
        command
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_is_an_option() {
        let plain = EchoServer::new("spawn");
        let full = EchoServer {
            workers: Some(8),
            queue: Some(100),
            backlog: Some(128),
            work: "asked:sleep".to_owned(),
            has_stamps: true,
            stats_every_ms: Some(50),
            extra: vec!["--drain-ms".to_owned(), "0".to_owned()],
            ..EchoServer::new("pool")
        };
        let rows = [
            (plain, "tcp --listen 127.0.0.1:0 --strategy spawn --wire framed --work none"),
            (
                full,
                "tcp --listen 127.0.0.1:0 --strategy pool --wire framed --work asked:sleep --workers 8 --queue 100 \
                 --backlog 128 --stats-every-ms 50 --stamps --drain-ms 0",
            ),
        ];
        for (server, line) in rows {
            assert_eq!(server.command(Path::new("/bin")).arguments.join(" "), line);
        }
    }
}
