//! Raw echo beside the plainest tokio echo: what our accept path, limits and counters cost.

use serde::Serialize;

use super::blocks::Pairing;
use super::setting::Defaults;
use super::{Blocks, Setting, Trial, run_blocks};
use crate::args::EchoArguments;
use crate::child::{RunningServer, ServerCommand};
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::load::{Closed, ClosedCount, Gauge, Usage, Waiting};
use crate::report::{Comparison, Report, Table, micros_text, optional, percent_text, rate_text};
use crate::stats::Percentiles;
use crate::targets::echo;

/// What it does unless told otherwise.
const DEFAULTS: Defaults = Defaults { blocks: 8, seconds: 1.0 };

/// Ours against the plainest: DESIGN section 6.
const GOAL: f64 = 0.95;

/// A difference below this is none, in throughput.
const MARGIN: f64 = 0.05;

/// The arms in their order.
const OURS: usize = 0;
const PLAIN: usize = 1;
const CONTROL: usize = 2;
const ARMS: [&str; 3] = ["echo-server", "plain tokio", "plain tokio again"];

/// What one trial came to.
#[derive(Debug, Clone, Serialize)]
pub(super) struct EchoTrial {
    requests_per_second: f64,
    server_cpu_seconds_per_million: Option<f64>,
    latency: Percentiles,
    usage: Usage,
}

/// A workload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) message_bytes: usize,
    pub(super) connections: usize,
}

/// Runs the experiment.
///
/// # Errors
/// If a server cannot be started.
pub fn run(arguments: &EchoArguments, interrupt: Interrupt) -> Result<Report, BenchError> {
    let setting = Setting::new(&arguments.common, DEFAULTS, interrupt)?;
    let sizes = arguments.sizes.iter();
    let cells: Vec<Cell> = sizes
        .flat_map(|size| arguments.connections.iter().map(|count| Cell { message_bytes: *size, connections: *count }))
        .collect();
    let commands = [echo::ours(&setting.bin_dir), echo::plain()?, echo::plain()?];
    let plan = setting.plan(cells.iter().map(Cell::name).collect(), ARMS.map(str::to_owned).to_vec());
    let blocks = run_blocks(plan, &setting, |place| {
        let (cell, command) = (cells.get(place.cell), commands.get(place.arm));
        let (Some(cell), Some(command)) = (cell, command) else { return Err(BenchError::Interrupted) };
        trial(*cell, command, &setting)
    })?;
    let mut report = setting.report("echo", &blocks);
    report.tables.push(table(&cells, &blocks));
    for cell in 0..cells.len() {
        report.comparisons.extend(compare(cell, &blocks, setting.seed));
    }
    Ok(setting.finish(report))
}

/// One trial against a fresh server.
pub(super) fn trial(cell: Cell, command: &ServerCommand, setting: &Setting) -> Result<EchoTrial, BenchError> {
    let server = RunningServer::start(command, setting.pinning)?;
    let load = Closed::open(
        server.address(),
        &command.name,
        cell.connections,
        cell.message_bytes,
        Waiting::on(&setting.pinning),
    )?;
    let gauge = Gauge { server: Some(&server), pinning: setting.pinning };
    let count = load.run(setting.span, &gauge, &setting.interrupt)?;
    Ok(EchoTrial::new(&count))
}

impl Cell {
    fn name(&self) -> String {
        let size = match self.message_bytes {
            bytes if bytes % 1024 == 0 => format!("{} KiB", bytes / 1024),
            bytes => format!("{bytes} B"),
        };
        format!("{size} x {}", self.connections)
    }
}

impl EchoTrial {
    fn new(count: &ClosedCount) -> Self {
        let millions = count.answered as f64 / 1e6;
        Self {
            requests_per_second: count.answered as f64 / count.usage.seconds,
            server_cpu_seconds_per_million: count.usage.server_cpu_seconds.map(|seconds| seconds / millions),
            latency: count.latency,
            usage: count.usage,
        }
    }
}

impl Trial for EchoTrial {
    /// A wrong echo has already made the trial invalid.
    fn loss(&self) -> Option<String> {
        None
    }

    fn usage(&self) -> Option<&Usage> {
        Some(&self.usage)
    }
}

fn table(cells: &[Cell], blocks: &Blocks<EchoTrial>) -> Table {
    let headers =
        vec!["size x connections", "server", "requests", "p50", "p99", "CPU s per M", "server busy", "load busy"];
    let mut rows = Vec::new();
    for (cell, workload) in cells.iter().enumerate() {
        for (arm, name) in ARMS.iter().enumerate() {
            let median = |figure: fn(&EchoTrial) -> Option<f64>| blocks.median(cell, arm, figure);
            rows.push(vec![
                workload.name(),
                (*name).to_owned(),
                optional(median(|trial| Some(trial.requests_per_second)), rate_text),
                optional(median(|trial| trial.latency.p50_us), micros_text),
                optional(median(|trial| trial.latency.p99_us), micros_text),
                optional(median(|trial| trial.server_cpu_seconds_per_million), |cost| format!("{cost:.2}")),
                optional(median(|trial| trial.usage.server_share), percent_text),
                optional(median(|trial| trial.usage.load_share), percent_text),
            ]);
        }
    }
    Table {
        title: "Raw echo, closed loop, one message under way a connection; medians over blocks".to_owned(),
        headers,
        rows,
    }
}

fn compare(cell: usize, blocks: &Blocks<EchoTrial>, seed: u64) -> impl Iterator<Item = Comparison> {
    let pairing = |subject, at_least| Pairing {
        subject,
        reference: PLAIN,
        metric: "requests/s",
        figure: |trial: &EchoTrial| Some(trial.requests_per_second),
        margin: MARGIN,
        at_least,
        is_control: subject == CONTROL,
    };
    let pairings = [pairing(OURS, Some(GOAL)), pairing(CONTROL, None)];
    let compared: Vec<Comparison> = pairings.iter().filter_map(|pairing| blocks.compare(cell, pairing, seed)).collect();
    compared.into_iter()
}
