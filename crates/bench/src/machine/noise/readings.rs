//! The clocks of the cores and of this program with its ended children.

use std::fs::read_to_string;
use std::time::Instant;

use crate::machine::Pinning;

/// Ticks a second in `/proc` (`USER_HZ`), as in [`crate::readings`].
const TICKS_PER_SECOND: f64 = 100.0;

/// The clocks at one moment. CPU times are in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clocks {
    pub(super) at: Instant,
    /// What our cores have been, since the machine started; `None` where it does not say.
    pub(super) cores: Option<CoreTimes>,
    /// What this program and the children it has waited for have used.
    pub(super) own_seconds: Option<f64>,
    /// How long something has waited for a core.
    pub(super) pressure_seconds: Option<f64>,
}

/// Times of some cores together, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct CoreTimes {
    pub(super) busy: f64,
    pub(super) steal: f64,
    pub(super) total: f64,
}

impl Clocks {
    pub(super) fn read(pinning: Pinning) -> Self {
        Self {
            at: Instant::now(),
            cores: read_to_string("/proc/stat").ok().and_then(|text| core_times(&text, pinning)),
            own_seconds: read_to_string("/proc/self/stat").ok().and_then(|text| own_seconds(&text)),
            pressure_seconds: read_to_string("/proc/pressure/cpu").ok().and_then(|text| pressure_seconds(&text)),
        }
    }

    /// The share of our cores' time since `before` that neither this program nor its ended children used.
    pub(super) fn others_since(&self, before: &Self) -> Option<f64> {
        let total = positive(self.cores?.total - before.cores?.total)?;
        Some((self.others_seconds_since(before)? / total).min(1.0))
    }

    /// The same as CPU time.
    pub(super) fn others_seconds_since(&self, before: &Self) -> Option<f64> {
        let own = self.own_seconds? - before.own_seconds?;
        Some((self.cores?.busy - before.cores?.busy - own).max(0.0))
    }

    /// The share of our cores' time since `before` that the host took away.
    pub(super) fn steal_since(&self, before: &Self) -> Option<f64> {
        let (now, then) = (self.cores?, before.cores?);
        let total = positive(now.total - then.total)?;
        Some(((now.steal - then.steal) / total).clamp(0.0, 1.0))
    }

    /// The share of the time since `before` in which something waited for a core.
    pub(super) fn pressure_since(&self, before: &Self) -> Option<f64> {
        let seconds = positive(self.at.duration_since(before.at).as_secs_f64())?;
        Some(((self.pressure_seconds? - before.pressure_seconds?) / seconds).clamp(0.0, 1.0))
    }
}

fn positive(value: f64) -> Option<f64> {
    (value > 0.0).then_some(value)
}

/// The times of the pinned cores, or of all where nothing is pinned, from `/proc/stat`.
pub(super) fn core_times(text: &str, pinning: Pinning) -> Option<CoreTimes> {
    let names = match (pinning.server, pinning.load) {
        (Some(server), Some(load)) if server != load => vec![format!("cpu{server} "), format!("cpu{load} ")],
        (Some(core), _) | (_, Some(core)) => vec![format!("cpu{core} ")],
        (None, None) => vec!["cpu  ".to_owned()],
    };
    let mut sum = CoreTimes::default();
    for name in names {
        let line = text.lines().find_map(|line| line.strip_prefix(name.as_str()))?;
        // user nice system idle iowait irq softirq steal; guest time is already in user.
        let ticks: Vec<f64> = line.split(' ').take(8).map_while(|part| part.parse().ok()).collect();
        let [user, nice, system, idle, waiting, hard, soft, steal] = *ticks.as_slice() else { return None };
        let busy = user + nice + system + hard + soft;
        sum.busy += busy / TICKS_PER_SECOND;
        sum.steal += steal / TICKS_PER_SECOND;
        sum.total += (busy + idle + waiting + steal) / TICKS_PER_SECOND;
    }
    Some(sum)
}

/// User and system time of a process and of the children it has waited for, from its `stat`.
pub(super) fn own_seconds(text: &str) -> Option<f64> {
    // The program's name stands in brackets and may hold anything, so what follows the last bracket is read.
    let fields = text.rsplit_once(')')?.1.split_ascii_whitespace().skip(11).take(4);
    let ticks: Vec<f64> = fields.map_while(|part| part.parse().ok()).collect();
    (ticks.len() == 4).then(|| ticks.iter().sum::<f64>() / TICKS_PER_SECOND)
}

/// How long something has waited for a core, from `/proc/pressure/cpu`.
pub(super) fn pressure_seconds(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("some "))?;
    let micros: f64 = line.split(' ').find_map(|part| part.strip_prefix("total="))?.parse().ok()?;
    Some(micros / 1e6)
}
