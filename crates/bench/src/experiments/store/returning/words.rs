//! What is said of returns.

use super::{Cause, ReturnTrial, Returned, Scene};
use crate::experiments::Blocks;
use crate::report::{Table, bytes_text, micros_text, optional};
use crate::stats::{Line, median};

/// Below this the points are no line.
const R_SQUARED_MIN: f64 = 0.9;

/// A table for each cause, a row for each count of members.
pub(super) fn tables(scene: &Scene, blocks: &Blocks<ReturnTrial>) -> Vec<Table> {
    Cause::ALL.into_iter().enumerate().map(|(arm, cause)| table(scene, arm, cause, blocks)).collect()
}

fn table(scene: &Scene, arm: usize, cause: Cause, blocks: &Blocks<ReturnTrial>) -> Table {
    let row = |(number, members): (usize, &usize)| {
        let median = |figure: fn(&Returned) -> Option<f64>| {
            let figures = blocks.valid(0, arm).filter_map(|(_, trial)| figure(trial.points.get(number)?));
            median(&figures.collect::<Vec<f64>>())
        };
        vec![
            members.to_string(),
            optional(median(|returned| Some(returned.seconds * 1e6)), micros_text),
            optional(median(|returned| Some(returned.seconds * 1e6 / returned.members as f64)), micros_text),
            optional(median(|returned| Some(returned.peak_bytes? as f64)), bytes_text),
            optional(median(|returned| Some(returned.bytes_a_member)), bytes_text),
            optional(median(|returned| Some(returned.start_seconds? * 1e6)), micros_text),
        ]
    };
    let (missed, size, cause) = (scene.missed, scene.text_bytes, cause.name());
    Table {
        title: format!("Members come back, {cause}, {missed} messages of {size} B missed; medians over blocks"),
        headers: vec!["members", "all current", "a member", "peak RSS", "sent a member", "server listens again"],
        rows: scene.members.iter().enumerate().map(row).collect(),
    }
}

/// Whether time and memory are linear in members, in the worst block.
pub(super) fn findings(blocks: &Blocks<ReturnTrial>) -> Vec<String> {
    let mut findings = Vec::new();
    for (arm, cause) in Cause::ALL.into_iter().enumerate() {
        let lines = |line: fn(&ReturnTrial) -> Option<Line>| {
            blocks.valid(0, arm).filter_map(|(_, trial)| line(trial)).collect::<Vec<Line>>()
        };
        let time = |slope: f64| micros_text(slope * 1e6);
        findings.extend(finding(&format!("{}, time", cause.name()), &lines(|trial| trial.time), time));
        findings.extend(finding(&format!("{}, peak RSS", cause.name()), &lines(|trial| trial.peak), bytes_text));
    }
    findings
}

fn finding(what: &str, lines: &[Line], text: impl Fn(f64) -> String) -> Option<String> {
    let slope = median(&lines.iter().map(|line| line.slope).collect::<Vec<_>>())?;
    let fit = lines.iter().map(|line| line.r_squared).min_by(f64::total_cmp)?;
    let state = if fit >= R_SQUARED_MIN { "met" } else { "MISSED" };
    Some(format!(
        "{what}: {} a member more, R² at least {fit:.3}; goal of a line (R² {R_SQUARED_MIN}): {state}",
        text(slope)
    ))
}
