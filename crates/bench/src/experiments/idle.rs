//! What an idle member of one room costs: memory against members, by regression.

use serde::Serialize;

use super::blocks::Pairing;
use super::fanout::{Arm, start, started_arms};
use super::setting::Defaults;
use super::{Blocks, Setting, Trial, run_blocks};
use crate::args::IdleArguments;
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::load::{Crowd, Usage};
use crate::report::{Comparison, Report, Table, bytes_text, optional};
use crate::stats::{Line, Point, median};
use crate::targets::{Arrival, Keeping, Protocol, Topic};

/// What it does unless told otherwise. Its trials have no measured span.
const DEFAULTS: Defaults = Defaults { blocks: 3, seconds: 1.0 };

/// The most an idle member may cost us, in bytes: DESIGN section 6.
const GOAL_BYTES: f64 = 4096.0;

/// Below this the points are no line and the slope is no figure.
const R_SQUARED_MIN: f64 = 0.9;

/// Files a program has open beside its connections, generously.
const FILES_BESIDE: u64 = 100;

/// One of the servers compared, and how its members come.
struct Entrant {
    arm: Arm,
    arrival: Arrival,
}

/// What one trial came to.
#[derive(Debug, Clone, Serialize)]
pub(super) struct IdleTrial {
    points: Vec<Held>,
    rss: Option<Line>,
    anonymous: Option<Line>,
}

/// What a server held with so many members.
#[derive(Debug, Clone, Copy, Serialize)]
struct Held {
    members: usize,
    rss_bytes: u64,
    anonymous_bytes: u64,
}

/// Runs the experiment.
///
/// # Errors
/// If a server cannot be started, or the operating system allows too few open files for any figure.
pub fn run(arguments: &IdleArguments, interrupt: Interrupt) -> Result<Report, BenchError> {
    let setting = Setting::new(&arguments.common, DEFAULTS, interrupt)?;
    let (members, capped) = within_limit(&arguments.members, crate::machine::raise_open_files())?;
    let kinds = if arguments.peers { Protocol::ALL } else { &[Protocol::Chat] };
    let (arms, missing) = started_arms(kinds);
    let entrants = entrants(&arms);
    let last = members.last().copied().unwrap_or_default();
    let names = entrants.iter().map(|entrant| entrant.arm.name.clone()).collect();
    let plan = setting.plan(vec![format!("up to {last} members of one room")], names);
    let blocks = run_blocks(plan, &setting, |place| {
        let entrant = entrants.get(place.arm).ok_or(BenchError::Interrupted)?;
        trial(entrant, &members, &setting)
    })?;
    let mut report = setting.report("idle", &blocks);
    report.warnings.extend(capped);
    report.warnings.extend(missing);
    report.warnings.extend(fewer(&arms, last));
    report.tables.push(table(&entrants, &blocks));
    report.findings = findings(&entrants, &blocks);
    report.comparisons = comparisons(&entrants, &blocks, setting.seed);
    Ok(setting.finish(report))
}

/// The wanted counts, sorted, without those that the limit of open files does not allow, and a sentence if that took
/// any away.
pub(super) fn within_limit(wanted: &[usize], limit: Option<u64>) -> Result<(Vec<usize>, Option<String>), BenchError> {
    let most =
        limit.map_or(usize::MAX, |files| usize::try_from(files.saturating_sub(FILES_BESIDE)).unwrap_or(usize::MAX));
    let mut members: Vec<usize> = wanted.iter().copied().filter(|count| *count <= most).collect();
    members.sort_unstable();
    members.dedup();
    if members.len() < 2 {
        let why =
            format!("--members: a slope needs two counts of at most {most}, which the limit of open files allows");
        return Err(BenchError::Usage(format!("{why} (raise it: ulimit -n)")));
    }
    let lost = wanted.iter().any(|count| *count > most);
    let warning = lost.then(|| format!("the limit of open files allows {most} members; raise it with ulimit -n"));
    Ok((members, warning))
}

/// A sentence for each server that gets fewer members than the others.
fn fewer(arms: &[Arm], most: usize) -> Vec<String> {
    let given = |arm: &Arm| (arm.name.clone(), arm.protocol.members_of(most));
    let less = arms.iter().map(given).filter(|(_, members)| *members < most);
    less.map(|(name, members)| {
        format!(
            "{name} was given a quarter of the members, at most {members}: its room tells \
         everybody of everyone who comes"
        )
    })
    .collect()
}

/// Ours twice, with members that are announced to the room and with members that are not; the others as they are.
fn entrants(arms: &[Arm]) -> Vec<Entrant> {
    let mut entrants = Vec::new();
    for arm in arms {
        entrants.push(Entrant { arm: arm.clone(), arrival: Arrival::Silent });
        if arm.protocol == Protocol::Chat {
            let arm = Arm { name: format!("{}, announced", arm.name), ..arm.clone() };
            entrants.push(Entrant { arm, arrival: Arrival::Announced });
        }
    }
    entrants
}

