//! Runs a plan and keeps what came of it, a whole block or nothing.

use serde::Serialize;

use super::Setting;
use crate::error::BenchError;
use crate::load::Usage;
use crate::plan::{Place, Plan};
use crate::report::{Comparison, optional, percent_text};
use crate::stats::{Ratio, median};

/// What one trial came to.
pub trait Trial: Serialize {
    /// What was lost, doubled or not accounted for, if anything was.
    fn loss(&self) -> Option<String>;

    /// Who was busy, where that says something about the figure.
    fn usage(&self) -> Option<&Usage>;

    /// Why it does not count, if it does not: something was lost, or the load was the limit.
    fn objection(&self) -> Option<String> {
        let client_bound = || {
            let usage = self.usage().filter(|usage| usage.is_client_bound())?;
            let load = optional(usage.load_share, percent_text);
            Some(format!("client-bound: the load was {load} busy while the server had time left"))
        };
        self.loss().or_else(client_bound)
    }
}

/// The trials of complete blocks.
#[derive(Debug)]
pub struct Blocks<T> {
    plan: Plan,
    trials: Vec<(Place, Result<T, String>)>,
    /// How many blocks are complete.
    pub complete: usize,
    /// Whether the person ended it before the plan did.
    pub interrupted: bool,
}

/// Which figures of which arms are compared.
#[derive(Debug, Clone, Copy)]
pub struct Pairing<T> {
    /// What is judged.
    pub subject: usize,
    /// What it is judged by.
    pub reference: usize,
    /// What the figure is called.
    pub metric: &'static str,
    /// The figure.
    pub figure: fn(&T) -> Option<f64>,
    /// Below this share either way there is no difference worth a word.
    pub margin: f64,
    /// What was promised.
    pub at_least: Option<f64>,
    /// Whether both are the same thing.
    pub is_control: bool,
}

/// A trial as it stands in a JSON line.
#[derive(Serialize)]
struct Line<'a, T> {
    block: usize,
    cell: &'a str,
    arm: &'a str,
    invalid: Option<&'a str>,
    #[serde(flatten)]
    trial: Option<&'a T>,
}

/// Runs every trial of `plan`. A trial that fails by its server's fault is kept as invalid and the rest go on.
///
/// # Errors
/// What makes going on pointless: a server that does not start, a machine that has no ports.
pub fn run_blocks<T: Trial>(
    plan: Plan,
    setting: &Setting,
    mut trial: impl FnMut(Place) -> Result<T, BenchError>,
) -> Result<Blocks<T>, BenchError> {
    let mut blocks = Blocks { trials: Vec::with_capacity(plan.trials()), complete: 0, interrupted: false, plan };
    let total = blocks.plan.trials();
    let mut begun = 0;
    for block in 0..blocks.plan.blocks {
        let before = blocks.trials.len();
        for place in blocks.plan.block(block) {
            begun += 1;
            let (cell, arm) = blocks.names(place);
            setting.output.progress(&format!("trial {begun} of {total}: {cell}, {arm}"));
            let outcome = match trial(place) {
                Err(BenchError::Interrupted) => {
                    blocks.trials.truncate(before);
                    blocks.interrupted = true;
                    return Ok(blocks);
                }
                Err(error) if error.spoils_one_trial() => Err(error.to_string()),
                other => Ok(other?),
            };
            blocks.print(place, &outcome, setting);
            blocks.trials.push((place, outcome));
        }
        blocks.complete += 1;
    }
    Ok(blocks)
}

impl<T: Trial> Blocks<T> {
    /// The valid trials of one arm in one cell, by block.
    pub fn valid(&self, cell: usize, arm: usize) -> impl Iterator<Item = (usize, &T)> {
        self.trials.iter().filter(move |(place, _)| place.cell == cell && place.arm == arm).filter_map(
            |(place, outcome)| {
                let trial = outcome.as_ref().ok()?;
                trial.objection().is_none().then_some((place.block, trial))
            },
        )
    }

    /// The median of a figure over the valid trials of one arm in one cell.
    pub fn median(&self, cell: usize, arm: usize, figure: impl Fn(&T) -> Option<f64>) -> Option<f64> {
        let figures: Vec<f64> = self.valid(cell, arm).filter_map(|(_, trial)| figure(trial)).collect();
        median(&figures)
    }

    /// Compares two arms in one cell over the blocks in which both are valid; `None` if there is no such block.
    pub fn compare(&self, cell: usize, pairing: &Pairing<T>, seed: u64) -> Option<Comparison> {
        let theirs: Vec<(usize, &T)> = self.valid(cell, pairing.reference).collect();
        let pairs: Vec<(f64, f64)> = self
            .valid(cell, pairing.subject)
            .filter_map(|(block, ours)| {
                let (_, theirs) = theirs.iter().find(|(other, _)| *other == block)?;
                Some(((pairing.figure)(ours)?, (pairing.figure)(theirs)?))
            })
            .collect();
        let ratio = Ratio::of(&pairs, pairing.margin, seed)?;
        let name = |names: &[String], at: usize| names.get(at).cloned().unwrap_or_default();
        Some(Comparison {
            cell: name(&self.plan.cells, cell),
            subject: name(&self.plan.arms, pairing.subject),
            reference: name(&self.plan.arms, pairing.reference),
            metric: pairing.metric,
            goal: pairing.at_least.map(|at_least| ratio.goal(at_least)),
            ratio,
            is_control: pairing.is_control,
        })
    }

    /// What was wrong with the invalid trials, in the order they ran.
    pub fn objections(&self) -> Vec<String> {
        let named = |place: &Place, why: String| {
            let (cell, arm) = self.names(*place);
            format!("block {}, {cell}, {arm}: {why}", place.block + 1)
        };
        self.trials.iter().filter_map(|(place, outcome)| Some(named(place, objection(outcome)?))).collect()
    }

    /// The share of a core that other programs took, in the median trial.
    pub fn others_share(&self) -> Option<f64> {
        let shares: Vec<f64> =
            self.trials.iter().filter_map(|(_, outcome)| outcome.as_ref().ok()?.usage()?.others_share()).collect();
        median(&shares)
    }

    /// The plan it follows.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    fn names(&self, place: Place) -> (&str, &str) {
        (
            self.plan.cells.get(place.cell).map_or("", String::as_str),
            self.plan.arms.get(place.arm).map_or("", String::as_str),
        )
    }

    fn print(&self, place: Place, outcome: &Result<T, String>, setting: &Setting) {
        let (cell, arm) = self.names(place);
        let invalid = objection(outcome);
        let trial = outcome.as_ref().ok();
        setting.output.trial(&Line { block: place.block, cell, arm, invalid: invalid.as_deref(), trial });
    }
}

fn objection<T: Trial>(outcome: &Result<T, String>) -> Option<String> {
    match outcome {
        Ok(trial) => trial.objection(),
        Err(why) => Some(why.clone()),
    }
}
