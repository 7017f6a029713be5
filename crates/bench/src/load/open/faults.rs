//! Whether the load was the limit and not the server: the one set of rules, for `load` and for the suite's trials.
//!
//! They look at the load only, never at who was faster. A load that is late makes what it reports too long by as much, so
//! it may be late by a tenth of what is reported at the same percentile, and not more.

#[cfg(test)]
mod tests;

use super::OpenCount;
use crate::stats::Latencies;

/// Less of what was offered than this was begun in time: the rate was not what it should have been.
const ACHIEVED_MIN: f64 = 0.98;

/// Requests may be late by this share of what is reported at the same percentile.
const LATE_SHARE_MAX: f64 = 0.1;

/// And by this much in any case, in milliseconds: a virtual machine's timers do not promise better.
const LATE_FLOOR_MS: f64 = 1.0;

/// Of one core, over the measured time: above it, too little is left to be on time.
const CORE_SHARE_MAX: f64 = 0.7;

/// What is asked whether the load did what it should have.
#[derive(Debug, Clone, Copy)]
struct Evidence<'a> {
    offered: u64,
    begun_in_time: u64,
    lateness: &'a Latencies,
    /// What a request usually takes.
    usual_ms: Option<f64>,
    /// What one of a hundred takes at least.
    tail_ms: Option<f64>,
    core_share: Option<f64>,
}

impl OpenCount {
    /// Begun in time, of what was offered; 1 if nothing was.
    pub fn achieved(&self) -> f64 {
        if self.counts.offered == 0 { 1.0 } else { self.begun_in_time as f64 / self.counts.offered as f64 }
    }

    /// The load's share of a core over the measured time.
    pub fn cpu_share(&self) -> Option<f64> {
        self.cpu_seconds.map(|spent| spent / self.measured.as_secs_f64()).filter(|share| share.is_finite())
    }

    /// Why these figures are the load's and not the server's; empty if they are the server's. A closed loop may use all
    /// of its core and says so by its rate.
    pub fn load_faults(&self) -> Vec<String> {
        let usual_ms = self.usual_ms();
        let evidence = Evidence {
            offered: self.counts.offered,
            begun_in_time: self.begun_in_time,
            lateness: &self.lateness,
            usual_ms,
            tail_ms: [tail_ms(&self.intended), usual_ms].into_iter().flatten().reduce(f64::max),
            core_share: self.cpu_share(),
        };
        evidence.faults()
    }

    /// What a request usually takes, in milliseconds: the median of those that ended ok; but where more were given up
    /// than that, the deadline, which half of all took at least. `None` where nothing is known.
    fn usual_ms(&self) -> Option<f64> {
        let given_up = self.counts.timed_out + self.counts.in_flight;
        match self.deadline {
            Some(deadline) if given_up > self.counts.ok => Some(deadline.as_secs_f64() * 1000.0),
            _ => self.intended.value_at(0.5),
        }
    }
}

impl Evidence<'_> {
    fn faults(&self) -> Vec<String> {
        let rules = [Self::achieved, Self::lateness, Self::core];
        rules.iter().filter_map(|rule| rule(self)).collect()
    }

    fn achieved(&self) -> Option<String> {
        if self.offered == 0 {
            return Some("nothing was offered".to_owned());
        }
        let achieved = self.begun_in_time as f64 / self.offered as f64;
        (achieved < ACHIEVED_MIN)
            .then(|| format!("the load was the limit: it began {} of what was offered in time", percent(achieved)))
    }

    fn lateness(&self) -> Option<String> {
        let is_late = |late_ms: Option<f64>, reported_ms: Option<f64>, at: &str| {
            let most_ms = reported_ms.map_or(LATE_FLOOR_MS, |reported| LATE_FLOOR_MS.max(LATE_SHARE_MAX * reported));
            let late_ms = late_ms.filter(|late_ms| *late_ms > most_ms)?;
            Some(format!("the load was late: {late_ms:.2} ms at its {at}, and {most_ms:.2} ms may be"))
        };
        is_late(self.lateness.value_at(0.5), self.usual_ms, "median")
            .or_else(|| is_late(tail_ms(self.lateness), self.tail_ms, "99th percentile"))
    }

    fn core(&self) -> Option<String> {
        let share = self.core_share.filter(|share| *share > CORE_SHARE_MAX)?;
        Some(format!("the load took {} of its core, and {} may be", percent(share), percent(CORE_SHARE_MAX)))
    }
}

/// The 99th percentile; of too few samples for one, the highest.
fn tail_ms(latencies: &Latencies) -> Option<f64> {
    latencies.value_at(0.99).or_else(|| latencies.max_ms())
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
