//! How a transfer stands, as a bar of text. Pure.

use std::time::Duration;

use chat_client::{Direction, Progress, State, escape};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use super::amount::{percent, rate_words, size_words, time_words};

/// A longer wait than this is not said: the rate that it was computed from will not last.
const LEFT_MAX: Duration = Duration::from_secs(30 * 86_400);

/// A name is cut to this many columns in a bar.
const NAME_COLUMNS_MAX: usize = 24;

/// A bar is drawn in at least and at most so many columns, or not at all.
const BAR_COLUMNS_MIN: usize = 5;
const BAR_COLUMNS_MAX: usize = 30;

/// What a bar shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Gauge {
    /// What moves.
    pub(crate) name: String,
    /// Bytes that are there.
    pub(crate) done: u64,
    /// Bytes in all.
    pub(crate) total: u64,
    /// Files that are there, and files in all, if it is more than one.
    pub(crate) files: Option<(u64, u64)>,
    /// Bytes a second.
    pub(crate) rate: Option<u64>,
    /// What stands instead of rate and time, such as `waits for their disk`.
    pub(crate) word: Option<String>,
}

impl From<&Progress> for Gauge {
    fn from(progress: &Progress) -> Self {
        let files = (u64::from(progress.files_done), u64::from(progress.files_total));
        Self {
            name: progress.name.clone(),
            done: progress.bytes_done,
            total: progress.bytes_total,
            files: (progress.files_total > 1).then_some(files),
            rate: progress.rate_bytes_s.filter(|_| progress.state == State::Running),
            word: standstill(progress),
        }
    }
}

/// Why nothing moves, if nothing does.
pub(crate) fn standstill(progress: &Progress) -> Option<String> {
    Some(match (progress.state, progress.stalled_by, progress.direction) {
        (State::Running, Some(stall), _) => format!("waits for {stall}"),
        (State::Running, None, _) => return None,
        (State::Waiting, ..) => "waits for its turn".to_owned(),
        (State::Checking, ..) => "looks through what is there".to_owned(),
        (State::Finishing, _, Direction::Put) => "waits for the server's disk".to_owned(),
        (State::Finishing, _, Direction::Get) => "is put into its place".to_owned(),
        (State::Paused, ..) => "paused".to_owned(),
        (State::Offline, ..) => "offline".to_owned(),
        (State::Done, ..) => "done".to_owned(),
        (State::Failed, ..) => "failed".to_owned(),
    })
}

impl Gauge {
    /// How long it takes at this rate.
    pub(crate) fn left(&self) -> Option<Duration> {
        let rate = self.rate.filter(|rate| *rate > 0)?;
        let left = Duration::from_secs(self.total.saturating_sub(self.done).div_ceil(rate));
        (left <= LEFT_MAX && self.word.is_none()).then_some(left)
    }

    /// The bar in `columns`: name, bar, percent, bytes, rate and time, or why it stands still. What does not fit is
    /// left out, the bar first.
    pub(crate) fn bar(&self, columns: usize) -> String {
        let right = self.numbers();
        let name = shortened(&escape::line(&self.name), NAME_COLUMNS_MAX);
        let free = columns.saturating_sub(name.width() + right.width() + 2);
        let mut line = name;
        if free >= BAR_COLUMNS_MIN + 4 {
            let inner = (free - 4).min(BAR_COLUMNS_MAX);
            let share = usize::from(percent(self.done, self.total));
            let full = inner * share / 100;
            line.push_str("  [");
            line.extend(std::iter::repeat_n('#', full));
            line.extend(std::iter::repeat_n('-', inner - full));
            line.push(']');
        }
        line.push_str("  ");
        line.push_str(&right);
        cut(&line, columns).to_owned()
    }

    /// What stands behind the bar.
    fn numbers(&self) -> String {
        let mut parts = vec![format!("{:>3} %", percent(self.done, self.total))];
        if let Some((done, all)) = self.files {
            parts.push(format!("{done} of {all} files"));
        }
        parts.push(match self.files {
            Some(_) => size_words(self.done),
            None => format!("{} of {}", size_words(self.done), size_words(self.total)),
        });
        match (&self.word, self.rate) {
            (Some(word), _) => parts.push(escape::line(word).into_owned()),
            (None, Some(rate)) => parts.push(rate_words(rate)),
            (None, None) => {}
        }
        if let Some(left) = self.left() {
            parts.push(format!("{} left", time_words(left)));
        }
        parts.join("  ")
    }
}

/// `text` in at most `columns`, with `…` in its middle if it is longer: the end of a name says what it is.
pub(crate) fn shortened(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let clusters: Vec<&str> = text.graphemes(true).collect();
    let room = columns.saturating_sub(1);
    let tail = fitting(clusters.iter().rev().copied(), room / 2);
    let head = fitting(clusters.iter().copied(), room - room / 2);
    let (front, back) = (clusters.get(..head).unwrap_or_default(), clusters.get(clusters.len() - tail..));
    format!("{}…{}", front.concat(), back.unwrap_or_default().concat())
}

/// The longest beginning of `text` that fits into `columns`.
fn cut(text: &str, columns: usize) -> &str {
    let mut end = 0;
    let mut width = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        width += cluster.width();
        if width > columns {
            break;
        }
        end = at + cluster.len();
    }
    text.get(..end).unwrap_or_default()
}

/// How many of the clusters fit.
fn fitting<'c>(clusters: impl Iterator<Item = &'c str>, columns: usize) -> usize {
    let mut width = 0;
    clusters
        .take_while(|cluster| {
            width += cluster.width();
            width <= columns
        })
        .count()
}

#[cfg(test)]
mod tests;
