//! Whether the load was the limit and not the server.

use super::OpenCount;

/// Less of what was offered than this was begun in time: the rate was not what it should have been.
const ACHIEVED_MIN: f64 = 0.98;

/// Requests may be late by this share of what a request usually takes.
const LATE_SHARE_MAX: f64 = 0.1;

/// And by this much in any case, in microseconds: a virtual machine does not promise better.
const LATE_US_MIN: f64 = 1000.0;

/// Of one core, over the measured time.
const CPU_SHARE_MAX: f64 = 0.7;

impl OpenCount {
    /// Begun in time, of what was offered; 1 if nothing was.
    pub fn achieved(&self) -> f64 {
        if self.counts.offered == 0 { 1.0 } else { self.begun_in_time as f64 / self.counts.offered as f64 }
    }

    /// The load's share of a core over the measured time.
    pub fn cpu_share(&self) -> Option<f64> {
        self.cpu_seconds.map(|spent| spent / self.measured.as_secs_f64()).filter(|share| share.is_finite())
    }

    /// What a request usually takes, in milliseconds: the median of those that ended ok; but where more were given up
    /// than that, the deadline, which half of all took at least. `None` where nothing is known.
    pub fn usual_ms(&self) -> Option<f64> {
        let given_up = self.counts.timed_out + self.counts.in_flight;
        match self.deadline {
            Some(deadline) if given_up > self.counts.ok => Some(deadline.as_secs_f64() * 1000.0),
            _ => self.intended.value_at(0.5),
        }
    }

    /// Why these figures are the client's and not the server's; empty if they are the server's. A closed loop may use
    /// all of its core and says so by its rate.
    pub fn client_faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let achieved = self.achieved();
        if achieved < ACHIEVED_MIN {
            faults.push(format!("the client began only {:.1} % of the requests in time", achieved * 100.0));
        }
        let (late_us, usual_us) = (self.lateness.percentiles().p99_us, self.usual_ms().map(|millis| millis * 1000.0));
        let bound_us = usual_us.map_or(LATE_US_MIN, |usual| (usual * LATE_SHARE_MAX).max(LATE_US_MIN));
        if let Some(late_us) = late_us.filter(|late_us| *late_us > bound_us) {
            faults.push(format!(
                "1 % of the requests were sent over {:.1} ms late, more than the {:.1} ms that would not matter",
                late_us / 1000.0,
                bound_us / 1000.0
            ));
        }
        if let Some(share) = self.cpu_share().filter(|share| *share > CPU_SHARE_MAX) {
            faults.push(format!(
                "the client used {:.0} % of a core and had too little left to be on time",
                share * 100.0
            ));
        }
        faults
    }
}
