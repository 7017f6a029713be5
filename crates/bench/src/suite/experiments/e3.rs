//! E3, idle connections: what one costs in memory and threads, and who is never answered.
//!
//! Counts are of connections: each asks once whether anybody is there, and is then silent. A trial is one server, with
//! ever more connections; figures `rss_kib_at_N` and `threads_at_N` are what it held with N of them.

mod guests;
mod words;

use guests::{Fared, Guests};

use super::arms;
use super::begun::{at, blocks, is_in, metric, only_cell, record};
use crate::child::RunningServer;
use crate::error::BenchError;
use crate::plan::Place;
use crate::stats::{Line, Point};
use crate::suite::lab::{Ground, Lab, STRATEGIES, Scale};
use crate::suite::record::{Counts, TrialRecord};
use crate::suite::spec::{Better, Experiment, Preset, Spec};
use crate::suite::summary::ExperimentSummary;
use crate::targets::echo::EchoServer;

/// N of the pools.
const WORKERS: usize = 64;

/// Below this the points are no line and the slope is no figure.
const FIT_MIN: f64 = 0.9;

/// The lab.
#[derive(Debug)]
pub(super) struct E3;

impl Lab for E3 {
    fn experiment(&self) -> Experiment {
        Experiment::E3
    }

    fn spec(&self, scale: &Scale) -> Option<Spec> {
        let arms = arms(scale, &STRATEGIES);
        if arms.is_empty() || !is_in(scale, &[Preset::Quick, Preset::Full]) {
            return None;
        }
        let steps = steps(scale.preset);
        let most = steps.last().copied().unwrap_or_default();
        let listed: Vec<String> = steps.iter().map(ToString::to_string).collect();
        Some(Spec {
            experiment: Experiment::E3,
            title: "Idle connections".to_owned(),
            question: "What does a connection cost that says nothing, and is everybody answered at least once?"
                .to_owned(),
            setting: format!(
                "echo-server, frames; {} connections in steps, each of which asks once and is then silent; pools have \
                 {WORKERS} workers; memory is read when the server is quiet, and the cost of a connection is the slope \
                 of a line through the steps. Kernel socket memory is not in it. Counts are of connections.",
                listed.join(", ")
            ),
            cells: only_cell(format!("up to {most} connections")),
            axis: String::new(),
            arms,
            metrics: vec![
                metric("rss_per_connection_kib", "memory of a connection", "KiB", Better::Lower, 0.05),
                metric("served", "connections answered", "connections", Better::Higher, 0.05),
                metric("threads", "threads", "threads", Better::Lower, 0.05),
            ],
            blocks: blocks(scale),
        })
    }

    fn trial(&self, ground: &Ground<'_>, spec: &Spec, place: Place) -> Result<TrialRecord, BenchError> {
        let mut record = record(ground, spec, place)?;
        let (_, arm) = at(spec, place)?;
        let server = EchoServer {
            workers: Some(WORKERS),
            // Room for everybody: who is not served waits, and is not turned away.
            queue: Some(16_384),
            ..EchoServer::new(&arm.strategy)
        };
        let server = RunningServer::start(&server.command(&ground.bin_dir), ground.pinning)?;
        let mut guests = Guests::new(server.address())?;
        ramp(&mut record, &server, &mut guests, ground)?;
        let fared = guests.fared();
        record.counts = counts(fared);
        record.figures.insert("served".to_owned(), fared.answered as f64);
        record.figures.insert("starved".to_owned(), fared.starved as f64);
        guests.leave();
        guests.settle(&server, ground.interrupt)?;
        let left = server.threads().zip(record.figures.get("threads_at_0")).map(|(now, before)| now as f64 - before);
        record.figures.extend(left.map(|left| ("threads_left".to_owned(), left)));
        Ok(record)
    }

    fn conclude(&self, found: &mut ExperimentSummary) {
        words::conclude(found);
    }
}

/// How many connections, step by step.
const fn steps(preset: Preset) -> &'static [usize] {
    match preset {
        Preset::Ci => &[50, 100],
        Preset::Quick => &[100, 500, 1000],
        Preset::Full => &[100, 500, 1000, 2500, 5000, 10_000],
    }
}

/// Opens connections step by step and writes down what the server holds at each.
fn ramp(
    record: &mut TrialRecord,
    server: &RunningServer,
    guests: &mut Guests,
    ground: &Ground<'_>,
) -> Result<(), BenchError> {
    let began = std::time::Instant::now();
    let (mut resident, mut proportional) = (Vec::new(), Vec::new());
    for count in std::iter::once(&0).chain(steps(ground.preset)) {
        guests.grow_to(*count, ground.interrupt)?;
        if !guests.settle(server, ground.interrupt)? {
            record.invalid.push(format!("the server is not quiet with {count} idle connections"));
        }
        let mut figure = |key: String, value: f64| record.figures.insert(key, value);
        if let Some(threads) = server.threads() {
            figure(format!("threads_at_{count}"), threads as f64);
            figure("threads".to_owned(), threads as f64);
        }
        let Some(memory) = server.memory() else { continue };
        figure(format!("rss_kib_at_{count}"), memory.rss_bytes as f64 / 1024.0);
        if *count > 0 {
            let x = *count as f64;
            resident.push(Point { x, y: memory.rss_bytes as f64 / 1024.0 });
            proportional.extend(server.proportional_bytes().map(|bytes| Point { x, y: bytes as f64 / 1024.0 }));
        }
    }
    record.seconds = began.elapsed().as_secs_f64();
    for (key, points) in [("rss", resident), ("pss", proportional)] {
        let Some(line) = Line::through(&points) else { continue };
        record.figures.insert(format!("{key}_fit"), line.r_squared);
        if line.r_squared >= FIT_MIN {
            record.figures.insert(format!("{key}_per_connection_kib"), line.slope);
        }
    }
    Ok(())
}

/// Connections by how they fared.
const fn counts(fared: Fared) -> Counts {
    let Fared { answered, turned_away, broken, starved } = fared;
    Counts {
        offered: answered + turned_away + broken + starved,
        ok: answered,
        shed: 0,
        refused: turned_away,
        timed_out: 0,
        failed: broken,
        in_flight: starved,
        starved,
    }
}
