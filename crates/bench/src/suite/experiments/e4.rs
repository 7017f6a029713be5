//! E4, long and short computing mixed: who has a short question waits behind the long ones, unless somebody shares the
//! core out. Run to completion it is a queue (M/G/1, Pollaczek and Khinchine); with yields it comes near to fair
//! sharing (M/G/1-PS), and a bound of N at the gate stands between the two.

use std::time::Duration;

use super::begun::{at, blocks, figure, is_in, listed, metric, ms, shown};
use super::ideal::{self, Servers, Terms};
use super::said::{judgements, nothing};
use super::{arms, bout};
use crate::error::BenchError;
use crate::load::open::{OpenPlan, Schedule};
use crate::load::schedule::Lasts;
use crate::plan::Place;
use crate::stats::model;
use crate::suite::lab::{Ground, Lab, Scale};
use crate::suite::record::TrialRecord;
use crate::suite::spec::{Arm, Better, Cell, Experiment, Preset, Spec};
use crate::suite::summary::{ExperimentSummary, Row};

/// The usual request, the rare one, and how rare.
const SHORT: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_millis(100);
const LONG_SHARE: f64 = 0.01;

/// How busy the core is to be.
const LOAD: f64 = 0.7;

/// The bounds at the gate.
const BOUNDS: [usize; 4] = [1, 2, 4, 16];

/// The workloads.
const WHOLE: &str = "run to completion";
const SHARED: &str = "yields";

/// Of the short requests.
const SHORT_P99: &str = "short_p99_ms";
const SHORT_MEAN: &str = "short_mean_ms";
/// Their mean latency as a multiple of what they ask for.
const SLOWDOWN: &str = "short_slowdown";

/// What an ideal server makes of the same arrivals: the mean of the short.
const IDEAL: &str = "ideal_short_mean_ms";

/// Not counted.
const WARM_UP: Duration = Duration::from_millis(500);

/// The lab.
#[derive(Debug)]
pub(super) struct E4;

impl Lab for E4 {
    fn experiment(&self) -> Experiment {
        Experiment::E4
    }

    fn spec(&self, scale: &Scale) -> Option<Spec> {
        let arms = bounded_arms(scale);
        if arms.is_empty() || !is_in(scale, &[Preset::Full]) {
            return None;
        }
        Some(Spec {
            experiment: Experiment::E4,
            title: "Long and short computing mixed".to_owned(),
            question: "How long does a short question wait behind long ones?".to_owned(),
            setting: format!(
                "A connection for each request, Poisson arrivals, {} ms of computing on the server's one core and {} \
                 ms for one in {:.0}, the core {:.0} % busy; with and without letting others run every 50 µs; \
                 pool-request with N permits.",
                SHORT.as_millis(),
                LONG.as_millis(),
                1.0 / LONG_SHARE,
                LOAD * 100.0,
            ),
            cells: [WHOLE, SHARED].map(|name| Cell { name: name.to_owned(), x: None }).to_vec(),
            axis: String::new(),
            arms,
            metrics: vec![
                metric(SHORT_P99, "p99 of the short", "ms", Better::Lower, 0.1),
                metric(SHORT_MEAN, "mean of the short", "ms", Better::Lower, 0.1),
                metric(bout::P99, "p99 of all", "ms", Better::Lower, 0.1),
            ],
            blocks: blocks(scale),
        })
    }

