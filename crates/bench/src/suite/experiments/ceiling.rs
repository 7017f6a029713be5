//! How many connections of one request a second: a closed loop of clients that connect, ask, hear the answer to its
//! end, and begin again. It finds a ceiling and hides all waiting, so nothing else is read off it.

use std::time::Duration;

use super::begun::record;
use super::bout::{CPU, LOAD_SHARE, OK_PER_S, P50, P99, PEAK};
use crate::child::RunningServer;
use crate::error::BenchError;
use crate::load::{Churn, Exchange, Gauge, Span, Waiting};
use crate::plan::Place;
use crate::suite::lab::Ground;
use crate::suite::record::{Counts, TrialRecord};
use crate::suite::spec::Spec;
use crate::targets::echo::{EchoServer, Wire};

/// One of the exercise's words, with the end of line that ends it.
const EXCHANGE: Exchange<'_> = Exchange { request: b"Hello, world\n", answer: b"hello, world\n" };

/// Runs it against the exercise's server under this strategy.
///
/// # Errors
/// What the server or the load could not do.
pub(super) fn run(
    ground: &Ground<'_>,
    spec: &Spec,
    place: Place,
    strategy: &str,
    clients: usize,
    measured: Duration,
) -> Result<TrialRecord, BenchError> {
    let mut record = record(ground, spec, place)?;
    let server = EchoServer {
        workers: Some(clients),
        wire: Wire::Raw,
        extra: ["--reply", "lower", "--once"].map(str::to_owned).to_vec(),
        ..EchoServer::new(strategy)
    };
    let server = RunningServer::start(&server.command(&ground.bin_dir), ground.pinning)?;
    let gauge = Gauge { server: Some(&server), pinning: ground.pinning };
    let churn = Churn::new(server.address(), clients, EXCHANGE, Waiting::on(&ground.pinning))?;
    let count = churn.run(Span::of(measured), &gauge, ground.interrupt)?;
    let all = count.all;
    let in_flight = all.offered.saturating_sub(all.ok + all.refused + all.failed);
    let Counts { shed, timed_out, starved, .. } = Counts::NONE;
    record.counts = Counts {
        offered: all.offered,
        ok: all.ok,
        refused: all.refused,
        failed: all.failed,
        in_flight,
        shed,
        timed_out,
        starved,
    };
    record.seconds = count.usage.seconds;
    if all.ok < all.offered {
        record.invalid.push(format!("{} of {} connections were not served", all.offered - all.ok, all.offered));
    }
    let ok = count.ok as f64;
    let figures = [
        (OK_PER_S, Some(ok / count.usage.seconds)),
        (P50, count.latency.p50_us.map(|micros| micros / 1000.0)),
        (P99, count.latency.p99_us.map(|micros| micros / 1000.0)),
        (CPU, count.usage.server_cpu_seconds.filter(|_| ok > 0.0).map(|seconds| seconds * 1e6 / ok)),
        (PEAK, server.peak_bytes().map(|bytes| bytes as f64 / f64::from(1 << 20))),
        (LOAD_SHARE, count.usage.load_share),
    ];
    record.figures.extend(figures.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    Ok(record)
}
