//! What goes wrong in a bench, and the exit code it ends with.

use std::io;
use std::path::PathBuf;

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// The options do not make sense together.
    #[error("{0}")]
    Usage(String),
    /// A server's program is not there.
    #[error("{program}: not found at {} ({way_out})", .path.display())]
    NoProgram {
        /// What was looked for.
        program: String,
        /// Where.
        path: PathBuf,
        /// What to do.
        way_out: &'static str,
    },
    /// A server did not come up.
    #[error("{program}: it did not start: {why}")]
    CannotStart {
        /// Which.
        program: String,
        /// What it said, or what went wrong.
        why: String,
    },
    /// A server could not be reached.
    #[error("{target}: cannot connect: {source} (is it running, and is that its address?)")]
    CannotConnect {
        /// Which.
        target: String,
        /// Why.
        source: io::Error,
    },
    /// A server answered something else than its protocol promises; the trial is invalid.
    #[error("{target}: {why}")]
    Protocol {
        /// Which.
        target: String,
        /// What it did.
        why: String,
    },
    /// A trial was invalid, which the report has said already.
    #[error("{0}")]
    Invalid(String),
    /// Something got slower or a promise is broken, and `--fail-on` asked to be told.
    #[error("{0}")]
    Regressed(String),
    /// Ctrl-C.
    #[error("interrupted; what is printed covers only what was complete")]
    Interrupted,
    /// The machine itself failed.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
}

impl BenchError {
    /// The exit code: 1 a trial was invalid or there is no figure at all, 2 usage, 3 a regression or a broken promise,
    /// 130 interrupted.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::NoProgram { .. } | Self::CannotStart { .. } | Self::CannotConnect { .. } => 1,
            Self::Protocol { .. } | Self::Invalid(_) | Self::Io { .. } => 1,
            Self::Usage(_) => 2,
            Self::Regressed(_) => 3,
            Self::Interrupted => 130,
        }
    }

    /// Whether it makes one trial invalid and lets the others run.
    pub const fn spoils_one_trial(&self) -> bool {
        matches!(self, Self::Protocol { .. })
    }

    /// For `map_err`: an I/O error while doing `what`.
    pub(crate) fn io(what: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { what, source }
    }

    /// A broken promise of `target`'s protocol.
    pub(crate) fn protocol(target: &str, why: impl Into<String>) -> Self {
        Self::Protocol { target: target.to_owned(), why: why.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_its_exit_code() {
        let check = |error: BenchError, want: u8| assert_eq!(error.exit_code(), want, "{error}");
        let words = || "words".to_owned();
        check(BenchError::Invalid(words()), 1);
        check(BenchError::protocol("nats", "silence"), 1);
        check(BenchError::io("a file")(io::Error::other("full")), 1);
        check(BenchError::CannotStart { program: words(), why: words() }, 1);
        check(BenchError::CannotConnect { target: words(), source: io::Error::other("refused") }, 1);
        check(BenchError::NoProgram { program: words(), path: PathBuf::new(), way_out: "build it" }, 1);
        check(BenchError::Usage(words()), 2);
        check(BenchError::Regressed(words()), 3);
        check(BenchError::Interrupted, 130);
    }
}
