//! Does a trial prove what it says? It checks itself; what it objects to is written into its record, it counts for
//! nothing, and the exit code tells.
//!
//! The rules are the constants of this file, and those of the load in `load/open/faults.rs`. They look at the bench and at
//! the books, never at who was faster.

#[cfg(test)]
mod tests;

use crate::load::open::OpenCount;
use crate::server_stats::ServerStats;
use crate::stats::Latencies;
use crate::suite::record::Counts;

/// How far Little's law may be off: the server's requests times seconds against the times on the answers.
const LITTLE_MAX: f64 = 0.02;

/// More than this of the server's requests without a stamped answer, and Little's law cannot be asked.
const UNSTAMPED_MAX: f64 = 0.01;

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
        in_server: count.in_server,
        server: stats.last().copied(),
        complaint: count.complaint.as_deref(),
    };
    let mut objections = evidence.objections();
    objections.extend(count.load_faults());
    objections
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
    in_server: (u64, f64),
    server: Option<ServerStats>,
    complaint: Option<&'a str>,
}

impl Evidence<'_> {
    fn objections(&self) -> Vec<String> {
        let rules = [Self::conservation, Self::failures, Self::little];
        rules.iter().filter_map(|rule| rule(self)).collect()
    }

    fn conservation(&self) -> Option<String> {
        let Counts { offered, ok, shed, refused, timed_out, failed, in_flight, .. } = self.counts;
        let ended = ok + shed + refused + timed_out + failed + in_flight;
        (ended != offered).then(|| format!("{offered} requests were offered and {ended} are accounted for"))
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

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
