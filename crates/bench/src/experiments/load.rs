//! The load by itself, against a server that runs already: what `bench-client load` prints.

use std::time::Duration;

use serde::Serialize;

use crate::args::{Arrivals, LoadArguments};
use crate::dial::Dialed;
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::load::open::{self, Carrier, Glimpse, OpenCount, OpenPlan, Retries, Schedule, Wire};
use crate::load::schedule::Lasts;
use crate::report::{Format, Output, micros_text, optional, percent_text, rate_text};
use crate::stats::Percentiles;
use crate::suite::record::{Counts, Parts};

/// How long behind the schedule the last answers may come where there is no deadline.
const DRAIN: Duration = Duration::from_secs(2);

/// The most requests of a schedule, which is made whole before it begins: some gigabytes.
const REQUESTS_MAX: f64 = 20_000_000.0;

/// What it came to.
#[derive(Debug, Serialize)]
struct Outcome {
    target: String,
    /// `poisson`, `fixed`, `bursty` or `closed`.
    arrivals: &'static str,
    /// Sessions a second that were asked for.
    rate: Option<f64>,
    seed: u64,
    measured_seconds: f64,
    counts: Counts,
    ok_per_second: f64,
    /// Begun in time, of what was offered.
    achieved: f64,
    tries: u64,
    /// From when a request should have begun.
    intended: Percentiles,
    /// From when it was sent, which hides the waiting of a late sender.
    sent: Percentiles,
    lateness: Percentiles,
    connects: Percentiles,
    parts: Option<Parts>,
    client_cpu_share: Option<f64>,
    /// What the first request that failed died of.
    complaint: Option<String>,
    /// Why it does not count; empty if it does.
    invalid: Vec<String>,
}

/// Runs the load and prints what it came to.
///
/// # Errors
/// If the server cannot be reached, the client was the limit, requests failed, or the person interrupted.
pub fn run(arguments: &LoadArguments, interrupt: &Interrupt) -> Result<(), BenchError> {
    check_length(arguments)?;
    // One connection that says nothing: a server that is not there is no result.
    drop(Dialed::connect(arguments.target.address, &arguments.target.url)?);
    crate::machine::raise_open_files();
    let output = Output::new(if arguments.json { Format::Json } else { Format::Text });
    if cfg!(debug_assertions) {
        output.warn("THIS IS A DEBUG BUILD: its figures say nothing; build with --release");
    }
    let plan = plan(arguments);
    let length = plan.schedule.length;
    let mut watcher = |glimpse: Glimpse| output.progress(&progress(&glimpse, length));
    let count = open::run_watched(plan, interrupt, &mut watcher);
    output.progress_done();
    let outcome = Outcome::new(arguments, &count?);
    output.outcome("load", &outcome, &outcome.text());
    match outcome.invalid.as_slice() {
        [] => Ok(()),
        faults => Err(BenchError::Invalid(faults.join("; "))),
    }
}

/// Each option has its own bound; together they may still ask for more than fits.
fn check_length(arguments: &LoadArguments) -> Result<(), BenchError> {
    let sessions = match arguments.rate {
        Some(rate) => rate * (arguments.warm_up + arguments.duration),
        None => arguments.connections as f64,
    };
    let requests = sessions * arguments.requests as f64;
    if requests <= REQUESTS_MAX {
        return Ok(());
    }
    Err(BenchError::Usage(format!(
        "this asks for {requests:.0} requests, and at most {REQUESTS_MAX:.0} can be planned: lower --rate, --duration, \
         --connections or --requests"
    )))
}

fn plan(arguments: &LoadArguments) -> OpenPlan {
    let LoadArguments { target, connections, fresh, seed, .. } = arguments;
    let warm_up = Duration::from_secs_f64(arguments.warm_up);
    let length = warm_up + Duration::from_secs_f64(arguments.duration);
    let arrivals = match (arguments.rate, arguments.arrivals) {
        (None, _) => Schedule::closed(*connections, length),
        (Some(rate), Arrivals::Poisson) => Schedule::poisson(rate, length, *seed),
        (Some(rate), Arrivals::Fixed) => Schedule::fixed(rate, length),
        (Some(rate), Arrivals::Bursty) => Schedule::bursty(rate, arguments.burst, length, *seed),
    };
    let wire = match &target.wire {
        Wire::Chat { .. } => Wire::Chat { room: arguments.room.clone() },
        other => other.clone(),
    };
    OpenPlan {
        address: target.address,
        target: target.url.clone(),
        wire,
        schedule: arrivals
            .with_requests(arguments.requests, Lasts::Exponential(arguments.think), *seed)
            .with_work(Lasts::Exponential(arguments.work), *seed),
        warm_up,
        carrier: if *fresh { Carrier::Fresh } else { Carrier::Kept(*connections) },
        deadline: arguments.deadline,
        retries: Retries { most: arguments.retries, pause: arguments.retry_pause },
        body_bytes: arguments.size,
        drain: arguments.deadline.map_or(DRAIN, |deadline| deadline.max(DRAIN)),
        classes: vec!["all".to_owned()],
        with_strip: false,
        bin: None,
        handicap: Duration::ZERO,
    }
}

