//! Which trial when: in every block each thing runs once in each cell, in an order that the seed decides.
//!
//! So what drifts (heat, neighbours on the same host) meets all alike, and what is compared ran close together.

use crate::stats::SplitMix64;

/// Blocks of cells of arms. A cell is a workload; an arm is one of the things compared.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How often everything runs.
    pub blocks: usize,
    /// What the workloads are called.
    pub cells: Vec<String>,
    /// What the things compared are called.
    pub arms: Vec<String>,
    /// Decides the order.
    pub seed: u64,
}

/// One trial's place in a plan; the numbers index [`Plan::cells`] and [`Plan::arms`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which block.
    pub block: usize,
    /// Which workload.
    pub cell: usize,
    /// Which of the things compared.
    pub arm: usize,
}

impl Plan {
    /// How many trials there are.
    pub const fn trials(&self) -> usize {
        self.blocks * self.cells.len() * self.arms.len()
    }

    /// The trials of one block in their order: cells in random order, and within a cell the arms in random order, so
    /// that a pair to be compared runs within seconds.
    pub fn block(&self, block: usize) -> Vec<Place> {
        let mut random = SplitMix64::new(self.seed ^ (block as u64).wrapping_mul(0x2545_f491_4f6c_dd1d));
        let mut places = Vec::with_capacity(self.cells.len() * self.arms.len());
        for cell in random.shuffled(self.cells.len()) {
            for arm in random.shuffled(self.arms.len()) {
                places.push(Place { block, cell, arm });
            }
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(seed: u64) -> Plan {
        let names = |count: usize| (0..count).map(|n| n.to_string()).collect();
        Plan { blocks: 6, cells: names(3), arms: names(4), seed }
    }

    #[test]
    fn every_block_holds_every_trial_once() {
        for block in 0..6 {
            let mut places: Vec<_> = plan(1).block(block).iter().map(|place| (place.cell, place.arm)).collect();
            places.sort_unstable();
            let all: Vec<_> = (0..3).flat_map(|cell| (0..4).map(move |arm| (cell, arm))).collect();
            assert_eq!(places, all);
        }
        assert_eq!(plan(1).trials(), 72);
    }

    #[test]
    fn the_seed_decides_the_order() {
        let order = |seed| (0..6).flat_map(|block| plan(seed).block(block)).collect::<Vec<_>>();
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
    }

    #[test]
    fn blocks_differ_in_order() {
        let orders: Vec<_> =
            (0..6).map(|block| plan(1).block(block).iter().map(|p| p.arm).collect::<Vec<_>>()).collect();
        assert!(orders.iter().any(|order| *order != orders[0]));
    }
}
