//! What is counted of the visitors.

use std::time::Duration;

use super::visitor::Asked;
use crate::stats::Latencies;
use crate::suite::record::Counts;

/// The counts of a trial. Requests count whose intended start lies behind the warm-up.
#[derive(Debug, Default)]
pub(super) struct Books {
    pub(super) warm_up: Duration,
    pub(super) length: Duration,
    pub(super) counts: Counts,
    pub(super) intended: Latencies,
    pub(super) sent: Latencies,
    pub(super) connects: Latencies,
    pub(super) first_answers: Latencies,
    pub(super) lateness: Latencies,
    pub(super) complaint: Option<String>,
    /// Answers that came between the warm-up and the length, whenever they were asked for.
    pub(super) answers: u64,
}

impl Books {
    const fn is_counted(&self, intended: Duration) -> bool {
        intended.as_nanos() >= self.warm_up.as_nanos()
    }

    pub(super) fn offer(&mut self, intended: Duration, now: Duration) {
        if self.is_counted(intended) {
            self.counts.offered += 1;
            self.lateness.record(now.saturating_sub(intended));
        }
    }

    pub(super) fn answered(&mut self, asked: Asked, now: Duration, is_first: bool) {
        self.answers += u64::from(self.is_counted(now) && now < self.length);
        if !self.is_counted(asked.intended) {
            return;
        }
        let latency = now.saturating_sub(asked.intended);
        self.counts.ok += 1;
        self.intended.record(latency);
        self.sent.record(now.saturating_sub(asked.sent));
        if is_first {
            self.first_answers.record(latency);
        }
    }

    pub(super) fn shed(&mut self, asked: Asked) {
        self.counts.shed += u64::from(self.is_counted(asked.intended));
    }

    pub(super) fn refused(&mut self, asked: Asked) {
        self.counts.refused += u64::from(self.is_counted(asked.intended));
    }

    pub(super) fn failed(&mut self, asked: Asked, why: &str) {
        self.counts.failed += u64::from(self.is_counted(asked.intended));
        self.complaint.get_or_insert_with(|| why.to_owned());
    }

    /// The trial is over and this has no answer; whether its visitor never got any.
    pub(super) fn in_flight(&mut self, asked: Asked, never_answered: bool) {
        let count = u64::from(self.is_counted(asked.intended));
        self.counts.in_flight += count;
        self.counts.starved += count * u64::from(never_answered);
    }
}