fn progress(glimpse: &Glimpse, length: Duration) -> String {
    let Glimpse { elapsed, ended, ok, intended } = glimpse;
    format!(
        "{:.1} of {:.0} s, {} ended, {}, p50 {}, p99 {}",
        elapsed.as_secs_f64(),
        length.as_secs_f64(),
        ended,
        rate_text(*ok as f64 / elapsed.as_secs_f64().max(f64::MIN_POSITIVE)),
        optional(intended.p50_us, micros_text),
        optional(intended.p99_us, micros_text),
    )
}

impl Outcome {
    fn new(arguments: &LoadArguments, count: &OpenCount) -> Self {
        let is_open = arguments.rate.is_some();
        let measured_seconds = count.measured.as_secs_f64();
        // A closed loop is as fast as it can be; there is no rate it could miss.
        let mut invalid = if is_open { count.load_faults() } else { Vec::new() };
        if count.counts.failed > 0 {
            let why = count.complaint.as_deref().unwrap_or("no reason given");
            invalid.push(format!("{} requests failed, the first because {why}", count.counts.failed));
        }
        if count.counts.ok == 0 {
            invalid.push(format!("of {} requests none was answered", count.counts.offered));
        }
        Self {
            target: arguments.target.url.clone(),
            arrivals: match arguments.arrivals {
                _ if !is_open => "closed",
                Arrivals::Poisson => "poisson",
                Arrivals::Fixed => "fixed",
                Arrivals::Bursty => "bursty",
            },
            rate: arguments.rate,
            seed: arguments.seed,
            measured_seconds,
            counts: count.counts,
            ok_per_second: count.counts.ok as f64 / measured_seconds,
            achieved: count.achieved(),
            tries: count.tries,
            intended: count.intended.percentiles(),
            sent: count.sent.percentiles(),
            lateness: count.lateness.percentiles(),
            connects: count.connects.percentiles(),
            parts: count.parts,
            client_cpu_share: count.cpu_share(),
            complaint: count.complaint.clone(),
            invalid,
        }
    }

    fn text(&self) -> String {
        let Counts { offered, ok, shed, refused, timed_out, failed, in_flight, starved } = self.counts;
        let load = match self.rate {
            Some(rate) => format!("{rate} sessions a second, {}", self.arrivals),
            None => "closed loop".to_owned(),
        };
        let mut lines = vec![
            format!("{}: {load}, {:.1} s, seed {}", self.target, self.measured_seconds, self.seed),
            format!("  offered    {offered} ({} begun in time), {} tries", percent_text(self.achieved), self.tries),
            format!("  ok         {ok} ({})", rate_text(self.ok_per_second)),
            format!(
                "  not ok     {shed} shed, {refused} refused, {timed_out} timed out, {failed} failed, {in_flight} in flight; {starved} starved"
            ),
        ];
        let mut row = |name: &str, percentiles: &Percentiles| {
            let text = |value| optional(value, micros_text);
            let Percentiles { samples, p50_us, p99_us, p999_us, max_us } = *percentiles;
            if samples > 0 {
                let (p50, p99, p999, max) = (text(p50_us), text(p99_us), text(p999_us), text(max_us));
                lines.push(format!("  {name:<10} p50 {p50}, p99 {p99}, p99.9 {p999}, max {max}"));
            }
        };
        if self.rate.is_some() {
            row("intended", &self.intended);
        }
        row("sent", &self.sent);
        row("connect", &self.connects);
        if self.rate.is_some() {
            row("lateness", &self.lateness);
        }
        if let Some(Parts { schedule_us, kernel_us, queue_us, service_us, return_us }) = self.parts {
            let [schedule, kernel, queue, service, back] =
                [schedule_us, kernel_us, queue_us, service_us, return_us].map(micros_text);
            lines.push(format!(
                "  mean       {schedule} late, {kernel} way and kernel, {queue} queue, {service} service, {back} back"
            ));
        }
        lines.push(format!("  client     {} of a core", optional(self.client_cpu_share, percent_text)));
        lines.join("\n")
    }
}
