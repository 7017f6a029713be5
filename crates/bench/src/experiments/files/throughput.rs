//! One big file: to nowhere, relayed, to and from a disk.

use clap::ValueEnum;

use super::scene::Scene;
use super::{MARGIN, MOVE_HEADERS, MoveTrial, move_cells, warnings};
use crate::args::FilesThroughput;
use crate::error::BenchError;
use crate::experiments::blocks::Pairing;
use crate::experiments::setting::Defaults;
use crate::experiments::{Blocks, Setting, run_blocks};
use crate::files::{Ground, peers};
use crate::interrupt::Interrupt;
use crate::report::{Comparison, Report, Table};

/// What it does unless told otherwise. Its trials end when the file is there.
const DEFAULTS: Defaults = Defaults { blocks: 5, seconds: 1.0 };

/// The things compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileArm {
    /// `iperf3`, one stream.
    Iperf3,
    /// The same again: what the two differ by is chance.
    Iperf3Again,
    /// `nginx` with sendfile, `curl` to nowhere.
    Nginx,
    /// Ours: from the server's page cache to nowhere, verified.
    Download,
    /// Ours: hashed, verified, and kept in memory.
    Upload,
    /// Ours: sent by one, fetched by another while it comes, kept in memory.
    Relay,
    /// Ours: onto the server's disk, and waited for.
    DiskUpload,
    /// Ours: onto the client's disk.
    DiskDownload,
    /// `cp`.
    Cp,
    /// `cp`, and a wait for the disk.
    CpSync,
    /// Into an rsync daemon's module.
    RsyncUpload,
    /// Out of it.
    RsyncDownload,
}

/// What is judged by what, and the promised ratio.
const COMPARED: [(FileArm, FileArm, Option<f64>); 13] = [
    (FileArm::Download, FileArm::Iperf3, Some(0.9)),
    (FileArm::Download, FileArm::Nginx, Some(1.0)),
    (FileArm::Upload, FileArm::Iperf3, Some(0.7)),
    (FileArm::Relay, FileArm::Iperf3, Some(0.8)),
    (FileArm::DiskUpload, FileArm::Cp, Some(0.9)),
    (FileArm::DiskUpload, FileArm::CpSync, None),
    (FileArm::DiskUpload, FileArm::RsyncUpload, Some(2.0)),
    (FileArm::DiskDownload, FileArm::Cp, Some(0.9)),
    (FileArm::DiskDownload, FileArm::CpSync, None),
    (FileArm::DiskDownload, FileArm::RsyncDownload, Some(2.0)),
    (FileArm::CpSync, FileArm::Cp, None),
    (FileArm::Nginx, FileArm::Iperf3, None),
    (FileArm::Iperf3Again, FileArm::Iperf3, None),
];

pub(super) fn run(arguments: &FilesThroughput, interrupt: Interrupt) -> Result<Report, BenchError> {
    let setting = Setting::new(&arguments.files.common(), DEFAULTS, interrupt)?;
    let (arms, missing) = present(&arguments.only);
    let mut scene = Scene::new(Ground::new(&arguments.files)?, arguments.size_mib as u64 * (1 << 20), &setting)?;
    if arms.iter().any(|arm| arm.fetches_ours()) {
        scene.store()?;
    }
    let cell = format!("{} MiB", arguments.size_mib);
    let plan = setting.plan(vec![cell.clone()], arms.iter().map(|arm| arm.words().to_owned()).collect());
    let blocks = run_blocks(plan, &setting, |place| {
        let arm = arms.get(place.arm).ok_or(BenchError::Interrupted)?;
        scene.settle();
        arm.trial(&scene)
    })?;
    let mut report = setting.report("files throughput", &blocks);
    report.warnings.extend(missing);
    report.warnings.extend(warnings(scene.ground(), &setting));
    report.tables.push(table(&cell, &arms, &blocks));
    report.comparisons = comparisons(&arms, &blocks, setting.seed);
    if arms.contains(&FileArm::DiskUpload) {
        report.findings.push(FSYNC.to_owned());
    }
    Ok(setting.finish(report))
}

/// What the comparisons with `cp` and rsync do not say by themselves.
const FSYNC: &str = "an upload of ours is done when it is on the disk; cp and rsync are done when the system has it in \
                     memory, so cp, synced is the fair one of a disk that is slower than memory";

/// What a trial has to show, and what it came to.
pub(in crate::experiments) type TinyTrial = (String, Result<MoveTrial, BenchError>);

