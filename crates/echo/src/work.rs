//! Synthetic work per request, so that strategies can be compared under it: asked for by `--work`, and measured.

mod alarm;
mod asked;
mod burn;
mod meter;
mod parse;
mod scarce;

use std::io;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

pub use asked::BadAsk;
pub use meter::ServiceTime;
pub use parse::BadWork;

use alarm::Alarm;
use burn::Burner;
use meter::{Dice, Meter};
use scarce::Scarce;

/// The longest a request may take.
pub const LONGEST: Duration = Duration::from_secs(60);

/// How often `cpu-yield` lets others run.
pub const YIELD_EVERY: Duration = Duration::from_micros(50);

/// What a request costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Work {
    /// Nothing.
    None,
    /// Waiting, as for a database.
    Sleep(Times),
    /// This, for this long.
    Fixed(Manner, Duration),
    /// This, for as long as the request's body says; see [`Workload::asked`].
    Asked(Manner),
    /// Waiting for one of a few slots, and then waiting.
    Scarce(Scarcity),
}

/// What a request does while it is worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Wait, as for a database.
    Sleep,
    /// Compute without a pause: nothing else runs on that thread meanwhile.
    Cpu,
    /// Compute, but let others run every [`YIELD_EVERY`].
    CpuYield,
    /// Block the thread, as code does that was not written for async.
    Block,
    /// The same on one of the threads that tokio keeps for it. A server of threads has no need of them: there it is
    /// [`Manner::Block`].
    Offload,
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

/// Something behind the server that only so many requests can use at a time, and that suffers from a crowd: a database
/// with a few connections and many locks. First come, first served.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scarcity {
    /// How many can use it at a time.
    pub slots: NonZeroU32,
    /// How long a request uses it while there is no crowd.
    pub time: Duration,
    /// The share of `time` that each request beyond `slots` adds, which is there and waits.
    pub penalty: f64,
}

/// The work of one server: done per request, by tasks and threads alike, and measured.
#[derive(Debug)]
pub struct Workload {
    work: Work,
    dice: Dice,
    burner: Burner,
    meter: Meter,
    alarm: Option<Alarm>,
    scarce: Option<Scarce>,
}

impl Workload {
    /// `work`, whose chances follow from `seed`. Takes a few milliseconds if the processor is to be measured first.
    ///
    /// # Errors
    /// If the operating system gives no thread, which work that waits needs.
    pub fn new(work: Work, seed: u64) -> io::Result<Self> {
        let manner = work.manner();
        let burner = match manner {
            Some(Manner::Cpu | Manner::CpuYield) => Burner::calibrated(),
            _ => Burner::idle(),
        };
        let alarm = if manner == Some(Manner::Sleep) { Some(Alarm::new()?) } else { None };
        let scarce = if let Work::Scarce(scarcity) = work { Some(Scarce::new(scarcity)) } else { None };
        Ok(Self { work, dice: Dice::new(seed), burner, meter: Meter::default(), alarm, scarce })
    }

    /// How long the request with this body asks to be worked on; nothing if it is not for requests to say.
    ///
    /// The body of such a request begins with its number, 8 bytes that mean nothing here, and the time in nanoseconds,
    /// 8 bytes, the lowest first.
    ///
    /// # Errors
    /// If the body is too short, or the time longer than [`LONGEST`].
    pub fn asked(&self, body: &[u8]) -> Result<Duration, BadAsk> {
        if matches!(self.work, Work::Asked(_)) { asked::time(body) } else { Ok(Duration::ZERO) }
    }

    /// Does the work of one request on a task. `asked` is what [`Workload::asked`] said of it.
    pub async fn perform(&self, asked: Duration) {
        if self.work == Work::None {
            return;
        }
        let began = Instant::now();
        if let Some(scarce) = &self.scarce {
            let slot = scarce.enter().await;
            self.spend(Manner::Sleep, slot.time()).await;
        } else if let Some((manner, time)) = self.due(asked) {
            self.spend(manner, time).await;
        }
        self.meter.record(began.elapsed());
    }

