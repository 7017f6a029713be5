//! E5, overload: more computing is asked for than the machine has, and whoever asks gives up after a deadline.
//!
//! Without a bound everybody is served in the end and too late, so that the server works and nobody has anything of
//! it. A queue no longer than the deadline allows turns the surplus away at once, and the others are served in time.
//! The pulse shows whether a server finds back when the overload is over, and what clients that try again do to that.

mod recovery;
mod words;

use std::time::Duration;

use super::arms;
use super::begun::{at, blocks, is_in, metric};
use super::bout::{self, OK_PER_S, P99};
use crate::error::BenchError;
use crate::load::open::{OpenPlan, Retries, Schedule};
use crate::load::schedule::Lasts;
use crate::plan::Place;
use crate::suite::lab::{Ground, Lab, Prepared, Scale};
use crate::suite::record::TrialRecord;
use crate::suite::spec::{Better, Cell, Experiment, Preset, Spec};
use crate::suite::summary::ExperimentSummary;

/// What every request computes.
const WORK: Duration = Duration::from_millis(2);

/// After this long nobody wants the answer any more.
const DEADLINE: Duration = Duration::from_millis(100);

/// The share of the deadline that waiting in the queue may take.
const QUEUE_SHARE: f64 = 0.5;

/// Workers of the pools: computing has one core here, and a few more let the answers out meanwhile.
const WORKERS: usize = 4;

/// Tries again after a failure, and the first pause before that.
const RETRIES: Retries = Retries { most: 3, pause: Duration::from_millis(20) };

/// The timeline's piece.
const BIN: Duration = Duration::from_millis(25);

/// Load before and behind the pulse, and in it, as shares of capacity.
const CALM: f64 = 0.7;
const PULSE: f64 = 2.0;

/// What is compared: served in time, as a share of what the machine can do.
const GOODPUT: &str = "goodput_share";
/// From the end of the pulse until nearly everybody is served in time again.
const RECOVERY: &str = "recovery_ms";
/// 1 where that did not happen until the end of the trial; then [`RECOVERY`] is how long it was watched.
const UNRECOVERED: &str = "unrecovered";
/// What the machine can do, requests a second.
const CAPACITY: &str = "capacity_per_s";

/// The cells that are not a steady load.
const PULSE_ONCE: &str = "pulse, no retries";
const PULSE_AGAIN: &str = "pulse, retries";

/// Work that lets nobody in until it is over, at this load. Left out of quick unless asked for.
const UNYIELDING: &str = "load 1.50, never yielding";
const UNYIELDING_LOAD: f64 = 1.5;

/// The lab.
#[derive(Debug)]
pub(super) struct E5;

/// How long the pieces of a pulse are.
#[derive(Debug, Clone, Copy)]
struct Pulse {
    before: Duration,
    during: Duration,
    behind: Duration,
}

impl Lab for E5 {
    fn experiment(&self) -> Experiment {
        Experiment::E5
    }

    fn spec(&self, scale: &Scale) -> Option<Spec> {
        let fitting: &[&str] = match scale.preset {
            Preset::Full => &["spawn", "pool", "pool-request", "thread", "thread-pool"],
            Preset::Quick | Preset::Ci => &["spawn", "pool", "pool-request"],
        };
        let arms = arms(scale, fitting);
        if arms.is_empty() || !is_in(scale, &[Preset::Quick, Preset::Full, Preset::Ci]) {
            return None;
        }
        let Pulse { before, during, behind } = pulse(scale.preset);
        Some(Spec {
            experiment: Experiment::E5,
            title: "Overload with a deadline".to_owned(),
            question: "How much of the work is still worth something when too much is asked for?".to_owned(),
            setting: format!(
                "A connection for each request, Poisson arrivals, {} ms of computing on the server's one core, others \
                 being let in every 50 µs but where it says otherwise; the client gives up after {} ms; loads are shares of the capacity measured at the start of each block; \
                 the pools have {WORKERS} workers and a queue that takes {:.0} % of the deadline. The pulse is {CALM} \
                 for {} ms, {PULSE} for {} ms, {CALM} for {} ms; retries are {} at most, after {} ms and twice as \
                 much each time.",
                WORK.as_millis(),
                DEADLINE.as_millis(),
                QUEUE_SHARE * 100.0,
                before.as_millis(),
                during.as_millis(),
                behind.as_millis(),
                RETRIES.most,
                RETRIES.pause.as_millis(),
            ),
            cells: cells(scale),
            axis: "offered load (1 = capacity)".to_owned(),
            arms,
            metrics: vec![
                metric(GOODPUT, "served in time, of capacity", "", Better::Higher, 0.05),
                metric(RECOVERY, "time to recover", "ms", Better::Lower, 0.1),
                metric(P99, "p99 latency of the served", "ms", Better::Lower, 0.1),
            ],
            blocks: blocks(scale),
        })
    }

