//! Connect, one request, close: what each strategy of the echo server makes of the exercise's own workload.

use serde::Serialize;

use super::blocks::Pairing;
use super::setting::Defaults;
use super::{Blocks, Setting, Trial, run_blocks};
use crate::args::ChurnArguments;
use crate::child::{RunningServer, ServerCommand};
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::load::{Churn, ChurnCount, Exchange, Gauge, Tally, Usage, Waiting};
use crate::report::{Report, Table, micros_text, optional, percent_text, rate_text};
use crate::stats::Percentiles;
use crate::targets::echo;

/// What it does unless told otherwise.
const DEFAULTS: Defaults = Defaults { blocks: 8, seconds: 1.0 };

/// A difference below this is none, in connections a second.
const MARGIN: f64 = 0.05;

/// What is asked and what comes back; one of the exercise's four texts. The end of the line is the end of the message:
/// without it the server waits a moment for more, and that moment would be all there is to measure.
const EXCHANGE: Exchange<'_> = Exchange { request: b"Hello, world\n", answer: b"hello, world\n" };

/// What one trial came to.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ChurnTrial {
    connections_per_second: f64,
    all: Tally,
    latency: Percentiles,
    server_cpu_seconds_per_million: Option<f64>,
    usage: Usage,
}

/// Runs the experiment.
///
/// # Errors
/// If the echo server cannot be started.
pub fn run(arguments: &ChurnArguments, interrupt: Interrupt) -> Result<Report, BenchError> {
    let setting = Setting::new(&arguments.common, DEFAULTS, interrupt)?;
    let mut arms = arguments.strategies.clone();
    // The first strategy is the reference, and its second run the control.
    let reference = arms.first().cloned().ok_or_else(|| BenchError::Usage("--strategies: name one".to_owned()))?;
    arms.push(format!("{reference} again"));
    let command = |arm: &String| {
        let strategy = arm.strip_suffix(" again").unwrap_or(arm);
        echo::once(&setting.bin_dir, strategy, arguments.workers)
    };
    let commands: Vec<ServerCommand> = arms.iter().map(command).collect();
    let cell = format!("{} clients, {} workers", arguments.clients, arguments.workers);
    let plan = setting.plan(vec![cell.clone()], arms.clone());
    let blocks = run_blocks(plan, &setting, |place| {
        let command = commands.get(place.arm).ok_or(BenchError::Interrupted)?;
        trial(command, arguments.clients, &setting)
    })?;
    let mut report = setting.report("churn", &blocks);
    report.tables.push(table(&cell, &arms, &blocks));
    for subject in 1..arms.len() {
        let pairing = Pairing {
            subject,
            reference: 0,
            metric: "connections/s",
            figure: |trial: &ChurnTrial| Some(trial.connections_per_second),
            margin: MARGIN,
            at_least: None,
            is_control: subject + 1 == arms.len(),
        };
        report.comparisons.extend(blocks.compare(0, &pairing, setting.seed));
    }
    Ok(setting.finish(report))
}

/// One trial against a fresh server.
pub(super) fn trial(command: &ServerCommand, clients: usize, setting: &Setting) -> Result<ChurnTrial, BenchError> {
    let server = RunningServer::start(command, setting.pinning)?;
    let gauge = Gauge { server: Some(&server), pinning: setting.pinning };
    let count = Churn::new(server.address(), clients, EXCHANGE, Waiting::on(&setting.pinning))?.run(
        setting.span,
        &gauge,
        &setting.interrupt,
    )?;
    Ok(ChurnTrial::new(&count))
}

impl ChurnTrial {
    fn new(count: &ChurnCount) -> Self {
        let millions = count.ok as f64 / 1e6;
        Self {
            connections_per_second: count.ok as f64 / count.usage.seconds,
            all: count.all,
            latency: count.latency,
            server_cpu_seconds_per_million: count.usage.server_cpu_seconds.map(|seconds| seconds / millions),
            usage: count.usage,
        }
    }
}

impl Trial for ChurnTrial {
    fn loss(&self) -> Option<String> {
        let Tally { offered, ok, refused, failed } = self.all;
        if offered != ok + refused + failed {
            return Some(format!("{offered} offered, but {ok} ok, {refused} refused and {failed} failed"));
        }
        if ok == 0 {
            return Some(format!("of {offered} connections none was served: {refused} refused, {failed} failed"));
        }
        None
    }

    fn usage(&self) -> Option<&Usage> {
        Some(&self.usage)
    }
}

fn table(cell: &str, arms: &[String], blocks: &Blocks<ChurnTrial>) -> Table {
    let headers =
        vec!["strategy", "connections", "p50", "p99", "refused", "failed", "CPU s per M", "server busy", "load busy"];
    let rows = arms.iter().enumerate().map(|(arm, name)| {
        let median = |figure: fn(&ChurnTrial) -> Option<f64>| blocks.median(0, arm, figure);
        let sum = |figure: fn(&ChurnTrial) -> u64| blocks.valid(0, arm).map(|(_, trial)| figure(trial)).sum::<u64>();
        vec![
            name.clone(),
            optional(median(|trial| Some(trial.connections_per_second)), rate_text),
            optional(median(|trial| trial.latency.p50_us), micros_text),
            optional(median(|trial| trial.latency.p99_us), micros_text),
            sum(|trial| trial.all.refused).to_string(),
            sum(|trial| trial.all.failed).to_string(),
            optional(median(|trial| trial.server_cpu_seconds_per_million), |cost| format!("{cost:.1}")),
            optional(median(|trial| trial.usage.server_share), percent_text),
            optional(median(|trial| trial.usage.load_share), percent_text),
        ]
    });
    let title =
        format!("Connect, one request, close; closed loop, {cell}; medians over blocks, refused and failed in all");
    Table { title, headers, rows: rows.collect() }
}
