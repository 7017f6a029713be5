//! Stored messages: how many are confirmed, how soon they are there, whom a stalled reader harms, what a return and a big
//! store cost.

mod big;
mod commit;
mod delivery;
mod disk;
mod raw;
mod returning;
mod stalled;
mod steady;

pub(super) use disk::Disk;

use serde::Serialize;

use super::{Setting, Trial};
use crate::args::StoreCommand;
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::load::Usage;
use crate::report::Report;

/// Runs one of them.
///
/// # Errors
/// If a server cannot be started, or there is no place for its store.
pub fn run(command: &StoreCommand, interrupt: Interrupt) -> Result<Report, BenchError> {
    match command {
        StoreCommand::Commit(arguments) => commit::run(arguments, interrupt),
        StoreCommand::Delivery(arguments) => delivery::run(arguments, interrupt),
        StoreCommand::Stalled(arguments) => stalled::run(arguments, interrupt),
        StoreCommand::Return(arguments) => returning::run(arguments, interrupt),
        StoreCommand::Big(arguments) => big::run(arguments, interrupt),
    }
}

/// A figure that has a goal: what is said of it over its trials. The goal is met if every trial meets it, and missed if
/// the median trial does not.
#[derive(Debug, Clone, Copy)]
struct Promise {
    goal: f64,
    /// Whether more is better.
    is_least: bool,
    text: fn(f64) -> String,
}

impl Promise {
    const fn at_least(goal: f64, text: fn(f64) -> String) -> Self {
        Self { goal, is_least: true, text }
    }

    const fn at_most(goal: f64, text: fn(f64) -> String) -> Self {
        Self { goal, is_least: false, text }
    }

    /// The sentence; none of no trials.
    fn sentence(&self, what: &str, figures: &[f64]) -> Option<String> {
        let Self { goal, is_least, text } = *self;
        let median = crate::stats::median(figures)?;
        let worst = figures.iter().copied().reduce(if is_least { f64::min } else { f64::max })?;
        let keeps = |figure: f64| if is_least { figure >= goal } else { figure <= goal };
        let state = match (keeps(worst), keeps(median)) {
            (true, _) => "met",
            (false, true) => "not shown either way",
            (false, false) => "MISSED",
        };
        let (median, worst, bound) = (text(median), text(worst), if is_least { "at least" } else { "at most" });
        Some(format!("{what}: {median}, in the worst block {worst}; goal of {bound} {}: {state}", text(goal)))
    }
}

/// A trial too small for a figure: what it shows, and what of it was lost.
pub(super) type Tiny = (&'static str, Result<Tried, BenchError>);

/// What such a trial objects to, if it does.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Tried(Option<String>);

impl Trial for Tried {
    fn loss(&self) -> Option<String> {
        self.0.clone()
    }

    fn usage(&self) -> Option<&Usage> {
        None
    }
}

fn tiny<T: Trial>(what: &'static str, outcome: Result<T, BenchError>) -> Tiny {
    (what, outcome.map(|trial| Tried(trial.loss())))
}

/// A trial of each kind too small for a figure, for the self-check.
///
/// # Errors
/// If there is no place for a store.
pub(super) fn tiny_trials(setting: &Setting) -> Result<Vec<Tiny>, BenchError> {
    let mut disk = Disk::tiny()?;
    let mut tinies = commit::tiny_trials(&mut disk, setting);
    tinies.extend(steady::tiny_trials(&mut disk, setting));
    tinies.extend(returning::tiny_trials(&mut disk, setting));
    tinies.extend(big::tiny_trials(&mut disk, setting));
    Ok(tinies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_met_by_the_worst_and_missed_by_the_median() {
        let check = |promise: Promise, figures: &[f64], want: Option<&str>| {
            let sentence = promise.sentence("it", figures);
            assert_eq!(sentence.as_deref().and_then(|said| said.rsplit(": ").next()), want, "{sentence:?}");
        };
        let text = |figure: f64| format!("{figure:.0}");
        check(Promise::at_least(10.0, text), &[11.0, 10.0, 20.0], Some("met"));
        check(Promise::at_least(10.0, text), &[11.0, 9.0, 20.0], Some("not shown either way"));
        check(Promise::at_least(10.0, text), &[9.0, 9.0, 20.0], Some("MISSED"));
        check(Promise::at_most(10.0, text), &[9.0, 10.0], Some("met"));
        check(Promise::at_most(10.0, text), &[9.0, 12.0, 11.0], Some("MISSED"));
        check(Promise::at_most(10.0, text), &[], None);
    }
}
