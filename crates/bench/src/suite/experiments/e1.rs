//! E1, service that waits at rising load: the textbook's queue, and whether the measurement agrees with it.
//!
//! Every arrival is a connection of its own with one request, whose time of service is drawn in advance and the same
//! for all strategies. With N workers that is M/M/N, whose p99 Erlang C gives; without a bound it is M/M/∞. A trial is
//! too short to show the long run exactly, so the same arrivals are also replayed through an ideal pool on paper
//! (`super::ideal`): what differs from that is the server's doing, and what the two together differ from Erlang C is chance.

mod arrivals;
mod words;

use std::time::Duration;

use super::arms;
use super::begun::{at, blocks, is_in, metric};
use super::bout::{self, MEAN, P99, SERVICE};
use super::ideal::{self, Servers, Terms};
use crate::error::BenchError;
use crate::load::open::{OpenPlan, Schedule};
use crate::load::schedule::Lasts;
use crate::plan::Place;
use crate::suite::lab::{Ground, Lab, Prepared, STRATEGIES, Scale};
use crate::suite::record::TrialRecord;
use crate::suite::spec::{Better, Cell, Experiment, Preset, Spec};
use crate::suite::summary::ExperimentSummary;

/// Workers of the pools.
const WORKERS: usize = 8;

/// The mean time of service.
const SERVICE_MEAN: Duration = Duration::from_millis(10);

/// What may wait: more than comes in any trial, so that nothing is turned away.
const QUEUE: usize = 100_000;

/// The least samples of a trial for its p99; the same as in [`crate::stats`], and a little more.
const SAMPLES: f64 = 620.0;

/// What the replay of the very arrivals through an ideal pool comes to.
const IDEAL_P99: &str = "ideal_p99_ms";
const IDEAL_MEAN: &str = "ideal_mean_ms";
/// The measured p99 as a multiple of that.
const OVER_IDEAL: &str = "p99_over_ideal";

/// The lab.
#[derive(Debug)]
pub(super) struct E1;

impl Lab for E1 {
    fn experiment(&self) -> Experiment {
        Experiment::E1
    }

    fn spec(&self, scale: &Scale) -> Option<Spec> {
        let arms = arms(scale, &STRATEGIES);
        if arms.is_empty() || !is_in(scale, &[Preset::Quick, Preset::Full, Preset::Ci]) {
            return None;
        }
        let cell = |load: &f64| Cell { name: format!("load {load:.2}"), x: Some(*load) };
        let capacity = WORKERS as f64 / SERVICE_MEAN.as_secs_f64();
        Some(Spec {
            experiment: Experiment::E1,
            title: "Service that waits, at rising load".to_owned(),
            question: "What does a bound of N cost in latency, and from which load on?".to_owned(),
            setting: format!(
                "A connection for each request, Poisson arrivals; the server waits {} ms on average, exponentially, \
                 the same draws for all; {WORKERS} workers where there are workers, so that load 1 is {capacity:.0} \
                 requests a second; what timers add is measured and taken off what is asked.",
                SERVICE_MEAN.as_millis(),
            ),
            cells: loads(scale.preset).iter().map(cell).collect(),
            axis: "offered load (1 = capacity of the pools)".to_owned(),
            arms,
            metrics: vec![
                metric(P99, "p99 latency", "ms", Better::Lower, 0.1),
                metric(MEAN, "mean latency", "ms", Better::Lower, 0.1),
            ],
            blocks: blocks(scale),
        })
    }

    /// How much longer than asked each kind of timer waits.
    fn prepare(&self, ground: &Ground<'_>, spec: &Spec) -> Result<Prepared, BenchError> {
        let mut prepared = Prepared::new();
        for (strategy, key) in [("spawn", TASK), ("thread", THREAD)] {
            if spec.arms.iter().any(|arm| overshoot_key(&arm.strategy) == key) {
                prepared.insert(key.to_owned(), overshoot_ms(ground, strategy)?);
            }
        }
        Ok(prepared)
    }

