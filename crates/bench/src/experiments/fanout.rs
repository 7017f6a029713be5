//! One sender, many receivers of one room: ours beside others, deliveries a second and what they cost.

use std::net::SocketAddr;

use serde::Serialize;

use super::blocks::Pairing;
use super::setting::Defaults;
use super::store::Disk;
use super::{Blocks, Setting, Trial, run_blocks};
use crate::args::{FanoutArguments, Mode};
use crate::child::RunningServer;
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::load::{Fanout, FanoutCount, Gauge, Usage, Waiting};
use crate::report::{Comparison, Report, Table, micros_text, optional, percent_text, rate_text};
use crate::stats::Percentiles;
use crate::targets::{Arrival, Keeping, Protocol, Topic};

/// What it does unless told otherwise.
pub(super) const DEFAULTS: Defaults = Defaults { blocks: 8, seconds: 2.0 };

/// Ours against each of the others, pipelined: DESIGN section 6.
const GOAL_PIPELINED: f64 = 3.0;

/// The same where ours stores every message: issue 5. One at a time nothing is promised of that.
const GOAL_STORED: f64 = 2.0;

/// The same, one at a time.
const GOAL_SINGLE: f64 = 1.0;

/// A difference below this is none, in throughput.
const MARGIN: f64 = 0.05;

/// One of the servers compared.
#[derive(Debug, Clone)]
pub(super) struct Arm {
    pub(super) name: String,
    pub(super) protocol: Protocol,
    /// What ours does with the messages.
    pub(super) keeping: Keeping,
    /// Where it runs already; otherwise each trial starts a fresh one.
    pub(super) running: Option<SocketAddr>,
}

/// What the load does.
#[derive(Debug, Clone, Copy)]
struct Shape {
    receivers: usize,
    text_bytes: usize,
    /// How far the sender may be ahead of the slowest receiver; 1 is one message at a time.
    window: usize,
}

/// What one trial came to.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FanoutTrial {
    deliveries_per_second: f64,
    sent: u64,
    received: u64,
    receivers: u64,
    server_cpu_seconds_per_million: Option<f64>,
    /// With one message at a time, from sending it until everybody has it.
    rounds: Option<Percentiles>,
    usage: Usage,
}

/// Runs the experiment.
///
/// # Errors
/// If a server cannot be started or reached, or no block is complete.
pub fn run(arguments: &FanoutArguments, interrupt: Interrupt) -> Result<Report, BenchError> {
    let setting = Setting::new(&arguments.common, DEFAULTS, interrupt)?;
    let (arms, missing) = arms(arguments);
    let mut disk = if arguments.stores() { Some(Disk::of(arguments.dir.as_deref())?) } else { None };
    let shape = Shape::of(arguments);
    let plan = setting.plan(vec![shape.cell()], arms.iter().map(|arm| arm.name.clone()).collect());
    let mut trials = 0;
    let blocks = run_blocks(plan, &setting, |place| {
        let arm = arms.get(place.arm).ok_or(BenchError::Interrupted)?;
        trials += 1;
        trial(shape, arm, trials, disk.as_mut(), &setting)
    })?;
    let mut report = setting.report("fanout", &blocks);
    report.warnings.extend(missing);
    report.tables.push(table(shape, &arms, &blocks));
    report.comparisons = comparisons(shape, &arms, &blocks, setting.seed);
    report.findings.extend(disk.as_ref().map(Disk::sentence));
    Ok(setting.finish(report))
}

impl Shape {
    fn of(arguments: &FanoutArguments) -> Self {
        let window = match arguments.mode {
            Mode::Pipelined => arguments.window,
            Mode::Single => 1,
        };
        Self { receivers: arguments.receivers, text_bytes: arguments.size, window }
    }

    const fn is_single(self) -> bool {
        self.window == 1
    }

    fn cell(self) -> String {
        let Self { receivers, text_bytes, window } = self;
        if self.is_single() {
            return format!("1 to {receivers}, {text_bytes} B, one at a time");
        }
        format!("1 to {receivers}, {text_bytes} B, pipelined {window}")
    }
}

