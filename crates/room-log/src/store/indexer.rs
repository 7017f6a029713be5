//! The thread that follows the writer and takes what was said into the search index: from the file, on a connection of its
//! own, so that no commit ever waits for it.
//!
//! Whatever goes wrong here concerns the search alone: it is tried again, and searches say meanwhile that the newest were
//! not looked at.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use proto::{RoomId, Seq};
use rusqlite::Connection;

use super::progress::{At, Next, Progress};
use crate::search::{Doc, Index};
use crate::walk;

/// The index, in the data directory.
const FILE: &str = "search.db";

/// Events taken in with one transaction, about; and bytes of frames.
const EVENTS_MAX: u64 = 4096;
const BYTES_MAX: usize = 1 << 20;

/// Stretches of events removed at a time.
const TRIMMED_MAX: i64 = 256;

/// How long to leave it alone after it failed.
const RETRY: Duration = Duration::from_secs(2);

/// The indexer.
#[derive(Debug)]
pub(super) struct Indexer {
    path: PathBuf,
    connection: Connection,
    progress: Arc<Progress>,
    index: Option<Index>,
}

/// The index's file, beside the store's.
pub(super) fn path_beside(store: &Path) -> PathBuf {
    store.with_file_name(FILE)
}

impl Indexer {
    /// Reads on `connection`.
    pub(super) fn new(store: &Path, connection: Connection, progress: Arc<Progress>) -> Self {
        Self { path: path_beside(store), connection, progress, index: None }
    }

    /// Works until it is told to end.
    pub(super) fn run(mut self) {
        let mut not_before = None;
        loop {
            let done = match self.progress.next(not_before) {
                Next::End => return,
                Next::Anew => self.begin_anew(),
                Next::Follow(at) => self.follow(at),
            };
            not_before = done.err().map(|_| Instant::now() + RETRY);
            if let Some(index) = &self.index {
                self.progress.set_indexed(index.done_to());
            }
        }
    }

    /// A step behind the writer.
    fn follow(&mut self, at: At) -> rusqlite::Result<()> {
        let index = match &mut self.index {
            Some(index) => index,
            none => none.insert(open(&self.path, at.committed)?),
        };
        if index.done_to() < at.committed {
            let runs = runs_from(&self.connection, index.done_to())?;
            let done_to = runs.last().map_or(at.committed, |run| run.numbers.end);
            let docs: Vec<_> = runs.iter().flat_map(docs).collect();
            index.add(&docs, done_to)?;
        }
        if at.removed < at.trimmed {
            // In this order: what was removed since the segments were read is among these, and taken out again.
            let (stretches, last) = trimmed(&self.connection, at.removed)?;
            for stretch in stretches {
                index.remove(stretch)?;
            }
            self.progress.set_removed(last.unwrap_or(at.trimmed));
        }
        Ok(())
    }

    fn begin_anew(&mut self) -> rusqlite::Result<()> {
        self.index.as_mut().map_or(Ok(()), Index::begin_anew)
    }
}

/// Opens the index. One that has come further than the store is of another store.
fn open(path: &Path, committed: u64) -> rusqlite::Result<Index> {
    let mut index = Index::open(path)?;
    if index.done_to() > committed {
        index.begin_anew()?;
    }
    Ok(index)
}

/// A segment, with the numbers of its events.
struct Run {
    numbers: Range<u64>,
    room: RoomId,
    first: Seq,
    bytes: Vec<u8>,
}

/// The segments from the one with this event on, some.
fn runs_from(connection: &Connection, number: u64) -> rusqlite::Result<Vec<Run>> {
    let mut statement = connection.prepare_cached(
        "SELECT n, room, first, last, bytes FROM segments WHERE n >= coalesce(
             (SELECT n FROM segments WHERE n <= ?1 ORDER BY n DESC LIMIT 1), 0)
         ORDER BY n",
    )?;
    let mut rows = statement.query([number.cast_signed()])?;
    let (mut runs, mut events, mut bytes) = (Vec::new(), 0, 0);
    while events < EVENTS_MAX
        && bytes < BYTES_MAX
        && let Some(row) = rows.next()?
    {
        let number_at = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
        let (n, first, last) = (number_at(0)?, number_at(2)?, number_at(3)?);
        let numbers = n..n + (last - first) + 1;
        if numbers.end <= number {
            continue;
        }
        let run = Run { numbers, room: RoomId(row.get(1)?), first: Seq(first), bytes: row.get(4)? };
        events += last - first + 1;
        bytes += run.bytes.len();
        runs.push(run);
    }
    Ok(runs)
}

/// What was said in a segment, and which files were sent.
fn docs(run: &Run) -> impl Iterator<Item = Doc<'_>> {
    walk::events(&run.bytes).filter_map(|event| {
        Some(Doc {
            number: run.numbers.start + (event.seq.0.checked_sub(run.first.0)?),
            room: run.room,
            nick: std::str::from_utf8(event.nick()).ok()?,
            text: std::str::from_utf8(event.content()?).ok()?,
        })
    })
}

/// Stretches of events that are gone, those in a row as one; and the last row that was looked at.
fn trimmed(connection: &Connection, behind: i64) -> rusqlite::Result<(Vec<Range<u64>>, Option<i64>)> {
    let mut statement =
        connection.prepare_cached("SELECT id, first, behind FROM trimmed WHERE id > ?1 ORDER BY id LIMIT ?2")?;
    let mut rows = statement.query([behind, TRIMMED_MAX])?;
    let (mut stretches, mut last) = (Vec::<Range<u64>>::new(), None);
    while let Some(row) = rows.next()? {
        last = Some(row.get(0)?);
        let next = row.get::<_, i64>(1)?.cast_unsigned()..row.get::<_, i64>(2)?.cast_unsigned();
        match stretches.last_mut().filter(|before| before.end == next.start) {
            Some(before) => before.end = next.end,
            None => stretches.push(next),
        }
    }
    Ok((stretches, last))
}
