//! A folder of many small files, both ways.

use std::path::{Path, PathBuf};

use super::{MARGIN, MOVE_HEADERS, MoveTrial, move_cells, warnings};
use crate::args::FilesSmall;
use crate::error::BenchError;
use crate::experiments::blocks::Pairing;
use crate::experiments::setting::Defaults;
use crate::experiments::{Blocks, Setting, run_blocks};
use crate::files::peers::{self, Rsync};
use crate::files::{Ground, Moved, Stage, Store, fill_folder};
use crate::interrupt::Interrupt;
use crate::report::{Comparison, Report, Table, optional, rate_text};

/// What it does unless told otherwise. Its trials end when the folder is there.
const DEFAULTS: Defaults = Defaults { blocks: 5, seconds: 1.0 };

/// The folder's name, wherever it stands.
const NAME: &str = "many";

/// Ours against rsync: issue 3.
const GOAL: f64 = 2.0;

/// The longest that 10 000 files of 4 KiB may take, in seconds.
const GOAL_SECONDS: f64 = 2.0;

/// The arms in their order; those of rsync only if it is installed.
const PUT: usize = 0;
const FETCH: usize = 1;
const RSYNC_PUT: usize = 2;
const RSYNC_FETCH: usize = 3;
const ARMS: [&str; 4] = ["put folder", "get folder", "rsync to its daemon", "rsync from its daemon"];

/// What all trials share.
struct Many<'a> {
    ground: Ground,
    setting: &'a Setting,
    /// The folder that the folder of files stands in.
    root: PathBuf,
    /// A server's data with the folder in it.
    stored: PathBuf,
    bytes: u64,
    files: u64,
}

pub(super) fn run(arguments: &FilesSmall, interrupt: Interrupt) -> Result<Report, BenchError> {
    let setting = Setting::new(&arguments.files.common(), DEFAULTS, interrupt)?;
    let mut many = Many::new(arguments, &setting)?;
    let rsync = peers::find("rsync", "apt-get install rsync");
    let arms = if rsync.is_ok() { &ARMS[..] } else { &ARMS[..RSYNC_PUT] };
    let cell = format!("{} files of {} bytes", arguments.count, arguments.size);
    let plan = setting.plan(vec![cell.clone()], arms.iter().map(|&arm| arm.to_owned()).collect());
    let blocks = run_blocks(plan, &setting, |place| {
        many.ground.settle();
        many.trial(place.arm)
    })?;
    let mut report = setting.report("files small", &blocks);
    report.warnings.extend(rsync.err().map(|error| error.to_string()));
    report.warnings.extend(warnings(&many.ground, &setting));
    report.tables.push(table(&cell, arms, &blocks));
    report.comparisons = comparisons(&blocks, setting.seed);
    if (arguments.count, arguments.size) == (10_000, 4096) {
        report.findings = findings(&blocks);
    }
    report.findings.push(
        "what is put has been waited for on the disk, one wait a pack; rsync waits for no disk at all".to_owned(),
    );
    Ok(setting.finish(report))
}

impl<'a> Many<'a> {
    fn new(arguments: &FilesSmall, setting: &'a Setting) -> Result<Self, BenchError> {
        let ground = Ground::new(&arguments.files)?;
        let root = ground.fresh_on_disk("root")?;
        fill_folder(&root.join(NAME), arguments.count, arguments.size as u64)?;
        let stored = ground.fresh_on_disk("stored")?;
        let files = arguments.count as u64;
        let many = Self { ground, setting, root, stored, bytes: files * arguments.size as u64, files };
        let stage = Stage::open(Store(&many.stored), setting)?;
        let person = stage.person("keeper")?;
        stage.act(person.put_folder(&many.root.join(NAME), NAME))??;
        drop((person, stage));
        Ok(many)
    }

    fn trial(&self, arm: usize) -> Result<MoveTrial, BenchError> {
        match arm {
            PUT => self.put(),
            FETCH => self.fetch(),
            RSYNC_PUT => {
                let (to, own) = (self.ground.fresh_on_disk("rsync-module")?, self.ground.fresh_on_disk("rsync")?);
                let rsync = Rsync::open(&to, &own, self.setting)?;
                let moved = rsync.send(&self.root.join(NAME), (self.bytes, self.files), self.setting)?;
                self.arrived(moved, &to)
            }
            _ => {
                let (to, own) = (self.ground.fresh_on_disk("rsync-fetched")?, self.ground.fresh_on_disk("rsync")?);
                let rsync = Rsync::open(&self.root, &own, self.setting)?;
                let moved = rsync.fetch(NAME, &to, (self.bytes, self.files), self.setting)?;
                self.arrived(moved, &to)
            }
        }
    }

