//! A store of millions of messages: how soon a server with it listens, what it holds in memory, how long searches take.

mod corpus;
mod made;
mod queries;
mod words;

use std::time::{Duration, Instant};

use serde::Serialize;

use super::disk::Disk;
use super::{Tiny, tiny};
use crate::args::{StoreBig, StoreCommon};
use crate::error::BenchError;
use crate::experiments::setting::Defaults;
use crate::experiments::{Setting, Trial, run_blocks};
use crate::interrupt::Interrupt;
use crate::load::Usage;
use crate::report::Report;
use crate::stats::{Latencies, Percentiles};

use made::{Contents, Made, enter_all, speaker};
use queries::Query;

/// What it does unless told otherwise. Its trials end when everything is asked.
const DEFAULTS: Defaults = Defaults { blocks: 5, seconds: 1.0 };

/// How long a server may take to end in order.
const END: Duration = Duration::from_secs(30);

/// What one trial came to: a server started on the store, and everything asked of it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct BigTrial {
    /// From starting the program until it says that it listens.
    start_seconds: f64,
    /// What it held after all searches, and the most at any time.
    rss_bytes: Option<u64>,
    peak_bytes: Option<u64>,
    /// All searches but the first of each.
    all: Percentiles,
    searches: Vec<Searched>,
}

/// One search, asked again and again.
#[derive(Debug, Clone, Serialize)]
struct Searched {
    query: String,
    /// How many messages it brought.
    hits: u64,
    /// How long the first took, in microseconds.
    first_us: f64,
    /// The others.
    others: Percentiles,
}

impl Trial for BigTrial {
    /// Nothing: a search that brings anything else than was asked for ends the trial where it happens.
    fn loss(&self) -> Option<String> {
        None
    }

    fn usage(&self) -> Option<&Usage> {
        None
    }
}

pub(super) fn run(arguments: &StoreBig, interrupt: Interrupt) -> Result<Report, BenchError> {
    let setting = Setting::new(&arguments.store.common, DEFAULTS, interrupt)?;
    let contents = Contents {
        messages: arguments.messages as u64,
        rooms: arguments.rooms as u64,
        seed: setting.seed,
        corpus: corpus::VERSION,
    };
    let common =
        StoreCommon { dir: arguments.keep.clone().or_else(|| arguments.store.dir.clone()), ..arguments.store.clone() };
    if let Some(keep) = &arguments.keep {
        std::fs::create_dir_all(keep).map_err(BenchError::io("cannot make --keep"))?;
    }
    let mut disk = Disk::new(&common)?;
    let home = match &arguments.keep {
        Some(keep) => std::path::absolute(keep).map_err(BenchError::io("--keep"))?,
        None => disk.fresh("big")?,
    };
    let made = Made::at(&home, contents, &disk, &setting)?;
    let queries = Query::set(&made.corpus, &speaker(0));
    let plan = setting.plan(vec![words::cell(contents)], vec!["chat-server".to_owned()]);
    let blocks = run_blocks(plan, &setting, |place| {
        trial(&made, contents, &queries, arguments.repeats, (place.block, &disk), &setting)
    })?;
    let mut report = setting.report("store big", &blocks);
    report.tables = words::tables(&made, contents, &queries, &blocks);
    report.findings = words::findings(&blocks);
    report.findings.push(disk.sentence());
    Ok(setting.finish(report))
}

/// Starts a server on the store and asks it everything, each search once and then `repeats` times in turn.
fn trial(
    made: &Made,
    contents: Contents,
    queries: &[Query],
    repeats: usize,
    (number, disk): (usize, &Disk),
    setting: &Setting,
) -> Result<BigTrial, BenchError> {
    let started = disk.start(&made.folder, &[], setting)?;
    let mut server = started.server;
    // A server holds nicks for a while, also over a restart.
    let nick = format!("asker-{}-{number}", std::process::id());
    let mut guest = enter_all(server.address(), &nick, &made.corpus, contents)?;
    let mut ask = |query: &Query| {
        setting.interrupt.check()?;
        let began = Instant::now();
        let page = guest.search(query.search())?;
        let took = began.elapsed();
        let wrong = |why: String| BenchError::protocol("chat-server", format!("search for {}: {why}", query.words));
        Ok::<_, BenchError>((query.check(&page).map_err(wrong)?, took))
    };
    let firsts = queries.iter().map(&mut ask).collect::<Result<Vec<_>, _>>()?;
    let mut others: Vec<Latencies> = queries.iter().map(|_| Latencies::new()).collect();
    for _ in 0..repeats {
        for (query, latencies) in queries.iter().zip(&mut others) {
            latencies.record(ask(query)?.1);
        }
    }
    let rss_bytes = server.memory().map(|memory| memory.rss_bytes);
    let peak_bytes = server.peak_bytes();
    drop(guest);
    server.stop(END)?;
    let mut all = Latencies::new();
    others.iter().for_each(|latencies| all.merge(latencies));
    let searched = |((query, (hits, first)), others): ((&Query, (u64, Duration)), &Latencies)| Searched {
        query: query.name(),
        hits,
        first_us: first.as_secs_f64() * 1e6,
        others: others.percentiles(),
    };
    Ok(BigTrial {
        start_seconds: started.took.as_secs_f64(),
        rss_bytes,
        peak_bytes,
        all: all.percentiles(),
        searches: queries.iter().zip(firsts).zip(&others).map(searched).collect(),
    })
}

/// Trials too small for a figure.
pub(super) fn tiny_trials(disk: &mut Disk, setting: &Setting) -> Vec<Tiny> {
    let contents = Contents { messages: 2000, rooms: 3, seed: setting.seed, corpus: corpus::VERSION };
    let mut tried = || {
        let home = disk.fresh("big")?;
        let made = Made::at(&home, contents, disk, setting)?;
        let queries = Query::set(&made.corpus, &speaker(0));
        trial(&made, contents, &queries, 1, (0, disk), setting)
    };
    vec![tiny("store, big: every search finds what was said, after a restart", tried())]
}
