//! E7, slow clients beside normal ones: as many that dribble a byte at a time as there are workers. Counts are of the
//! normal clients' requests; a row of the strip is a normal client.

mod words;

use std::time::Duration;

use super::arms;
use super::begun::{at, blocks, is_in, metric, only_cell, record};
use super::visitors::{Visits, visit, within};
use crate::child::RunningServer;
use crate::error::BenchError;
use crate::load::slow::Slow;
use crate::plan::Place;
use crate::suite::lab::{Ground, Lab, STRATEGIES, Scale};
use crate::suite::record::TrialRecord;
use crate::suite::spec::{Better, Experiment, Preset, Spec};
use crate::suite::summary::ExperimentSummary;
use crate::targets::echo::EchoServer;

/// N of the pools, and how many slow clients there are.
const WORKERS: usize = 32;

/// The pause between two bytes of a slow client.
const DRIBBLE: Duration = Duration::from_millis(20);

/// Normal clients.
const NORMAL: usize = 200;

/// How often each asks.
const REQUESTS: u64 = 3;

/// The lab.
#[derive(Debug)]
pub(super) struct E7;

impl Lab for E7 {
    fn experiment(&self) -> Experiment {
        Experiment::E7
    }

    fn spec(&self, scale: &Scale) -> Option<Spec> {
        let arms = arms(scale, &STRATEGIES);
        if arms.is_empty() || !is_in(scale, &[Preset::Full]) {
            return None;
        }
        let (coming, think, _) = times(scale.preset);
        Some(Spec {
            experiment: Experiment::E7,
            title: "Slow clients beside normal ones".to_owned(),
            question: "What do clients that send a byte at a time do to everybody else?".to_owned(),
            setting: format!(
                "echo-server, frames; {WORKERS} slow clients begin a frame and send a byte of it every 20 ms; then \
                 {NORMAL} normal ones come within {} ms and ask {REQUESTS} times each, {} ms apart, for 1 ms of \
                 waiting; pools have {WORKERS} workers. Counts are of the normal clients' requests.",
                coming.as_millis(),
                think.as_millis(),
            ),
            cells: only_cell(format!("{WORKERS} slow, {NORMAL} normal")),
            axis: String::new(),
            arms,
            metrics: vec![
                metric("served", "normal clients served", "clients", Better::Higher, 0.05),
                metric("p99_ms", "p99 of a normal request", "ms", Better::Lower, 0.1),
            ],
            blocks: blocks(scale),
        })
    }

    fn trial(&self, ground: &Ground<'_>, spec: &Spec, place: Place) -> Result<TrialRecord, BenchError> {
        let mut record = record(ground, spec, place)?;
        let (_, arm) = at(spec, place)?;
        let server = EchoServer {
            workers: Some(WORKERS),
            queue: Some(NORMAL + WORKERS),
            work: "sleep:fix:1ms".to_owned(),
            ..EchoServer::new(&arm.strategy)
        };
        let server = RunningServer::start(&server.command(&ground.bin_dir), ground.pinning)?;
        let (coming, think, length) = times(ground.preset);
        let visits = Visits {
            comings: within(NORMAL, coming, ground.seed),
            requests: REQUESTS,
            think,
            warm_up: Duration::ZERO,
            length,
            drain: Duration::ZERO,
        };
        let slow = Slow::start(server.address(), WORKERS, DRIBBLE)?;
        let visited = visit(server.address(), &visits, ground.interrupt)?;
        drop(slow);
        visited.fill(&mut record, true);
        Ok(record)
    }

    fn conclude(&self, found: &mut ExperimentSummary) {
        words::conclude(found);
    }
}

/// Within how long the normal clients come, how long each thinks, and when the trial ends at the latest.
const fn times(preset: Preset) -> (Duration, Duration, Duration) {
    match preset {
        Preset::Ci | Preset::Quick => {
            (Duration::from_millis(400), Duration::from_millis(100), Duration::from_millis(1200))
        }
        Preset::Full => (Duration::from_secs(1), Duration::from_millis(500), Duration::from_secs(5)),
    }
}
