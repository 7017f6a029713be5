//! A trial of the open load against a fresh echo server, and what of it goes into the record.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::begun::{jain, record};
use crate::child::RunningServer;
use crate::error::BenchError;
use crate::load::open::{self, Carrier, OpenCount, OpenPlan, Retries, Schedule, Wire};
use crate::plan::Place;
use crate::server_stats::ServerStats;
use crate::suite::lab::Ground;
use crate::suite::record::{Class, TrialRecord};
use crate::suite::spec::Spec;
use crate::suite::validity;
use crate::targets::echo::EchoServer;

/// The 99th percentile of the latency from the intended start.
pub(in crate::suite) const P99: &str = "p99_ms";
/// Its median.
pub(in crate::suite) const P50: &str = "p50_ms";
/// Its mean.
pub(in crate::suite) const MEAN: &str = "mean_ms";
/// Requests a second that ended ok, in time where there is a deadline.
pub(in crate::suite) const OK_PER_S: &str = "ok_per_s";
/// What the server says its work took, on average.
pub(in crate::suite) const SERVICE: &str = "service_ms";
/// Processor time of the server for a thousand requests that ended ok.
pub(in crate::suite) const CPU: &str = "cpu_ms_per_1000";
/// The most the server was resident.
pub(in crate::suite) const PEAK: &str = "peak_rss_mib";
/// How late the load turned to its requests, the 99th percentile.
pub(in crate::suite) const LATENESS_P99: &str = "lateness_p99_ms";
/// How much of its core the load took.
pub(in crate::suite) const LOAD_SHARE: &str = "load_share";

/// How often servers say how they are.
const STATS_EVERY_MS: u64 = 50;

/// How long a server may take to end what it has begun.
const GRACE: Duration = Duration::from_millis(500);

/// What came of a trial.
#[derive(Debug)]
pub(in crate::suite) struct Bout {
    /// What the load says.
    pub(in crate::suite) count: OpenCount,
    /// What the server says of itself, the last line last.
    pub(in crate::suite) stats: Vec<ServerStats>,
    /// Processor time of the server over all of it, in seconds.
    pub(in crate::suite) cpu_seconds: Option<f64>,
    /// The most it was resident, in bytes.
    pub(in crate::suite) peak_bytes: Option<u64>,
    /// Whether arrivals knew nothing of answers; a closed loop is as slow as its server and that is no objection.
    is_open: bool,
}

/// A load on fresh connections without deadline and retries; where it goes is filled in by [`run`].
pub(in crate::suite) fn plan(schedule: Schedule) -> OpenPlan {
    OpenPlan {
        address: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        target: "echo-server".to_owned(),
        wire: Wire::Framed,
        schedule,
        warm_up: Duration::from_millis(100),
        carrier: Carrier::Fresh,
        deadline: None,
        retries: Retries { most: 0, pause: Duration::ZERO },
        body_bytes: 16,
        drain: Duration::from_secs(3),
        classes: vec!["all".to_owned()],
        with_strip: false,
        bin: None,
        handicap: Duration::ZERO,
    }
}

/// A server of this strategy whose answers are stamped and who says how it is.
pub(in crate::suite) fn server(strategy: &str, workers: usize, queue: usize, work: &str) -> EchoServer {
    EchoServer {
        workers: Some(workers),
        queue: Some(queue),
        work: work.to_owned(),
        has_stamps: true,
        stats_every_ms: Some(STATS_EVERY_MS),
        // What is in flight at the end of a trial has been counted; nobody waits for it.
        extra: ["--drain-ms", "0"].map(str::to_owned).to_vec(),
        ..EchoServer::new(strategy)
    }
}

/// Runs `plan` against a fresh `server`.
///
/// # Errors
/// What the server or the load could not do.
pub(in crate::suite) fn run(ground: &Ground<'_>, server: &EchoServer, mut plan: OpenPlan) -> Result<Bout, BenchError> {
    let mut running = RunningServer::start(&server.command(&ground.bin_dir), ground.pinning)?;
    plan.address = running.address();
    let is_open = !plan.schedule.repeats;
    let before = running.cpu_seconds();
    let count = open::run(plan, ground.interrupt)?;
    let cpu_seconds = running.cpu_seconds().zip(before).map(|(now, before)| now - before);
    let peak_bytes = running.peak_bytes();
    // What is still being worked on is for nobody any more; the process is ended, and nobody waits.
    if count.counts.ok == count.counts.offered {
        running.stop(GRACE)?;
    }
    Ok(Bout { count, stats: running.stats(), cpu_seconds, peak_bytes, is_open })
}

impl Bout {
    /// The record of it.
    ///
    /// # Errors
    /// If the plan has a place that the spec has not.
    pub(in crate::suite) fn record(
        &self,
        ground: &Ground<'_>,
        spec: &Spec,
        place: Place,
    ) -> Result<TrialRecord, BenchError> {
        let mut record = record(ground, spec, place)?;
        let count = &self.count;
        record.seconds = count.measured.as_secs_f64();
        record.counts = count.counts;
        record.invalid = if self.is_open { validity::objections(count, &self.stats) } else { Vec::new() };
        record.intended = Some(count.intended.encoded());
        record.sent = Some(count.sent.encoded());
        record.parts = count.parts;
        record.timeline.clone_from(&count.timeline);
        record.strip.clone_from(&count.strip);
        record.figures.extend(self.figures());
        Ok(record)
    }

    /// The classes under these names.
    pub(in crate::suite) fn classes(&self, names: &[&str]) -> Vec<Class> {
        let class = |(name, class): (&&str, &open::ClassCount)| Class {
            name: (*name).to_owned(),
            counts: class.counts,
            intended: Some(class.intended.encoded()),
        };
        names.iter().zip(&self.count.classes).map(class).collect()
    }

    /// The last thing the server said.
    pub(in crate::suite) fn last(&self) -> Option<&ServerStats> {
        self.stats.last()
    }

    fn figures(&self) -> impl Iterator<Item = (String, f64)> {
        let count = &self.count;
        let (seconds, ok) = (count.measured.as_secs_f64(), count.counts.ok as f64);
        let served = self.last().filter(|last| last.service_requests > 0);
        let requests = self.last().map(|last| last.requests as f64).filter(|requests| *requests > 0.0);
        let figures = [
            (P50, count.intended.value_at(0.5)),
            (P99, count.intended.value_at(0.99)),
            (MEAN, count.intended.mean_ms()),
            ("p99_sent_ms", count.sent.value_at(0.99)),
            (OK_PER_S, (seconds > 0.0).then(|| ok / seconds)),
            ("offered_per_s", (seconds > 0.0).then(|| count.counts.offered as f64 / seconds)),
            (SERVICE, served.map(|last| last.service_mean_us / 1000.0)),
            ("service_variation", served.map(|last| last.service_variation)),
            (CPU, self.cpu_seconds.zip(requests).map(|(cpu, requests)| cpu * 1e6 / requests)),
            (PEAK, self.peak_bytes.map(|bytes| bytes as f64 / f64::from(1 << 20))),
            (LATENESS_P99, count.lateness.value_at(0.99)),
            ("lateness_p50_ms", count.lateness.value_at(0.5)),
            ("connect_p99_ms", count.connects.value_at(0.99)),
            (LOAD_SHARE, count.cpu_seconds.filter(|_| seconds > 0.0).map(|cpu| cpu / seconds)),
            ("tries", Some(count.tries as f64)),
            ("jain", jain(&count.served)),
            (validity::DRIFT, validity::drift(count)),
        ];
        figures.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)))
    }
}
