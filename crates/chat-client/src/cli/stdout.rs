//! Standard output of the one-shots: a line at a time, each there at once, an end of the reader told as an error.

use std::io::{self, IsTerminal as _, Write as _};

/// Writes `text`, which ends its own lines, and flushes.
///
/// # Errors
/// `BrokenPipe` once nobody reads; see `Failure::NobodyReads`.
pub(crate) fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Whether colour may be used: only on a terminal that can, and not against `NO_COLOR`.
pub(crate) fn has_colour() -> bool {
    let refuses = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stdout().is_terminal() && !refuses && !is_dumb
}
