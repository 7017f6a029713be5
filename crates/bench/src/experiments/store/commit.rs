//! Messages stored and confirmed a second: by one client that waits for each, and by many that do not; beside raw SQLite
//! with the same rows on the same disk.

use std::path::Path;

use serde::Serialize;

use super::disk::Disk;
use super::raw::{self, Inserted, Rows};
use super::{Promise, Tiny, tiny};
use crate::args::{StoreCommit, StoreCommon};
use crate::error::BenchError;
use crate::experiments::blocks::Pairing;
use crate::experiments::setting::Defaults;
use crate::experiments::{Blocks, Setting, Trial, run_blocks};
use crate::interrupt::Interrupt;
use crate::load::{Gauge, Saying, SayingCount, Texts, Usage, Waiting};
use crate::plan::Place;
use crate::report::{Comparison, Report, Table, micros_text, optional, percent_text, rate_text};
use crate::stats::Percentiles;
use crate::targets::chat::guest::Guest;
use crate::targets::chat::speaker::Speaker;
use crate::targets::{Arrival, Keeping, Topic, message_text, tag};

/// What it does unless told otherwise.
const DEFAULTS: Defaults = Defaults { blocks: 8, seconds: 2.0 };

/// Many clients, confirmed a second: issue 5.
const GOAL_RATE: f64 = 100_000.0;

/// The same, by raw SQLite in batches.
const GOAL_SHARE: f64 = 0.5;

/// A difference below this is none.
const MARGIN: f64 = 0.05;

/// The arms; raw SQLite twice, as the control.
const ARMS: [&str; 3] = ["chat-server", "raw SQLite", "raw SQLite again"];

/// A workload.
#[derive(Debug, Clone, Copy)]
struct Cell {
    clients: usize,
    rooms: usize,
    window: usize,
    /// Rows a transaction of raw SQLite.
    batch: usize,
    text_bytes: usize,
}

/// What one trial came to.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CommitTrial {
    confirmed_per_second: f64,
    /// Confirmed in all, and how many of them are there after the server was killed and started again.
    confirmed: u64,
    found: u64,
    cpu_seconds_per_million: Option<f64>,
    /// One at a time: how long one takes.
    rounds: Option<Percentiles>,
    usage: Option<Usage>,
}

pub(super) fn run(arguments: &StoreCommit, interrupt: Interrupt) -> Result<Report, BenchError> {
    let StoreCommon { common, .. } = &arguments.store;
    let setting = Setting::new(common, DEFAULTS, interrupt)?;
    let mut disk = Disk::new(&arguments.store)?;
    let cells = Cell::of(arguments);
    let plan = setting.plan(cells.iter().map(Cell::name).collect(), ARMS.map(str::to_owned).to_vec());
    let blocks = run_blocks(plan, &setting, |Place { cell, arm, .. }| {
        let cell = *cells.get(cell).ok_or(BenchError::Interrupted)?;
        if arm == 0 { ours(cell, &mut disk, &setting) } else { theirs(cell, &mut disk, &setting) }
    })?;
    let mut report = setting.report("store commit", &blocks);
    report.tables = cells.iter().enumerate().map(|(number, cell)| table(number, *cell, &blocks)).collect();
    report.comparisons =
        cells.iter().enumerate().flat_map(|(number, cell)| comparisons(number, *cell, &blocks, setting.seed)).collect();
    report.findings = findings(&cells, &blocks);
    report.findings.push(disk.sentence());
    Ok(setting.finish(report))
}

impl Cell {
    /// One client that waits, and many that do not.
    fn of(arguments: &StoreCommit) -> Vec<Self> {
        let StoreCommit { clients, window, ref rooms, size, batch, .. } = *arguments;
        let one = Self { clients: 1, rooms: 1, window: 1, batch: 1, text_bytes: size };
        let many = rooms.iter().map(|&rooms| Self { clients, rooms: rooms.min(clients), window, batch, ..one });
        std::iter::once(one).chain(many).collect()
    }

