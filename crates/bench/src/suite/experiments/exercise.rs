//! The exercise's own run: ten short clients at once, each with one of its four words; a thread for each against a
//! pool of ten threads, and the same with tasks. Forty clients beside it show what ten cannot: a queue.

mod clients;

use std::time::Duration;

use clients::{Outcome, Visit, at_once};

use super::arms;
use super::begun::{at, blocks, figure, listed, metric, record, shown};
use super::said::{judgements, nothing};
use crate::child::RunningServer;
use crate::error::BenchError;
use crate::plan::Place;
use crate::stats::Latencies;
use crate::suite::lab::{Ground, Lab, Scale};
use crate::suite::record::{Counts, TrialRecord};
use crate::suite::spec::{Better, Cell, Experiment, Preset, Spec};
use crate::suite::summary::ExperimentSummary;
use crate::targets::echo::{EchoServer, Wire};

/// The exercise's pool.
const WORKERS: usize = 10;

/// Clients at once: the exercise's ten, and four for each worker.
const CLIENTS: [usize; 2] = [10, 40];

/// What each request costs the server: long enough to be seen beside a connect, as for a small database.
const WORK_MS: u32 = 20;

/// The strategies, the exercise's own first.
const FITTING: [&str; 4] = ["thread", "thread-pool", "spawn", "pool"];

/// Until the last of the clients has its answer.
const MAKESPAN: &str = "makespan_ms";

/// How many times a trial of this preset repeats it.
const fn rounds(preset: Preset) -> usize {
    match preset {
        Preset::Quick => 3,
        Preset::Full => 20,
        Preset::Ci => 1,
    }
}

/// The lab.
#[derive(Debug)]
pub(super) struct Exercise;

impl Lab for Exercise {
    fn experiment(&self) -> Experiment {
        Experiment::Exercise
    }

    fn spec(&self, scale: &Scale) -> Option<Spec> {
        let arms = arms(scale, &FITTING);
        if arms.is_empty() {
            return None;
        }
        let cell = |clients: usize| Cell { name: format!("{clients} clients"), x: Some(clients as f64) };
        Some(Spec {
            experiment: Experiment::Exercise,
            title: "The exercise's own run".to_owned(),
            question: "Ten short clients at once: a thread for each, or a pool of ten?".to_owned(),
            setting: format!(
                "echo-server --reply lower --once, {WORK_MS} ms of waiting a request, {WORKERS} workers where there \
                 are workers; clients on threads of their own begin at one moment, each sends one of the exercise's \
                 four words and reads to the end; {} times a trial.",
                rounds(scale.preset),
            ),
            cells: CLIENTS.map(cell).to_vec(),
            axis: "clients at once".to_owned(),
            arms,
            metrics: vec![
                metric(MAKESPAN, "time until all are served", "ms", Better::Lower, 0.1),
                metric("p50_ms", "median latency", "ms", Better::Lower, 0.1),
            ],
            blocks: blocks(scale),
        })
    }

    fn trial(&self, ground: &Ground<'_>, spec: &Spec, place: Place) -> Result<TrialRecord, BenchError> {
        let mut record = record(ground, spec, place)?;
        let (cell, arm) = at(spec, place)?;
        let clients = CLIENTS.into_iter().find(|clients| cell.x == Some(*clients as f64)).unwrap_or(WORKERS);
        let mut server = RunningServer::start(&server(&arm.strategy).command(&ground.bin_dir), ground.pinning)?;
        let mut rounds_done = Vec::new();
        // The first round meets threads and buffers that do not exist yet; it is not counted.
        for round in 0..=rounds(ground.preset) {
            ground.interrupt.check()?;
            let visits = at_once(server.address(), clients, ground.pinning)?;
            if round > 0 {
                rounds_done.push(visits);
            }
        }
        server.stop(Duration::from_secs(1))?;
        fill(&mut record, &rounds_done);
        Ok(record)
    }