/// A trial of each arm that is there, too small for a figure, for the self-check.
pub(in crate::experiments) fn tiny_trials(setting: &Setting) -> Result<Vec<TinyTrial>, BenchError> {
    let (arms, _) = present(FileArm::ALL);
    // Not a whole number of groups.
    let mut scene = Scene::new(Ground::small()?, 3 * (1 << 20) + 12_345, setting)?;
    let stored = scene.store();
    let has_stored = stored.is_ok();
    let mut trials = Vec::new();
    if let Err(error) = stored {
        trials.push(("files: one is put, to be fetched".to_owned(), Err(error)));
    }
    for arm in arms.into_iter().filter(|arm| has_stored || !arm.fetches_ours()) {
        trials.push((format!("files, {}: all bytes arrive", arm.words()), arm.trial(&scene)));
    }
    Ok(trials)
}

/// The arms whose programs are there, and a sentence for each other.
fn present(wanted: &[FileArm]) -> (Vec<FileArm>, Vec<String>) {
    let (mut arms, mut missing) = (Vec::new(), Vec::new());
    for arm in wanted {
        match arm.needs().iter().find_map(|(program, way_out)| peers::find(program, way_out).err()) {
            None => arms.push(*arm),
            Some(_) => {
                let needs: Vec<String> = arm.needs().iter().map(|(_, way_out)| (*way_out).to_owned()).collect();
                missing.push(format!("{}: not installed: {}", arm.words(), needs.join(", ")));
            }
        }
    }
    (arms, missing)
}

impl FileArm {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Iperf3,
        Self::Iperf3Again,
        Self::Nginx,
        Self::Download,
        Self::Upload,
        Self::Relay,
        Self::DiskUpload,
        Self::DiskDownload,
        Self::Cp,
        Self::CpSync,
        Self::RsyncUpload,
        Self::RsyncDownload,
    ];

    const fn words(self) -> &'static str {
        match self {
            Self::Iperf3 => "iperf3, one stream",
            Self::Iperf3Again => "iperf3 again",
            Self::Nginx => "nginx and curl",
            Self::Download => "download to nowhere",
            Self::Upload => "upload to memory",
            Self::Relay => "live relay in memory",
            Self::DiskUpload => "upload to disk",
            Self::DiskDownload => "download to disk",
            Self::Cp => "cp",
            Self::CpSync => "cp, synced",
            Self::RsyncUpload => "rsync to its daemon",
            Self::RsyncDownload => "rsync from its daemon",
        }
    }

    const fn needs(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Iperf3 | Self::Iperf3Again => &[("iperf3", "apt-get install iperf3")],
            Self::Nginx => &[("nginx", "apt-get install nginx-light"), ("curl", "apt-get install curl")],
            Self::Cp | Self::CpSync => &[("cp", "apt-get install coreutils")],
            Self::RsyncUpload | Self::RsyncDownload => &[("rsync", "apt-get install rsync")],
            _ => &[],
        }
    }

    const fn fetches_ours(self) -> bool {
        matches!(self, Self::Download | Self::DiskDownload)
    }

    fn trial(self, scene: &Scene<'_>) -> Result<MoveTrial, BenchError> {
        match self {
            Self::Iperf3 | Self::Iperf3Again => scene.iperf(),
            Self::Nginx => scene.nginx(),
            Self::Download => scene.download(),
            Self::Upload => scene.upload(),
            Self::Relay => scene.relay(),
            Self::DiskUpload => scene.disk_upload(),
            Self::DiskDownload => scene.disk_download(),
            Self::Cp => scene.copy(),
            Self::CpSync => scene.copy_synced(),
            Self::RsyncUpload => scene.rsync_upload(),
            Self::RsyncDownload => scene.rsync_download(),
        }
    }
}

fn table(cell: &str, arms: &[FileArm], blocks: &Blocks<MoveTrial>) -> Table {
    let row = |(number, arm): (usize, &FileArm)| {
        let mut row = vec![arm.words().to_owned()];
        row.extend(move_cells(number, blocks));
        row
    };
    Table {
        title: format!("One file of {cell}, page cache warm; medians over blocks"),
        headers: std::iter::once("what").chain(MOVE_HEADERS).collect(),
        rows: arms.iter().enumerate().map(row).collect(),
    }
}

fn comparisons(arms: &[FileArm], blocks: &Blocks<MoveTrial>, seed: u64) -> Vec<Comparison> {
    let place = |wanted: FileArm| arms.iter().position(|arm| *arm == wanted);
    let compare = |(subject, reference, at_least): &(FileArm, FileArm, Option<f64>)| {
        let pairing = Pairing {
            subject: place(*subject)?,
            reference: place(*reference)?,
            metric: "bytes/s",
            figure: |trial: &MoveTrial| Some(trial.moved.rate()),
            margin: MARGIN,
            at_least: *at_least,
            is_control: *subject == FileArm::Iperf3Again,
        };
        blocks.compare(0, &pairing, seed)
    };
    COMPARED.iter().filter_map(compare).collect()
}