    fn trial(&self, ground: &Ground<'_>, spec: &Spec, place: Place) -> Result<TrialRecord, BenchError> {
        let (cell, arm) = at(spec, place)?;
        let load = cell.x.unwrap_or(0.5);
        let warm_up = Duration::from_millis(100);
        let drawn = arrivals::drawn(load, warm_up + measured(ground.preset, load), ground.seed);
        let overshoot = ground.prepared.get(overshoot_key(&arm.strategy)).copied().unwrap_or_default();
        let asked = arrivals::less(drawn, Duration::from_secs_f64(overshoot.max(0.0) / 1000.0));
        let asked_mean_ms = arrivals::mean_work_ms(&asked);
        let server = bout::server(&arm.strategy, WORKERS, QUEUE, "asked:sleep");
        let bout = bout::run(ground, &server, OpenPlan { warm_up, ..bout::plan(asked.clone()) })?;
        let mut record = bout.record(ground, spec, place)?;
        let service_ms = record.figures.get(SERVICE).copied().unwrap_or(asked_mean_ms);
        let added = Duration::from_secs_f64((service_ms - asked_mean_ms).max(0.0) / 1000.0);
        let servers = if is_bounded(&arm.strategy) { Servers::Many(WORKERS) } else { Servers::Boundless };
        let ideal = ideal::replay(&asked, servers, Terms { added, warm_up, class: None });
        let over = record.figures.get(P99).copied().zip(ideal.value_at(0.99)).map(|(p99, ideal)| p99 / ideal);
        let rate = load * WORKERS as f64 / SERVICE_MEAN.as_secs_f64();
        let figures = [
            (IDEAL_P99, ideal.value_at(0.99)),
            (IDEAL_MEAN, ideal.mean_ms()),
            (OVER_IDEAL, over),
            ("load", Some(rate * service_ms / 1000.0 / WORKERS as f64)),
        ];
        record.figures.extend(figures.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
        Ok(record)
    }

    fn conclude(&self, found: &mut ExperimentSummary) {
        words::conclude(found);
    }
}

/// How much longer than asked a task's timer and a thread's sleep take, among what is prepared.
const TASK: &str = "overshoot_task_ms";
const THREAD: &str = "overshoot_thread_ms";

fn overshoot_key(strategy: &str) -> &'static str {
    if strategy.starts_with("thread") { THREAD } else { TASK }
}

/// Whether a strategy works on so many requests at most.
fn is_bounded(strategy: &str) -> bool {
    strategy.contains("pool")
}

fn loads(preset: Preset) -> &'static [f64] {
    match preset {
        Preset::Quick => &[0.5, 0.8, 0.95],
        Preset::Full => &[0.5, 0.7, 0.8, 0.9, 0.95, 1.0, 1.2],
        Preset::Ci => &[0.8],
    }
}

/// How long a trial is measured: long enough for a p99.
fn measured(preset: Preset, load: f64) -> Duration {
    let rate = load * WORKERS as f64 / SERVICE_MEAN.as_secs_f64();
    match preset {
        Preset::Quick => Duration::from_secs_f64((SAMPLES / rate).max(1.0)),
        Preset::Full => Duration::from_secs(10),
        Preset::Ci => Duration::from_millis(300),
    }
}

/// How much longer than asked this strategy's server waits, in milliseconds.
fn overshoot_ms(ground: &Ground<'_>, strategy: &str) -> Result<f64, BenchError> {
    let asked = SERVICE_MEAN;
    let schedule = Schedule::fixed(400.0, Duration::from_millis(300)).with_work(Lasts::Fixed(asked), ground.seed);
    let server = bout::server(strategy, WORKERS, QUEUE, "asked:sleep");
    let bout = bout::run(ground, &server, bout::plan(schedule))?;
    let took = bout.last().filter(|last| last.service_requests > 0).map(|last| last.service_mean_us / 1000.0);
    Ok(took.map_or(0.0, |took| took - asked.as_secs_f64() * 1000.0))
}
