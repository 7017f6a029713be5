//! What is said of big stores.

use super::made::{Contents, Made};
use super::queries::{COUNT, Query};
use super::{BigTrial, Searched};
use crate::experiments::Blocks;
use crate::experiments::store::Promise;
use crate::report::{Table, bytes_text, micros_text, optional, rate_text};
use crate::stats::median;

/// The median search, in microseconds, what the server holds, in bytes, and until it listens, in microseconds: issue 5.
const GOAL_SEARCH_US: f64 = 50_000.0;
const GOAL_RSS_BYTES: f64 = 200e6;
const GOAL_START_US: f64 = 1e6;

/// The workload's name.
pub(super) fn cell(contents: Contents) -> String {
    let Contents { messages, rooms, .. } = contents;
    format!("{messages} messages in {rooms} rooms")
}

/// The store, and the searches.
pub(super) fn tables(made: &Made, contents: Contents, queries: &[Query], blocks: &Blocks<BigTrial>) -> Vec<Table> {
    vec![store(made, contents, blocks), searches(contents, queries, blocks)]
}

fn store(made: &Made, contents: Contents, blocks: &Blocks<BigTrial>) -> Table {
    let seconds = |seconds: f64| micros_text(seconds * 1e6);
    let rate = made.making.map(|making| contents.messages as f64 / making.stored_seconds);
    let median = |figure: fn(&BigTrial) -> Option<f64>| blocks.median(0, 0, figure);
    Table {
        title: "What a store takes; medians over blocks".to_owned(),
        headers: vec![
            "store",
            "chat.db",
            "search.db",
            "stored at",
            "index behind by",
            "listens after",
            "RSS",
            "peak RSS",
        ],
        rows: vec![vec![
            cell(contents),
            bytes_text(made.file_bytes("chat.db") as f64),
            bytes_text(made.file_bytes("search.db") as f64),
            optional(rate, rate_text),
            optional(made.making.map(|making| making.indexed_seconds), seconds),
            optional(median(|trial| Some(trial.start_seconds)), seconds),
            optional(median(|trial| Some(trial.rss_bytes? as f64)), bytes_text),
            optional(median(|trial| Some(trial.peak_bytes? as f64)), bytes_text),
        ]],
    }
}

fn searches(contents: Contents, queries: &[Query], blocks: &Blocks<BigTrial>) -> Table {
    let row = |(number, query): (usize, &Query)| {
        let median = |figure: fn(&Searched) -> Option<f64>| {
            let figures = blocks.valid(0, 0).filter_map(|(_, trial)| figure(trial.searches.get(number)?));
            median(&figures.collect::<Vec<f64>>())
        };
        vec![
            query.name(),
            optional(median(|searched| Some(searched.hits as f64)), |hits| format!("{hits:.0}")),
            optional(median(|searched| Some(searched.first_us)), micros_text),
            optional(median(|searched| searched.others.p50_us), micros_text),
            optional(median(|searched| searched.others.max_us), micros_text),
        ]
    };
    let all = |figure: fn(&BigTrial) -> Option<f64>| optional(blocks.median(0, 0, figure), micros_text);
    let mut rows: Vec<Vec<String>> = queries.iter().enumerate().map(row).collect();
    rows.push(vec![
        "all".to_owned(),
        "—".to_owned(),
        "—".to_owned(),
        all(|trial| trial.all.p50_us),
        all(|trial| trial.all.max_us),
    ]);
    Table {
        title: format!("Searches in {}, the newest {COUNT}; medians over blocks", cell(contents)),
        headers: vec!["search", "hits", "first", "p50", "longest"],
        rows,
    }
}

/// Whether the promises are kept.
pub(super) fn findings(blocks: &Blocks<BigTrial>) -> Vec<String> {
    let figures = |figure: fn(&BigTrial) -> Option<f64>| {
        blocks.valid(0, 0).filter_map(|(_, trial)| figure(trial)).collect::<Vec<f64>>()
    };
    let p99 =
        median(&figures(|trial| trial.all.p99_us)).map(|p99| format!("p99 of all warm searches: {}", micros_text(p99)));
    let said = [
        Promise::at_most(GOAL_SEARCH_US, micros_text)
            .sentence("the median warm search", &figures(|trial| trial.all.p50_us)),
        p99,
        Promise::at_most(GOAL_RSS_BYTES, bytes_text)
            .sentence("RSS after the searches", &figures(|trial| Some(trial.rss_bytes? as f64))),
        Promise::at_most(GOAL_START_US, micros_text)
            .sentence("start-up", &figures(|trial| Some(trial.start_seconds * 1e6))),
    ];
    said.into_iter().flatten().collect()
}
