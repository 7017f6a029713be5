//! Chat on a connection that is full of files: how long a message takes, and a small file.

mod talk;
mod traffic;

use std::sync::Arc;

use serde::Serialize;

use super::warnings;
use crate::args::FilesChat;
use crate::error::BenchError;
use crate::experiments::setting::Defaults;
use crate::experiments::{Blocks, Setting, Trial, run_blocks};
use crate::files::{Ground, Person, Stage, Store, fill};
use crate::interrupt::Interrupt;
use crate::load::Usage;
use crate::report::{Report, Table, micros_text, optional, throughput_text};
use crate::stats::Percentiles;

use talk::{Clock, Ear, Mouth, Pace, talk};
use traffic::Traffic;

/// What it does unless told otherwise. At 200 messages a second that is a thousand each way.
const DEFAULTS: Defaults = Defaults { blocks: 5, seconds: 5.0 };

/// The longest that 99 of 100 messages may take, in microseconds: issue 3.
const GOAL_P99_US: f64 = 5_000.0;

/// The longest that a small file may take beside big ones.
const GOAL_SMALL_US: f64 = 100_000.0;

/// Bytes of the small file.
const SMALL_BYTES: u64 = 100 * 1024;

/// What else the connection carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Load {
    /// Nothing.
    Quiet,
    /// Big files both ways, as fast as they go.
    Both,
    /// A big file to somebody who takes little a second.
    Slow,
    /// Big files to the server, and small ones among them.
    Small,
}

const LOADS: [Load; 4] = [Load::Quiet, Load::Both, Load::Slow, Load::Small];

/// What one trial came to.
#[derive(Debug, Clone, Serialize)]
struct ChatTrial {
    /// From the busy client to another.
    out: Percentiles,
    /// From another to the busy client.
    back: Percentiles,
    /// From the busy client's wish until the server has its message.
    said: Percentiles,
    put_rate: f64,
    fetch_rate: f64,
    /// From the wish until a small file is in its place on the server's disk.
    small: Option<Percentiles>,
    lost: u64,
}

impl Trial for ChatTrial {
    fn loss(&self) -> Option<String> {
        (self.lost > 0).then(|| format!("{} messages were not heard", self.lost))
    }

    fn usage(&self) -> Option<&Usage> {
        None
    }
}

pub(super) fn run(arguments: &FilesChat, interrupt: Interrupt) -> Result<Report, BenchError> {
    let setting = Setting::new(&arguments.files.common(), DEFAULTS, interrupt)?;
    let mut ground = Ground::new(&arguments.files)?;
    let sources = ground.fresh_on_disk("sources")?;
    fill(&sources.join(traffic::BIG), arguments.size_mib as u64 * (1 << 20), setting.seed)?;
    fill(&sources.join(traffic::SMALL), SMALL_BYTES, setting.seed + 1)?;
    let names: Vec<String> = LOADS.iter().map(|load| load.words(arguments)).collect();
    let plan = setting.plan(names.clone(), vec!["chat-server".to_owned()]);
    let blocks = run_blocks(plan, &setting, |place| {
        let load = LOADS.get(place.cell).ok_or(BenchError::Interrupted)?;
        ground.settle();
        trial(*load, arguments, (&ground, &setting))
    })?;
    let mut report = setting.report("files chat", &blocks);
    report.warnings.extend(warnings(&ground, &setting));
    report.warnings.push("both clients of a trial run in this one program, beside the server".to_owned());
    report.tables.push(table(&names, &blocks));
    report.findings = findings(&names, &blocks);
    Ok(setting.finish(report))
}

impl Load {
    fn words(self, arguments: &FilesChat) -> String {
        match self {
            Self::Quiet => "no files".to_owned(),
            Self::Both => "full both ways".to_owned(),
            Self::Slow => format!("receiver at {} MB/s", arguments.slow_mb),
            Self::Small => "100 KiB among big ones".to_owned(),
        }
    }
}

