//! `results.ndjson`: a line per trial, written at once. What was written is never changed; a line torn by a sudden end
//! is cut off when the run goes on.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::error::BenchError;
use crate::suite::record::{SCHEMA, TrialRecord};

/// Its name in the results' folder.
pub(in crate::suite) const RESULTS: &str = "results.ndjson";

/// The open file.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
}

impl Journal {
    /// Opens the journal in `folder` and hands back what stands in it.
    ///
    /// # Errors
    /// If it cannot be read or written, or a whole line is not a record of this version.
    pub(super) fn open(folder: &Path) -> Result<(Self, Vec<TrialRecord>), BenchError> {
        let path = folder.join(RESULTS);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(BenchError::io("results.ndjson cannot be read")(error)),
        };
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let records = parsed(text.get(..whole).unwrap_or_default())?;
        let unwritable = BenchError::io("results.ndjson cannot be written");
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(&unwritable)?;
        file.set_len(whole as u64).map_err(&unwritable)?;
        Ok((Self { file }, records))
    }

    /// Writes a record behind the others.
    ///
    /// # Errors
    /// If the file does not take it.
    pub(super) fn append(&mut self, record: &TrialRecord) -> Result<(), BenchError> {
        let unwritable = BenchError::io("results.ndjson cannot be written");
        let mut line = serde_json::to_vec(record).map_err(std::io::Error::from).map_err(&unwritable)?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(&unwritable)
    }
}

/// The records in `folder`, of a run that is over.
///
/// # Errors
/// If they cannot be read, or a line is not a record of this version.
pub(in crate::suite) fn read_records(folder: &Path) -> Result<Vec<TrialRecord>, BenchError> {
    let text = std::fs::read(folder.join(RESULTS)).map_err(BenchError::io("results.ndjson cannot be read"))?;
    parsed(&text)
}

/// The records of whole lines, in order.
fn parsed(text: &[u8]) -> Result<Vec<TrialRecord>, BenchError> {
    let lines = text.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    let parse = |(number, line): (usize, &[u8])| {
        let wrong = |why: String| BenchError::Usage(format!("{RESULTS}, line {}: {why}", number + 1));
        let record: TrialRecord = serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))?;
        match record.schema {
            SCHEMA => Ok(record),
            other => Err(wrong(format!("version {other} is not ours, {SCHEMA}; begin anew with another --out"))),
        }
    };
    lines.map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::spec::Experiment;

    fn record(arm: &str, block: usize, seed: u64) -> TrialRecord {
        TrialRecord { arm: arm.to_owned(), block, ..TrialRecord::empty(Experiment::E1, seed) }
    }

    #[test]
    fn what_is_written_comes_back_and_a_torn_line_goes() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, before) = Journal::open(folder.path()).unwrap();
        assert!(before.is_empty());
        let records = [record("spawn", 0, 1), record("pool", 0, 1)];
        for record in &records {
            journal.append(record).unwrap();
        }
        let path = folder.path().join(RESULTS);
        let whole = std::fs::read(&path).unwrap();
        for torn in ["", "{", "{\"schema\":1,"] {
            std::fs::write(&path, [whole.as_slice(), torn.as_bytes()].concat()).unwrap();
            let (mut journal, back) = Journal::open(folder.path()).unwrap();
            assert_eq!(back, records);
            journal.append(&record("thread", 0, 1)).unwrap();
            assert_eq!(Journal::open(folder.path()).unwrap().1.len(), 3);
        }
    }

    #[test]
    fn a_line_that_is_no_record_is_named() {
        let check = |line: &str, want: &str| {
            let said = parsed(line.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(want), "{said}");
        };
        check("\n{}\n", "line 2");
        let other = TrialRecord { schema: 99, ..record("spawn", 0, 1) };
        check(&format!("{}\n", serde_json::to_string(&other).unwrap()), "version 99");
    }
}
