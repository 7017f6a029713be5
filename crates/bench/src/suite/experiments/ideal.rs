//! What an ideal server would make of the very same arrivals: nothing costs anything, the queue is first come, first
//! served, and whoever is free takes the next at once. On paper, exactly.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::load::open::{Schedule, Session};
use crate::stats::Latencies;

/// Who serves.
#[derive(Debug, Clone, Copy)]
pub(super) enum Servers {
    /// So many, each one request at a time.
    Many(usize),
    /// One for everybody.
    Boundless,
    /// One whose time all who are there share alike.
    Shared,
}

/// What counts, and what each request takes beyond what it asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// Added to each request.
    pub(super) added: Duration,
    /// What arrives before this does not count.
    pub(super) warm_up: Duration,
    /// Only this class counts; all if `None`.
    pub(super) class: Option<usize>,
}

/// The latencies of those that count.
pub(super) fn replay(schedule: &Schedule, servers: Servers, terms: Terms) -> Latencies {
    let work = |session: &Session| session.requests.iter().map(|request| request.work + terms.added).sum();
    let jobs: Vec<(Duration, Duration)> = schedule.sessions.iter().map(|one| (one.at, work(one))).collect();
    let ends = match servers {
        Servers::Many(count) => queued(&jobs, count),
        Servers::Boundless => jobs.iter().map(|(at, work)| *at + *work).collect(),
        Servers::Shared => shared(&jobs),
    };
    let counts = |session: &Session| {
        let class = session.requests.first().map(|request| request.class);
        session.at >= terms.warm_up && terms.class.is_none_or(|wanted| class == Some(wanted))
    };
    let mut latencies = Latencies::new();
    for (session, end) in schedule.sessions.iter().zip(ends) {
        if counts(session) {
            latencies.record(end.saturating_sub(session.at));
        }
    }
    latencies
}

/// When each job ends if so many serve in order of arrival. Jobs are when they come and what they take.
fn queued(jobs: &[(Duration, Duration)], servers: usize) -> Vec<Duration> {
    let mut free_at: BinaryHeap<Reverse<Duration>> = (0..servers).map(|_| Reverse(Duration::ZERO)).collect();
    let end = |(at, work): &(Duration, Duration)| {
        let begins = free_at.pop().map_or(*at, |Reverse(free)| free.max(*at));
        free_at.push(Reverse(begins + *work));
        begins + *work
    };
    jobs.iter().map(end).collect()
}

/// When each job ends if all that are there share one server alike.
fn shared(jobs: &[(Duration, Duration)]) -> Vec<Duration> {
    // Everybody gets the same, so a job ends once as much has been given to each as it takes, counted from its start.
    let mut ends = vec![Duration::ZERO; jobs.len()];
    let mut present: BinaryHeap<Reverse<(Duration, usize)>> = BinaryHeap::new();
    let (mut now, mut given) = (Duration::ZERO, Duration::ZERO);
    let mut arrivals = jobs.iter().enumerate().peekable();
    loop {
        let next_arrival = arrivals.peek().map(|(_, (at, _))| *at);
        let sharers = u32::try_from(present.len()).unwrap_or(u32::MAX);
        let next_end = present.peek().map(|Reverse((until, _))| now + until.saturating_sub(given) * sharers);
        match (next_arrival, next_end) {
            (None, None) => return ends,
            (Some(at), end) if end.is_none_or(|end| at < end) => {
                given += at.saturating_sub(now).checked_div(sharers).unwrap_or_default();
                now = at;
                if let Some((job, (_, work))) = arrivals.next() {
                    present.push(Reverse((given + *work, job)));
                }
            }
            (_, end) => {
                now = end.unwrap_or(now);
                let Some(Reverse((until, job))) = present.pop() else { return ends };
                given = until;
                if let Some(place) = ends.get_mut(job) {
                    *place = now;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::schedule::Lasts;

    #[test]
    fn small_cases_are_as_by_hand() {
        let jobs: Vec<_> =
            [(0, 4), (1, 2), (2, 1)].map(|(at, work)| (Duration::from_secs(at), Duration::from_secs(work))).to_vec();
        let seconds = |ends: Vec<Duration>| ends.iter().map(Duration::as_secs_f64).collect::<Vec<_>>();
        assert_eq!(seconds(queued(&jobs, 1)), [4.0, 6.0, 7.0]);
        assert_eq!(seconds(queued(&jobs, 2)), [4.0, 3.0, 4.0]);
        // From 1 two share, from 2 three; the third has its second at 5, when the second lacks half of one.
        assert_eq!(seconds(shared(&jobs)), [7.0, 6.0, 5.0]);
    }

    #[test]
    fn over_a_long_time_it_is_what_theory_says() {
        let check = |servers, rate: f64, want_mean_ms: f64| {
            let work = Lasts::Exponential(Duration::from_millis(10));
            let schedule = Schedule::poisson(rate, Duration::from_secs(1000), 3).with_work(work, 3);
            let terms = Terms { added: Duration::ZERO, warm_up: Duration::ZERO, class: None };
            let mean = replay(&schedule, servers, terms).mean_ms().unwrap();
            assert!((mean - want_mean_ms).abs() < 0.05 * want_mean_ms, "{servers:?} {rate}: {mean}");
        };
        // The waits of bench.md 5.6 (for 5 ms) doubled, and 10 ms of service.
        check(Servers::Many(8), 640.0, 10.0 + 2.0 * 1.43);
        check(Servers::Boundless, 640.0, 10.0);
        check(Servers::Shared, 50.0, 20.0);
    }
}
