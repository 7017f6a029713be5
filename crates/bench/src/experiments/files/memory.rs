//! What the server holds in memory while files pass: by their size, and with many at once.

use std::path::PathBuf;
use std::sync::Arc;

use chat_client::GetTarget;
use serde::Serialize;
use tokio::task::JoinSet;

use super::warnings;
use crate::args::FilesMemory;
use crate::error::BenchError;
use crate::experiments::setting::Defaults;
use crate::experiments::{Blocks, Setting, Trial, run_blocks};
use crate::files::{Ground, Person, Stage, Store, fill};
use crate::interrupt::Interrupt;
use crate::load::Usage;
use crate::report::{Report, Table, bytes_text, optional, throughput_text};

/// What it does unless told otherwise. Its trials end when the files are there.
const DEFAULTS: Defaults = Defaults { blocks: 3, seconds: 1.0 };

/// The most that the server may hold with a hundred transfers at once, in bytes: issue 3.
const GOAL_BYTES: f64 = 64.0 * 1024.0 * 1024.0;

/// How much more the largest file may take than the smallest, in bytes: what is on its way in two full windows.
const GROWTH_BYTES: f64 = 32.0 * 1024.0 * 1024.0;

/// How much more the largest may take than the one before it, in bytes: nothing, and the server's own noise.
const FLAT_BYTES: f64 = 8.0 * 1024.0 * 1024.0;

/// Transfers a client runs at a time; more wait for their turn.
const A_PERSON: usize = 10;

/// Which way files go.
#[derive(Debug, Clone)]
enum Way {
    /// This one, under as many names as wanted.
    Put(PathBuf),
    /// All of those, to nowhere.
    Fetch,
}

/// A workload.
#[derive(Debug, Clone, Copy)]
struct Cell {
    size_mib: usize,
    transfers: usize,
}

/// What one trial came to, in bytes.
#[derive(Debug, Clone, Serialize)]
struct MemoryTrial {
    /// Before the first file.
    idle_bytes: Option<u64>,
    /// The most while files came, and while they went.
    put_peak_bytes: Option<u64>,
    fetch_peak_bytes: Option<u64>,
    put_rate: f64,
    fetch_rate: f64,
}

impl Trial for MemoryTrial {
    fn loss(&self) -> Option<String> {
        let is_read = self.put_peak_bytes.is_some() && self.fetch_peak_bytes.is_some();
        (!is_read).then(|| "the server's memory cannot be read here; it takes Linux's /proc".to_owned())
    }

    fn usage(&self) -> Option<&Usage> {
        None
    }
}

impl MemoryTrial {
    fn peak(&self) -> Option<f64> {
        Some(self.put_peak_bytes?.max(self.fetch_peak_bytes?) as f64)
    }
}

impl Cell {
    fn name(self) -> String {
        match self.transfers {
            1 => format!("{} MiB", self.size_mib),
            count => format!("{count} x {} MiB at once", self.size_mib),
        }
    }

    const fn bytes(self) -> u64 {
        self.size_mib as u64 * (1 << 20)
    }
}

pub(super) fn run(arguments: &FilesMemory, interrupt: Interrupt) -> Result<Report, BenchError> {
    let setting = Setting::new(&arguments.files.common(), DEFAULTS, interrupt)?;
    let mut ground = Ground::new(&arguments.files)?;
    let mut cells: Vec<Cell> = arguments.sizes_mib.iter().map(|&size_mib| Cell { size_mib, transfers: 1 }).collect();
    cells.sort_unstable_by_key(|cell| cell.size_mib);
    cells.push(Cell { size_mib: arguments.each_mib, transfers: arguments.transfers });
    let plan = setting.plan(cells.iter().map(|cell| cell.name()).collect(), vec!["chat-server".to_owned()]);
    let blocks = run_blocks(plan, &setting, |place| {
        let cell = cells.get(place.cell).ok_or(BenchError::Interrupted)?;
        ground.settle();
        trial(*cell, &ground, &setting)
    })?;
    let mut report = setting.report("files memory", &blocks);
    report.warnings.extend(warnings(&ground, &setting));
    report.tables.push(table(&cells, &blocks));
    report.findings = findings(&cells, &blocks);
    Ok(setting.finish(report))
}

