//! Running `cargo test` with its output passed on and its results added up.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::program;

/// The test results of all runs, over all test programs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: u64,
    pub(super) failed: u64,
}

/// How long after cargo the output may stay open.
const LEFTOVER_WAIT: Duration = Duration::from_secs(10);

impl Tally {
    /// The tally, if there was a test at all.
    pub(super) fn seen(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }

    /// Adds the numbers of a `test result: ok. 3 passed; 0 failed; …` line; other lines add nothing.
    fn add(&mut self, line: &str) {
        if !line.trim_start().starts_with("test result:") {
            return;
        }
        self.passed += number_before(line, " passed");
        self.failed += number_before(line, " failed");
    }
}

/// Runs `command`, a `cargo test`, and adds its results to `tally`. An error if it failed, or if a test left a program
/// behind that still holds the output.
pub(super) fn run(command: &mut Command, tally: &mut Tally) -> Result<()> {
    let line = program::shown(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{line}` did not start"))?;
    let output = child.stdout.take().context("the output of cargo is not there")?;
    let (done, counted) = mpsc::sync_channel(1);
    // Not joined when a leftover holds the output: it ends with xtask.
    thread::spawn(move || done.send(pass_on(output, std::io::stdout())));
    let status = child.wait().with_context(|| format!("`{line}` cannot be waited for"))?;
    let Ok(counted) = counted.recv_timeout(LEFTOVER_WAIT) else {
        bail!("a test left a program running, which still holds the output: find it with `ps`, and end it in the test");
    };
    tally.passed += counted.passed;
    tally.failed += counted.failed;
    program::judge(&line, status)
}

fn pass_on(output: impl Read, mut to: impl Write) -> Tally {
    let mut tally = Tally::default();
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
        tally.add(&String::from_utf8_lossy(&line));
        // A closed output is no reason to stop counting.
        let _ = to.write_all(&line).and_then(|()| to.flush());
        line.clear();
    }
    tally
}

fn number_before(line: &str, word: &str) -> u64 {
    let before = line.split_once(word).map_or("", |(before, _)| before);
    before.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_all_programs_add_up() {
        let output = "running 2 tests\ntest a ... ok\n\
            test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\n\
            99 passed, 99 failed\n\
            test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        let mut passed_on = Vec::new();
        assert_eq!(pass_on(output.as_bytes(), &mut passed_on), Tally { passed: 15, failed: 2 });
        assert_eq!(passed_on, output.as_bytes());
        assert_eq!(Tally::default().seen(), None);
    }
}
