//! What healthy readers of a room feel of members who do not read, and whether these have lost anything when they read.

use super::disk::Disk;
use super::steady::{FLOOD_BYTES, Scene, SteadyTrial, trial};
use crate::args::StoreStalled;
use crate::error::BenchError;
use crate::experiments::blocks::Pairing;
use crate::experiments::setting::Defaults;
use crate::experiments::{Blocks, Setting, run_blocks};
use crate::interrupt::Interrupt;
use crate::plan::Place;
use crate::report::{Comparison, Report, Table, bytes_text, micros_text, optional, percent_text};
use crate::stats::BLOCKS_MIN;

/// What it does unless told otherwise.
const DEFAULTS: Defaults = Defaults { blocks: 10, seconds: 10.0 };

/// The healthy readers' p99 may grow by less than this: issue 5.
const MARGIN: f64 = 0.05;

pub(super) fn run(arguments: &StoreStalled, interrupt: Interrupt) -> Result<Report, BenchError> {
    let setting = Setting::new(&arguments.store.common, DEFAULTS, interrupt)?;
    let mut disk = Disk::new(&arguments.store)?;
    let StoreStalled { readers, rate, size, room_kib, ref stalled, .. } = *arguments;
    // Nobody twice: the reference, and as the control.
    let counts: Vec<usize> = [0, 0].into_iter().chain(stalled.iter().copied()).collect();
    let cell = format!("{readers} readers, {rate}/s, {size} B, {room_kib} KiB in memory");
    let plan = setting.plan(vec![cell.clone()], names(&counts));
    let blocks = run_blocks(plan, &setting, |Place { arm, .. }| {
        let stalled = *counts.get(arm).ok_or(BenchError::Interrupted)?;
        let room_kib = Some(room_kib);
        let scene =
            Scene { readers, stalled, rate, text_bytes: size, is_stored: true, flood_bytes: FLOOD_BYTES, room_kib };
        trial(scene, &mut disk, &setting)
    })?;
    let mut report = setting.report("store stalled", &blocks);
    report.tables.push(table(&cell, &counts, &blocks));
    let compare = |arm: usize| {
        let pairing = Pairing {
            subject: arm,
            reference: 0,
            metric: "the healthy readers' p99",
            figure: |trial: &SteadyTrial| trial.delivery.p99_us,
            margin: MARGIN,
            at_least: None,
            is_control: arm == 1,
        };
        blocks.compare(0, &pairing, setting.seed)
    };
    report.comparisons = (1..counts.len()).filter_map(compare).collect();
    report.findings = report.comparisons.iter().filter(|found| !found.is_control).map(verdict).collect();
    report.findings.push(disk.sentence());
    Ok(setting.finish(report))
}

fn names(counts: &[usize]) -> Vec<String> {
    let name = |(arm, count): (usize, &usize)| match (arm, count) {
        (0, _) => "nobody stalled".to_owned(),
        (1, _) => "nobody again".to_owned(),
        (_, count) => format!("{count} stalled"),
    };
    counts.iter().enumerate().map(name).collect()
}

/// Whether the promise holds: the whole interval of the ratio lies below what is allowed.
fn verdict(compared: &Comparison) -> String {
    let (ratio, most) = (&compared.ratio, 1.0 + MARGIN);
    let state = match () {
        () if ratio.blocks < BLOCKS_MIN => "not shown either way",
        () if ratio.high < most => "met",
        () if ratio.low >= most => "MISSED",
        () => "not shown either way",
    };
    let (change, margin) = (percent_text((ratio.estimate - 1.0).abs()), percent_text(MARGIN));
    let direction = if ratio.estimate >= 1.0 { "longer" } else { "shorter" };
    format!(
        "{}: the healthy readers' p99 is {change} {direction}; goal of less than {margin} longer: {state}",
        compared.subject
    )
}

fn table(cell: &str, counts: &[usize], blocks: &Blocks<SteadyTrial>) -> Table {
    let row = |(arm, name): (usize, String)| {
        let median = |figure: fn(&SteadyTrial) -> Option<f64>| blocks.median(0, arm, figure);
        let has_stalled = counts.get(arm).is_some_and(|count| *count > 0);
        let of_stalled = |figure: fn(&SteadyTrial) -> Option<f64>| median(figure).filter(|_| has_stalled);
        vec![
            name,
            optional(median(|trial| trial.delivery.p50_us), micros_text),
            optional(median(|trial| trial.delivery.p99_us), micros_text),
            optional(median(|trial| trial.delivery.p999_us), micros_text),
            optional(of_stalled(|trial| Some(trial.told_behind as f64)), |count| format!("{count:.0}")),
            optional(of_stalled(|trial| Some(trial.caught_up_seconds * 1e6)), micros_text),
            optional(median(|trial| Some(trial.peak_bytes? as f64)), bytes_text),
            optional(median(|trial| trial.usage.server_share), percent_text),
            optional(median(|trial| trial.usage.load_share), percent_text),
        ]
    };
    Table {
        title: format!("Healthy readers beside stalled ones, {cell}; medians over blocks"),
        headers: vec![
            "in the room",
            "p50",
            "p99",
            "p99.9",
            "served from disk",
            "caught up in",
            "peak RSS",
            "server busy",
            "load busy",
        ],
        rows: names(counts).into_iter().enumerate().map(row).collect(),
    }
}