impl FanoutTrial {
    fn new(count: &FanoutCount, receivers: usize) -> Self {
        let millions = count.deliveries as f64 / 1e6;
        Self {
            deliveries_per_second: count.deliveries as f64 / count.usage.seconds,
            sent: count.sent,
            received: count.received,
            receivers: receivers as u64,
            server_cpu_seconds_per_million: count.usage.server_cpu_seconds.map(|seconds| seconds / millions),
            rounds: count.rounds,
            usage: count.usage,
        }
    }
}

impl Trial for FanoutTrial {
    fn loss(&self) -> Option<String> {
        let Self { sent, received, receivers, .. } = self;
        if *received != sent * receivers {
            return Some(format!("{sent} messages to {receivers} receivers, but {received} arrived"));
        }
        None
    }

    fn usage(&self) -> Option<&Usage> {
        Some(&self.usage)
    }
}

/// The servers compared, ours first, and a sentence for each that is left out.
fn arms(arguments: &FanoutArguments) -> (Vec<Arm>, Vec<String>) {
    let running = arguments.targets.iter().map(|target| Arm {
        name: target.to_string(),
        protocol: target.protocol,
        keeping: Keeping::Any,
        running: Some(target.address),
    });
    let running: Vec<Arm> = running.collect();
    if !running.is_empty() {
        return (running, Vec::new());
    }
    let (started, mut missing) = started_arms(&arguments.servers);
    let mut arms: Vec<Arm> = started.into_iter().flat_map(|arm| kept(arm, arguments)).collect();
    let fits = |arm: &Arm| arm.protocol.text_bytes_max().is_none_or(|most| arguments.size <= most);
    let too_long = |arm: &Arm| format!("{}: left out: its messages hold less than --size {}", arm.name, arguments.size);
    missing.extend(arms.iter().filter(|arm| !fits(arm)).map(too_long));
    arms.retain(fits);
    (arms, missing)
}

/// Ours once for each way of keeping messages that is asked for; others as they are.
fn kept(arm: Arm, arguments: &FanoutArguments) -> Vec<Arm> {
    if arm.protocol != Protocol::Chat || !arguments.stores() {
        return vec![arm];
    }
    let ways = [(arguments.stored, Keeping::Stored, "stored"), (arguments.ephemeral, Keeping::Ephemeral, "ephemeral")];
    let wanted = ways.into_iter().filter(|(is_wanted, ..)| *is_wanted);
    wanted.map(|(_, keeping, word)| Arm { name: format!("{}, {word}", arm.name), keeping, ..arm.clone() }).collect()
}

/// A fresh server each trial, of every kind that is installed.
pub(super) fn started_arms(kinds: &[Protocol]) -> (Vec<Arm>, Vec<String>) {
    let (mut arms, mut missing) = (Vec::new(), Vec::new());
    for protocol in kinds.iter().copied() {
        let name = protocol.program().to_owned();
        if protocol.is_installed() {
            arms.push(Arm { name, protocol, keeping: Keeping::Any, running: None });
        } else {
            missing.push(format!("{name}: not installed: apt-get install {name}"));
        }
    }
    (arms, missing)
}

fn trial(
    shape: Shape,
    arm: &Arm,
    number: usize,
    disk: Option<&mut Disk>,
    setting: &Setting,
) -> Result<FanoutTrial, BenchError> {
    let server = match disk.filter(|_| arm.keeping != Keeping::Any) {
        Some(disk) => {
            let folder = disk.fresh("fanout")?;
            Some(disk.start(&folder, &[], setting)?.server)
        }
        None => start(arm, setting)?,
    };
    let address = server.as_ref().map(RunningServer::address).or(arm.running).ok_or(BenchError::Interrupted)?;
    let topic = Topic {
        room: format!("bench{number}"),
        // Unlike any other trial's, because a server may hold a nick for a while.
        nick_prefix: format!("b{}t{number}", std::process::id()),
        text_bytes: shape.text_bytes,
        receivers: shape.receivers,
        arrival: Arrival::Silent,
        keeping: arm.keeping,
    };
    let mut subscribers = Vec::with_capacity(shape.receivers);
    for receiver in 0..shape.receivers {
        setting.interrupt.check()?;
        subscribers.push(arm.protocol.subscribe(address, &topic, receiver)?);
    }
    let publisher = arm.protocol.publish(address, &topic)?;
    let gauge = Gauge { server: server.as_ref(), pinning: setting.pinning };
    let fanout = Fanout::new(publisher, subscribers, shape.window, Waiting::on(&setting.pinning))?;
    let count = fanout.run(setting.span, &gauge, &setting.interrupt)?;
    Ok(FanoutTrial::new(&count, shape.receivers))
}

