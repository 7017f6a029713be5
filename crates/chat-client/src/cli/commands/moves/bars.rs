//! Bars on stderr, if that is a terminal: one for each transfer under way.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, IsTerminal as _};

use chat_client::Progress;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::view::bar::Gauge;

/// What a terminal has at least, if it does not say.
const COLUMNS: usize = 80;

/// The bars.
pub(super) struct Bars {
    all: MultiProgress,
    bars: BTreeMap<usize, ProgressBar>,
    style: ProgressStyle,
}

impl fmt::Debug for Bars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bars").field("bars", &self.bars.len()).finish_non_exhaustive()
    }
}

impl Bars {
    /// Bars, if stderr is a terminal that can draw them.
    pub(super) fn on_a_terminal() -> Option<Self> {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if !io::stderr().is_terminal() || is_dumb {
            return None;
        }
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        // Its own text is all there is to a bar: what it shows has to be harmless, and of a known width.
        let style = ProgressStyle::with_template("{wide_msg}").ok()?;
        Some(Self { all, bars: BTreeMap::new(), style })
    }

    pub(super) fn show(&mut self, number: usize, progress: &Progress) {
        let text = Gauge::from(progress).bar(columns().saturating_sub(1));
        let bar = self
            .bars
            .entry(number)
            .or_insert_with(|| self.all.add(ProgressBar::new_spinner().with_style(self.style.clone())));
        bar.set_message(text);
        bar.tick();
    }

    pub(super) fn remove(&mut self, number: usize) {
        if let Some(bar) = self.bars.remove(&number) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
    }

    /// Does something that writes to the terminal while no bar is in the way.
    pub(super) fn aside(&self, write: impl FnOnce()) {
        self.all.suspend(write);
    }
}

impl Drop for Bars {
    /// What is said next begins on a line of its own.
    fn drop(&mut self) {
        // A terminal that is gone needs no clearing.
        drop(self.all.clear());
    }
}

/// As many as indicatif draws in.
#[cfg(unix)]
fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stderr()).ok();
    size.filter(|size| size.ws_row > 0 && size.ws_col > 0).map_or(COLUMNS, |size| usize::from(size.ws_col))
}

#[cfg(not(unix))]
const fn columns() -> usize {
    COLUMNS
}
