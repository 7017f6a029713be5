//! Notices when nothing moves any more.

use std::time::Instant;

use super::STUCK;
use crate::error::BenchError;

/// Notices when a count stands still for too long.
#[derive(Debug)]
pub(super) struct Watch {
    count: u64,
    since: Instant,
}

impl Watch {
    pub(super) fn new(count: u64) -> Self {
        Self { count, since: Instant::now() }
    }

    /// Looks at the count.
    ///
    /// # Errors
    /// What `stuck` says, if it has stood still for too long.
    pub(super) fn look(&mut self, count: u64, stuck: impl FnOnce() -> BenchError) -> Result<(), BenchError> {
        if count != self.count {
            *self = Self::new(count);
        } else if self.since.elapsed() > STUCK {
            return Err(stuck());
        }
        Ok(())
    }
}
