//! The programs of others: which there are, what each is for, and how to get them. None is needed to build, test or use
//! Verbatim.

use std::path::PathBuf;

use super::Part;

/// A program of others.
struct Peer {
    program: &'static str,
    install: &'static str,
    purpose: &'static str,
    /// Where it is measured.
    parts: &'static [Part],
}

const CHAT: &[Part] = &[Part::Fanout, Part::Idle];
const FILES: &[Part] = &[Part::Files];

const PEERS: [Peer; 11] = [
    Peer {
        program: "redis-server",
        install: "apt-get install redis-server",
        purpose: "a rival of the chat",
        parts: CHAT,
    },
    Peer {
        program: "nats-server",
        install: "apt-get install nats-server",
        purpose: "a rival of the chat",
        parts: CHAT,
    },
    Peer { program: "ngircd", install: "apt-get install ngircd", purpose: "a rival of the chat, IRC", parts: CHAT },
    Peer { program: "iperf3", install: "apt-get install iperf3", purpose: "the measure of files", parts: FILES },
    Peer { program: "nginx", install: "apt-get install nginx-light", purpose: "a rival with files", parts: FILES },
    Peer { program: "curl", install: "apt-get install curl", purpose: "fetches from nginx", parts: FILES },
    Peer { program: "rsync", install: "apt-get install rsync", purpose: "a rival with files", parts: FILES },
    Peer { program: "b3sum", install: "cargo install b3sum --locked", purpose: "prints a file's root", parts: &[] },
    Peer { program: "nc", install: "apt-get install netcat-openbsd", purpose: "talks to raw echo servers", parts: &[] },
    Peer { program: "telnet", install: "apt-get install telnet", purpose: "talks to raw echo servers", parts: &[] },
    Peer {
        program: "cargo-deny",
        install: "cargo install cargo-deny --locked",
        purpose: "licences and bans, in ci",
        parts: &[],
    },
];

/// Folders that hold servers and are not in everyone's `PATH`.
const SERVER_FOLDERS: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

/// Prints all of them with where they are.
pub(super) fn print() {
    for Peer { program, install, purpose, .. } in PEERS {
        let state = find(program).map_or_else(|| format!("missing: {install}"), |path| path.display().to_string());
        println!("{program:<13} {purpose:<25} {state}");
    }
}

/// A sentence for each that these parts measure and that is not installed.
pub(super) fn missing(parts: &[Part]) -> Vec<String> {
    let is_measured = |peer: &&Peer| peer.parts.iter().any(|part| parts.contains(part));
    let missing = PEERS.iter().filter(is_measured).filter(|peer| find(peer.program).is_none());
    missing.map(|peer| format!("{} is not installed: {}", peer.program, peer.install)).collect()
}

/// Where a program stands, if it is installed.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(SERVER_FOLDERS.map(PathBuf::from));
    folders.map(|folder| folder.join(&file)).find(|candidate| candidate.is_file())
}
