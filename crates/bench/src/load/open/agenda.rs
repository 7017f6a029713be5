//! What is to be done when, beyond the arrivals that the schedule fixes: the requests that follow an answer, tries to
//! come, tries to give up.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    /// A session's next request.
    Next(usize),
    /// Another try of a session's request.
    Again(usize),
    /// Give a try up.
    GiveUp {
        /// Of this session.
        session: usize,
        /// Of this ticket.
        ticket: usize,
        /// How often it had been tried.
        tries: u32,
    },
}

/// Things to do, by their time in nanoseconds.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    acts: BinaryHeap<Reverse<(u64, Act)>>,
}

impl Agenda {
    /// Enters one.
    pub(super) fn add(&mut self, at_ns: u64, act: Act) {
        self.acts.push(Reverse((at_ns, act)));
    }

    /// The next and its time. What `is_past` says need not be done any more is dropped on the way.
    pub(super) fn next(&mut self, is_past: impl Fn(&Act) -> bool) -> Option<(u64, Act)> {
        while let Some(Reverse((at_ns, act))) = self.acts.peek().copied() {
            if !is_past(&act) {
                return Some((at_ns, act));
            }
            self.acts.pop();
        }
        None
    }

    /// Takes the one out that [`Agenda::next`] told of.
    pub(super) fn done(&mut self) {
        self.acts.pop();
    }
}