/// Sends the files to a fresh server, then fetches them from another that has the same folder.
fn trial(cell: Cell, ground: &Ground, setting: &Setting) -> Result<MemoryTrial, BenchError> {
    let sources = ground.fresh_on_disk("sources")?;
    let source = sources.join("source.bin");
    fill(&source, cell.bytes(), setting.seed)?;
    let data = ground.fresh_on_disk("data")?;
    let stage = Stage::open(Store(&data), setting)?;
    let idle_bytes = stage.server().memory().map(|memory| memory.rss_bytes);
    let put = stage.timed(all(cell, people(&stage, cell)?, Way::Put(source)))?;
    let put_peak_bytes = stage.server().peak_bytes();
    drop(stage);

    let stage = Stage::open(Store(&data), setting)?;
    let fetched = stage.timed(all(cell, people(&stage, cell)?, Way::Fetch))?;
    let fetch_peak_bytes = stage.server().peak_bytes();
    drop(stage);
    for folder in [sources, data] {
        std::fs::remove_dir_all(folder).map_err(BenchError::io("cannot take a trial's files away"))?;
    }
    Ok(MemoryTrial { idle_bytes, put_peak_bytes, fetch_peak_bytes, put_rate: put.rate(), fetch_rate: fetched.rate() })
}

/// As many clients as it takes to have all transfers under way at once.
fn people(stage: &Stage, cell: Cell) -> Result<Vec<Arc<Person>>, BenchError> {
    (0..cell.transfers.div_ceil(A_PERSON)).map(|number| stage.person(&format!("p{number}")).map(Arc::new)).collect()
}

/// All transfers at once; what they moved together.
async fn all(cell: Cell, people: Vec<Arc<Person>>, way: Way) -> Result<(u64, u64), BenchError> {
    let mut transfers = JoinSet::new();
    for (number, person) in (0..cell.transfers).filter_map(|number| Some((number, people.get(number / A_PERSON)?))) {
        let (person, way, name) = (Arc::clone(person), way.clone(), format!("file-{number}.bin"));
        transfers.spawn(async move {
            match way {
                Way::Put(source) => person.put(&source, &name).await,
                Way::Fetch => person.fetch(&name, GetTarget::Nowhere).await,
            }
        });
    }
    let mut bytes = 0;
    while let Some(ended) = transfers.join_next().await {
        bytes += ended.map_err(|error| BenchError::protocol("chat-client", error.to_string()))??.size;
    }
    Ok((bytes, cell.transfers as u64))
}

fn table(cells: &[Cell], blocks: &Blocks<MemoryTrial>) -> Table {
    let row = |(number, cell): (usize, &Cell)| {
        let median = |figure: fn(&MemoryTrial) -> Option<f64>| blocks.median(number, 0, figure);
        vec![
            cell.name(),
            optional(median(|trial| Some(trial.idle_bytes? as f64)), bytes_text),
            optional(median(|trial| Some(trial.put_peak_bytes? as f64)), bytes_text),
            optional(median(|trial| Some(trial.fetch_peak_bytes? as f64)), bytes_text),
            optional(median(|trial| Some(trial.put_rate)), throughput_text),
            optional(median(|trial| Some(trial.fetch_rate)), throughput_text),
        ]
    };
    Table {
        title: "The server's RSS: before the first file, and the most while files came and went; medians over blocks"
            .to_owned(),
        headers: vec!["files", "idle", "peak, put", "peak, fetched", "put", "fetched"],
        rows: cells.iter().enumerate().map(row).collect(),
    }
}

fn findings(cells: &[Cell], blocks: &Blocks<MemoryTrial>) -> Vec<String> {
    let worst = |cell: usize| {
        let peaks = blocks.valid(cell, 0).filter_map(|(_, trial)| trial.peak());
        peaks.max_by(f64::total_cmp)
    };
    let state = |kept: bool| if kept { "met" } else { "MISSED" };
    let single: Vec<(&Cell, f64)> = cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| cell.transfers == 1)
        .filter_map(|(number, cell)| Some((cell, worst(number)?)))
        .collect();
    let grows = |(small, least): &(&Cell, f64), (large, most): &(&Cell, f64), goal: f64| {
        let growth = (most - least).max(0.0);
        let (growth_text, goal_text) = (bytes_text(growth), bytes_text(goal));
        let (small, large) = (small.name(), large.name());
        format!("from {small} to {large}: {growth_text} more; goal of at most {goal_text}: {}", state(growth <= goal))
    };
    let mut findings = Vec::new();
    if let [first, .., last] = single.as_slice() {
        findings.push(grows(first, last, GROWTH_BYTES));
    }
    if let [_, .., before, last] = single.as_slice() {
        findings.push(grows(before, last, FLAT_BYTES));
    }
    for (number, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.transfers > 1) {
        findings.extend(worst(number).map(|most| {
            let (most_text, goal) = (bytes_text(most), bytes_text(GOAL_BYTES));
            format!("{}: at most {most_text}; goal of at most {goal}: {}", cell.name(), state(most <= GOAL_BYTES))
        }));
    }
    findings
}
