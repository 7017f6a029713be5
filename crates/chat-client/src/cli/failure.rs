//! How the program fails: a sentence on stderr and an exit code.

use std::io::{self, Write as _};

use chat_client::{ClientError, escape};

/// Why the program ends without having done what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The chat says no.
    Client(ClientError),
    /// Something here does: a sentence, and the exit code.
    Here { words: String, exit_code: u8 },
    /// The one who reads our output has gone; nobody needs to be told.
    NobodyReads,
    /// SIGINT; the one who sent it knows.
    Interrupted,
}

impl Failure {
    pub(crate) fn here(words: impl Into<String>, exit_code: u8) -> Self {
        Self::Here { words: words.into(), exit_code }
    }

    /// 130 interrupted, 0 where nobody reads, otherwise as [`ClientError::exit_code`] says.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Client(error) => error.exit_code(),
            Self::Here { exit_code, .. } => *exit_code,
            Self::NobodyReads => 0,
            Self::Interrupted => 130,
        }
    }

    /// Says it on stderr, if there is something to say.
    pub(crate) fn say(&self) {
        match self {
            Self::Client(error) => complain(&error.to_string()),
            Self::Here { words, .. } => complain(words),
            Self::NobodyReads | Self::Interrupted => {}
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::NobodyReads,
            _ => Self::here(error.to_string(), 1),
        }
    }
}

/// Writes `chat-client: words` to stderr. The words may come from a server, so they are made harmless.
pub(crate) fn complain(words: &str) {
    // Without stderr there is nobody to tell.
    let _ = writeln!(io::stderr(), "chat-client: {}", escape::line(words));
}
