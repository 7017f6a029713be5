//! One `bench-client`: how it is asked, and the JSON lines that come back.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::process::{ExitStatus, Stdio};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::Part;
use crate::repo::Repo;
use crate::{bench, program};

/// What is measured in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Measure {
    /// Which.
    pub(super) kind: Kind,
    /// What bench-client is asked.
    pub(super) arguments: Vec<String>,
}

/// What is measured, by which the answer is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Fan-out, as fast as it goes.
    Pipelined,
    /// Fan-out, one message at a time.
    Single,
    /// Memory of idle members.
    Idle,
    /// Raw echo.
    Echo,
    /// One big file.
    Throughput,
    /// Chat beside files.
    Chat,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Ended {
    /// Which.
    pub(super) kind: Kind,
    /// How the program ended.
    pub(super) status: ExitStatus,
    /// Its lines of the type `trial`.
    pub(super) trials: Vec<Value>,
    /// Its last line, if it came that far.
    pub(super) summary: Option<Value>,
}

impl Ended {
    /// Whether a person ended it.
    pub(super) fn is_interrupted(&self) -> bool {
        matches!(self.status.code(), None | Some(130))
    }
}

impl Kind {
    /// The command, and what makes it quick.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Pipelined => ("fanout", "--seconds 0.5 --blocks 5"),
            Self::Single => ("fanout --mode single", "--seconds 0.5 --blocks 5"),
            Self::Idle => ("idle --peers", "--members 1000,2000,3000,4000 --blocks 2"),
            Self::Echo => ("echo", "--seconds 0.4 --blocks 5"),
            Self::Throughput => ("files throughput", "--size-mib 512 --blocks 5"),
            // Fewer seconds would be too few messages for a p99.
            Self::Chat => ("files chat", "--seconds 3 --blocks 2"),
        }
    }

    /// The file its lines are kept in.
    const fn file(self) -> &'static str {
        match self {
            Self::Pipelined => "fanout.ndjson",
            Self::Single => "fanout-single.ndjson",
            Self::Idle => "idle.ndjson",
            Self::Echo => "echo.ndjson",
            Self::Throughput => "files.ndjson",
            Self::Chat => "files-chat.ndjson",
        }
    }
}

/// What a part measures.
pub(super) fn of(part: Part, quick: bool, blocks: Option<u64>) -> Vec<Measure> {
    let kinds: &[Kind] = match part {
        Part::Fanout => &[Kind::Pipelined, Kind::Single],
        Part::Idle => &[Kind::Idle],
        Part::Echo => &[Kind::Echo],
        Part::Files => &[Kind::Throughput, Kind::Chat],
    };
    let measure = |kind: &Kind| {
        let (command, quickly) = kind.words();
        let words = command.split(' ').chain(quickly.split(' ').filter(|_| quick));
        let mut arguments: Vec<String> = words.map(str::to_owned).collect();
        if let Some(blocks) = blocks {
            if let Some(at) = arguments.iter().position(|word| word == "--blocks") {
                arguments.drain(at..at + 2);
            }
            arguments.extend(["--blocks".to_owned(), blocks.to_string()]);
        }
        Measure { kind: *kind, arguments }
    };
    kinds.iter().map(measure).collect()
}

/// Runs bench-client and keeps its lines. Its progress and its warnings go to our stderr.
///
/// # Errors
/// If it does not start, or its lines cannot be kept.
pub(super) fn run(repo: &Repo, measure: &Measure) -> Result<Ended> {
    let mut client = bench::client(repo);
    client.args(&measure.arguments).arg("--json").stdout(Stdio::piped());
    let line = program::shown(&client);
    eprintln!("{line}");
    let mut child = client.spawn().with_context(|| format!("`{line}` did not start"))?;
    let folder = repo.target.join("bench").join("peers");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join(measure.kind.file());
    let kept = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let stdout = child.stdout.take().context("its stdout is not there")?;
    let read = read(BufReader::new(stdout), kept).with_context(|| format!("cannot write {}", path.display()));
    let status = child.wait().with_context(|| format!("`{line}` cannot be waited for"))?;
    let (trials, summary) = read?;
    Ok(Ended { kind: measure.kind, status, trials, summary })
}

/// The trials and the summary among the lines, each of which is kept.
fn read(lines: impl BufRead, mut kept: impl Write) -> std::io::Result<(Vec<Value>, Option<Value>)> {
    let (mut trials, mut summary) = (Vec::new(), None);
    for line in lines.lines() {
        let line = line?;
        writeln!(kept, "{line}")?;
        // A line that is none of these (a warning of a library) is kept and not read.
        let Ok(value) = serde_json::from_str::<Value>(&line) else { continue };
        match value.get("type").and_then(Value::as_str) {
            Some("trial") => trials.push(value),
            Some("summary") => summary = Some(value),
            _ => {}
        }
    }
    Ok((trials, summary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_were_asked_for_stand_instead_of_the_quick_ones() {
        let check = |quick: bool, blocks: Option<u64>, want: [&str; 2]| {
            let asked: Vec<String> =
                of(Part::Fanout, quick, blocks).into_iter().map(|measure| measure.arguments.join(" ")).collect();
            assert_eq!(asked, want);
        };
        check(false, None, ["fanout", "fanout --mode single"]);
        check(false, Some(9), ["fanout --blocks 9", "fanout --mode single --blocks 9"]);
        check(true, None, ["fanout --seconds 0.5 --blocks 5", "fanout --mode single --seconds 0.5 --blocks 5"]);
        check(true, Some(9), ["fanout --seconds 0.5 --blocks 9", "fanout --mode single --seconds 0.5 --blocks 9"]);
    }

    #[test]
    fn lines_are_kept_whether_they_are_understood_or_not() {
        let lines = "{\"type\":\"environment\"}\nnonsense\n{\"type\":\"trial\",\"block\":0}\n{\"type\":\"summary\"}\n";
        let mut kept = Vec::new();
        let (trials, summary) = read(lines.as_bytes(), &mut kept).unwrap();
        assert_eq!((trials.len(), summary.is_some()), (1, true));
        assert_eq!(kept, lines.as_bytes());
    }
}
