//! One lane: transfers that take turns. Knows bytes and slots only.

use std::collections::VecDeque;

use proto::Slot;

/// A transfer's place in the ring.
#[derive(Debug)]
struct Turn {
    slot: Slot,
    /// Bytes it may still send before the next one's turn; less than nothing if its last frame was larger.
    deficit: i64,
}

/// Transfers that take turns.
///
/// Invariant: two transfers that always have something to send are never further apart than three turns.
#[derive(Debug)]
pub(super) struct Lane {
    ring: VecDeque<Turn>,
    share: u64,
    /// Bytes sent, divided by the share: the lane that is behind goes first.
    clock: u64,
}

impl Lane {
    /// A lane that may send `share` times as much as one of share 1.
    pub(super) const fn new(share: u64) -> Self {
        Self { ring: VecDeque::new(), share, clock: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.ring.len()
    }

    /// Puts a transfer at the end.
    pub(super) fn add(&mut self, slot: Slot) {
        self.ring.push_back(Turn { slot, deficit: 0 });
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        self.ring.retain(|turn| turn.slot != slot);
    }

    /// Whether this lane's turn is before `other`'s.
    pub(super) const fn is_before(&self, other: &Self) -> bool {
        self.clock <= other.clock
    }

    /// Forgets what it might have sent while `other` was sending.
    pub(super) fn catch_up(&mut self, other: &Self) {
        self.clock = self.clock.max(other.clock);
    }

    /// Whose turn it is, when a turn is worth `quantum` bytes.
    pub(super) fn turn(&mut self, quantum: usize) -> Option<Slot> {
        loop {
            let front = self.ring.front_mut()?;
            if front.deficit > 0 {
                return Some(front.slot);
            }
            front.deficit += i64::try_from(quantum.max(1)).unwrap_or(i64::MAX);
            // A newcomer, or one whose turn is over: the others first.
            if front.deficit > 0 && self.ring.len() == 1 {
                return self.ring.front().map(|front| front.slot);
            }
            self.ring.rotate_left(1);
        }
    }

    /// The one whose turn it is sent `bytes`.
    pub(super) fn sent(&mut self, bytes: usize) {
        if let Some(front) = self.ring.front_mut() {
            front.deficit -= i64::try_from(bytes).unwrap_or(i64::MAX);
        }
        self.clock += (bytes as u64).div_ceil(self.share);
    }

    /// The one whose turn it is has nothing to send, and saves nothing up.
    pub(super) fn pass(&mut self) {
        if let Some(front) = self.ring.front_mut() {
            front.deficit = front.deficit.min(0);
        }
        self.ring.rotate_left(1.min(self.ring.len()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn transfers_that_always_have_something_get_the_same(
            frames in proptest::collection::vec(proptest::collection::vec(1..=1000_usize, 1..9), 2..9),
            turns in 1..500_usize,
        ) {
            let mut lane = Lane::new(1);
            (0..).zip(&frames).for_each(|(slot, _)| lane.add(Slot(slot)));
            let mut sent = vec![(0, 0); frames.len()];
            for _ in 0..turns {
                let slot = usize::from(lane.turn(1000).unwrap().0);
                let (count, bytes) = &mut sent[slot];
                let frame = frames[slot][*count % frames[slot].len()];
                (*count, *bytes) = (*count + 1, *bytes + frame);
                lane.sent(frame);
            }
            let bytes: Vec<usize> = sent.iter().map(|(_, bytes)| *bytes).collect();
            let (least, most) = (bytes.iter().min().unwrap(), bytes.iter().max().unwrap());
            prop_assert!(most - least <= 3 * 1000, "{bytes:?}");
        }
    }
}
