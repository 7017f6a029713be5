//! Does a trial prove what it says? It checks itself; what it objects to is written into its record, it counts for
//! nothing, and the exit code tells.
//!
//! The rules are the constants of this file. They look at the bench and at the books, never at who was faster.

#[cfg(test)]
mod tests;

use crate::load::open::OpenCount;
use crate::server_stats::ServerStats;
use crate::stats::Latencies;
use crate::suite::record::Counts;

/// Less than this of what was offered begun in time, and the load was measured and not the server.
const ACHIEVED_MIN: f64 = 0.98;

/// How far Little's law may be off: the server's requests times seconds against the times on the answers.
const LITTLE_MAX: f64 = 0.02;

/// More than this of the server's requests without a stamped answer, and Little's law cannot be asked.
const UNSTAMPED_MAX: f64 = 0.01;

/// The load may be late by this share of what is reported at the same percentile, the deadline where most are given
/// up...
const LATE_SHARE_MAX: f64 = 0.10;

/// ... and at the median by this in any case, in milliseconds...
const LATE_P50_FLOOR_MS: f64 = 1.0;

/// ... at the 99th percentile by this: whoever else gets the core for a moment keeps it for a tick of the kernel's clock.
const LATE_P99_FLOOR_MS: f64 = 4.0;

/// More than this of its core, and the load has no time left to be on time.
const LOAD_SHARE_MAX: f64 = 0.70;

/// More than this of the requests failed (neither answered nor turned away nor late), and something is broken.
const FAILED_MAX: f64 = 0.01;

/// Latencies that the kernel's timers make, in milliseconds, and whose they are.
const TIMERS: [(f64, &str); 4] = [
    (40.0, "a delayed acknowledgement"),
    (200.0, "a retransmission"),
    (1000.0, "a repeated SYN: the kernel's queue was full"),
    (3000.0, "a SYN repeated twice: the kernel's queue was full"),
];

/// A timer shows if this share of all samples stands right behind it...
const TIMER_SHARE_MIN: f64 = 0.002;

/// ... that is so many times as dense as just before and just behind it...
const TIMER_DENSITY_MIN: f64 = 8.0;

/// ... and far out: at so many times the median.
const TIMER_MEDIANS_MIN: f64 = 2.0;

/// The figure of a record: the median latency in the second half of the measured time, as so many times that of the
/// first. Far from 1 for an even load, the warm-up was too short or something fills up.
pub const DRIFT: &str = "drift";

/// Why the trial does not count; empty if it does. `stats` are what its server said of itself, the last line last.
pub fn objections(count: &OpenCount, stats: &[ServerStats]) -> Vec<String> {
    let evidence = Evidence {
        counts: count.counts,
        begun_in_time: count.begun_in_time,
        lateness: &count.lateness,
        usual_ms: count.usual_ms(),
        tail_ms: [tail_ms(&count.intended), count.usual_ms()].into_iter().flatten().reduce(f64::max),
        load_share: count.cpu_seconds.map(|spent| spent / count.measured.as_secs_f64()),
        in_server: count.in_server,
        server: stats.last().copied(),
        complaint: count.complaint.as_deref(),
    };
    evidence.objections()
}

/// [`DRIFT`] of a trial; `None` where a half has too few answers for a median.
pub fn drift(count: &OpenCount) -> Option<f64> {
    let [first, second] = &count.halves;
    Some(second.value_at(0.5)? / first.value_at(0.5).filter(|p50_ms| *p50_ms > 0.0)?)
}

/// Timers of the kernel that show in the latencies, a sentence each. They are no objection: who queues in the kernel
/// gets them, and a reader has to know that they are no service time.
pub fn kernel_timers(latencies: &Latencies) -> Vec<String> {
    let all = latencies.len() as f64;
    let Some(median_ms) = latencies.value_at(0.5) else { return Vec::new() };
    let shows = |(at_ms, _): &&(f64, &str)| {
        // What a timer delays follows it by a little.
        let width = (at_ms * 0.03).max(4.0);
        let from = |start: f64| latencies.count_between(start, start + width) as f64;
        let (pile, around) = (from(*at_ms), from(at_ms - 1.25 * width).max(from(at_ms + 1.25 * width)));
        *at_ms > TIMER_MEDIANS_MIN * median_ms
            && pile >= (all * TIMER_SHARE_MIN).max(5.0)
            && pile > TIMER_DENSITY_MIN * around
    };
    let sentence = |(at_ms, whose): &(f64, &str)| format!("latencies pile up behind {at_ms:.0} ms, which is {whose}");
    TIMERS.iter().filter(shows).map(sentence).collect()
}

