//! E9, something scarce behind the server, over N: where a bound on the work wins. The load is a closed loop, for what
//! is asked is a ceiling: so many clients, each with one request at a time, and no pause.

mod words;

use std::time::Duration;

use super::arms;
use super::begun::{at, blocks, is_in, metric, record};
use super::visitors::{Visits, visit};
use crate::child::RunningServer;
use crate::error::BenchError;
use crate::plan::Place;
use crate::suite::lab::{Ground, Lab, Scale};
use crate::suite::record::TrialRecord;
use crate::suite::spec::{Better, Cell, Experiment, Preset, Spec};
use crate::suite::summary::ExperimentSummary;
use crate::targets::echo::EchoServer;

/// Slots of what is scarce.
const SLOTS: usize = 8;

/// How long one use takes with nobody waiting, in milliseconds.
const USE_MS: f64 = 5.0;

/// By how much of itself each one waiting prolongs it.
const PENALTY: f64 = 0.02;

/// Clients.
const CLIENTS: usize = 256;

/// The most blocks of the full size: nine cells of trials of five seconds.
const BLOCKS_MAX: usize = 8;

/// The lab.
#[derive(Debug)]
pub(super) struct E9;

impl Lab for E9 {
    fn experiment(&self) -> Experiment {
        Experiment::E9
    }

    fn spec(&self, scale: &Scale) -> Option<Spec> {
        let arms = arms(scale, &["spawn", "pool-request"]);
        if arms.is_empty() || !is_in(scale, &[Preset::Full]) {
            return None;
        }
        let cell = |n: &usize| Cell { name: format!("N = {n}"), x: Some(*n as f64) };
        Some(Spec {
            experiment: Experiment::E9,
            title: "Something scarce behind the server".to_owned(),
            question: "How many requests at a time should be let through to something of which there are 8?".to_owned(),
            setting: format!(
                "echo-server, frames; each request needs one of {SLOTS} slots for {USE_MS} ms, and {:.0} % longer for \
                 each request that crowds around them; {CLIENTS} clients in a closed loop without pauses; \
                 pool-request lets N requests through and makes the others wait; spawn lets all through.",
                PENALTY * 100.0
            ),
            cells: sweep(scale.preset).iter().map(cell).collect(),
            axis: "requests let through (N)".to_owned(),
            arms,
            metrics: vec![
                metric("answers_per_s", "answers", "/s", Better::Higher, 0.05),
                metric("p99_ms", "p99 latency", "ms", Better::Lower, 0.1),
            ],
            blocks: scale.blocks.unwrap_or_else(|| blocks(scale).min(BLOCKS_MAX)),
        })
    }

    fn trial(&self, ground: &Ground<'_>, spec: &Spec, place: Place) -> Result<TrialRecord, BenchError> {
        let mut record = record(ground, spec, place)?;
        let (_, arm) = at(spec, place)?;
        let server = EchoServer {
            workers: sweep(ground.preset).get(place.cell).copied(),
            queue: Some(CLIENTS),
            work: format!("scarce:{SLOTS}:{USE_MS}ms:{:.0}%", PENALTY * 100.0),
            ..EchoServer::new(&arm.strategy)
        };
        let server = RunningServer::start(&server.command(&ground.bin_dir), ground.pinning)?;
        let (warm_up, length) = match ground.preset {
            Preset::Full => (Duration::from_millis(1500), Duration::from_millis(4500)),
            Preset::Ci | Preset::Quick => (Duration::from_millis(1000), Duration::from_millis(3500)),
        };
        let visits = Visits {
            // The handshakes of all at once are no part of the question.
            comings: (0..CLIENTS).map(|number| Duration::from_micros(200 * number as u64)).collect(),
            requests: u64::MAX,
            think: Duration::ZERO,
            warm_up,
            length,
            drain: Duration::from_secs(3),
        };
        let visited = visit(server.address(), &visits, ground.interrupt)?;
        visited.fill(&mut record, false);
        let answers = visited.answers_per_second();
        record.figures.extend(answers.map(|answers| ("answers_per_s".to_owned(), answers)));
        Ok(record)
    }

    fn conclude(&self, found: &mut ExperimentSummary) {
        words::conclude(found);
    }
}

/// The N of the cells.
const fn sweep(preset: Preset) -> &'static [usize] {
    match preset {
        Preset::Ci | Preset::Quick => &[2, 8, 32, 128],
        Preset::Full => &[1, 2, 4, 8, 16, 32, 64, 128, 256],
    }
}