    const fn is_one_by_one(&self) -> bool {
        self.clients == 1 && self.window == 1
    }

    fn name(&self) -> String {
        let Self { clients, rooms, window, .. } = self;
        if self.is_one_by_one() {
            return "1 client, one at a time".to_owned();
        }
        format!("{clients} clients in {rooms} rooms, window {window}")
    }
}

impl Trial for CommitTrial {
    fn loss(&self) -> Option<String> {
        let Self { confirmed, found, .. } = self;
        (confirmed != found).then(|| format!("{confirmed} were confirmed, and {found} are stored"))
    }

    fn usage(&self) -> Option<&Usage> {
        self.usage.as_ref()
    }
}

/// Every client says the same again and again, but for the number at its start.
struct SameText(Vec<u8>);

impl Texts for SameText {
    fn write(&mut self, _client: usize, number: u64, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.0);
        if let Some(place) = out.get_mut(start..).and_then(<[u8]>::first_chunk_mut) {
            *place = tag(number);
        }
    }
}

/// Our server: what is confirmed is counted, and after `kill -9` and a new start found.
fn ours(cell: Cell, disk: &mut Disk, setting: &Setting) -> Result<CommitTrial, BenchError> {
    let folder = disk.fresh("commit")?;
    let server = disk.start(&folder, &[], setting)?.server;
    let mut speakers = Vec::with_capacity(cell.clients);
    for client in 0..cell.clients {
        setting.interrupt.check()?;
        speakers.push(Speaker::enter(server.address(), &topic(client % cell.rooms), &format!("client-{client}"))?);
    }
    let texts = SameText(message_text(cell.text_bytes));
    let saying = Saying::new(speakers, cell.window as u64, texts, Waiting::on(&setting.pinning))?;
    let gauge = Gauge { server: Some(&server), pinning: setting.pinning };
    let count = saying.run(setting.span, &gauge, &setting.interrupt)?;
    drop(server);
    let found = found(cell, &folder, disk, setting)?;
    Ok(CommitTrial::of(&count, found))
}

fn topic(room: usize) -> Topic {
    Topic {
        room: format!("room-{room}"),
        nick_prefix: String::new(),
        text_bytes: 0,
        receivers: 0,
        arrival: Arrival::Silent,
        keeping: Keeping::Stored,
    }
}

/// How many messages a server finds in the store, started anew.
fn found(cell: Cell, folder: &Path, disk: &Disk, setting: &Setting) -> Result<u64, BenchError> {
    let server = disk.start(folder, &[], setting)?.server;
    let mut found = 0;
    // A person is in a bounded number of rooms, so each room is asked by another.
    for room in 0..cell.rooms {
        let mut guest = Guest::greet(server.address(), &format!("reader-{room}"))?;
        found += guest.join(&topic(room).room)?.head.0;
    }
    drop(server);
    std::fs::remove_dir_all(folder).map_err(BenchError::io("cannot take a trial's store away"))?;
    Ok(found)
}

/// Raw SQLite, on the core that otherwise serves.
fn theirs(cell: Cell, disk: &mut Disk, setting: &Setting) -> Result<CommitTrial, BenchError> {
    let folder = disk.fresh("raw")?;
    let rows =
        Rows { batch: cell.batch as u64, text_bytes: cell.text_bytes, rooms: cell.rooms as u64, nick: "client-0" };
    let insert = || raw::insert(&folder, rows, disk.durability(), setting.span, &setting.interrupt);
    let inserted = setting.pinning.on_server_core(insert)?;
    std::fs::remove_dir_all(&folder).map_err(BenchError::io("cannot take a trial's store away"))?;
    Ok(CommitTrial::from(inserted))
}

impl CommitTrial {
    fn of(count: &SayingCount, found: u64) -> Self {
        let millions = count.confirmed as f64 / 1e6;
        Self {
            confirmed_per_second: count.confirmed as f64 / count.usage.seconds,
            confirmed: count.by_client.iter().sum(),
            found,
            cpu_seconds_per_million: count.usage.server_cpu_seconds.map(|seconds| seconds / millions),
            rounds: count.rounds,
            usage: Some(count.usage),
        }
    }
}

