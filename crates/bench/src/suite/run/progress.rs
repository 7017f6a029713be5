//! What a person sees while it runs: which trial of how many, and about how long it still takes. Only on a terminal.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// The progress line.
#[derive(Debug)]
pub(super) struct Progress {
    is_shown: bool,
    done: usize,
    begun: Option<(usize, Instant)>,
    /// How many trials of each experiment took how long together, what stands around them included.
    taken: BTreeMap<usize, (u32, Duration)>,
}

impl Progress {
    /// Nothing shown yet.
    pub(super) fn new() -> Self {
        Self { is_shown: std::io::stderr().is_terminal(), done: 0, begun: None, taken: BTreeMap::new() }
    }

    /// A trial of `spec` begins; `left` says how many there still are of each, this one among them.
    pub(super) fn begin(&mut self, spec: usize, what: &str, left: &[(usize, usize)]) {
        self.end();
        self.begun = Some((spec, Instant::now()));
        if self.is_shown {
            let total = self.done + left.iter().map(|(_, trials)| trials).sum::<usize>();
            let time = self.time_left(left).map_or(String::new(), |left| format!("about {} left: ", clock(left)));
            eprint!("\r\x1b[2K{} of {total}, {time}{what}", self.done + 1);
        }
    }

    /// The trial in hand is over.
    pub(super) fn end(&mut self) {
        let Some((spec, at)) = self.begun.take() else { return };
        let (trials, time) = self.taken.entry(spec).or_default();
        *trials += 1;
        *time += at.elapsed();
        self.done += 1;
    }

    /// Takes the line away: something is printed that stays.
    pub(super) fn clear(&self) {
        if self.is_shown {
            eprint!("\r\x1b[2K");
        }
    }

    /// By the mean of each experiment's own trials; one of which none has run yet counts like the mean of all.
    fn time_left(&self, left: &[(usize, usize)]) -> Option<Duration> {
        let (trials, time) = self.taken.values().fold((0, Duration::ZERO), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let overall = time.checked_div(trials)?;
        let each = |spec: &usize| self.taken.get(spec).and_then(|(trials, time)| time.checked_div(*trials));
        let of =
            |(spec, count): &(usize, usize)| each(spec).unwrap_or(overall) * u32::try_from(*count).unwrap_or(u32::MAX);
        Some(left.iter().map(of).sum())
    }
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_goes_by_each_experiments_own_trials() {
        let mut progress = Progress::new();
        assert_eq!(progress.time_left(&[(0, 5)]), None);
        progress.taken.insert(0, (2, Duration::from_secs(2)));
        progress.taken.insert(1, (1, Duration::from_secs(10)));
        assert_eq!(progress.time_left(&[(0, 3), (1, 2), (2, 1)]), Some(Duration::from_secs(3 + 20 + 4)));
    }

    #[test]
    fn times_read_like_a_clock() {
        for (seconds, want) in [(5, "0:05"), (65, "1:05"), (3_725, "1:02:05")] {
            assert_eq!(clock(Duration::from_secs(seconds)), want);
        }
    }
}
