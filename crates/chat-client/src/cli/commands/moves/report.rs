//! What is told of transfers while they run and when they end: bars on a terminal, objects for a program, words for
//! whatever was not as asked.

use std::collections::BTreeMap;

use chat_client::{ClientError, Direction, Outcome};

use super::Running;
use super::bars::Bars;
use crate::cli::failure::{Failure, complain};
use crate::cli::stdout;
use crate::cli::view::files::about;
use crate::cli::view::json_line;
use crate::cli::view::outcome::{done_object, failed_object, outcome_words, progress_object};

/// Tells of transfers.
#[derive(Debug)]
pub(super) struct Report {
    look: Look,
    /// How many of its notices have been said, of each transfer.
    noticed: BTreeMap<usize, usize>,
    pub(super) is_online: bool,
}

#[derive(Debug)]
enum Look {
    Bars(Bars),
    Objects,
    /// Neither: only what was not as asked, and folders.
    Words,
}

impl Report {
    pub(super) fn new(json: bool) -> Self {
        let look = match (json, Bars::on_a_terminal()) {
            (true, _) => Look::Objects,
            (false, Some(bars)) => Look::Bars(bars),
            (false, None) => Look::Words,
        };
        Self { look, noticed: BTreeMap::new(), is_online: true }
    }

    /// How one stands.
    pub(super) fn progress(&mut self, one: &Running) -> Result<(), Failure> {
        let progress = one.transfer.progress().borrow().clone();
        let said = self.noticed.entry(one.number).or_default();
        let new: Vec<_> = progress.notices.iter().skip(*said).map(ToString::to_string).collect();
        *said += new.len();
        for notice in new {
            self.say(&about(&one.asked, &notice));
        }
        match &mut self.look {
            Look::Bars(bars) => bars.show(one.number, &progress),
            Look::Objects => stdout::write(&json_line(&progress_object(&one.asked, &progress)))?,
            Look::Words => {}
        }
        Ok(())
    }

    /// What came of one. Returns its exit code.
    pub(super) fn ended(&mut self, one: &Running, result: &Result<Outcome, ClientError>) -> Result<u8, Failure> {
        self.progress_notices(one)?;
        if let Look::Bars(bars) = &mut self.look {
            bars.remove(one.number);
        }
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(error) => return self.failed(&one.asked, one.direction, error),
        };
        let took = one.started.elapsed();
        let is_plain = !outcome.same && !outcome.renamed && outcome.root.is_some() && outcome.resumed_from == 0;
        match &self.look {
            Look::Objects => stdout::write(&json_line(&done_object(&one.asked, one.direction, outcome, took)))?,
            Look::Words if is_plain => {}
            Look::Bars(_) | Look::Words => {
                outcome_words(&one.asked, one.direction, outcome, took).lines().for_each(|line| self.say(line));
            }
        }
        let worst = outcome.skipped.iter().map(|skipped| skipped.why.exit_code()).max();
        Ok(worst.unwrap_or(0))
    }

    /// That one came to nothing. Returns its exit code.
    pub(super) fn failed(&self, asked: &str, direction: Direction, error: &ClientError) -> Result<u8, Failure> {
        let (words, code) = (error.to_string(), error.exit_code());
        if matches!(self.look, Look::Objects) {
            stdout::write(&json_line(&failed_object(asked, direction, &words, code)))?;
        }
        self.say(&about(asked, &words));
        Ok(code)
    }

    /// Says something on stderr, above the bars.
    pub(super) fn say(&self, words: &str) {
        let say = || complain(words);
        match &self.look {
            Look::Bars(bars) => bars.aside(say),
            Look::Objects | Look::Words => say(),
        }
    }

    /// The last notices come with the end.
    fn progress_notices(&mut self, one: &Running) -> Result<(), Failure> {
        let has_more =
            one.transfer.progress().borrow().notices.len() > self.noticed.get(&one.number).copied().unwrap_or(0);
        if has_more { self.progress(one) } else { Ok(()) }
    }
}