/// The busy client moves files and talks, the other only talks.
fn trial(load: Load, arguments: &FilesChat, (ground, setting): (&Ground, &Setting)) -> Result<ChatTrial, BenchError> {
    let data = ground.fresh_on_disk("data")?;
    let stage = Stage::open(Store(&data), setting)?;
    let address = stage.server().address();
    let clock = Clock::start();
    let (busy_ear, other_ear) = (Ear::default(), Ear::default());
    let sources = ground.disk("sources");
    let (mouths, traffic) = stage.act(async {
        let busy = Person::enter_hearing(address, "busy", busy_ear.hearing("other", clock)).await?;
        let other = Person::enter_hearing(address, "other", other_ear.hearing("busy", clock)).await?;
        let (busy, other, traffic) = (Arc::new(busy), Arc::new(other), Traffic::default());
        traffic.prepare(&busy, &sources).await?;
        let measured = async {
            tokio::time::sleep(setting.span.warm_up).await;
            traffic.begin();
            let pace = Pace { a_second: arguments.messages, span: setting.span.measured, clock };
            let mouths = tokio::try_join!(talk(Arc::clone(&busy), pace), talk(Arc::clone(&other), pace))?;
            traffic.end();
            other_ear.await_heard(mouths.0.sent).await;
            busy_ear.await_heard(mouths.1.sent).await;
            Ok::<_, BenchError>(mouths)
        };
        let mouths = match load {
            Load::Quiet => measured.await,
            Load::Both => traffic.beside(traffic.full(&busy, &sources), measured).await,
            Load::Slow => traffic.beside(traffic.slow(&busy, arguments.slow_mb), measured).await,
            Load::Small => traffic.beside(traffic.small_among_big(&busy, &sources), measured).await,
        }?;
        Ok::<_, BenchError>((mouths, traffic.counted(load == Load::Small)))
    })??;
    let lost = |ear: &Ear, mouth: &Mouth| mouth.sent.saturating_sub(ear.heard());
    Ok(ChatTrial {
        out: other_ear.percentiles(),
        back: busy_ear.percentiles(),
        said: mouths.0.confirmed.percentiles(),
        lost: lost(&other_ear, &mouths.0) + lost(&busy_ear, &mouths.1),
        put_rate: traffic.put_rate,
        fetch_rate: traffic.fetch_rate,
        small: traffic.small,
    })
}

fn table(names: &[String], blocks: &Blocks<ChatTrial>) -> Table {
    let row = |(cell, name): (usize, &String)| {
        let median = |figure: fn(&ChatTrial) -> Option<f64>| blocks.median(cell, 0, figure);
        vec![
            name.clone(),
            optional(median(|trial| trial.out.p50_us), micros_text),
            optional(median(|trial| trial.out.p99_us), micros_text),
            optional(median(|trial| trial.back.p50_us), micros_text),
            optional(median(|trial| trial.back.p99_us), micros_text),
            optional(median(|trial| trial.said.p99_us), micros_text),
            optional(median(|trial| Some(trial.put_rate).filter(|rate| *rate > 0.0)), throughput_text),
            optional(median(|trial| Some(trial.fetch_rate).filter(|rate| *rate > 0.0)), throughput_text),
            optional(median(|trial| trial.small?.p50_us), micros_text),
            optional(median(|trial| trial.small?.max_us), micros_text),
        ]
    };
    let headers = ["files beside", "out p50", "out p99", "back p50", "back p99", "said p99"];
    let more = ["put", "fetched", "100 KiB p50", "longest"];
    Table {
        title: "Messages of a client whose connection carries files: to another (out), from another (back), and until \
                the server confirmed (said); medians over blocks"
            .to_owned(),
        headers: headers.into_iter().chain(more).collect(),
        rows: names.iter().enumerate().map(row).collect(),
    }
}

/// Whether the promises are kept, in the worst block.
fn findings(names: &[String], blocks: &Blocks<ChatTrial>) -> Vec<String> {
    let worst = |cell: usize, figure: fn(&ChatTrial) -> Option<f64>| {
        blocks.valid(cell, 0).filter_map(|(_, trial)| figure(trial)).max_by(f64::total_cmp)
    };
    let sentence = |name: &str, what: &str, worst: f64, goal: f64| {
        let (state, worst) = (if worst <= goal { "met" } else { "MISSED" }, micros_text(worst));
        format!("{name}: {what} in the worst block {worst}; goal of at most {}: {state}", micros_text(goal))
    };
    let mut findings = Vec::new();
    for (cell, name) in names.iter().enumerate() {
        let p99 = |trial: &ChatTrial| Some(trial.out.p99_us?.max(trial.back.p99_us?));
        findings.extend(worst(cell, p99).map(|worst| sentence(name, "p99", worst, GOAL_P99_US)));
        let small = |trial: &ChatTrial| trial.small?.max_us;
        let what = "the longest of the 100 KiB files";
        findings.extend(worst(cell, small).map(|worst| sentence(name, what, worst, GOAL_SMALL_US)));
    }
    findings
}