/// What is asked whether the trial proves anything.
#[derive(Debug, Clone, Copy)]
struct Evidence<'a> {
    counts: Counts,
    begun_in_time: u64,
    lateness: &'a Latencies,
    usual_ms: Option<f64>,
    tail_ms: Option<f64>,
    load_share: Option<f64>,
    in_server: (u64, f64),
    server: Option<ServerStats>,
    complaint: Option<&'a str>,
}

impl Evidence<'_> {
    fn objections(&self) -> Vec<String> {
        let rules = [Self::conservation, Self::achieved, Self::lateness, Self::load_core, Self::failures, Self::little];
        rules.iter().filter_map(|rule| rule(self)).collect()
    }

    fn conservation(&self) -> Option<String> {
        let Counts { offered, ok, shed, refused, timed_out, failed, in_flight, .. } = self.counts;
        let ended = ok + shed + refused + timed_out + failed + in_flight;
        (ended != offered).then(|| format!("{offered} requests were offered and {ended} are accounted for"))
    }

    fn achieved(&self) -> Option<String> {
        let offered = self.counts.offered;
        if offered == 0 {
            return Some("nothing was offered".to_owned());
        }
        let achieved = self.begun_in_time as f64 / offered as f64;
        (achieved < ACHIEVED_MIN)
            .then(|| format!("the load was the limit: it began {} of what was offered in time", percent(achieved)))
    }

    fn lateness(&self) -> Option<String> {
        let is_late = |late_ms: Option<f64>, reported_ms: Option<f64>, floor_ms: f64, at: &str| {
            let most_ms = reported_ms.map_or(floor_ms, |reported_ms| floor_ms.max(LATE_SHARE_MAX * reported_ms));
            let late_ms = late_ms.filter(|late_ms| *late_ms > most_ms)?;
            Some(format!("the load was late: {late_ms:.2} ms at its {at}, and {most_ms:.2} ms may be"))
        };
        is_late(self.lateness.value_at(0.5), self.usual_ms, LATE_P50_FLOOR_MS, "median")
            .or_else(|| is_late(tail_ms(self.lateness), self.tail_ms, LATE_P99_FLOOR_MS, "99th percentile"))
    }

    fn load_core(&self) -> Option<String> {
        let share = self.load_share.filter(|share| *share > LOAD_SHARE_MAX)?;
        Some(format!("the load took {} of its core, and {} may be", percent(share), percent(LOAD_SHARE_MAX)))
    }

    fn failures(&self) -> Option<String> {
        let Counts { offered, failed, .. } = self.counts;
        let share = failed as f64 / offered.max(1) as f64;
        let why = self.complaint.map_or_else(String::new, |why| format!(" (the first: {why})"));
        (share > FAILED_MAX).then(|| format!("{failed} of {offered} requests failed{why}"))
    }

    /// Little's law for what is inside the server: the integral of the number inside is the sum of the times inside.
    fn little(&self) -> Option<String> {
        let server = self.little_can_be_asked().then_some(self.server)??;
        let (by_server, by_answers) = (server.in_system_seconds, self.in_server.1);
        let off = (by_server - by_answers).abs() / by_server.max(f64::MIN_POSITIVE);
        (off > LITTLE_MAX).then(|| {
            let off = percent(off);
            format!("Little's law is off by {off}: {by_server:.3} request-seconds by the server, {by_answers:.3} by its answers")
        })
    }

    /// Not where answers were given up and came too late to be read, or nobody stamped them.
    fn little_can_be_asked(&self) -> bool {
        let stamped = self.in_server.0 as f64;
        self.server.is_some_and(|server| {
            server.is_final
                && server.in_system == 0
                && server.requests > 0
                && stamped >= (1.0 - UNSTAMPED_MAX) * server.requests as f64
        })
    }
}

/// The 99th percentile; of too few samples for one, the highest.
fn tail_ms(latencies: &Latencies) -> Option<f64> {
    latencies.value_at(0.99).or_else(|| latencies.max_ms())
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