    fn put(&self) -> Result<MoveTrial, BenchError> {
        let data = self.ground.fresh_on_disk("upload")?;
        let stage = Stage::open(Store(&data), self.setting)?;
        let person = stage.person("sender")?;
        let source = self.root.join(NAME);
        let moved = stage.timed(async {
            let outcome = person.put_folder(&source, NAME).await?;
            Ok((outcome.size, u64::from(outcome.files)))
        })?;
        Ok(self.checked(moved))
    }

    fn fetch(&self) -> Result<MoveTrial, BenchError> {
        let to = self.ground.fresh_on_disk("fetched")?;
        let stage = Stage::open(Store(&self.stored), self.setting)?;
        let person = stage.person("taker")?;
        let moved = stage.timed(async {
            let outcome = person.fetch_folder(NAME, &to).await?;
            Ok((outcome.size, u64::from(outcome.files)))
        })?;
        self.arrived(moved, &to)
    }

    /// Counts what stands in `folder`, whatever a program says it moved.
    fn arrived(&self, moved: Moved, folder: &Path) -> Result<MoveTrial, BenchError> {
        let (files, bytes) = counted(folder).map_err(BenchError::io("cannot count what arrived"))?;
        Ok(self.checked(Moved { files, bytes, ..moved }))
    }

    fn checked(&self, moved: Moved) -> MoveTrial {
        let trial = MoveTrial::of(moved, self.bytes);
        let fewer = || format!("{} files were to arrive, and {} did", self.files, moved.files);
        let loss = trial.loss.or_else(|| (moved.files != self.files).then(fewer));
        MoveTrial { moved, loss }
    }
}

/// How many files there are in a folder and in those within it, and their bytes.
fn counted(folder: &Path) -> std::io::Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.metadata()?;
        if found.is_dir() {
            let (more_files, more_bytes) = counted(&entry.path())?;
            files += more_files;
            bytes += more_bytes;
        } else {
            files += 1;
            bytes += found.len();
        }
    }
    Ok((files, bytes))
}

fn table(cell: &str, arms: &[&str], blocks: &Blocks<MoveTrial>) -> Table {
    let row = |(number, arm): (usize, &&str)| {
        let files = blocks.median(0, number, |trial| Some(trial.moved.files as f64 / trial.moved.seconds));
        let mut row = vec![(*arm).to_owned(), optional(files, rate_text)];
        row.extend(move_cells(number, blocks));
        row
    };
    Table {
        title: format!("A folder of {cell}; medians over blocks"),
        headers: ["what", "files"].into_iter().chain(MOVE_HEADERS).collect(),
        rows: arms.iter().enumerate().map(row).collect(),
    }
}

fn comparisons(blocks: &Blocks<MoveTrial>, seed: u64) -> Vec<Comparison> {
    let compare = |(subject, reference)| {
        let pairing = Pairing {
            subject,
            reference,
            metric: "files/s",
            figure: |trial: &MoveTrial| Some(trial.moved.files as f64 / trial.moved.seconds),
            margin: MARGIN,
            at_least: Some(GOAL),
            is_control: false,
        };
        blocks.compare(0, &pairing, seed)
    };
    [(PUT, RSYNC_PUT), (FETCH, RSYNC_FETCH)].into_iter().filter_map(compare).collect()
}

/// Whether the promise is kept, in the median block.
fn findings(blocks: &Blocks<MoveTrial>) -> Vec<String> {
    let finding = |arm: usize| {
        let seconds = blocks.median(0, arm, |trial| Some(trial.moved.seconds))?;
        let state = if seconds <= GOAL_SECONDS { "met" } else { "MISSED" };
        let name = ARMS.get(arm)?;
        Some(format!("{name}: {seconds:.2} s; goal of at most {GOAL_SECONDS} s: {state}"))
    };
    [PUT, FETCH].into_iter().filter_map(finding).collect()
}
