//! The files of a folder that is being moved: what is done, what is under way, what was left out.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use proto::Code;
use tokio::sync::watch;
use tokio::time::Instant;

use super::outcome::{Outcome, Place, Skipped};
use super::progress::{Direction, Progress, Stall, State};
use super::report::{self, Job, Meter, Report};
use crate::error::ClientError;

/// What was left out is named up to so many times; the rest is only counted as not done.
const SKIPPED_MAX: usize = 1000;

/// The files of a folder. Shared by everything that moves some of them; outlives a pause.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    files: u32,
    bytes: u64,
    moved: u64,
    resumed: u64,
    same: u32,
    renamed: u32,
    skipped: Vec<Skipped>,
    /// Those under way, each under a number of its own.
    under_way: BTreeMap<u64, watch::Receiver<Progress>>,
    last: u64,
}

impl Tally {
    /// A file is in its place.
    pub(crate) fn done(&self, size: u64, moved: u64, same: bool, renamed: bool) {
        let mut counts = self.counts();
        counts.files += 1;
        counts.bytes += size;
        counts.moved += moved;
        counts.same += u32::from(same);
        counts.renamed += u32::from(renamed);
    }

    /// A file was left out.
    ///
    /// # Errors
    /// The reason, if it is one that would be the same for every other file.
    pub(crate) fn skip(&self, path: &str, why: ClientError) -> Result<(), ClientError> {
        if is_for_all(&why) {
            return Err(why);
        }
        let mut counts = self.counts();
        if counts.skipped.len() < SKIPPED_MAX {
            counts.skipped.push(Skipped { path: path.to_owned(), why });
        }
        Ok(())
    }

    /// Moves one file, called `path`, and counts it.
    pub(crate) async fn run(&self, path: &str, mut job: impl Job, direction: Direction) -> Result<(), ClientError> {
        let report = Report::new(Progress::new(path.to_owned(), direction));
        let under_way = UnderWay::new(self, report.watch());
        let outcome = job.run(&report).await;
        drop(under_way);
        match outcome {
            Ok(outcome) => {
                self.done(outcome.size, outcome.moved, outcome.same, outcome.renamed);
                self.counts().resumed += outcome.resumed_from;
                Ok(())
            }
            Err(why) => self.skip(path, why),
        }
    }

    /// Runs `work`, and says meanwhile how it all stands.
    pub(crate) async fn follow<T>(&self, report: &Report, work: impl Future<Output = T>) -> T {
        let mut meter = Meter::new(Instant::now());
        let mut ticks = tokio::time::interval(report::TICK);
        let before = self.sum().moved;
        tokio::pin!(work);
        loop {
            tokio::select! {
                output = &mut work => {
                    self.tick(report, &mut meter, before);
                    return output;
                }
                _ = ticks.tick() => self.tick(report, &mut meter, before),
            }
        }
    }

    fn tick(&self, report: &Report, meter: &mut Meter, before: u64) {
        let sum = self.sum();
        let now = Instant::now();
        meter.look(now, sum.moved.saturating_sub(before));
        report.change(|progress| {
            progress.bytes_done = sum.bytes;
            progress.resumed_from = sum.resumed;
            progress.files_done = sum.files;
            progress.rate_bytes_s = meter.rate(now);
            progress.stalled_by = sum.stalled_by.filter(|_| meter.is_stalled(now));
            progress.state = if sum.is_offline { State::Offline } else { State::Running };
        });
    }

    fn sum(&self) -> Sum {
        let counts = self.counts();
        let mut sum = Sum {
            files: counts.files,
            bytes: counts.bytes,
            moved: counts.moved,
            resumed: counts.resumed,
            stalled_by: None,
            is_offline: false,
        };
        for progress in counts.under_way.values() {
            let progress = progress.borrow();
            sum.bytes += progress.bytes_done;
            sum.resumed += progress.resumed_from;
            sum.moved += progress.bytes_done.saturating_sub(progress.resumed_from);
            sum.stalled_by = sum.stalled_by.or(progress.stalled_by);
            sum.is_offline |= progress.state == State::Offline;
        }
        sum
    }

    /// What came of it all.
    pub(crate) fn outcome(&self, place: Place) -> Outcome {
        let counts = self.counts();
        Outcome {
            place,
            size: counts.bytes,
            root: None,
            same: counts.files > 0 && counts.same == counts.files,
            renamed: counts.renamed > 0,
            resumed_from: counts.resumed,
            moved: counts.moved,
            files: counts.files,
            skipped: counts.skipped.clone(),
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How it all stands.
#[derive(Debug)]
struct Sum {
    files: u32,
    bytes: u64,
    moved: u64,
    resumed: u64,
    stalled_by: Option<Stall>,
    is_offline: bool,
}

/// A file that is counted as being under way for as long as this lives.
struct UnderWay<'a> {
    tally: &'a Tally,
    number: u64,
}

impl<'a> UnderWay<'a> {
    fn new(tally: &'a Tally, progress: watch::Receiver<Progress>) -> Self {
        let mut counts = tally.counts();
        counts.last += 1;
        let number = counts.last;
        counts.under_way.insert(number, progress);
        drop(counts);
        Self { tally, number }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.tally.counts().under_way.remove(&self.number);
    }
}

/// Whether every other file would fail of it too.
fn is_for_all(why: &ClientError) -> bool {
    match why {
        ClientError::Refused(refusal) => matches!(
            refusal.code,
            Code::NoFiles | Code::NotInRoom | Code::NoSpace | Code::QuotaFull | Code::StorageFailed
        ),
        ClientError::Local { kind, .. } => *kind == std::io::ErrorKind::StorageFull,
        ClientError::BadText(_) | ClientError::TakenHere(_) | ClientError::KeepsChanging(_) => false,
        _ => true,
    }
}
