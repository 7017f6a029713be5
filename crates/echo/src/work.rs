//! Synthetic work per request, so that strategies can be compared under it: asked for by `--work`, and measured.

mod burn;
mod meter;
mod parse;

use std::time::{Duration, Instant};

pub use meter::ServiceTime;
pub use parse::BadWork;

use burn::Burner;
use meter::{Dice, Meter};

/// What a request costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Work {
    /// Nothing.
    None,
    /// Waiting, as for a database: the task sleeps. Tokio's clock ticks in milliseconds, so that a sleep is up to
    /// one longer than asked for; the measured time says by how much.
    Sleep(Times),
    /// Computing without a pause: nothing else runs on that thread meanwhile.
    Cpu(Duration),
    /// Computing that lets others run every [`YIELD_EVERY`].
    CpuYield(Duration),
    /// Blocking the thread, as code does that was not written for async.
    Block(Duration),
}

/// How long each request takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Times {
    /// Always the same.
    Fixed(Duration),
    /// Exponentially distributed, with this mean.
    Exponential(Duration),
    /// Mostly `usual`, and `rare` for a share of the requests.
    Bimodal {
        /// The usual time.
        usual: Duration,
        /// The rare one.
        rare: Duration,
        /// The share of the rare one, 0 to 1.
        share: f64,
    },
}

/// How often `cpu-yield` lets others run.
pub const YIELD_EVERY: Duration = Duration::from_micros(50);

/// The work of one server: done per request, by tasks and threads alike, and measured.
#[derive(Debug)]
pub struct Workload {
    work: Work,
    dice: Dice,
    burner: Burner,
    meter: Meter,
}

impl Workload {
    /// `work`, whose chances follow from `seed`. Takes a few milliseconds if the processor is to be measured first.
    pub fn new(work: Work, seed: u64) -> Self {
        let burner = match work {
            Work::Cpu(_) | Work::CpuYield(_) => Burner::calibrated(),
            _ => Burner::idle(),
        };
        Self { work, dice: Dice::new(seed), burner, meter: Meter::default() }
    }

    /// Does the work of one request on a task.
    pub async fn perform(&self) {
        if self.work == Work::None {
            return;
        }
        let began = Instant::now();
        match self.work {
            Work::None => {}
            Work::Sleep(times) => tokio::time::sleep(self.dice.pick(times)).await,
            Work::Cpu(time) => self.burner.burn(time),
            Work::CpuYield(time) => {
                for slice in slices(time) {
                    self.burner.burn(slice);
                    tokio::task::yield_now().await;
                }
            }
            Work::Block(time) => std::thread::sleep(time),
        }
        self.meter.record(began.elapsed());
    }

    /// The same on a thread.
    pub fn perform_blocking(&self) {
        if self.work == Work::None {
            return;
        }
        let began = Instant::now();
        match self.work {
            Work::None => {}
            Work::Sleep(times) => std::thread::sleep(self.dice.pick(times)),
            Work::Cpu(time) => self.burner.burn(time),
            Work::CpuYield(time) => {
                for slice in slices(time) {
                    self.burner.burn(slice);
                    std::thread::yield_now();
                }
            }
            Work::Block(time) => std::thread::sleep(time),
        }
        self.meter.record(began.elapsed());
    }

    /// What the requests took so far; `None` while none did.
    pub fn service_time(&self) -> Option<ServiceTime> {
        self.meter.service_time()
    }
}

fn slices(time: Duration) -> impl Iterator<Item = Duration> {
    let mut left = time;
    std::iter::from_fn(move || {
        let slice = left.min(YIELD_EVERY);
        left -= slice;
        (!slice.is_zero()).then_some(slice)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_add_up() {
        let time = Duration::from_micros(1020);
        assert_eq!(slices(time).sum::<Duration>(), time);
        assert_eq!(slices(time).count(), 21);
    }

    #[tokio::test]
    async fn every_kind_of_work_takes_at_least_its_time_and_is_measured() {
        // Burning is calibrated with the fastest of several runs, and so may fall short by as much as the clock varies.
        let rows = [("sleep:fix:5ms", 5000.0), ("block:5ms", 5000.0), ("cpu:5ms", 2000.0), ("cpu-yield:5ms", 2000.0)];
        for (work, least_us) in rows {
            let workload = Workload::new(work.parse().unwrap(), 1);
            assert_eq!(workload.service_time(), None);
            workload.perform().await;
            workload.perform_blocking();
            let time = workload.service_time().unwrap();
            assert_eq!(time.requests, 2, "{work}");
            assert!(time.least_us >= least_us, "{work}: {time}");
        }
    }
}
