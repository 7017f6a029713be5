//! What can go wrong in the programs, each with its exit code and a sentence.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

/// Why a program ends without success. Its `Display` is the sentence behind `program: `.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The server cannot listen.
    #[error(transparent)]
    Bind(#[from] serve::BindError),
    /// The name or address means nothing.
    #[error("cannot find {address}: {error} (write HOST:PORT, such as 127.0.0.1:12345)")]
    NoSuchAddress {
        /// What was typed.
        address: String,
        /// What the system said.
        error: io::Error,
    },
    /// Nobody answers there.
    #[error("cannot connect to {address}: {error} (is echo-server running there?)")]
    CannotConnect {
        /// Whom we called.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// A server said no.
    #[error("the server refuses: {words}")]
    Refused {
        /// Its words, fit for a terminal.
        words: String,
    },
    /// No answer came in time.
    #[error("no answer came within {timeout_ms} ms ({hint})")]
    NoAnswer {
        /// How long we waited.
        timeout_ms: u64,
        /// What may be the matter, and the way out.
        hint: &'static str,
    },
    /// The server closed the connection.
    #[error("the server closed the connection {when}")]
    Closed {
        /// At which point.
        when: &'static str,
    },
    /// The peer does not speak the protocol.
    #[error("the server does not speak frames: {0} (try --wire raw)")]
    Protocol(#[from] proto::DecodeError),
    /// A message or an answer is too long.
    #[error("{what} is longer than {max_bytes} bytes, the most that fits here")]
    TooLong {
        /// Which.
        what: &'static str,
        /// The limit in bytes.
        max_bytes: usize,
    },
    /// Some clients of a swarm failed.
    #[error("{failed} of {clients} clients failed")]
    Swarm {
        /// How many failed.
        failed: usize,
        /// How many there were.
        clients: usize,
        /// Whether none could even connect.
        none_connected: bool,
    },
    /// Anything the system said in the middle of it.
    #[error("{doing}: {error}")]
    Io {
        /// What we were doing.
        doing: &'static str,
        /// What the system said.
        error: io::Error,
    },
}

impl Failure {
    /// What the system said while we were `doing` something.
    pub fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io { doing, error }
    }

    /// The exit code: 1 other, 3 cannot connect, 4 refused or a limit. Usage errors (2) end in `clap`.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::NoSuchAddress { .. } | Self::CannotConnect { .. } | Self::Swarm { none_connected: true, .. } => 3,
            Self::Refused { .. } | Self::TooLong { .. } => 4,
            _ => 1,
        })
    }
}
