//! Hashes made of the bytes that are sent, and the way back when some must be sent again.

use std::collections::VecDeque;

use proto::Root;
use proto::limits::GROUP_BYTES;

use crate::group::{GroupHash, GroupHasher, RootBuilder};

/// Every so many groups the root as made so far is kept, for a repair to go back to.
const CHECKPOINT_GROUPS: u64 = 64;

/// So many of them are kept, besides the first.
const CHECKPOINTS_MAX: usize = 64;

/// Hashes made of the bytes, in order.
pub(super) struct Computed {
    size: u64,
    hasher: GroupHasher,
    root: RootBuilder,
    /// Roots as they were, the first at the beginning of the transfer.
    checkpoints: VecDeque<RootBuilder>,
}

impl Computed {
    pub(super) fn new(size: u64, from: u64, before: RootBuilder) -> Self {
        let checkpoints = VecDeque::from([before.clone()]);
        Self { size, hasher: GroupHasher::new(size, from), root: before, checkpoints }
    }

    /// Takes the next bytes; the hashes of the groups that end in them.
    pub(super) fn update(&mut self, bytes: &[u8]) -> Vec<GroupHash> {
        let mut hashes = Vec::new();
        self.hasher.update(bytes, &mut hashes);
        for hash in &hashes {
            self.root.push(*hash);
            if self.root.groups().is_multiple_of(CHECKPOINT_GROUPS) {
                self.checkpoints.push_back(self.root.clone());
                if self.checkpoints.len() > CHECKPOINTS_MAX + 1 {
                    self.checkpoints.remove(1);
                }
            }
        }
        hashes
    }

    /// Goes back to the last checkpoint that is not behind `group`, and says at which offset that is.
    pub(super) fn back_to(&mut self, group: u64) -> u64 {
        while self.checkpoints.len() > 1 && self.checkpoints.back().is_some_and(|root| root.groups() > group) {
            self.checkpoints.pop_back();
        }
        if let Some(root) = self.checkpoints.back() {
            self.root = root.clone();
        }
        let at = self.root.groups() * GROUP_BYTES;
        self.hasher = GroupHasher::new(self.size, at);
        at
    }

    /// The root of what was taken so far.
    pub(super) fn root(&self) -> Root {
        self.root.finish()
    }
}
