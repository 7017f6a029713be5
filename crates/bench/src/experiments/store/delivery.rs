//! How long a stored message is under way, one way, at a steady rate; and the same where nothing is stored.

use super::disk::Disk;
use super::steady::{Scene, SteadyTrial, trial};
use crate::args::StoreDelivery;
use crate::error::BenchError;
use crate::experiments::blocks::Pairing;
use crate::experiments::setting::Defaults;
use crate::experiments::{Blocks, Setting, run_blocks};
use crate::interrupt::Interrupt;
use crate::plan::Place;
use crate::report::{Report, Table, micros_text, optional, percent_text};

/// What it does unless told otherwise.
const DEFAULTS: Defaults = Defaults { blocks: 8, seconds: 10.0 };

/// A difference below this is none.
const MARGIN: f64 = 0.05;

/// The arms; the stored one twice, as the control.
const ARMS: [&str; 3] = ["stored", "stored again", "not stored"];

pub(super) fn run(arguments: &StoreDelivery, interrupt: Interrupt) -> Result<Report, BenchError> {
    let setting = Setting::new(&arguments.store.common, DEFAULTS, interrupt)?;
    let mut disk = Disk::new(&arguments.store)?;
    let StoreDelivery { rate, receivers, size, .. } = *arguments;
    let cell = format!("{rate}/s to {receivers}, {size} B");
    let plan = setting.plan(vec![cell.clone()], ARMS.map(str::to_owned).to_vec());
    let blocks = run_blocks(plan, &setting, |Place { arm, .. }| {
        let is_stored = arm < 2;
        let scene =
            Scene { readers: receivers, stalled: 0, rate, text_bytes: size, is_stored, flood_bytes: 0, room_kib: None };
        trial(scene, &mut disk, &setting)
    })?;
    let mut report = setting.report("store delivery", &blocks);
    report.tables.push(table(&cell, &blocks));
    let pairing = |subject, reference, metric, figure| Pairing {
        subject,
        reference,
        metric,
        figure,
        margin: MARGIN,
        at_least: None,
        is_control: subject == 1,
    };
    let pairings = [
        pairing(0, 2, "p50", |trial: &SteadyTrial| trial.delivery.p50_us),
        pairing(0, 2, "p99", |trial| trial.delivery.p99_us),
        pairing(1, 0, "p99", |trial| trial.delivery.p99_us),
    ];
    report.comparisons = pairings.iter().filter_map(|pairing| blocks.compare(0, pairing, setting.seed)).collect();
    report.findings.push(disk.sentence());
    Ok(setting.finish(report))
}

fn table(cell: &str, blocks: &Blocks<SteadyTrial>) -> Table {
    let row = |(arm, name): (usize, &str)| {
        let median = |figure: fn(&SteadyTrial) -> Option<f64>| blocks.median(0, arm, figure);
        vec![
            name.to_owned(),
            optional(median(|trial| trial.delivery.p50_us), micros_text),
            optional(median(|trial| trial.delivery.p99_us), micros_text),
            optional(median(|trial| trial.delivery.p999_us), micros_text),
            optional(median(|trial| trial.delivery.max_us), micros_text),
            optional(median(|trial| Some(trial.late_us)), micros_text),
            optional(median(|trial| trial.usage.server_share), percent_text),
            optional(median(|trial| trial.usage.load_share), percent_text),
        ]
    };
    Table {
        title: format!("One way, from when it should have been sent, {cell}; medians over blocks"),
        headers: vec!["messages", "p50", "p99", "p99.9", "longest", "sent late, p98", "server busy", "load busy"],
        rows: ARMS.into_iter().enumerate().map(row).collect(),
    }
}
