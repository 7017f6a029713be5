//! E1's arrivals, the same for every strategy of a block.

use std::time::Duration;

use super::{SERVICE_MEAN, WORKERS};
use crate::load::open::{Request, Schedule, Session};
use crate::load::schedule::Lasts;
use crate::stats::SplitMix64;

/// Poisson arrivals at `load` with exponential work. Below capacity they begin as if the pool had always been running:
/// as many come at once as it would have in it at a random moment. Exponential times have no memory, so from the first
/// moment on everything is as in the long run; an empty start would take longer to get there than a trial is long.
pub(super) fn drawn(load: f64, length: Duration, seed: u64) -> Schedule {
    let rate = load * WORKERS as f64 / SERVICE_MEAN.as_secs_f64();
    let mut schedule = Schedule::poisson(rate, length, seed);
    let plain = Request { work: Duration::ZERO, class: 0, think: Duration::ZERO };
    let present = Session { at: Duration::ZERO, requests: vec![plain] };
    let already = present_at_random(load, WORKERS, seed);
    schedule.sessions.splice(0..0, std::iter::repeat_n(present, already));
    schedule.with_work(Lasts::Exponential(SERVICE_MEAN), seed)
}

/// The same with so much less asked of each request.
pub(super) fn less(mut schedule: Schedule, by: Duration) -> Schedule {
    for request in schedule.sessions.iter_mut().flat_map(|session| &mut session.requests) {
        request.work = request.work.saturating_sub(by);
    }
    schedule
}

/// The mean of what is asked, in milliseconds.
pub(super) fn mean_work_ms(schedule: &Schedule) -> f64 {
    let works = || schedule.sessions.iter().flat_map(|session| &session.requests).map(|request| request.work);
    let total: Duration = works().sum();
    total.as_secs_f64() * 1000.0 / works().count().max(1) as f64
}

/// How many are in an M/M/c system at a random moment, drawn by `seed`; nobody at or above capacity, where there is
/// no such moment.
fn present_at_random(load: f64, servers: usize, seed: u64) -> usize {
    const PRESENT: u64 = 0x7072_6573_656e_7421;
    if load >= 1.0 {
        return 0;
    }
    // The chances of 0, 1, 2, … up to a common factor: each is the one before times λ over the rate of leaving.
    let weight = |before: f64, present: usize| before * load * servers as f64 / present.min(servers) as f64;
    let mut weights = vec![1.0];
    let mut last = 1.0;
    // Above all servers the chances fall by the load each time, so that it comes to an end.
    for present in (1..).take_while(|present| *present < 100_000) {
        last = weight(last, present);
        if present > servers && last < 1e-9 {
            break;
        }
        weights.push(last);
    }
    let unit = (SplitMix64::new(seed ^ PRESENT).next() >> 11) as f64 / (1_u64 << 53) as f64;
    let mut left = unit * weights.iter().sum::<f64>();
    weights
        .iter()
        .position(|weight| {
            left -= weight;
            left < 0.0
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_a_random_moment_of_the_long_run() {
        // Of M/M/8 at 0.8: 6.4 in service and C(8, 6.4) · 0.8 / 0.2 waiting, C being 0.458 (bench.md, 5.6).
        let mean = |load, servers| {
            (0..20_000).map(|seed| present_at_random(load, servers, seed) as f64).sum::<f64>() / 20_000.0
        };
        let near = |found: f64, want: f64| assert!((found - want).abs() < 0.04 * want, "{found} is not {want}");
        near(mean(0.8, 8), 6.4 + 0.458 * 4.0);
        near(mean(0.5, 1), 1.0);
        assert_eq!(present_at_random(1.2, 8, 1), 0);
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        let length = Duration::from_secs(1);
        assert_eq!(drawn(0.9, length, 5), drawn(0.9, length, 5));
        assert_ne!(drawn(0.9, length, 5), drawn(0.9, length, 6));
    }

    #[test]
    fn what_timers_add_is_taken_off_but_never_below_nothing() {
        let asked = less(drawn(0.5, Duration::from_secs(20), 1), Duration::from_millis(1));
        // Of an exponential time X with mean 10, max(X - 1, 0) has the mean 10 · e^-0.1.
        let mean = mean_work_ms(&asked);
        assert!((mean - 9.05).abs() < 0.4, "{mean}");
    }
}
