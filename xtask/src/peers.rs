//! `cargo xtask peers`: the programs that the bench compares with and that people check by, and how to get them.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

/// Say which programs for benchmarks and checks are installed, and how to get the rest.
#[derive(Debug, Args)]
pub(crate) struct Options {}

/// A program of others. None is needed to build, test or use Verbatim.
struct Peer {
    program: &'static str,
    install: &'static str,
    purpose: &'static str,
}

const PEERS: [Peer; 10] = [
    Peer { program: "redis-server", install: "apt-get install redis-server", purpose: "the rival in `bench fanout`" },
    Peer { program: "nats-server", install: "apt-get install nats-server", purpose: "the rival in `bench fanout`" },
    Peer { program: "iperf3", install: "apt-get install iperf3", purpose: "the measure in `bench files`" },
    Peer { program: "nginx", install: "apt-get install nginx-light", purpose: "a rival in `bench files`" },
    Peer { program: "curl", install: "apt-get install curl", purpose: "fetches from nginx there" },
    Peer { program: "rsync", install: "apt-get install rsync", purpose: "a rival in `bench files`" },
    Peer { program: "b3sum", install: "cargo install b3sum --locked", purpose: "prints a file's root" },
    Peer { program: "nc", install: "apt-get install netcat-openbsd", purpose: "talks to the raw echo servers" },
    Peer { program: "telnet", install: "apt-get install telnet", purpose: "talks to the raw echo servers" },
    Peer {
        program: "cargo-deny",
        install: "cargo install cargo-deny --locked",
        purpose: "licences and bans, a step of ci",
    },
];

/// Folders that hold servers and are not in everyone's `PATH`.
const SERVER_FOLDERS: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

/// Runs the command.
pub(crate) fn run(_: &Options) -> Result<ExitCode> {
    for Peer { program, install, purpose } in PEERS {
        let state = find(program).map_or_else(|| format!("missing: {install}"), |path| path.display().to_string());
        println!("{program:<13} {purpose:<32} {state}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Where a program stands, if it is installed.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(SERVER_FOLDERS.map(PathBuf::from));
    folders.map(|folder| folder.join(&file)).find(|candidate| candidate.is_file())
}