impl From<Inserted> for CommitTrial {
    fn from(inserted: Inserted) -> Self {
        let Inserted { measured, seconds, cpu_seconds, rows, found, rounds } = inserted;
        Self {
            confirmed_per_second: measured as f64 / seconds,
            confirmed: rows,
            found,
            cpu_seconds_per_million: cpu_seconds.map(|spent| spent / (measured as f64 / 1e6)),
            rounds,
            usage: None,
        }
    }
}

fn table(number: usize, cell: Cell, blocks: &Blocks<CommitTrial>) -> Table {
    let mut headers = vec!["what", "stored", "CPU s per M", "server busy", "load busy"];
    if cell.is_one_by_one() {
        headers.extend(["p50", "p99"]);
    }
    let row = |(arm, name): (usize, &str)| {
        let median = |figure: fn(&CommitTrial) -> Option<f64>| blocks.median(number, arm, figure);
        let mut row = vec![
            name.to_owned(),
            optional(median(|trial| Some(trial.confirmed_per_second)), rate_text),
            optional(median(|trial| trial.cpu_seconds_per_million), |cost| format!("{cost:.2}")),
            optional(median(|trial| trial.usage?.server_share), percent_text),
            optional(median(|trial| trial.usage?.load_share), percent_text),
        ];
        if cell.is_one_by_one() {
            row.push(optional(median(|trial| trial.rounds?.p50_us), micros_text));
            row.push(optional(median(|trial| trial.rounds?.p99_us), micros_text));
        }
        row
    };
    let rows = ARMS.into_iter().enumerate().map(row).collect();
    let (text_bytes, batch) = (cell.text_bytes, cell.batch);
    let raw = if batch == 1 { "a row a transaction".to_owned() } else { format!("{batch} rows a transaction") };
    let title = format!("Stored and confirmed, {}, {text_bytes} B; SQLite {raw}; medians over blocks", cell.name());
    Table { title, headers, rows }
}

fn comparisons(number: usize, cell: Cell, blocks: &Blocks<CommitTrial>, seed: u64) -> Vec<Comparison> {
    let pairing = |subject, is_control, at_least| Pairing {
        subject,
        reference: 1,
        metric: "stored/s",
        figure: |trial: &CommitTrial| Some(trial.confirmed_per_second),
        margin: MARGIN,
        at_least,
        is_control,
    };
    let goal = (!cell.is_one_by_one()).then_some(GOAL_SHARE);
    let pairings = [pairing(0, false, goal), pairing(2, true, None)];
    pairings.iter().filter_map(|pairing| blocks.compare(number, pairing, seed)).collect()
}

fn findings(cells: &[Cell], blocks: &Blocks<CommitTrial>) -> Vec<String> {
    let many = cells.iter().enumerate().filter(|(_, cell)| !cell.is_one_by_one());
    let finding = |(number, cell): (usize, &Cell)| {
        let rates: Vec<f64> = blocks.valid(number, 0).map(|(_, trial)| trial.confirmed_per_second).collect();
        Promise::at_least(GOAL_RATE, rate_text).sentence(&format!("{}, stored and confirmed", cell.name()), &rates)
    };
    many.filter_map(finding).collect()
}

/// Trials too small for a figure.
pub(super) fn tiny_trials(disk: &mut Disk, setting: &Setting) -> Vec<Tiny> {
    let one = Cell { clients: 1, rooms: 1, window: 1, batch: 1, text_bytes: 64 };
    let many = Cell { clients: 6, rooms: 3, window: 16, batch: 64, ..one };
    vec![
        tiny("store, one at a time: what was confirmed is there after kill -9", ours(one, disk, setting)),
        tiny("store, pipelined: what was confirmed is there after kill -9", ours(many, disk, setting)),
        tiny("raw SQLite: every row that was put in is there", theirs(many, disk, setting)),
    ]
}
