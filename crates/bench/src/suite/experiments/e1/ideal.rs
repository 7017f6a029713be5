//! What an ideal pool would make of the very same arrivals: nothing costs anything, the queue is first come, first
//! served, and a free worker takes the next at once. On paper, to the nanosecond.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::load::open::Schedule;
use crate::stats::Latencies;

/// How many serve.
#[derive(Debug, Clone, Copy)]
pub(super) enum Servers {
    /// So many.
    Many(usize),
    /// One for everybody.
    Boundless,
}

/// The latencies of those that arrive behind `warm_up`; each takes what it asks and `added` more.
pub(super) fn replay(schedule: &Schedule, added: Duration, servers: Servers, warm_up: Duration) -> Latencies {
    let mut latencies = Latencies::new();
    let mut free_at: BinaryHeap<Reverse<Duration>> = match servers {
        Servers::Many(count) => (0..count).map(|_| Reverse(Duration::ZERO)).collect(),
        Servers::Boundless => BinaryHeap::new(),
    };
    for session in &schedule.sessions {
        let work: Duration = session.requests.iter().map(|request| request.work + added).sum();
        // Without a bound nobody is waited for.
        let begins = free_at.pop().map_or(session.at, |Reverse(free)| free.max(session.at));
        let ends = begins + work;
        if let Servers::Many(_) = servers {
            free_at.push(Reverse(ends));
        }
        if session.at >= warm_up {
            latencies.record(ends.saturating_sub(session.at));
        }
    }
    latencies
}

#[cfg(test)]
mod tests {
    use super::super::arrivals::drawn;
    use super::*;

    #[test]
    fn over_a_long_time_it_is_what_theory_says() {
        let check = |servers, load, want_mean_ms: f64| {
            let schedule = drawn(load, Duration::from_secs(400), 3);
            let mean = replay(&schedule, Duration::ZERO, servers, Duration::ZERO).mean_ms().unwrap();
            assert!((mean - want_mean_ms).abs() < 0.05 * want_mean_ms, "{servers:?} {load}: {mean}");
        };
        // The waits of bench.md 5.6 (for 5 ms) doubled, and 10 ms of service.
        check(Servers::Many(8), 0.8, 10.0 + 2.0 * 1.43);
        check(Servers::Boundless, 0.8, 10.0);
    }
}