    /// The same on a thread.
    pub fn perform_blocking(&self, asked: Duration) {
        if self.work == Work::None {
            return;
        }
        let began = Instant::now();
        if let Some(scarce) = &self.scarce {
            let slot = scarce.enter_blocking();
            self.spend_blocking(Manner::Sleep, slot.time());
        } else if let Some((manner, time)) = self.due(asked) {
            self.spend_blocking(manner, time);
        }
        self.meter.record(began.elapsed());
    }

    /// What the requests took so far; `None` while none did.
    pub fn service_time(&self) -> Option<ServiceTime> {
        self.meter.service_time()
    }

    fn due(&self, asked: Duration) -> Option<(Manner, Duration)> {
        match self.work {
            Work::None | Work::Scarce(_) => None,
            Work::Sleep(times) => Some((Manner::Sleep, self.dice.pick(times))),
            Work::Fixed(manner, time) => Some((manner, time)),
            Work::Asked(manner) => Some((manner, asked)),
        }
    }

    async fn spend(&self, manner: Manner, time: Duration) {
        match manner {
            Manner::Sleep => match &self.alarm {
                Some(alarm) => alarm.wait(time).await,
                None => tokio::time::sleep(time).await,
            },
            Manner::Cpu => self.burner.burn(time),
            Manner::CpuYield => {
                for slice in slices(time) {
                    self.burner.burn(slice);
                    tokio::task::yield_now().await;
                }
            }
            Manner::Block => std::thread::sleep(time),
            // It ends without having slept only when the runtime ends, and with it this.
            Manner::Offload => drop(tokio::task::spawn_blocking(move || std::thread::sleep(time)).await),
        }
    }

    fn spend_blocking(&self, manner: Manner, time: Duration) {
        match manner {
            Manner::Sleep | Manner::Block | Manner::Offload => std::thread::sleep(time),
            Manner::Cpu => self.burner.burn(time),
            Manner::CpuYield => {
                for slice in slices(time) {
                    self.burner.burn(slice);
                    std::thread::yield_now();
                }
            }
        }
    }
}

impl Work {
    /// What is done; `None` for nothing.
    const fn manner(self) -> Option<Manner> {
        match self {
            Self::None => None,
            Self::Sleep(_) | Self::Scarce(_) => Some(Manner::Sleep),
            Self::Fixed(manner, _) | Self::Asked(manner) => Some(manner),
        }
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
        let rows = [
            ("sleep:fix:5ms", 5000.0),
            ("block:5ms", 5000.0),
            ("offload:5ms", 5000.0),
            ("cpu:5ms", 2000.0),
            ("cpu-yield:5ms", 2000.0),
            ("asked:sleep", 7000.0),
            ("asked:block", 7000.0),
            ("asked:offload", 7000.0),
            ("asked:cpu", 3000.0),
            ("asked:cpu-yield", 3000.0),
            ("scarce:2:5ms:10%", 5000.0),
        ];
        for (work, least_us) in rows {
            let workload = Workload::new(work.parse().unwrap(), 1).unwrap();
            assert_eq!(workload.service_time(), None);
            workload.perform(Duration::from_millis(7)).await;
            workload.perform_blocking(Duration::from_millis(7));
            let time = workload.service_time().unwrap();
            assert_eq!(time.requests, 2, "{work}");
            assert!(time.least_us >= least_us, "{work}: {time}");
        }
    }

    #[tokio::test]
    async fn no_work_takes_no_time_and_is_not_measured() {
        let workload = Workload::new(Work::None, 1).unwrap();
        workload.perform(Duration::ZERO).await;
        workload.perform_blocking(Duration::ZERO);
        assert_eq!((workload.service_time(), workload.asked(b"anything")), (None, Ok(Duration::ZERO)));
    }
}
