//! The running side of a [`super::Transfer`]: says how it stands, and hears what the caller wishes.

use std::future::Future;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::handle::{Transfer, Wish};
use super::line::{Line, LineState, Waits};
use super::outcome::Outcome;
use super::progress::{Direction, Notice, Progress, Stall, State};
use crate::error::ClientError;

/// How often the progress is looked at.
pub(crate) const TICK: Duration = Duration::from_millis(200);

/// Nothing may move for so long before it is called a stall.
const STALL: Duration = Duration::from_secs(1);

/// The rate is that of about the last so many seconds.
const RATE_SECONDS: f64 = 3.0;

/// A rate is said only of a transfer that has run for so long.
const RATE_FROM: Duration = Duration::from_millis(400);

/// Notices that are kept.
const NOTICES_MAX: usize = 16;

/// What a transfer does, and does again from where it was when it was paused meanwhile.
pub(crate) trait Job: Send + 'static {
    /// Runs to the end. May be dropped at any point, and called again.
    fn run(&mut self, report: &Report) -> impl Future<Output = Result<Outcome, ClientError>> + Send;
}

/// Where a job says how it stands.
#[derive(Debug)]
pub(crate) struct Report {
    progress: watch::Sender<Progress>,
}

impl Report {
    pub(crate) fn new(progress: Progress) -> Self {
        Self { progress: watch::channel(progress).0 }
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Progress)) {
        self.progress.send_modify(change);
    }

    pub(crate) fn state(&self, state: State) {
        self.progress.send_if_modified(|progress| {
            let changes = progress.state != state;
            progress.state = state;
            if state != State::Running {
                progress.stalled_by = None;
            }
            changes
        });
    }

    pub(crate) fn notice(&self, notice: Notice) {
        self.change(|progress| {
            if progress.notices.len() < NOTICES_MAX {
                progress.notices.push(notice);
            }
        });
    }

    /// Says whether it came to something.
    pub(crate) fn over(&self, outcome: &Result<Outcome, ClientError>) {
        self.change(|progress| {
            progress.stalled_by = None;
            progress.state = match outcome {
                Ok(outcome) => {
                    progress.bytes_done = progress.bytes_total;
                    progress.files_done = outcome.files;
                    State::Done
                }
                Err(_) => State::Failed,
            };
        });
    }
}

/// Starts a transfer.
pub(crate) fn start(name: String, direction: Direction, job: impl Job) -> Transfer {
    let report = Report::new(Progress::new(name, direction));
    let progress = report.watch();
    let (wish, wishes) = watch::channel(Wish::Run);
    let (outcome_end, outcome) = oneshot::channel();
    let task = tokio::spawn(async move {
        let outcome = drive(job, &report, wishes).await;
        report.over(&outcome);
        // A caller that is gone has no use for it.
        drop(outcome_end.send(outcome));
    });
    Transfer::new(progress, wish, outcome, task)
}

async fn drive(mut job: impl Job, report: &Report, mut wishes: watch::Receiver<Wish>) -> Result<Outcome, ClientError> {
    loop {
        let wish = *wishes.borrow_and_update();
        match wish {
            Wish::Cancel => return Err(ClientError::Cancelled),
            Wish::Pause => {
                report.state(State::Paused);
                report.change(|progress| progress.rate_bytes_s = None);
                wishes.changed().await.map_err(|_| ClientError::Cancelled)?;
            }
            Wish::Run => tokio::select! {
                outcome = job.run(report) => return outcome,
                // Otherwise the caller wishes it so again.
                changed = wishes.wait_for(|wish| *wish != Wish::Run) => drop(changed.map_err(|_| ClientError::Cancelled)?),
            },
        }
    }
}

/// How fast something moves, and since when it does not.
#[derive(Debug)]
pub(crate) struct Meter {
    begun: Instant,
    moved_at: Instant,
    looked: Instant,
    moved: u64,
    /// Bytes a second, averaged; what is newer weighs more.
    rate: Option<f64>,
}

impl Meter {
    /// Begins now: what had moved before does not count.
    pub(crate) fn new(now: Instant) -> Self {
        Self { begun: now, moved_at: now, looked: now, moved: 0, rate: None }
    }

    /// So much has moved since it began.
    #[expect(clippy::cast_precision_loss, reason = "a rate need not be exact")]
    pub(crate) fn look(&mut self, now: Instant, moved: u64) {
        let seconds = (now - self.looked).as_secs_f64();
        if seconds <= 0.0 {
            return;
        }
        let bytes = moved.saturating_sub(self.moved);
        if bytes > 0 {
            self.moved_at = now;
        }
        let latest = bytes as f64 / seconds;
        let weight = 1.0 - (-seconds / RATE_SECONDS).exp();
        // The first looks are averaged evenly, so that the beginning is neither too fast nor too slow for long.
        let since = (now - self.begun).as_secs_f64();
        let weight = weight.max(seconds / since.max(seconds));
        self.rate = Some(self.rate.map_or(latest, |rate| rate + (latest - rate) * weight));
        (self.looked, self.moved) = (now, moved);
    }

    /// Bytes a second of late.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is positive, and far below 2^64"
    )]
    pub(crate) fn rate(&self, now: Instant) -> Option<u64> {
        self.rate.filter(|_| now - self.begun >= RATE_FROM).map(|rate| rate as u64)
    }

    pub(crate) fn is_stalled(&self, now: Instant) -> bool {
        now - self.moved_at >= STALL
    }
}

/// Says how a transfer stands that is under way on `line`.
pub(crate) fn tick(report: &Report, meter: &mut Meter, line: &Line, state: &LineState, direction: Direction) {
    let now = Instant::now();
    meter.look(now, line.moved());
    let reached = line.reached();
    report.change(|progress| {
        progress.bytes_done = reached;
        progress.rate_bytes_s = meter.rate(now);
        progress.stalled_by = meter.is_stalled(now).then(|| stall(direction, state));
        let all = reached >= progress.bytes_total;
        progress.state = if all { State::Finishing } else { State::Running };
        if all {
            progress.stalled_by = None;
        }
    });
}

/// Who is waited for.
const fn stall(direction: Direction, state: &LineState) -> Stall {
    use proto::message::StalledBy;
    match (direction, state.waits, state.stalled) {
        (_, Some(Waits::Disk), _) => Stall::OwnDisk,
        (_, _, Some(StalledBy::ServerDisk)) => Stall::ServerDisk,
        (_, _, Some(StalledBy::Sender)) => Stall::Sender,
        (Direction::Put, Some(Waits::Credit), _) => Stall::Server,
        (Direction::Put, ..) => Stall::Uplink,
        (Direction::Get, ..) => Stall::Downlink,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_late_and_begins_with_what_moves_now() {
        let begun = Instant::now();
        let mut meter = Meter::new(begun);
        assert_eq!(meter.rate(begun), None);
        let at = |ticks: u32| begun + TICK * ticks;
        for ticks in 1..=50 {
            meter.look(at(ticks), u64::from(ticks) * 200_000);
        }
        assert_eq!(meter.rate(at(50)), Some(1_000_000));
        assert!(!meter.is_stalled(at(50)));
        for ticks in 51..=100 {
            meter.look(at(ticks), 50 * 200_000);
        }
        assert!(meter.rate(at(100)).is_some_and(|rate| rate < 50_000), "{meter:?}");
        assert!(meter.is_stalled(at(100)));
    }
}
