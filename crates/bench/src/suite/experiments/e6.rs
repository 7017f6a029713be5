//! E6, a storm of connections: everybody connects at once, with a short and a long backlog in the kernel. It shows
//! where each strategy's queue lives. Counts are of connections, each of which asks once.

mod words;

use std::time::Duration;

use super::arms;
use super::begun::{at, blocks, is_in, metric, record};
use super::visitors::{Visits, visit};
use crate::child::RunningServer;
use crate::error::BenchError;
use crate::plan::Place;
use crate::readings::net::Fallen;
use crate::suite::lab::{Ground, Lab, Scale};
use crate::suite::record::TrialRecord;
use crate::suite::spec::{Better, Cell, Experiment, Preset, Spec};
use crate::suite::summary::ExperimentSummary;
use crate::targets::echo::EchoServer;

/// How many connect at once: the 500 of the question, and as many more as a p99 of one trial takes.
const CONNECTS: usize = 600;

/// N of the pools.
const WORKERS: usize = 32;

/// What each request waits for.
const WORK_MS: u64 = 5;

/// The kernel's queues compared: the usual default of libraries, and ours.
const BACKLOGS: [u32; 2] = [128, 4096];

/// The lab.
#[derive(Debug)]
pub(super) struct E6;

impl Lab for E6 {
    fn experiment(&self) -> Experiment {
        Experiment::E6
    }

    fn spec(&self, scale: &Scale) -> Option<Spec> {
        let arms = arms(scale, &["spawn", "pool", "pool-accept"]);
        if arms.is_empty() || !is_in(scale, &[Preset::Quick, Preset::Full]) {
            return None;
        }
        let cell = |backlog: &u32| Cell { name: format!("backlog {backlog}"), x: Some(f64::from(*backlog)) };
        Some(Spec {
            experiment: Experiment::E6,
            title: "A storm of connections".to_owned(),
            question: "Everybody connects in the same moment: who waits where, and who sees it?".to_owned(),
            setting: format!(
                "echo-server, {CONNECTS} connects at once, each asks once, which takes {WORK_MS} ms of waiting; \
                 {WORKERS} workers where there are workers; the kernel's backlog is 128 or 4096; given up after {:.1} \
                 s. Who is still connecting then counts with the time so far.",
                length(scale.preset).as_secs_f64(),
            ),
            cells: BACKLOGS.iter().map(cell).collect(),
            axis: "backlog".to_owned(),
            arms,
            metrics: vec![
                metric("connect_p99_ms", "p99 of connecting", "ms", Better::Lower, 0.1),
                metric("p99_ms", "p99 of the answer", "ms", Better::Lower, 0.1),
            ],
            blocks: blocks(scale),
        })
    }

    fn trial(&self, ground: &Ground<'_>, spec: &Spec, place: Place) -> Result<TrialRecord, BenchError> {
        let mut record = record(ground, spec, place)?;
        let (_, arm) = at(spec, place)?;
        let server = EchoServer {
            workers: Some(WORKERS),
            queue: Some(CONNECTS),
            backlog: BACKLOGS.get(place.cell).copied(),
            work: format!("sleep:fix:{WORK_MS}ms"),
            ..EchoServer::new(&arm.strategy)
        };
        let server = RunningServer::start(&server.command(&ground.bin_dir), ground.pinning)?;
        let visits = Visits {
            comings: vec![Duration::ZERO; CONNECTS],
            requests: 1,
            think: Duration::ZERO,
            warm_up: Duration::ZERO,
            length: length(ground.preset),
            drain: Duration::ZERO,
        };
        let before = Fallen::read();
        let visited = visit(server.address(), &visits, ground.interrupt)?;
        let fallen = Fallen::read().zip(before).map(|(now, before)| now.since(before));
        visited.fill(&mut record, true);
        if let Some(fallen) = fallen {
            record.figures.insert("listen_overflows".to_owned(), fallen.overflows as f64);
        }
        for seconds in STEPS {
            let near = |took: &Duration| (seconds - 0.3..seconds + 0.7).contains(&took.as_secs_f64());
            let count = visited.connect_times().filter(near).count();
            record.figures.insert(format!("connects_at_{seconds}_s"), count as f64);
        }
        Ok(record)
    }

    fn conclude(&self, found: &mut ExperimentSummary) {
        words::conclude(found);
    }
}

/// When the kernel of a client that was not answered tries again, in seconds since its connect.
const STEPS: [f64; 3] = [1.0, 3.0, 7.0];

/// How long somebody waits: in the quick size just beyond the second try.
const fn length(preset: Preset) -> Duration {
    match preset {
        Preset::Ci | Preset::Quick => Duration::from_millis(3300),
        Preset::Full => Duration::from_secs(8),
    }
}