    fn trial(&self, ground: &Ground<'_>, spec: &Spec, place: Place) -> Result<TrialRecord, BenchError> {
        let (cell, arm) = at(spec, place)?;
        let length = Duration::from_secs(if ground.preset == Preset::Full { 12 } else { 4 });
        let mix = mix();
        let rate = LOAD / mix.mean().as_secs_f64();
        let arrivals = Schedule::poisson(rate, length, ground.seed).with_work(mix, ground.seed);
        let work = if cell.name == SHARED { "asked:cpu-yield" } else { "asked:cpu" };
        let server = bout::server(&arm.strategy, bound(arm).unwrap_or(1), 100_000, work);
        let classes = ["short", "long"];
        let plan = OpenPlan {
            warm_up: WARM_UP,
            drain: Duration::from_secs(5),
            classes: classes.map(str::to_owned).to_vec(),
            ..bout::plan(arrivals.clone())
        };
        let bout = bout::run(ground, &server, plan)?;
        let mut record = bout.record(ground, spec, place)?;
        record.classes = bout.classes(&classes);
        record.figures.extend(ideal_short_ms(&cell.name, arm, &arrivals).map(|mean| (IDEAL.to_owned(), mean)));
        if let Some(short) = bout.count.classes.first() {
            let mean = short.intended.mean_ms();
            let figures = [
                (SHORT_P99, short.intended.value_at(0.99)),
                (SHORT_MEAN, mean),
                (SLOWDOWN, mean.map(|mean| mean / (SHORT.as_secs_f64() * 1000.0))),
            ];
            record.figures.extend(figures.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
        }
        Ok(record)
    }

    fn conclude(&self, found: &mut ExperimentSummary) {
        put_models(found);
        let sentences: Vec<String> = [WHOLE, SHARED].iter().filter_map(|cell| sentence(found, cell)).collect();
        found.verdict = if sentences.is_empty() { nothing(found) } else { sentences.join(" ") };
        let judged = [WHOLE, SHARED]
            .iter()
            .filter_map(|cell| Some(format!("{cell}, p99 of the short: {}.", judgements(found, cell, SHORT_P99)?)));
        let judged: Vec<String> = judged.collect();
        found.findings.extend(judged);
        found.findings.extend(theory(found));
    }
}

const fn mix() -> Lasts {
    Lasts::Bimodal { short: SHORT, long: LONG, long_share: LONG_SHARE }
}

/// spawn, its control, and pool-request once for each bound.
fn bounded_arms(scale: &Scale) -> Vec<Arm> {
    let mut all = arms(scale, &["spawn", "pool-request"]);
    let Some(at) = all.iter().position(|arm| arm.strategy == "pool-request" && !arm.is_control) else { return all };
    let bounded = all.remove(at);
    let of = |bound: usize| Arm { name: format!("pool-request, N = {bound}"), ..bounded.clone() };
    if bounded.judged_by.is_some() {
        all.extend(BOUNDS.map(of));
        return all;
    }
    // Without spawn the tightest bound is what the others are judged by.
    let [first, rest @ ..] = BOUNDS;
    let reference = of(first);
    let judged = rest.map(|bound| Arm { judged_by: Some(reference.name.clone()), ..of(bound) });
    std::iter::once(reference.clone()).chain(judged).collect()
}

/// The bound that an arm's name says.
fn bound(arm: &Arm) -> Option<usize> {
    arm.name.split_once("N = ")?.1.split_whitespace().next()?.parse().ok()
}

/// The mean of a short request behind everybody before it, in milliseconds.
fn queued_ms() -> f64 {
    let (mean, second) = moments();
    let queue = model::Queue::new(1, LOAD / mean, mean, second / (mean * mean) - 1.0);
    let waiting = queue.map_or(0.0, |queue| queue.waiting_mean());
    (waiting + SHORT.as_secs_f64()) * 1000.0
}

/// The mean of a short request that shares the core with all others, in milliseconds.
fn shared_ms() -> f64 {
    SHORT.as_secs_f64() * 1000.0 / (1.0 - LOAD)
}

/// The mean and the second moment of the work, in seconds and their square.
fn moments() -> (f64, f64) {
    let (short, long) = (SHORT.as_secs_f64(), LONG.as_secs_f64());
    let of = |power: i32| (1.0 - LONG_SHARE) * short.powi(power) + LONG_SHARE * long.powi(power);
    (of(1), of(2))
}

/// Run to completion everybody queues, whatever the bound; with yields only N = 1 does, and no bound shares.
fn put_models(found: &mut ExperimentSummary) {
    let arms = found.spec.arms.clone();
    for row in &mut found.rows {
        let bound = arms.iter().find(|arm| arm.name == row.arm).and_then(bound);
        let said = match (row.cell.name.as_str(), bound) {
            (WHOLE, _) | (SHARED, Some(1)) => queued_ms(),
            (SHARED, None) => shared_ms(),
            _ => continue,
        };
        row.model.insert(SHORT_MEAN.to_owned(), said);
    }
}

/// The mean of the short of these very arrivals on an ideal server, in milliseconds; `None` where it is neither a
/// queue nor fair sharing.
fn ideal_short_ms(cell: &str, arm: &Arm, arrivals: &Schedule) -> Option<f64> {
    let servers = match (cell, bound(arm)) {
        (WHOLE, _) | (SHARED, Some(1)) => Servers::Many(1),
        (SHARED, None) => Servers::Shared,
        _ => return None,
    };
    ideal::replay(arrivals, servers, Terms { added: Duration::ZERO, warm_up: WARM_UP, class: Some(0) }).mean_ms()
}

/// How the measured means compare with those of ideal servers.
fn theory(found: &ExperimentSummary) -> Option<String> {
    let of = |row: &Row| {
        let (measured, ideal) = (figure(row, SHORT_MEAN)?, figure(row, IDEAL)?);
        Some(format!("{}, {} {} for {}", row.cell.name, row.arm, ms(measured), ms(ideal)))
    };
    let each: Vec<String> = shown(found).filter_map(of).collect();
    (!each.is_empty()).then(|| {
        format!(
            "Theory: behind each other (M/G/1) a short request takes {} on average in the long run, sharing the core \
             (PS) {}; measured, for what an ideal server makes of these arrivals: {}.",
            ms(queued_ms()),
            ms(shared_ms()),
            listed(&each),
        )
    })
}

fn sentence(found: &ExperimentSummary, cell: &str) -> Option<String> {
    let rows = shown(found).filter(|row| row.cell.name == cell);
    let each = |row: &Row| {
        Some(format!(
            "{} {} ({:.1} times its work on average)",
            row.arm,
            ms(figure(row, SHORT_P99)?),
            figure(row, SLOWDOWN)?
        ))
    };
    let each: Vec<String> = rows.filter_map(each).collect();
    let how = if cell == SHARED { "Letting others run" } else { "Running to completion" };
    (!each.is_empty()).then(|| format!("{how}, the p99 of a short request is: {}.", listed(&each)))
}
