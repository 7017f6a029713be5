//! The reading side of the index.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use super::index::row_of;
use super::{Query, parts};

/// A reader's connection to the index.
#[derive(Debug)]
pub struct Finder {
    connection: Connection,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hits {
    /// Events' numbers, newest first.
    pub numbers: Vec<u64>,
    /// Where the search stopped: everything from here on was looked at; ask for what is before it to go on. `None` if there
    /// is nothing more.
    pub more_before: Option<u64>,
}

impl Finder {
    /// Opens an index that an [`Index`](super::Index) has opened before.
    ///
    /// # Errors
    /// SQLite's.
    pub fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.execute_batch("PRAGMA query_only = 1; PRAGMA cache_size = -8000;")?;
        Ok(Self { connection })
    }

    /// The numbers of at most `count` events before `before` (0: all), newest first.
    ///
    /// # Errors
    /// SQLite's. If it says that the file is damaged, have the index begun anew.
    pub fn find(&self, query: &Query, before: u64, count: usize) -> rusqlite::Result<Vec<u64>> {
        Ok(self.find_within(query, before, count, Duration::MAX)?.numbers)
    }

    /// As [`Finder::find`], but stops behind the part in which `time` runs out, and says where.
    ///
    /// # Errors
    /// As [`Finder::find`].
    pub fn find_within(&self, query: &Query, before: u64, count: usize, time: Duration) -> rusqlite::Result<Hits> {
        let mut found = Hits { numbers: Vec::new(), more_before: None };
        if !query.is_possible() || count == 0 {
            return Ok(found);
        }
        let began = Instant::now();
        let before = if before == 0 { i64::MAX } else { row_of(before) };
        let (expression, probe) = (query.expression(), query.probe());
        // All in one view of the file: a part may be dropped meanwhile.
        let view = self.connection.unchecked_transaction()?;
        for first in firsts(&view, before)? {
            let left = count - found.numbers.len();
            if probe.as_ref().map_or(Ok(true), |probe| has(&view, first, probe, before))? {
                found.numbers.extend(newest(&view, first, &expression, before, left)?);
            }
            if found.numbers.len() == count {
                found.more_before = found.numbers.last().copied();
                break;
            }
            if began.elapsed() > time {
                found.more_before = u64::try_from(first).ok();
                break;
            }
        }
        Ok(found)
    }
}

/// The parts with events before this one, newest first.
fn firsts(view: &Connection, before: i64) -> rusqlite::Result<Vec<i64>> {
    let mut statement = view.prepare("SELECT first FROM parts WHERE first < ?1 ORDER BY first DESC")?;
    statement.query_map([before], |row| row.get(0))?.collect()
}

fn newest(view: &Connection, first: i64, expression: &str, before: i64, count: usize) -> rusqlite::Result<Vec<u64>> {
    let part = parts::name(first);
    let sql = format!("SELECT rowid FROM {part} WHERE {part} MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT ?3");
    let mut statement = view.prepare(&sql)?;
    let rows = statement.query_map(params![expression, before, row_of(count as u64)], |row| row.get::<_, i64>(0))?;
    rows.map(|row| row.map(i64::unsigned_abs)).collect()
}

fn has(view: &Connection, first: i64, expression: &str, before: i64) -> rusqlite::Result<bool> {
    let part = parts::name(first);
    let sql = format!("SELECT 1 FROM {part} WHERE {part} MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT 1");
    Ok(view.prepare(&sql)?.query_row(params![expression, before], |_| Ok(())).optional()?.is_some())
}
