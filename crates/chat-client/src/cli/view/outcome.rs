//! What became of a transfer, in words and as objects for programs. Pure; every name in the words is harmless.

use std::fmt::Write as _;
use std::time::Duration;

use chat_client::{Direction, Outcome, Place, Progress, State, escape};
use serde_json::{Value, json};

use super::amount::{count_words, percent, rate_words, size_words, time_words};
use super::bar::{Gauge, standstill};
use super::files::name;

/// Files of a folder that are named when they were not moved; the rest is counted.
const SKIPPED_SHOWN: usize = 10;

/// A rate over less than this says nothing.
const MEASURABLE: Duration = Duration::from_millis(100);

/// As in `report.pdf is sent: 1.2 MiB in 3 s (400 KiB/s)`, and a line for each file of a folder that is not.
pub(crate) fn outcome_words(asked: &str, direction: Direction, outcome: &Outcome, took: Duration) -> String {
    let place = match &outcome.place {
        Place::Room(path) => path.clone(),
        Place::Here(path) => path.strip_prefix(".").unwrap_or(path).to_string_lossy().into_owned(),
        Place::Through => asked.to_owned(),
    };
    let (asked, place) = (name(asked), name(&place));
    let is_folder = outcome.root.is_none();
    let verb = match direction {
        Direction::Put => "sent",
        Direction::Get => "here",
    };
    let mut words = match (outcome.same, outcome.renamed, direction) {
        (true, ..) if !is_folder => format!("{place} is there already, with the same bytes"),
        (_, true, Direction::Put) => format!("{asked} is taken, so it is sent as {place}"),
        (_, true, Direction::Get) => format!("the name is taken here, so {asked} is {place}"),
        (_, false, Direction::Put) => format!("{place} is {verb}"),
        (_, false, Direction::Get) if asked == place => format!("{asked} is {verb}"),
        (_, false, Direction::Get) => format!("{asked} is {verb} as {place}"),
    };
    if !outcome.same || is_folder {
        words.push_str(&moved_words(outcome, is_folder, took));
    }
    for skipped in outcome.skipped.iter().take(SKIPPED_SHOWN) {
        // Writing to a string cannot fail.
        let _ = write!(words, "\n{} is not: {}", name(&skipped.path), escape::line(&skipped.why.to_string()));
    }
    if outcome.skipped.len() > SKIPPED_SHOWN {
        let _ = write!(words, "\n… and {} more", count_words(outcome.skipped.len() as u64, "file"));
    }
    words
}

/// As in `: 12 files, 1.2 MiB in 3 s (400 KiB/s); 512 KiB were there from an earlier try`.
fn moved_words(outcome: &Outcome, is_folder: bool, took: Duration) -> String {
    let files = if is_folder { count_words(u64::from(outcome.files), "file") + ", " } else { String::new() };
    let mut words = format!(": {files}{} in {}", size_words(outcome.size), took_words(took));
    if took >= MEASURABLE {
        let rate = u128::from(outcome.moved) * 1000 / took.as_millis();
        // Writing to a string cannot fail.
        let _ = write!(words, " ({})", rate_words(u64::try_from(rate).unwrap_or(u64::MAX)));
    }
    if outcome.resumed_from > 0 {
        let _ = write!(words, "; {} were there from an earlier try", size_words(outcome.resumed_from));
    }
    words
}

fn took_words(took: Duration) -> String {
    match took.as_millis() {
        0..1 => "no time".to_owned(),
        ms @ 1..1000 => format!("{ms} ms"),
        _ => time_words(took),
    }
}

/// How it stands, as in `report.pdf: 45 %, 1.2 GiB of 2.6 GiB, 112 MiB/s, 13 s left`.
pub(crate) fn progress_words(progress: &Progress) -> String {
    let gauge = Gauge::from(progress);
    let mut parts = vec![format!("{} %", percent(gauge.done, gauge.total))];
    if let Some((done, all)) = gauge.files {
        parts.push(format!("{done} of {all} files"));
    }
    parts.push(format!("{} of {}", size_words(gauge.done), size_words(gauge.total)));
    match (standstill(progress), gauge.rate) {
        (Some(word), _) => parts.push(word),
        (None, Some(rate)) => parts.push(rate_words(rate)),
        (None, None) => {}
    }
    if let Some(left) = gauge.left() {
        parts.push(format!("{} left", time_words(left)));
    }
    format!("{}: {}", name(&progress.name), parts.join(", "))
}

/// How it stands, for a program; the fields are a promise, see `put --help`.
pub(crate) fn progress_object(asked: &str, progress: &Progress) -> Value {
    let mut object = json!({
        "type": "progress",
        "name": asked,
        "direction": direction_word(progress.direction),
        "state": state_word(progress.state),
        "done": progress.bytes_done,
        "size": progress.bytes_total,
        "files_done": progress.files_done,
        "files": progress.files_total,
    });
    let gauge = Gauge::from(progress);
    if let Some(rate) = gauge.rate {
        object["rate"] = rate.into();
    }
    if let Some(left) = gauge.left() {
        object["left_s"] = left.as_secs().into();
    }
    if let Some(stall) = progress.stalled_by {
        object["stalled_by"] = stall.to_string().into();
    }
    object
}

/// What came of it, for a program.
pub(crate) fn done_object(asked: &str, direction: Direction, outcome: &Outcome, took: Duration) -> Value {
    let mut object = json!({
        "type": "done",
        "name": asked,
        "direction": direction_word(direction),
        "size": outcome.size,
        "files": outcome.files,
        "same": outcome.same,
        "renamed": outcome.renamed,
        "resumed_from": outcome.resumed_from,
        "moved": outcome.moved,
        "seconds": took.as_secs_f64(),
    });
    match &outcome.place {
        Place::Room(path) => object["path"] = path.as_str().into(),
        Place::Here(path) => object["path"] = path.to_string_lossy().into(),
        Place::Through => {}
    }
    match outcome.root {
        Some(root) => object["blake3"] = root.to_string().into(),
        None => {
            let skipped = outcome.skipped.iter();
            object["skipped"] =
                skipped.map(|skipped| json!({ "path": skipped.path, "error": skipped.why.to_string() })).collect();
        }
    }
    object
}

/// That it came to nothing, for a program.
pub(crate) fn failed_object(asked: &str, direction: Direction, words: &str, exit_code: u8) -> Value {
    json!({
        "type": "failed",
        "name": asked,
        "direction": direction_word(direction),
        "error": words,
        "exit_code": exit_code,
    })
}

const fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Put => "put",
        Direction::Get => "get",
    }
}

const fn state_word(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Checking => "checking",
        State::Running => "running",
        State::Finishing => "finishing",
        State::Paused => "paused",
        State::Offline => "offline",
        State::Done => "done",
        State::Failed => "failed",
    }
}

#[cfg(test)]
mod tests;
