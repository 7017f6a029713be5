//! The terminal's settings as they were, for an end in the middle of a read.

/// The settings to go back to.
#[derive(Debug)]
pub(super) struct Screen {
    #[cfg(unix)]
    before: rustix::termios::Termios,
}

#[cfg(unix)]
impl Screen {
    /// The settings as they are; `None` if stdin is no terminal.
    pub(super) fn save() -> Option<Self> {
        rustix::termios::tcgetattr(rustix::stdio::stdin()).ok().map(|before| Self { before })
    }

    /// Goes back to them, below whatever line is being typed, and without bracketed paste.
    pub(super) fn restore(&self) {
        use rustix::termios::{OptionalActions, tcsetattr};

        // A terminal that is gone needs no settings.
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &self.before);
        drop(crate::cli::stdout::write("\x1b[?2004l\r\n"));
    }
}

#[cfg(not(unix))]
impl Screen {
    /// There is nothing to remember: the console resets itself for the next program.
    pub(super) fn save() -> Option<Self> {
        Some(Self {})
    }

    /// Ends the line that is being typed.
    pub(super) fn restore(&self) {
        drop(crate::cli::stdout::write("\r\n"));
    }
}
