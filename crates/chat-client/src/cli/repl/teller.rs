//! When something is said of a transfer that is under way: not at once, not too often, and whenever it matters. Pure;
//! `now` is given.

use std::time::Duration;

use chat_client::{Direction, Progress, Stall, State};
use tokio::time::Instant;

use crate::cli::view::amount::{count_words, percent, size_words};
use crate::cli::view::files::{about, name};
use crate::cli::view::outcome::progress_words;

/// What ends sooner needs no word before its end.
const BEGIN_AFTER: Duration = Duration::from_millis(400);

/// A turn that does not come for so long is said.
const TURN_AFTER: Duration = Duration::from_secs(3);

/// The least time between two words that are only about how far it is.
const QUARTER_APART: Duration = Duration::from_secs(1);

/// How long nothing is said at first; then twice as long each time, up to the last.
const QUIET_FIRST: Duration = Duration::from_secs(5);
const QUIET_LAST: Duration = Duration::from_secs(80);

/// Who stands still for so long is named.
const STALL_AFTER: Duration = Duration::from_secs(2);

/// Tells of one transfer.
#[derive(Debug)]
pub(super) struct Teller {
    started: Instant,
    said_at: Option<Instant>,
    quiet: Duration,
    quarter: u8,
    notices: usize,
    /// Who is waited for, since when, and whether that has been said.
    stall: Option<(Stall, Instant, bool)>,
    has_said_turn: bool,
}

impl Teller {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            started: now,
            said_at: None,
            quiet: QUIET_FIRST,
            quarter: 0,
            notices: 0,
            stall: None,
            has_said_turn: false,
        }
    }

    /// What is to be said now, each a line.
    pub(super) fn tell(&mut self, now: Instant, progress: &Progress) -> Vec<String> {
        let mut lines = self.notices(progress);
        match progress.state {
            State::Waiting if !self.has_said_turn && now.duration_since(self.started) >= TURN_AFTER => {
                self.has_said_turn = true;
                lines.push(format!("{}: waits for its turn", name(&progress.name)));
            }
            State::Checking | State::Running | State::Finishing if progress.bytes_total > 0 => {
                lines.extend(self.standing(now, progress));
            }
            _ => {}
        }
        lines
    }

    /// What has to be known of it and has not been said.
    pub(super) fn notices(&mut self, progress: &Progress) -> Vec<String> {
        let new: Vec<_> = progress.notices.iter().skip(self.notices).collect();
        self.notices += new.len();
        new.into_iter().map(|notice| about(&progress.name, &notice.to_string())).collect()
    }

    fn standing(&mut self, now: Instant, progress: &Progress) -> Option<String> {
        let quarter = percent(progress.bytes_done, progress.bytes_total) / 25;
        let Some(said_at) = self.said_at else {
            if now.duration_since(self.started) < BEGIN_AFTER {
                return None;
            }
            (self.said_at, self.quarter) = (Some(now), quarter);
            return Some(begin_words(progress));
        };
        let silence = now.duration_since(said_at);
        let is_quarter = quarter > self.quarter && quarter < 4 && silence >= QUARTER_APART;
        let is_stall = self.is_stall_due(now, progress.stalled_by);
        let is_long = silence >= self.quiet && progress.state == State::Running;
        if !is_quarter && !is_stall && !is_long {
            return None;
        }
        if is_long {
            self.quiet = (self.quiet * 2).min(QUIET_LAST);
        }
        (self.said_at, self.quarter) = (Some(now), quarter);
        Some(progress_words(progress))
    }

    fn is_stall_due(&mut self, now: Instant, by: Option<Stall>) -> bool {
        let Some(by) = by else {
            self.stall = None;
            return false;
        };
        let (whom, since, said) = self.stall.unwrap_or((by, now, false));
        let (since, said) = if whom == by { (since, said) } else { (now, false) };
        let is_due = !said && now.duration_since(since) >= STALL_AFTER;
        self.stall = Some((by, since, said || is_due));
        is_due
    }
}

/// As in `sends report.pdf (2.6 GiB); 1.2 GiB are there from an earlier try`.
fn begin_words(progress: &Progress) -> String {
    let verb = match progress.direction {
        Direction::Put => "sends",
        Direction::Get => "fetches",
    };
    let files = match progress.files_total {
        0 | 1 => String::new(),
        files => format!("{}, ", count_words(u64::from(files), "file")),
    };
    let words = format!("{verb} {} ({files}{})", name(&progress.name), size_words(progress.bytes_total));
    match progress.resumed_from {
        0 => words,
        from => format!("{words}; {} are there from an earlier try", size_words(from)),
    }
}

#[cfg(test)]
mod tests;
