//! E10, work that blocks its thread: on a task, handed to threads that are kept for it, and on threads of its own.
//! Each request comes on a connection of its own.

mod words;

use std::time::Duration;

use super::begun::{at, blocks, is_in, metric, record};
use super::visitors::{Visits, poisson, visit};
use crate::child::RunningServer;
use crate::error::BenchError;
use crate::plan::Place;
use crate::suite::lab::{Ground, Lab, Scale};
use crate::suite::record::TrialRecord;
use crate::suite::spec::{Arm, Better, Cell, Experiment, Preset, Spec};
use crate::suite::summary::ExperimentSummary;
use crate::targets::echo::EchoServer;

/// How long each request blocks, in milliseconds.
const BLOCK_MS: f64 = 10.0;

/// N of the thread pool.
const WORKERS: usize = 32;

/// The arrivals of the cells, in requests a second: half of what one thread that is blocked can do, and four times it.
const RATES: [f64; 2] = [50.0, 400.0];

/// Work on the task itself.
const ON_TASK: &str = "spawn, on the task";
/// The same again.
const CONTROL: &str = "spawn, on the task (control)";
/// Work on one of the threads that tokio keeps for it.
const OFFLOADED: &str = "spawn, offloaded";

/// The lab.
#[derive(Debug)]
pub(super) struct E10;

impl Lab for E10 {
    fn experiment(&self) -> Experiment {
        Experiment::E10
    }

    fn spec(&self, scale: &Scale) -> Option<Spec> {
        let arms = arms(scale);
        if arms.is_empty() || !is_in(scale, &[Preset::Full]) {
            return None;
        }
        let cell = |rate: &f64| Cell { name: format!("{rate:.0} requests/s"), x: Some(*rate) };
        Some(Spec {
            experiment: Experiment::E10,
            title: "Work that blocks its thread".to_owned(),
            question: "What happens to a server of tasks when the work blocks, and what helps?".to_owned(),
            setting: format!(
                "echo-server; each request comes on its own connection, at Poisson times, and blocks its thread for \
                 {BLOCK_MS} ms; a server of tasks has one runtime thread for each core it may use, which is one where \
                 it is pinned; offloaded means spawn_blocking; the thread pool has {WORKERS} workers."
            ),
            cells: RATES.iter().map(cell).collect(),
            axis: "offered requests/s".to_owned(),
            arms,
            metrics: vec![
                metric("answers_per_s", "answers", "/s", Better::Higher, 0.05),
                metric("p50_ms", "median latency of those answered", "ms", Better::Lower, 0.1),
            ],
            blocks: blocks(scale),
        })
    }

    fn trial(&self, ground: &Ground<'_>, spec: &Spec, place: Place) -> Result<TrialRecord, BenchError> {
        let mut record = record(ground, spec, place)?;
        let (_, arm) = at(spec, place)?;
        let manner = if arm.name.starts_with(OFFLOADED) { "offload" } else { "block" };
        let server = EchoServer {
            workers: Some(WORKERS),
            queue: Some(4096),
            work: format!("{manner}:{BLOCK_MS}ms"),
            ..EchoServer::new(&arm.strategy)
        };
        let server = RunningServer::start(&server.command(&ground.bin_dir), ground.pinning)?;
        let (warm_up, length) = match ground.preset {
            Preset::Full => (Duration::from_secs(1), Duration::from_secs(6)),
            Preset::Ci | Preset::Quick => (Duration::from_millis(300), Duration::from_millis(2300)),
        };
        let rate = spec.cells.get(place.cell).and_then(|cell| cell.x).unwrap_or_default();
        let visits = Visits {
            comings: poisson(rate, length, ground.seed),
            requests: 1,
            think: Duration::ZERO,
            warm_up,
            length,
            drain: Duration::from_millis(200),
        };
        let visited = visit(server.address(), &visits, ground.interrupt)?;
        visited.fill(&mut record, false);
        let threads = server.threads().map(|threads| threads as f64);
        record.figures.extend(threads.map(|threads| ("threads".to_owned(), threads)));
        let answers = visited.answers_per_second();
        record.figures.extend(answers.map(|answers| ("answers_per_s".to_owned(), answers)));
        Ok(record)
    }

    fn conclude(&self, found: &mut ExperimentSummary) {
        words::conclude(found);
    }
}

/// What is compared, as far as its strategies were asked for. The reference is the work on the task.
fn arms(scale: &Scale) -> Vec<Arm> {
    let arm = |(name, strategy, is_control): (&str, &str, bool)| Arm {
        name: name.to_owned(),
        strategy: strategy.to_owned(),
        is_control,
        judged_by: (name != ON_TASK).then(|| ON_TASK.to_owned()),
        build: String::new(),
    };
    let all = [
        (ON_TASK, "spawn", false),
        (CONTROL, "spawn", true),
        (OFFLOADED, "spawn", false),
        ("thread", "thread", false),
        ("thread-pool", "thread-pool", false),
    ];
    let is_asked = |name: &str| scale.strategies.iter().any(|asked| asked == name);
    // Without its reference nothing is compared.
    if !is_asked("spawn") {
        return Vec::new();
    }
    all.into_iter().filter(|(_, strategy, _)| is_asked(strategy)).map(arm).collect()
}
