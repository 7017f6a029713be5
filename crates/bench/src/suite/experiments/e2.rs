//! E2, connections of one request and no work: what accepting, starting and ending somebody costs each strategy.

use std::time::Duration;

use super::begun::{at, blocks, figure, is_in, listed, metric, shown};
use super::bout::{self, CPU, OK_PER_S, P99, PEAK};
use super::said::{judgements, nothing};
use super::{arms, ceiling};
use crate::error::BenchError;
use crate::load::open::{OpenPlan, Schedule};
use crate::plan::Place;
use crate::suite::lab::{Ground, Lab, STRATEGIES, Scale};
use crate::suite::record::TrialRecord;
use crate::suite::spec::{Better, Cell, Experiment, Preset, Spec};
use crate::suite::summary::ExperimentSummary;

/// Workers of the pools: as many as ask at a time for the ceiling, so that nobody waits for one.
const WORKERS: usize = 32;

/// The workloads: what it costs at a rate all can do, and how much each can do.
const PACED: &str = "1000 a second";
const CEILING: &str = "ceiling";
const RATE_PER_S: f64 = 1000.0;

/// The lab.
#[derive(Debug)]
pub(super) struct E2;

impl Lab for E2 {
    fn experiment(&self) -> Experiment {
        Experiment::E2
    }

    fn spec(&self, scale: &Scale) -> Option<Spec> {
        let arms = arms(scale, &STRATEGIES);
        if arms.is_empty() || !is_in(scale, &[Preset::Full, Preset::Ci]) {
            return None;
        }
        Some(Spec {
            experiment: Experiment::E2,
            title: "Connections of one request".to_owned(),
            question: "What does it cost to begin and end somebody?".to_owned(),
            setting: format!(
                "echo-server without work, a connection for each request; {RATE_PER_S} a second as Poisson arrivals, \
                 and {WORKERS} clients one after the other for the ceiling; {WORKERS} workers where there are workers.",
            ),
            cells: [PACED, CEILING].map(|name| Cell { name: name.to_owned(), x: None }).to_vec(),
            axis: String::new(),
            arms,
            metrics: vec![
                metric(CPU, "CPU for 1000", "ms", Better::Lower, 0.05),
                metric(OK_PER_S, "connections", "/s", Better::Higher, 0.05),
                metric(P99, "p99 latency", "ms", Better::Lower, 0.1),
                metric(PEAK, "peak memory", "MiB", Better::Lower, 0.1),
            ],
            blocks: blocks(scale),
        })
    }

    fn trial(&self, ground: &Ground<'_>, spec: &Spec, place: Place) -> Result<TrialRecord, BenchError> {
        let (cell, arm) = at(spec, place)?;
        let length = Duration::from_millis(match ground.preset {
            Preset::Quick => 3000,
            Preset::Full => 6000,
            Preset::Ci => 300,
        });
        if cell.name == CEILING {
            return ceiling::run(ground, spec, place, &arm.strategy, WORKERS, length / 3);
        }
        let schedule = Schedule::poisson(RATE_PER_S, length, ground.seed);
        let warm_up = Duration::from_millis(100);
        let server = bout::server(&arm.strategy, WORKERS, 1024, "none");
        bout::run(ground, &server, OpenPlan { warm_up, ..bout::plan(schedule) })?.record(ground, spec, place)
    }

    fn conclude(&self, found: &mut ExperimentSummary) {
        let told = |cell: &str, key: &str, unit: &str| {
            let rows = shown(found).filter(|row| row.cell.name == cell);
            let each = rows.filter_map(|row| Some(format!("{} {:.0}{unit}", row.arm, figure(row, key)?)));
            let each: Vec<String> = each.collect();
            (!each.is_empty()).then(|| listed(&each))
        };
        let cost = told(PACED, CPU, " ms").map(|each| {
            format!("At {RATE_PER_S} connections a second, a thousand of them cost the server this much CPU: {each}.")
        });
        let ceiling = told(CEILING, OK_PER_S, "/s").map(|each| format!("With {WORKERS} clients at a time: {each}."));
        let judged = [(PACED, CPU, "CPU"), (PACED, P99, "p99"), (CEILING, OK_PER_S, "connections")];
        let judged: Vec<String> = judged
            .into_iter()
            .filter_map(|(cell, key, what)| Some(format!("{cell}, {what}: {}.", judgements(found, cell, key)?)))
            .collect();
        found.verdict = cost.clone().or_else(|| ceiling.clone()).unwrap_or_else(|| nothing(found));
        found.findings.extend(ceiling.filter(|_| cost.is_some()));
        found.findings.extend(judged);
    }
}
