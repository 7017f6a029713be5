//! What sending and fetching have in common.

use std::time::Duration;

use proto::Refusal;
use tokio::time::Instant;

use super::line::{Ended, Line};
use super::progress::{Direction, Notice};
use super::report::{self, Meter, Report};
use crate::error::ClientError;

/// Waits until a transfer ends on its connection, and says meanwhile how it stands.
pub(crate) async fn follow(report: &Report, line: &Line, direction: Direction) -> Ended {
    let mut state = line.watch();
    let mut meter = Meter::new(Instant::now());
    let mut ticks = tokio::time::interval(report::TICK);
    let mut repairs = 0;
    loop {
        let now = state.borrow_and_update().clone();
        if now.repairs > repairs {
            repairs = now.repairs;
            report.notice(Notice::Repaired { offset: now.repaired_at });
        }
        report::tick(report, &mut meter, line, &now, direction);
        if let Some(ended) = now.ended {
            return ended;
        }
        tokio::select! {
            changed = state.changed() => if changed.is_err() {
                return Ended::Broken;
            },
            _ = ticks.tick() => {}
        }
    }
}

/// How a try ended that did not end the transfer.
#[derive(Debug)]
pub(crate) enum Again {
    /// The connection is away.
    Away,
    /// The two sides have another content, and what is there is of no use.
    Fresh,
    /// The file changed meanwhile.
    Changed,
    /// Not now.
    Later(Refusal),
}

/// Files of a folder, too large for a pack, that are moved at a time.
pub(crate) const LARGE_AT_ONCE: usize = 4;

/// A file that changes while it is moved is begun anew at most this often.
pub(crate) const CHANGES_MAX: u32 = 3;

/// Tries without progress, after which it is not tried again.
const TRIES_MAX: u32 = 8;

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// How often something is tried again that the other side would not have now.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    tries: u32,
    reached: u64,
}

impl Patience {
    /// It got so far; farther than before means that it is worth going on.
    pub(crate) fn reached(&mut self, offset: u64) {
        if offset > self.reached {
            self.reached = offset;
            self.tries = 0;
        }
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// The refusal, when that was tried often enough.
    pub(crate) async fn wait(&mut self, refusal: Refusal) -> Result<(), ClientError> {
        if self.tries >= TRIES_MAX {
            return Err(refusal.into());
        }
        let wait = FIRST_WAIT.saturating_mul(1 << self.tries).min(LONGEST_WAIT);
        let asked = refusal.retry_after_ms.map_or(Duration::ZERO, |ms| Duration::from_millis(ms.into()));
        self.tries += 1;
        tokio::time::sleep(wait.max(asked.min(LONGEST_WAIT))).await;
        Ok(())
    }
}
