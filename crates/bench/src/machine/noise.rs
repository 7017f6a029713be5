//! Whether the machine was left alone during a trial, by a rule that is fixed here and looks at no result.
//!
//! A trial is disturbed, and its whole block is dropped, if one of these holds:
//! - others took more than [`OTHERS_MAX`] of the time of the cores that serve and load, and more than
//!   [`OTHERS_FLOOR_SECONDS`]: what those cores were busy, less what this program and the servers it has ended used;
//! - the host took more than [`STEAL_MAX`] of their time away (a virtual machine's steal);
//! - right behind the trial a short piece of computing took [`BURN_MAX`] times as long as at the start of the run, at
//!   its best: the core itself had become slower.
//!
//! Pressure (PSI) is recorded and judged by nobody: it counts our own threads that wait for their core as well.
//!
//! Before a trial the gate waits for a quiet moment, at most [`WAIT_MAX`] each time and [`WAIT_TOTAL_MAX`] over the
//! run, so that a machine that is never quiet still gets to its end, with a bad grade.

mod readings;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use self::readings::Clocks;
use super::Pinning;
use crate::error::BenchError;
use crate::interrupt::Interrupt;

/// The figure of a record: the share of our cores' time that others took, 0 to 1.
pub const OTHERS: &str = "noise_others";
/// The share of our cores' time that the host took away.
pub const STEAL: &str = "noise_steal";
/// How many times as long a short computation took as at the start of the run.
pub const BURN: &str = "noise_burn";
/// The share of the trial in which something on the machine waited for a core, ours included.
pub const PRESSURE: &str = "noise_pressure";

/// More than this for others and the trial is disturbed: a program that computes on one of two cores takes a half. What
/// a machine does for itself, and the kernel for our own packets and timers, is some per cent; a block of thirty trials
/// would hardly ever pass a bound close above it.
pub const OTHERS_MAX: f64 = 0.20;
/// Less than this for others, in CPU time, is none: the kernel's clocks count in hundredths of a second each, so of a
/// trial as short as that they say nothing.
pub const OTHERS_FLOOR_SECONDS: f64 = 0.08;
/// More than this for the host and the trial is disturbed.
pub const STEAL_MAX: f64 = 0.05;
/// A burn this many times as long as the calibrated one and the trial is disturbed.
pub const BURN_MAX: f64 = 1.4;
/// The longest wait before one trial.
pub const WAIT_MAX: Duration = Duration::from_secs(3);
/// The longest wait over a run.
pub const WAIT_TOTAL_MAX: Duration = Duration::from_secs(45);

/// A moment is quiet if others and the host take less than this of our cores.
const QUIET: f64 = 0.25;

/// How long is looked before the first answer; doubled each time the machine was not quiet.
const LOOK: Duration = Duration::from_millis(40);

/// Burns of the calibration, and behind a trial; the fastest counts.
const CALIBRATION_BURNS: u32 = 40;
const BURNS: u32 = 4;

/// Rounds of one burn, about a millisecond of arithmetic.
const BURN_ROUNDS: u64 = 1_000_000;

/// Watches the machine over a run.
#[derive(Debug)]
pub struct Gate {
    pinning: Pinning,
    calibrated: Duration,
    wait_left: Duration,
}

/// The clocks before a trial.
#[derive(Debug)]
pub struct Before(Clocks);

/// What a trial's surroundings were; `None` where the machine does not say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// The share of our cores' time that others took, 0 to 1.
    pub others: Option<f64>,
    /// The same in seconds of CPU time.
    pub others_seconds: Option<f64>,
    /// The share that the host took away.
    pub steal: Option<f64>,
    /// How many times as long a short computation took as at the start of the run.
    pub burn: f64,
    /// The share of the time in which something waited for a core, ours included.
    pub pressure: Option<f64>,
}

impl Gate {
    /// Calibrates the burn, which takes about a tenth of a second. To be called on the load's core.
    pub fn new(pinning: Pinning) -> Self {
        Self { pinning, calibrated: fastest_burn(CALIBRATION_BURNS), wait_left: WAIT_TOTAL_MAX }
    }

    /// Waits for a quiet moment, if there is one in time, and reads the clocks. To be called before the trial's
    /// server starts.
    ///
    /// # Errors
    /// [`BenchError::Interrupted`].
    pub fn before(&mut self, interrupt: &Interrupt) -> Result<Before, BenchError> {
        let began = Instant::now();
        let most = WAIT_MAX.min(self.wait_left);
        let mut look = LOOK;
        loop {
            interrupt.check()?;
            let before = Clocks::read(self.pinning);
            std::thread::sleep(look);
            let after = Clocks::read(self.pinning);
            let taken =
                after.others_since(&before).zip(after.steal_since(&before)).map(|(others, steal)| others + steal);
            look *= 2;
            if taken.is_none_or(|taken| taken < QUIET) || began.elapsed() + look > most {
                self.wait_left = self.wait_left.saturating_sub(began.elapsed().saturating_sub(LOOK));
                return Ok(Before(after));
            }
        }
    }

    /// What happened since. To be called on the load's core once the trial's server has ended and been waited for:
    /// only then does its time count as ours.
    pub fn after(&self, before: &Before) -> Noise {
        let now = Clocks::read(self.pinning);
        Noise {
            others: now.others_since(&before.0),
            others_seconds: now.others_seconds_since(&before.0),
            steal: now.steal_since(&before.0),
            pressure: now.pressure_since(&before.0),
            burn: fastest_burn(BURNS).as_secs_f64() / self.calibrated.as_secs_f64(),
        }
    }
}

impl Noise {
    /// Why the trial is disturbed, by the rule of this module; `None` if it is not.
    pub fn disturbed(&self) -> Option<String> {
        let percent = |share: f64| format!("{:.0} %", share * 100.0);
        let is_beyond_doubt = self.others_seconds.is_some_and(|seconds| seconds > OTHERS_FLOOR_SECONDS);
        if let Some(others) = self.others.filter(|others| *others > OTHERS_MAX && is_beyond_doubt) {
            return Some(format!("others took {} of our cores", percent(others)));
        }
        if let Some(steal) = self.steal.filter(|steal| *steal > STEAL_MAX) {
            return Some(format!("the host took {} of our cores away", percent(steal)));
        }
        (self.burn > BURN_MAX).then(|| format!("the core was {:.1} times as slow as at the start", self.burn))
    }

    /// What stands of it in a record's figures.
    pub fn figures(&self) -> impl Iterator<Item = (String, f64)> {
        let known = [(OTHERS, self.others), (STEAL, self.steal), (BURN, Some(self.burn)), (PRESSURE, self.pressure)];
        known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)))
    }
}

/// How long the fastest of some burns took; at least a nanosecond.
fn fastest_burn(count: u32) -> Duration {
    (0..count).map(|_| burn()).min().unwrap_or_default().max(Duration::from_nanos(1))
}

fn burn() -> Duration {
    let began = Instant::now();
    let mut state = std::hint::black_box(1_u64);
    for _ in 0..BURN_ROUNDS {
        // Each step needs the one before, so no compiler and no core can do several at once.
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
    }
    std::hint::black_box(state);
    began.elapsed()
}