    /// How many requests a second the machine can do: a closed loop keeps it busy without ever drowning it.
    fn prepare(&self, ground: &Ground<'_>, _: &Spec) -> Result<Prepared, BenchError> {
        let length = Duration::from_millis(if ground.preset == Preset::Full { 2000 } else { 500 });
        let schedule = Schedule::closed(4, length).with_work(Lasts::Fixed(WORK), ground.seed);
        let bout = bout::run(ground, &bout::server("spawn", WORKERS, 1024, "asked:cpu-yield"), bout::plan(schedule))?;
        let rate = bout.count.counts.ok as f64 / bout.count.measured.as_secs_f64();
        Ok(Prepared::from([(CAPACITY.to_owned(), rate.max(1.0))]))
    }

    fn trial(&self, ground: &Ground<'_>, spec: &Spec, place: Place) -> Result<TrialRecord, BenchError> {
        let (cell, arm) = at(spec, place)?;
        let capacity = ground.prepared.get(CAPACITY).copied().unwrap_or(1.0 / WORK.as_secs_f64());
        let pulse = pulse(ground.preset);
        let warm_up = Duration::from_millis(100);
        let steady_load = if cell.name == UNYIELDING { Some(UNYIELDING_LOAD) } else { cell.x };
        let arrivals = match steady_load {
            Some(load) => Schedule::poisson(load * capacity, warm_up + steady(ground.preset), ground.seed),
            None => {
                let steps = [(CALM, pulse.before), (PULSE, pulse.during), (CALM, pulse.behind)];
                Schedule::steps(&steps.map(|(load, length)| (load * capacity, length)), ground.seed)
            }
        };
        let plan = OpenPlan {
            warm_up: if steady_load.is_some() { warm_up } else { Duration::ZERO },
            deadline: Some(DEADLINE),
            retries: if cell.name == PULSE_AGAIN { RETRIES } else { Retries { most: 0, pause: Duration::ZERO } },
            bin: Some(BIN),
            drain: Duration::from_millis(500),
            ..bout::plan(arrivals.with_work(Lasts::Fixed(WORK), ground.seed))
        };
        let work = if cell.name == UNYIELDING { "asked:cpu" } else { "asked:cpu-yield" };
        let server = bout::server(&arm.strategy, WORKERS, queue(capacity), work);
        let mut record = bout::run(ground, &server, plan)?.record(ground, spec, place)?;
        let ok_per_s = record.figures.get(OK_PER_S).copied().unwrap_or_default();
        record.figures.insert(GOODPUT.to_owned(), ok_per_s / capacity);
        record.figures.insert(CAPACITY.to_owned(), capacity);
        if steady_load.is_none() {
            let watched = recovery::after(&record.timeline, BIN, pulse.before + pulse.during, pulse.behind);
            record.figures.insert(RECOVERY.to_owned(), watched.millis);
            record.figures.insert(UNRECOVERED.to_owned(), f64::from(u8::from(!watched.recovered)));
        }
        Ok(record)
    }

    fn conclude(&self, found: &mut ExperimentSummary) {
        words::conclude(found);
    }
}

fn cells(scale: &Scale) -> Vec<Cell> {
    let loads: &[f64] = match scale.preset {
        Preset::Quick | Preset::Ci => &[1.5],
        Preset::Full => &[0.5, 0.75, 1.0, 1.25, 1.5, 2.0],
    };
    let steady = loads.iter().map(|load| Cell { name: format!("load {load:.2}"), x: Some(*load) });
    let unyielding = (scale.is_named || scale.preset == Preset::Full).then_some(UNYIELDING);
    steady
        .chain(
            unyielding.into_iter().chain([PULSE_ONCE, PULSE_AGAIN]).map(|name| Cell { name: name.to_owned(), x: None }),
        )
        .collect()
}

fn pulse(preset: Preset) -> Pulse {
    let millis = match preset {
        Preset::Quick => [300, 400, 700],
        Preset::Full => [2000, 2000, 6000],
        Preset::Ci => [100, 100, 200],
    };
    let [before, during, behind] = millis.map(Duration::from_millis);
    Pulse { before, during, behind }
}

const fn steady(preset: Preset) -> Duration {
    match preset {
        Preset::Quick => Duration::from_millis(800),
        Preset::Full => Duration::from_secs(8),
        Preset::Ci => Duration::from_millis(200),
    }
}

/// How many may wait so that the last of them still waits no longer than its share of the deadline.
fn queue(capacity_per_s: f64) -> usize {
    let in_time = capacity_per_s * DEADLINE.as_secs_f64() * QUEUE_SHARE;
    (1..=1000_u16).take_while(|count| f64::from(*count) <= in_time).count().saturating_sub(WORKERS).max(1)
}
