//! What every connection did over the time of the trial, as far as its client can tell.

use crate::suite::record::{StripRow, StripSpan, StripState};

/// A row per connection: a kept one, or a fresh one's session.
#[derive(Debug)]
pub(super) struct Strip {
    /// `None` where nobody wants it.
    rows: Option<Vec<Vec<(u64, StripState)>>>,
}

impl Strip {
    /// `count` rows, if anybody wants them.
    pub(super) fn new(count: usize, is_wanted: bool) -> Self {
        Self { rows: is_wanted.then(|| vec![Vec::new(); count]) }
    }

    /// Connection `row` is in `state` from now on.
    pub(super) fn note(&mut self, row: usize, now_ns: u64, state: StripState) {
        let Some(spans) = self.rows.as_mut().and_then(|rows| rows.get_mut(row)) else { return };
        if spans.last().is_none_or(|(_, last)| *last != state) {
            spans.push((now_ns, state));
        }
    }

    /// The rows, their times from `start_ns`; what was before counts as from the start.
    pub(super) fn rows(&self, start_ns: u64) -> Vec<StripRow> {
        let from_ms = |at_ns: u64| at_ns.saturating_sub(start_ns) as f64 / 1e6;
        let span = |(at_ns, state): &(u64, StripState)| StripSpan { from_ms: from_ms(*at_ns), state: *state };
        let rows = self.rows.iter().flatten();
        rows.map(|spans| StripRow { spans: spans.iter().map(span).collect() }).collect()
    }
}