/// A trial too small for a figure, for the self-check.
pub(super) fn tiny_trial(arm: &Arm, mode: Mode, setting: &Setting) -> Result<FanoutTrial, BenchError> {
    let window = if mode == Mode::Single { 1 } else { 64 };
    trial(Shape { receivers: 5, text_bytes: 64, window }, arm, 1, None, setting)
}

/// Starts the arm's server, unless it runs already.
pub(super) fn start(arm: &Arm, setting: &Setting) -> Result<Option<RunningServer>, BenchError> {
    if arm.running.is_some() {
        return Ok(None);
    }
    arm.protocol.start(&setting.bin_dir, setting.pinning).map(Some)
}

fn table(shape: Shape, arms: &[Arm], blocks: &Blocks<FanoutTrial>) -> Table {
    let mut headers = vec!["server", "deliveries", "messages", "CPU s per M", "server busy", "load busy"];
    if shape.is_single() {
        headers.extend(["round p50", "round p99"]);
    }
    let rows = (0..arms.len()).map(|arm| {
        let median = |figure: fn(&FanoutTrial) -> Option<f64>| blocks.median(0, arm, figure);
        let rate = median(|trial| Some(trial.deliveries_per_second));
        let mut row = vec![
            arms.get(arm).map(|arm| arm.name.clone()).unwrap_or_default(),
            optional(rate, rate_text),
            optional(rate.map(|rate| rate / shape.receivers as f64), rate_text),
            optional(median(|trial| trial.server_cpu_seconds_per_million), |cost| format!("{cost:.3}")),
            optional(median(|trial| trial.usage.server_share), percent_text),
            optional(median(|trial| trial.usage.load_share), percent_text),
        ];
        if shape.is_single() {
            row.push(optional(median(|trial| trial.rounds?.p50_us), micros_text));
            row.push(optional(median(|trial| trial.rounds?.p99_us), micros_text));
        }
        row
    });
    let rows = rows.collect();
    Table { title: format!("Fan-out, {}; medians over blocks", shape.cell()), headers, rows }
}

/// Each of ours against each of the others.
fn comparisons(shape: Shape, arms: &[Arm], blocks: &Blocks<FanoutTrial>, seed: u64) -> Vec<Comparison> {
    let of_ours = |is_ours: bool| {
        let arms = arms.iter().enumerate();
        arms.filter(move |(_, arm)| (arm.protocol == Protocol::Chat) == is_ours)
    };
    let compare = |((subject, ours), (reference, theirs)): ((usize, &Arm), (usize, &Arm))| {
        let pairing = Pairing {
            subject,
            reference,
            metric: "deliveries/s",
            figure: |trial: &FanoutTrial| Some(trial.deliveries_per_second),
            margin: MARGIN,
            at_least: goal(shape, ours.keeping).filter(|_| theirs.protocol.is_promised()),
            is_control: false,
        };
        blocks.compare(0, &pairing, seed)
    };
    let pairs = of_ours(true).flat_map(|ours| of_ours(false).map(move |theirs| (ours, theirs)));
    pairs.filter_map(compare).collect()
}

/// What is promised of ours beside Redis and NATS.
const fn goal(shape: Shape, keeping: Keeping) -> Option<f64> {
    match (shape.is_single(), keeping) {
        (true, Keeping::Stored) => None,
        (true, _) => Some(GOAL_SINGLE),
        (false, Keeping::Stored) => Some(GOAL_STORED),
        (false, _) => Some(GOAL_PIPELINED),
    }
}
