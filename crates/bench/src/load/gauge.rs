//! Who was busy during a trial: the server, the load, and whoever else was on their cores.

use std::time::Instant;

use serde::Serialize;

use crate::child::RunningServer;
use crate::machine::Pinning;
use crate::readings::{self, CoreTicks};

/// From this share of a core on, somebody is saturated.
const SATURATED: f64 = 0.9;

/// Above this share of its core the load itself is the limit.
const LOAD_BUSY_MAX: f64 = 0.95;

/// Reads the clocks of a trial.
#[derive(Debug, Clone, Copy)]
pub struct Gauge<'a> {
    /// The server, if this program started it.
    pub server: Option<&'a RunningServer>,
    /// The cores.
    pub pinning: Pinning,
}

/// The clocks at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    at: Instant,
    server_seconds: Option<f64>,
    load_seconds: Option<f64>,
    idle_seconds: f64,
    server_core: Option<CoreTicks>,
    load_core: Option<CoreTicks>,
}

/// Who was busy between two moments. Shares are of one core, 0 to 1 for what has one thread; `None` where the clocks
/// cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Usage {
    /// How long it was.
    pub seconds: f64,
    /// The server's CPU time, in seconds.
    pub server_cpu_seconds: Option<f64>,
    /// The server's share.
    pub server_share: Option<f64>,
    /// The load's share, without the time it spun for nothing.
    pub load_share: Option<f64>,
    /// The load's share, the spinning included.
    pub load_cpu_share: Option<f64>,
    /// How busy the server's core was with whatever.
    pub server_core_busy: Option<f64>,
    /// How busy the load's core was with whatever.
    pub load_core_busy: Option<f64>,
}

impl Gauge<'_> {
    /// Reads all clocks. `idle_seconds` is how long the load has spun for nothing so far.
    pub fn read(&self, idle_seconds: f64) -> Reading {
        Reading {
            at: Instant::now(),
            server_seconds: self.server.and_then(RunningServer::cpu_seconds),
            load_seconds: readings::thread_cpu_seconds(),
            idle_seconds,
            server_core: self.pinning.server.and_then(readings::core_ticks),
            load_core: self.pinning.load.and_then(readings::core_ticks),
        }
    }
}

impl Reading {
    /// What happened since `before`.
    pub fn since(&self, before: &Self) -> Usage {
        let seconds = self.at.duration_since(before.at).as_secs_f64();
        let spent = |now: Option<f64>, before: Option<f64>| Some((now? - before?).max(0.0));
        let busy = |now: Option<CoreTicks>, before: Option<CoreTicks>| now?.busy_since(&before?);
        let server_cpu_seconds = spent(self.server_seconds, before.server_seconds);
        let load_seconds = spent(self.load_seconds, before.load_seconds);
        let idle_seconds = self.idle_seconds - before.idle_seconds;
        Usage {
            seconds,
            load_cpu_share: load_seconds.map(|spent| spent / seconds),
            server_cpu_seconds,
            server_share: server_cpu_seconds.map(|spent| spent / seconds),
            load_share: load_seconds.map(|spent| (spent - idle_seconds).max(0.0) / seconds),
            server_core_busy: busy(self.server_core, before.server_core),
            load_core_busy: busy(self.load_core, before.load_core),
        }
    }
}

impl Usage {
    /// Whether the load was the limit and not the server: its thread had no time left while the server had.
    pub fn is_client_bound(&self) -> bool {
        let server = self.server_core_busy.or(self.server_share);
        self.load_share.is_some_and(|load| load > LOAD_BUSY_MAX) && server.is_some_and(|server| server < SATURATED)
    }

    /// The share of the two cores' time that went to others, the larger of both; `None` where nothing is pinned.
    pub fn others_share(&self) -> Option<f64> {
        let server = self.server_core_busy? - self.server_share?;
        let load = self.load_core_busy? - self.load_cpu_share?;
        Some(server.max(load).clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(load: f64, server: f64, core: Option<f64>) -> Usage {
        Usage {
            seconds: 1.0,
            server_cpu_seconds: Some(server),
            server_share: Some(server),
            load_share: Some(load),
            load_cpu_share: Some(load),
            server_core_busy: core,
            load_core_busy: core,
        }
    }

    #[test]
    fn client_bound_means_load_full_and_server_not() {
        let check =
            |load, server, core, want| assert_eq!(usage(load, server, core).is_client_bound(), want, "{load} {server}");
        check(0.99, 0.50, None, true);
        check(0.99, 0.99, None, false);
        check(0.50, 0.50, None, false);
        // Softirq time may stand on the core and not on the process; the core decides.
        check(0.99, 0.70, Some(0.99), false);
    }

    #[test]
    fn what_is_neither_server_nor_load_is_others() {
        let mut both = usage(0.5, 0.6, Some(0.7));
        assert!((both.others_share().unwrap() - 0.2).abs() < 1e-9);
        both.server_core_busy = None;
        assert_eq!(both.others_share(), None);
    }
}
