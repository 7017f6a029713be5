//! Which trials are still to run, by what the records say: the same answer in a resumed run as in one that was never
//! interrupted. Pure.

use crate::plan::{Place, Plan};
use crate::suite::record::TrialRecord;
use crate::suite::spec::Spec;

/// The next block to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turn {
    /// Whose: an index into the specs.
    pub(super) spec: usize,
    /// Which block.
    pub(super) block: usize,
    /// What of it is still to run, in order.
    pub(super) places: Vec<Place>,
}

/// How far one block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Open,
    Whole,
    Disturbed,
}

/// Decides what runs next. Experiments take turns, a block each, so that an early end leaves something of all.
#[derive(Debug)]
pub(super) struct Agenda<'a> {
    specs: &'a [Spec],
    seed: u64,
}

impl<'a> Agenda<'a> {
    /// The agenda of a run.
    pub(super) const fn new(specs: &'a [Spec], seed: u64) -> Self {
        Self { specs, seed }
    }

    /// The next block that is to run or to be finished; `None` when all is done.
    ///
    /// What is `left_out` does not run. A disturbed block is over at once, and a further one stands in for it, at most half as many as were planned.
    pub(super) fn next(&self, records: &[TrialRecord], left_out: &[usize]) -> Option<Turn> {
        let open = (0..self.specs.len()).filter(|index| !left_out.contains(index)).filter_map(|index| {
            let block = open_block(self.specs.get(index)?, records)?;
            Some((block, index))
        });
        let (block, spec) = open.min()?;
        Some(Turn { spec, block, places: self.places(spec, block, records) })
    }

    /// How many trials of each experiment are still to run if no more blocks are disturbed.
    pub(super) fn trials_left(&self, records: &[TrialRecord], left_out: &[usize]) -> Vec<(usize, usize)> {
        let runs = |(index, _): &(usize, &Spec)| !left_out.contains(index);
        let left = self.specs.iter().enumerate().filter(runs).filter_map(|(index, spec)| {
            let first = open_block(spec, records)?;
            let whole = (0..first).filter(|block| progress(spec, *block, records) == Progress::Whole).count();
            let room = blocks_max(spec).saturating_sub(first);
            let blocks = spec.blocks.saturating_sub(whole).min(room);
            let per_block = spec.cells.len() * spec.arms.len();
            let begun = per_block - self.places(index, first, records).len();
            Some((index, (blocks * per_block).saturating_sub(begun)))
        });
        left.collect()
    }

    /// What decides the arrivals of a block.
    pub(super) fn block_seed(&self, spec: usize, block: usize) -> u64 {
        let number = self.specs.get(spec).map_or(0, |spec| spec.experiment as u64);
        let mixed = self.seed ^ (number << 32) ^ ((block as u64) << 40);
        crate::stats::SplitMix64::new(mixed).next()
    }

    /// The places of a block without a record, and all those of a cell of which some have none: arms are compared
    /// within a cell because they ran close together, so a cell that was torn runs again whole.
    fn places(&self, spec: usize, block: usize, records: &[TrialRecord]) -> Vec<Place> {
        let Some(of) = self.specs.get(spec) else { return Vec::new() };
        let names = |count: usize| vec![String::new(); count];
        let (cells, arms) = (names(of.cells.len()), names(of.arms.len()));
        let number = of.experiment as u64;
        let plan = Plan { blocks: of.blocks, cells, arms, seed: self.seed.wrapping_add(number << 48) };
        let order = plan.block(block);
        let is_missing = |place: &Place| !records.iter().any(|record| is_at(record, of, *place));
        let torn: Vec<usize> = order.iter().filter(|place| is_missing(place)).map(|place| place.cell).collect();
        order.into_iter().filter(|place| torn.contains(&place.cell)).collect()
    }
}

/// The most blocks an experiment runs, disturbed ones included.
fn blocks_max(spec: &Spec) -> usize {
    spec.blocks + spec.blocks.div_ceil(2)
}

/// The first block that is not over; `None` if there are blocks enough.
fn open_block(spec: &Spec, records: &[TrialRecord]) -> Option<usize> {
    let mut whole = 0;
    for block in 0..blocks_max(spec) {
        if whole == spec.blocks {
            return None;
        }
        match progress(spec, block, records) {
            Progress::Open => return Some(block),
            Progress::Whole => whole += 1,
            Progress::Disturbed => {}
        }
    }
    None
}

fn progress(spec: &Spec, block: usize, records: &[TrialRecord]) -> Progress {
    let is_of_block = |record: &&TrialRecord| record.experiment == spec.experiment && record.block == block;
    let of_block: Vec<&TrialRecord> = records.iter().filter(is_of_block).collect();
    if of_block.iter().any(|record| record.disturbed.is_some()) {
        return Progress::Disturbed;
    }
    let is_there = |cell, arm| of_block.iter().any(|record| is_at(record, spec, Place { block, cell, arm }));
    let is_whole = (0..spec.cells.len()).all(|cell| (0..spec.arms.len()).all(|arm| is_there(cell, arm)));
    if is_whole { Progress::Whole } else { Progress::Open }
}

fn is_at(record: &TrialRecord, spec: &Spec, place: Place) -> bool {
    record.experiment == spec.experiment
        && record.block == place.block
        && spec.cells.get(place.cell).is_some_and(|cell| cell.name == record.cell)
        && spec.arms.get(place.arm).is_some_and(|arm| arm.name == record.arm)
}

#[cfg(test)]
mod tests;
