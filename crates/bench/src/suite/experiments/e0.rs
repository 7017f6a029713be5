//! E0, is this machine able: how much the load can do against a server that does nothing, and how exactly it keeps
//! its times. What follows is only to be believed far below that.

use std::time::Duration;

use super::begun::{at, blocks, figure, is_in, metric};
use super::bout::{self, LATENESS_P99, LOAD_SHARE, OK_PER_S, P99};
use super::ceiling;
use super::said::nothing;
use crate::error::BenchError;
use crate::load::open::{Carrier, OpenPlan, Schedule};
use crate::plan::Place;
use crate::suite::lab::{Ground, Lab, Scale};
use crate::suite::record::TrialRecord;
use crate::suite::spec::{Arm, Better, Cell, Experiment, Preset, Spec};
use crate::suite::summary::{ExperimentSummary, Promise, Row};
use crate::targets::echo::EchoServer;

/// The workloads.
const FRESH: &str = "ceiling, a connection each";
const KEPT: &str = "ceiling, open connections";
const PACE: &str = "1000 a second";

/// How many ask at a time for the ceilings.
const ASKING: usize = 32;

/// The rate at which the pacing is looked at; about what E1 asks for at most.
const PACE_PER_S: f64 = 1000.0;

/// The load is able if its ceiling is so many times what it is asked for.
const ROOM_MIN: f64 = 3.0;

/// The lab.
#[derive(Debug)]
pub(super) struct E0;

impl Lab for E0 {
    fn experiment(&self) -> Experiment {
        Experiment::E0
    }

    fn spec(&self, scale: &Scale) -> Option<Spec> {
        let arm = Arm {
            name: "spawn".to_owned(),
            strategy: "spawn".to_owned(),
            is_control: false,
            judged_by: None,
            build: String::new(),
        };
        is_in(scale, &[Preset::Quick, Preset::Full, Preset::Ci]).then(|| Spec {
            experiment: Experiment::E0,
            title: "Is this machine able".to_owned(),
            question: "How much can the load do, and how exactly does it keep its times?".to_owned(),
            setting: format!(
                "echo-server without work; {ASKING} clients one request after the other, with a connection each time \
                 and on open ones; then {PACE_PER_S} requests a second at equal distances.",
            ),
            cells: [FRESH, KEPT, PACE].map(|name| Cell { name: name.to_owned(), x: None }).to_vec(),
            axis: String::new(),
            arms: vec![arm],
            metrics: vec![
                metric(OK_PER_S, "requests", "/s", Better::Higher, 0.05),
                metric(LATENESS_P99, "p99 of how late a send is", "ms", Better::Lower, 0.1),
            ],
            blocks: blocks(scale),
        })
    }

    fn trial(&self, ground: &Ground<'_>, spec: &Spec, place: Place) -> Result<TrialRecord, BenchError> {
        let (cell, arm) = at(spec, place)?;
        let length = Duration::from_millis(match ground.preset {
            Preset::Quick => 350,
            Preset::Full => 3000,
            Preset::Ci => 150,
        });
        if cell.name == FRESH {
            return ceiling::run(ground, spec, place, &arm.strategy, ASKING, length);
        }
        let schedule = match cell.name.as_str() {
            // Enough for a p99, whatever the preset.
            PACE => Schedule::fixed(PACE_PER_S, length.max(Duration::from_millis(700))),
            _ => Schedule::closed(ASKING, length),
        };
        let warm_up = Duration::from_millis(50);
        // Nothing but echoing: stamps and words about itself would be part of the ceiling.
        let server =
            EchoServer { extra: vec!["--drain-ms".to_owned(), "0".to_owned()], ..EchoServer::new(&arm.strategy) };
        bout::run(ground, &server, OpenPlan { carrier: Carrier::Kept(ASKING), warm_up, ..bout::plan(schedule) })?
            .record(ground, spec, place)
    }

    fn conclude(&self, found: &mut ExperimentSummary) {
        let row = |cell: &str| found.rows.iter().find(|row| row.cell.name == cell && row.trials > 0);
        let ceiling = |cell: &str| figure(row(cell)?, OK_PER_S);
        let (Some(fresh), Some(kept)) = (ceiling(FRESH), ceiling(KEPT)) else {
            found.verdict = nothing(found);
            return;
        };
        let is_able = fresh >= ROOM_MIN * PACE_PER_S;
        let able = if is_able { "the load is no limit here" } else { "THE LOAD MAY BE THE LIMIT HERE" };
        let findings: Vec<String> = row(PACE).and_then(pace_sentence).into_iter().collect();
        let shares: Vec<f64> = [FRESH, KEPT].iter().filter_map(|cell| figure(row(cell)?, LOAD_SHARE)).collect();
        found.verdict = format!(
            "Server and load together do {fresh:.0} requests a second with a connection each and {kept:.0} on open \
             ones; the waiting experiments ask for {PACE_PER_S:.0} at most, so {able}.",
        );
        found.findings.extend(findings);
        if let [fresh, kept] = shares.as_slice() {
            found.findings.push(format!(
                "At these ceilings the load's core is {:.0} % and {:.0} % busy with the load.",
                fresh * 100.0,
                kept * 100.0,
            ));
        }
        let text =
            format!("the load can do {ROOM_MIN} times what the waiting experiments ask for: {fresh:.0} a second");
        found.promises.push(Promise { text, is_kept: Some(is_able) });
    }
}

/// How exactly times are kept.
fn pace_sentence(row: &Row) -> Option<String> {
    let (median, late) = (figure(row, "lateness_p50_ms")?, figure(row, LATENESS_P99)?);
    let answered = figure(row, P99).map(|p99| format!("; p99 of an echo is {p99:.2} ms")).unwrap_or_default();
    Some(format!(
        "At {PACE_PER_S} sends a second one in two is late by {:.1} µs at most and 99 in 100 by {:.1} µs{answered}.",
        median * 1000.0,
        late * 1000.0,
    ))
}
