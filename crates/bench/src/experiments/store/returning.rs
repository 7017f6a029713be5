//! Thousands of members are cut off, miss some messages, and come back at once with their tokens and cursors.

mod words;

use std::path::Path;

use serde::Serialize;

use super::disk::Disk;
use super::{Tiny, tiny};
use crate::args::StoreReturn;
use crate::child::RunningServer;
use crate::error::BenchError;
use crate::experiments::idle::within_limit;
use crate::experiments::setting::Defaults;
use crate::experiments::{Setting, Trial, run_blocks};
use crate::interrupt::Interrupt;
use crate::load::comeback::Members;
use crate::load::{Saying, Texts, Usage, Waiting};
use crate::plan::Place;
use crate::report::Report;
use crate::stats::{Line, Point};
use crate::targets::chat::speaker::Speaker;
use crate::targets::{Arrival, Keeping, Topic, message_text, tag};

/// What it does unless told otherwise. Its trials end when everybody has everything.
const DEFAULTS: Defaults = Defaults { blocks: 3, seconds: 1.0 };

/// How many messages of the sender are unconfirmed at a time.
const WINDOW: u64 = 64;

/// Nobody's place is let go before they come back, and nobody is asked whether they are there.
const PATIENT: [&str; 6] = ["--grace-ms", "3600000", "--max-held", "20000", "--idle-ms", "3600000"];

/// Why they have to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// Their connections break; the server goes on, and has what they missed in memory.
    Cut,
    /// The server is killed and started again, and has what they missed on disk.
    Killed,
}

/// What happens in a trial.
#[derive(Debug, Clone)]
struct Scene {
    /// At how many members, fewest first.
    members: Vec<usize>,
    missed: usize,
    text_bytes: usize,
}

/// What one trial came to.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ReturnTrial {
    points: Vec<Returned>,
    /// Against members: seconds until all were current, and the most the server held meanwhile.
    time: Option<Line>,
    peak: Option<Line>,
}

/// One return.
#[derive(Debug, Clone, Copy, Serialize)]
struct Returned {
    members: usize,
    /// From the first connection begun until everybody had everything.
    seconds: f64,
    /// The most the server held meanwhile.
    peak_bytes: Option<u64>,
    /// What it sent to each.
    bytes_a_member: f64,
    /// How long the server took to listen again, if it had been killed.
    start_seconds: Option<f64>,
}

pub(super) fn run(arguments: &StoreReturn, interrupt: Interrupt) -> Result<Report, BenchError> {
    let setting = Setting::new(&arguments.store.common, DEFAULTS, interrupt)?;
    let (members, capped) = within_limit(&arguments.members, crate::machine::raise_open_files())?;
    let mut disk = Disk::new(&arguments.store)?;
    let scene = Scene { members, missed: arguments.missed, text_bytes: arguments.size };
    let arms = Cause::ALL.map(|cause| cause.name().to_owned()).to_vec();
    let plan = setting.plan(vec![scene.cell()], arms);
    let blocks = run_blocks(plan, &setting, |Place { arm, .. }| {
        let cause = *Cause::ALL.get(arm).ok_or(BenchError::Interrupted)?;
        trial(&scene, cause, &mut disk, &setting)
    })?;
    let mut report = setting.report("store return", &blocks);
    report.warnings.extend(capped);
    report.tables = words::tables(&scene, &blocks);
    report.findings = words::findings(&blocks);
    report.findings.push(disk.sentence());
    Ok(setting.finish(report))
}

impl Cause {
    const ALL: [Self; 2] = [Self::Cut, Self::Killed];

    const fn name(self) -> &'static str {
        match self {
            Self::Cut => "connections cut",
            Self::Killed => "server killed",
        }
    }
}

impl Scene {
    fn cell(&self) -> String {
        let most = self.members.last().copied().unwrap_or_default();
        format!("up to {most} members, {} messages of {} B missed", self.missed, self.text_bytes)
    }
}

impl ReturnTrial {
    fn new(points: Vec<Returned>) -> Self {
        let line = |figure: fn(&Returned) -> Option<f64>| {
            let point = |returned: &Returned| Some(Point { x: returned.members as f64, y: figure(returned)? });
            let points: Vec<Point> = points.iter().filter_map(point).collect();
            Line::through(&points)
        };
        Self {
            time: line(|returned| Some(returned.seconds)),
            peak: line(|returned| Some(returned.peak_bytes? as f64)),
            points,
        }
    }
}