    fn conclude(&self, found: &mut ExperimentSummary) {
        let sentences: Vec<String> = found.spec.cells.iter().filter_map(|cell| sentence(found, cell)).collect();
        found.verdict = if sentences.is_empty() { nothing(found) } else { sentences.join(" ") };
        let judged: Vec<String> = found.spec.cells.iter().filter_map(|cell| judged(found, cell)).collect();
        found.findings.extend(judged);
        found.findings.extend(waits(found));
        for row in &mut found.rows {
            let is_pool = found.spec.arms.iter().any(|arm| arm.name == row.arm && arm.strategy.contains("pool"));
            let clients = row.cell.x.unwrap_or_default();
            let turns = if is_pool { (clients / WORKERS as f64).ceil() } else { 1.0 };
            row.model.insert(MAKESPAN.to_owned(), turns * f64::from(WORK_MS));
        }
    }
}

fn server(strategy: &str) -> EchoServer {
    EchoServer {
        workers: Some(WORKERS),
        work: format!("sleep:fix:{WORK_MS}ms"),
        wire: Wire::Raw,
        extra: ["--reply", "lower", "--once"].map(str::to_owned).to_vec(),
        ..EchoServer::new(strategy)
    }
}

fn fill(record: &mut TrialRecord, rounds: &[Vec<Visit>]) {
    let (mut intended, mut sent) = (Latencies::new(), Latencies::new());
    let mut counts = Counts::NONE;
    for visit in rounds.iter().flatten() {
        counts.offered += 1;
        match visit.outcome {
            Outcome::Served => {
                counts.ok += 1;
                intended.record(visit.ended);
                sent.record(visit.ended.saturating_sub(visit.began));
            }
            Outcome::Refused => counts.refused += 1,
            Outcome::Failed => counts.failed += 1,
        }
    }
    let makespans: Vec<f64> = rounds.iter().filter_map(|visits| makespan_ms(visits)).collect();
    record.counts = counts;
    record.seconds = makespans.iter().sum::<f64>() / 1000.0;
    if counts.ok < counts.offered {
        record.invalid.push(format!("{} of {} clients were not served", counts.offered - counts.ok, counts.offered));
    }
    let figures = [
        (MAKESPAN, crate::stats::median(&makespans)),
        ("p50_ms", intended.value_at(0.5)),
        ("mean_ms", intended.mean_ms()),
        ("max_ms", intended.max_ms()),
    ];
    record.figures.extend(figures.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    record.intended = Some(intended.encoded());
    record.sent = Some(sent.encoded());
}

/// Until the last of them had its answer.
fn makespan_ms(visits: &[Visit]) -> Option<f64> {
    visits.iter().map(|visit| visit.ended).max().map(|last| last.as_secs_f64() * 1000.0)
}

/// "10 clients are served within 21 ms by thread and within 21 ms by thread-pool."
fn sentence(found: &ExperimentSummary, cell: &Cell) -> Option<String> {
    let rows = shown(found).filter(|row| row.cell.name == cell.name);
    let times = rows.filter_map(|row| Some(format!("{:.0} ms by {}", figure(row, MAKESPAN)?, row.arm)));
    let times: Vec<String> = times.collect();
    (!times.is_empty()).then(|| format!("{} are served within {}.", cell.name, listed(&times)))
}

fn judged(found: &ExperimentSummary, cell: &Cell) -> Option<String> {
    Some(format!("{}, time until all are served: {}.", cell.name, judgements(found, &cell.name, MAKESPAN)?))
}

/// Why the pools take longer with more clients than workers.
fn waits(found: &ExperimentSummary) -> Option<String> {
    let is_pool = |name: &str| name.contains("pool");
    let is_shown = shown(found).any(|row| is_pool(&row.arm));
    let [few, many] = CLIENTS;
    is_shown.then(|| {
        format!(
            "A pool of {WORKERS} serves {few} clients in one turn of {WORK_MS} ms and {many} in {} turns: the work \
             is the same, the waiting is the pool's size.",
            many.div_ceil(WORKERS),
        )
    })
}
