//! When a server has found back after a pulse, by the timeline.

use std::time::Duration;

use crate::suite::record::Bin;

/// How many pieces are looked at together: one has too few requests to tell.
const WINDOW: usize = 4;

/// The share of a window's requests that has to be served in time.
const SERVED_MIN: f64 = 0.9;

/// What was seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Recovery {
    /// How long it took, in milliseconds; at least one piece. Where it did not recover, how long it was watched.
    pub(super) millis: f64,
    /// Whether it did, and stayed so until the end.
    pub(super) recovered: bool,
}

/// From `pulse_end` to the end of the last window in which fewer than nine in ten were served in time; the trial is
/// watched `watched` longer than the pulse.
pub(super) fn after(timeline: &[Bin], bin: Duration, pulse_end: Duration, watched: Duration) -> Recovery {
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    let (bin_ms, pulse_end_ms, watched_ms) = (millis(bin), millis(pulse_end), millis(watched));
    let is_watched = |one: &&Bin| one.at_ms >= pulse_end_ms - 0.5 && one.at_ms < pulse_end_ms + watched_ms - 0.5;
    let behind: Vec<Bin> = timeline.iter().filter(is_watched).copied().collect();
    let is_bad = |window: &[Bin]| {
        let offered: u64 = window.iter().map(|one| one.offered).sum();
        let lost: u64 = window.iter().map(|one| one.turned_away + one.timed_out).sum();
        lost as f64 > (1.0 - SERVED_MIN) * offered as f64
    };
    let last_bad = behind.windows(WINDOW).rposition(is_bad);
    let Some(last_bad) = last_bad else { return Recovery { millis: bin_ms, recovered: true } };
    match behind.get(last_bad + WINDOW) {
        None => Recovery { millis: watched_ms, recovered: false },
        Some(good) => Recovery { millis: good.at_ms - pulse_end_ms, recovered: true },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A timeline of 20 pieces of 25 ms with 10 requests each, of which those in `lost` (numbered from the pulse's
    /// end, which is at piece 5) lose 5.
    fn seen(lost: std::ops::Range<usize>) -> Recovery {
        let bin = |number: usize| Bin {
            at_ms: 25.0 * number as f64,
            offered: 10,
            timed_out: if number < 5 || lost.contains(&(number - 5)) { 5 } else { 0 },
            ..Bin::default()
        };
        let timeline: Vec<Bin> = (0..20).map(bin).collect();
        let (end, watched) = (Duration::from_millis(125), Duration::from_millis(375));
        after(&timeline, Duration::from_millis(25), end, watched)
    }

    #[test]
    fn recovery_is_the_end_of_the_last_bad_window() {
        let check = |lost, millis, recovered| assert_eq!(seen(lost), Recovery { millis, recovered });
        check(0..0, 25.0, true);
        // The window of pieces 1 to 4 holds the last bad one, so piece 5 is the first behind it.
        check(0..2, 125.0, true);
        check(0..15, 375.0, false);
        // Bad again at the very end is not recovered.
        check(14..15, 375.0, false);
    }

    #[test]
    fn nothing_offered_is_nothing_lost() {
        let bins = [Bin { at_ms: 0.0, ..Bin::default() }; 8];
        let found = after(&bins, Duration::from_millis(25), Duration::ZERO, Duration::from_millis(200));
        assert!(found.recovered);
    }
}