fn trial(entrant: &Entrant, members: &[usize], setting: &Setting) -> Result<IdleTrial, BenchError> {
    let Some(server) = start(&entrant.arm, setting)? else { return Err(BenchError::Interrupted) };
    let topic = Topic {
        room: "idle".to_owned(),
        nick_prefix: "b".to_owned(),
        text_bytes: 64,
        receivers: 0,
        arrival: entrant.arrival,
        keeping: Keeping::Any,
    };
    let mut crowd = Crowd::new(entrant.arm.protocol, server.address(), topic)?;
    let mut points = Vec::with_capacity(members.len());
    for count in members.iter().map(|count| entrant.arm.protocol.members_of(*count)) {
        let name = &entrant.arm.name;
        setting.output.progress(&format!("{name}: {count} members"));
        crowd.grow_to(count, &setting.interrupt)?;
        if let Some(memory) = crowd.measure(&server, &setting.interrupt)? {
            let (rss_bytes, anonymous_bytes) = (memory.rss_bytes, memory.anonymous_bytes);
            points.push(Held { members: count, rss_bytes, anonymous_bytes });
        }
    }
    Ok(IdleTrial::new(points))
}

impl IdleTrial {
    fn new(points: Vec<Held>) -> Self {
        let line = |bytes: fn(&Held) -> u64| {
            let points: Vec<Point> =
                points.iter().map(|held| Point { x: held.members as f64, y: bytes(held) as f64 }).collect();
            Line::through(&points)
        };
        Self { rss: line(|held| held.rss_bytes), anonymous: line(|held| held.anonymous_bytes), points }
    }
}

impl Trial for IdleTrial {
    fn loss(&self) -> Option<String> {
        match self.rss {
            None => Some("the server's memory cannot be read here; it takes Linux's /proc".to_owned()),
            Some(line) if line.r_squared < R_SQUARED_MIN => {
                Some(format!("memory against members is no line (R² {:.3})", line.r_squared))
            }
            Some(_) => None,
        }
    }

    fn usage(&self) -> Option<&Usage> {
        None
    }
}

fn table(entrants: &[Entrant], blocks: &Blocks<IdleTrial>) -> Table {
    let headers = vec!["server", "RSS a member", "lowest", "highest", "heap a member", "without members", "R² lowest"];
    let rows = entrants.iter().enumerate().map(|(arm, entrant)| {
        let slopes = slopes(arm, blocks);
        let lowest = |values: &[f64]| values.iter().copied().min_by(f64::total_cmp);
        let fits: Vec<f64> = blocks.valid(0, arm).filter_map(|(_, trial)| Some(trial.rss?.r_squared)).collect();
        vec![
            entrant.arm.name.clone(),
            optional(median(&slopes), bytes_text),
            optional(lowest(&slopes), bytes_text),
            optional(slopes.iter().copied().max_by(f64::total_cmp), bytes_text),
            optional(blocks.median(0, arm, |trial| Some(trial.anonymous?.slope)), bytes_text),
            optional(blocks.median(0, arm, |trial| Some(trial.rss?.intercept)), bytes_text),
            optional(lowest(&fits), |fit| format!("{fit:.4}")),
        ]
    });
    let cell = blocks.plan().cells.first().map_or("", String::as_str);
    let title = format!("Memory of an idle member, by regression, {cell}; medians over blocks");
    Table { title, headers, rows: rows.collect() }
}

/// Whether the promise is kept, in the worst block.
fn findings(entrants: &[Entrant], blocks: &Blocks<IdleTrial>) -> Vec<String> {
    let ours = entrants.iter().enumerate().filter(|(_, entrant)| entrant.arm.protocol == Protocol::Chat);
    let finding = |(arm, entrant): (usize, &Entrant)| {
        let highest = slopes(arm, blocks).into_iter().max_by(f64::total_cmp)?;
        let (state, name) = (if highest <= GOAL_BYTES { "met" } else { "MISSED" }, &entrant.arm.name);
        let (highest, goal) = (bytes_text(highest), bytes_text(GOAL_BYTES));
        Some(format!("{name}: at most {highest} of RSS a member; goal of at most {goal}: {state}"))
    };
    ours.filter_map(finding).collect()
}

/// Ours against the others: how much of their memory ours takes.
fn comparisons(entrants: &[Entrant], blocks: &Blocks<IdleTrial>, seed: u64) -> Vec<Comparison> {
    let others = entrants.iter().enumerate().filter(|(_, entrant)| entrant.arm.protocol != Protocol::Chat);
    let compare = |(reference, _): (usize, &Entrant)| {
        let pairing = Pairing {
            subject: 0,
            reference,
            metric: "bytes a member",
            figure: |trial: &IdleTrial| Some(trial.rss?.slope),
            margin: 0.05,
            at_least: None,
            is_control: false,
        };
        blocks.compare(0, &pairing, seed)
    };
    others.filter_map(compare).collect()
}

fn slopes(arm: usize, blocks: &Blocks<IdleTrial>) -> Vec<f64> {
    blocks.valid(0, arm).filter_map(|(_, trial)| Some(trial.rss?.slope)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_stay_within_the_limit_of_open_files() {
        let check = |wanted: &[usize], limit: Option<u64>, want: Option<(&[usize], bool)>| match (
            within_limit(wanted, limit),
            want,
        ) {
            (Ok((members, warning)), Some((counts, warned))) => {
                assert_eq!((members.as_slice(), warning.is_some()), (counts, warned), "{wanted:?} {limit:?}");
            }
            (Err(BenchError::Usage(_)), None) => {}
            (got, _) => panic!("{wanted:?} {limit:?}: {got:?}"),
        };
        check(&[2000, 1000, 1000], None, Some((&[1000, 2000], false)));
        check(&[500, 900, 5000], Some(1024), Some((&[500, 900], true)));
        check(&[500, 5000], Some(1024), None);
        check(&[500], None, None);
    }
}
