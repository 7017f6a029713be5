//! What rustyline asks while a line is typed.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::{Arc, PoisonError};

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use crate::cli::complete::{complete, hint};
use crate::cli::local;
use crate::cli::term::Shared;
use crate::cli::term::gate::Gate;

/// Answers rustyline's questions, and learns from them where a read stands: a hint is asked for as soon as the
/// terminal is in hand, and a line is checked while it still is.
#[derive(Debug)]
pub(super) struct Assist {
    shared: Arc<Shared>,
    gate: Arc<Gate>,
    has_text: Cell<bool>,
}

impl Assist {
    pub(super) const fn new(shared: Arc<Shared>, gate: Arc<Gate>) -> Self {
        Self { shared, gate, has_text: Cell::new(false) }
    }

    /// Whether the line had anything in it when it was last looked at.
    pub(super) const fn has_text(&self) -> bool {
        self.has_text.get()
    }
}

impl Helper for Assist {}

impl Completer for Assist {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let names = self.shared.names.lock().unwrap_or_else(PoisonError::into_inner);
        let completion = complete(line, at, &names, &local::names);
        let pair = |candidate: crate::cli::complete::Candidate| Pair {
            display: candidate.shown,
            replacement: candidate.put_in,
        };
        Ok((completion.start, completion.candidates.into_iter().map(pair).collect()))
    }
}

/// Shown behind the line; not put into it.
#[derive(Debug)]
pub(super) struct Usage(String);

impl Hint for Usage {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Assist {
    type Hint = Usage;

    fn hint(&self, line: &str, at: usize, _: &Context<'_>) -> Option<Usage> {
        self.has_text.set(!line.is_empty());
        self.gate.open();
        hint(line, at).map(Usage)
    }
}

impl Highlighter for Assist {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\x1b[2m{hint}\x1b[0m"))
    }
}

impl Validator for Assist {
    fn validate(&self, _: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        self.gate.shut();
        Ok(ValidationResult::Valid(None))
    }
}