impl Trial for ReturnTrial {
    /// Nothing: a member that misses an event, or gets one twice, ends the trial where it happens.
    fn loss(&self) -> Option<String> {
        None
    }

    fn usage(&self) -> Option<&Usage> {
        None
    }
}

/// One server and a growing crowd, which is cut off and comes back at each count.
fn trial(scene: &Scene, cause: Cause, disk: &mut Disk, setting: &Setting) -> Result<ReturnTrial, BenchError> {
    let folder = disk.fresh("return")?;
    let mut server = disk.start(&folder, &PATIENT, setting)?.server;
    let topic = topic(scene);
    let mut members = Members::new(topic.clone())?;
    let mut points = Vec::with_capacity(scene.members.len());
    let mut head = 0;
    for &count in &scene.members {
        setting.output.progress(&format!("{}: {count} members", cause.name()));
        members.grow_to(count, server.address(), &setting.interrupt)?;
        members.cut();
        head = say(&server, &topic, head, scene, setting)?;
        let start_seconds = match cause {
            Cause::Cut => None,
            Cause::Killed => {
                let (again, seconds) = started_again(server, &folder, disk, setting)?;
                server = again;
                Some(seconds)
            }
        };
        server.forget_peak();
        let comeback = members.come_back(server.address(), head, &setting.interrupt)?;
        points.push(Returned {
            members: count,
            seconds: comeback.took.as_secs_f64(),
            peak_bytes: server.peak_bytes(),
            bytes_a_member: comeback.bytes as f64 / count as f64,
            start_seconds,
        });
    }
    drop((members, server));
    std::fs::remove_dir_all(&folder).map_err(BenchError::io("cannot take a trial's store away"))?;
    Ok(ReturnTrial::new(points))
}

/// Kills the server, without a word, and starts it again.
fn started_again(
    server: RunningServer,
    folder: &Path,
    disk: &Disk,
    setting: &Setting,
) -> Result<(RunningServer, f64), BenchError> {
    drop(server);
    let started = disk.start(folder, &PATIENT, setting)?;
    Ok((started.server, started.took.as_secs_f64()))
}

/// Somebody says what the others miss, all of it stored; the number of the room's last event.
fn say(server: &RunningServer, topic: &Topic, head: u64, scene: &Scene, setting: &Setting) -> Result<u64, BenchError> {
    let speaker = Speaker::enter(server.address(), topic, &format!("speaker-{head}"))?;
    let text = message_text(scene.text_bytes);
    let texts = Numbered { text, from: head, count: scene.missed as u64 };
    let mut saying = Saying::new(vec![speaker], WINDOW, texts, Waiting::Sleeping)?;
    saying.say_all(&setting.interrupt, |_| {})?;
    Ok(head + scene.missed as u64)
}

/// So many messages, numbered on from `from`.
struct Numbered {
    text: Vec<u8>,
    from: u64,
    count: u64,
}

impl Texts for Numbered {
    fn write(&mut self, _client: usize, number: u64, out: &mut Vec<u8>) {
        if number < self.count {
            if let Some(start) = self.text.first_chunk_mut() {
                *start = tag(self.from + number);
            }
            out.extend_from_slice(&self.text);
        }
    }
}

fn topic(scene: &Scene) -> Topic {
    Topic {
        room: "return".to_owned(),
        nick_prefix: "b".to_owned(),
        text_bytes: scene.text_bytes,
        receivers: 0,
        arrival: Arrival::Silent,
        keeping: Keeping::Stored,
    }
}

/// Trials too small for a figure.
pub(super) fn tiny_trials(disk: &mut Disk, setting: &Setting) -> Vec<Tiny> {
    let scene = Scene { members: vec![5, 20], missed: 50, text_bytes: 64 };
    vec![
        tiny("store, cut off: everybody got what they missed, once", trial(&scene, Cause::Cut, disk, setting)),
        tiny("store, killed: everybody got what they missed, once", trial(&scene, Cause::Killed, disk, setting)),
    ]
}
