//! Statistics over trials. Pure: numbers in, numbers out, the same seed gives the same answer.
//!
//! The unit is the trial (a fresh server), not the request: requests of one run hang together, and runs of one
//! set-up settle at different levels. What is compared is a pair of trials of one block, minutes apart at most, as
//! the logarithm of their ratio; see `docs/benchmarks.md`.

mod fairness;
mod holm;
mod latency;
pub mod model;
mod paired;
mod random;
mod ratio;
mod regression;
mod student;
#[cfg(test)]
mod tests;
mod unpaired;
mod usl;

pub use fairness::jain;
pub use holm::holm;
pub use latency::{EncodingError, Latencies, Percentiles, SpectrumPoint};
pub use paired::Paired;
pub use random::SplitMix64;
pub use ratio::{BLOCKS_MIN, Goal, GoalState, Ratio, Verdict};
pub use regression::{Line, Point};
pub use unpaired::Unpaired;
pub use usl::Usl;

/// The middle value; between two middle ones, their mean. `None` of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    median_in_place(&mut sorted)
}

/// As [`median`], but reorders `values` instead of copying them.
fn median_in_place(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(*values.get(middle - 1)?, upper))
}
