//! The writing side of the index.

use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Transaction, params};

use super::words::Line;
use super::{Doc, VERSION, parts};
use crate::private_file;

/// Messages in a part.
const PART_DOCS: u64 = 500_000;

/// With each addition, pages of a part that is full are merged.
const MERGE_PAGES: i32 = 250;

/// The index, as its one writer has it.
#[derive(Debug)]
pub struct Index {
    path: PathBuf,
    connection: Connection,
    done_to: u64,
    part_docs: u64,
    line: Line,
}

impl Index {
    /// Opens the index, or begins a new one. One of another version, or that is damaged, is deleted and begun anew. Open it
    /// before any [`Finder`](super::Finder) of the same file.
    ///
    /// # Errors
    /// SQLite's, when the file cannot be made or written.
    pub fn open(path: &Path) -> rusqlite::Result<Self> {
        Self::open_with(path, PART_DOCS)
    }

    pub(super) fn open_with(path: &Path, part_docs: u64) -> rusqlite::Result<Self> {
        let opened = connect(path).and_then(|connection| Ok((stored_done_to(&connection)?, connection)));
        let (done_to, connection) = match opened {
            Ok((Some(done_to), connection)) => (done_to, connection),
            Err(error) if !is_damage(&error) => return Err(error),
            Ok((None, _)) | Err(_) => {
                delete(path);
                let connection = connect(path)?;
                create(&connection)?;
                (0, connection)
            }
        };
        Ok(Self { path: path.to_owned(), connection, done_to, part_docs, line: Line::default() })
    }

    /// All messages before this event number are in.
    pub fn done_to(&self) -> u64 {
        self.done_to
    }

    /// Takes messages in, in one transaction; then all before `done_to` are in. Their numbers rise; those that are in already
    /// are passed over. If the index turns out to be damaged it is begun anew: after an error, ask [`Index::done_to`] again.
    ///
    /// # Errors
    /// SQLite's; nothing of `docs` is in then.
    pub fn add(&mut self, docs: &[Doc<'_>], done_to: u64) -> rusqlite::Result<()> {
        let added = self.try_add(docs, done_to);
        self.or_anew(added)?;
        self.done_to = self.done_to.max(done_to);
        Ok(())
    }

    fn try_add(&mut self, docs: &[Doc<'_>], done_to: u64) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        let mut rest = docs.get(docs.partition_point(|doc| doc.number < self.done_to)..).unwrap_or_default();
        while let Some(next) = rest.first() {
            let (first, room) = part_for(&transaction, row_of(next.number), self.part_docs)?;
            let (now, later) = rest.split_at(rest.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
            insert(&transaction, first, now, &mut self.line)?;
            rest = later;
        }
        merge_one(&transaction)?;
        transaction.execute("UPDATE progress SET done_to = max(done_to, ?1)", [row_of(done_to)])?;
        transaction.commit()
    }

    /// Takes messages out, by their events' numbers.
    ///
    /// # Errors
    /// SQLite's; all are still in then, unless the index was damaged and has been begun anew.
    pub fn remove(&mut self, numbers: Range<u64>) -> rusqlite::Result<()> {
        let removed = self.try_remove(&numbers);
        self.or_anew(removed)
    }

    fn try_remove(&mut self, numbers: &Range<u64>) -> rusqlite::Result<()> {
        let (start, end) = (row_of(numbers.start), row_of(numbers.end));
        let transaction = self.connection.transaction()?;
        let mut after = None;
        for first in part_firsts(&transaction)? {
            let part = parts::name(first);
            if start <= first && after.is_some_and(|next| next <= end) {
                transaction.execute_batch(&format!("DROP TABLE {part}"))?;
                transaction.execute("DELETE FROM parts WHERE first = ?1", [first])?;
            } else if first < end && after.is_none_or(|next| start < next) {
                transaction.execute(&format!("DELETE FROM {part} WHERE rowid >= ?1 AND rowid < ?2"), [start, end])?;
            }
            after = Some(first);
        }
        transaction.commit()
    }

    /// Throws everything away, for whoever found the index damaged or wrong. Readers' connections stay good.
    ///
    /// # Errors
    /// SQLite's.
    pub fn begin_anew(&mut self) -> rusqlite::Result<()> {
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_RESET_DATABASE, true)?;
        let emptied = self.connection.execute_batch("VACUUM");
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_RESET_DATABASE, false)?;
        emptied?;
        create(&self.connection)?;
        self.done_to = 0;
        Ok(())
    }

    fn or_anew(&mut self, result: rusqlite::Result<()>) -> rusqlite::Result<()> {
        result.or_else(|error| {
            if is_damage(&error) {
                self.begin_anew()?;
            }
            Err(error)
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// SQLite's numbers have a sign; no store will have so many events.
pub(super) fn row_of(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What the index cannot recover from, but the store can be read again: broken pages, a table that is not there, rows that
/// contradict each other (of the tables' own making, as a number is only inserted once).
fn is_damage(error: &rusqlite::Error) -> bool {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ConstraintViolation) => true,
        Some(ErrorCode::Unknown) => {
            let why = error.to_string();
            ["no such table", "vtable constructor failed"].iter().any(|sign| why.starts_with(sign))
        }
        _ => false,
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // What keeps it from being made, SQLite says too.
    let _ = private_file::make(path);
    let connection = Connection::open(path)?;
    // It can be built again, so a commit need not wait for the disk; fewer and larger checkpoints leave it to the store.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8000;
         PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 33554432;",
    )?;
    Ok(connection)
}

/// How far an index of this version has come; `None` if it is of another, or new.
fn stored_done_to(connection: &Connection) -> rusqlite::Result<Option<u64>> {
    let version: i32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version != VERSION {
        return Ok(None);
    }
    let done_to: Option<i64> = connection.query_row("SELECT done_to FROM progress", [], |row| row.get(0)).optional()?;
    for first in part_firsts(connection)? {
        let part = parts::name(first);
        connection.query_row(&format!("SELECT rowid FROM {part}('nothing')"), [], |_| Ok(())).optional()?;
    }
    Ok(done_to.and_then(|number| u64::try_from(number).ok()))
}

fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!("BEGIN; {}; PRAGMA user_version = {VERSION}; COMMIT;", parts::TABLES))
}

/// The file and those beside it. What cannot be deleted shows when it is opened again.
fn delete(path: &Path) {
    for end in ["", "-wal", "-shm"] {
        let mut file = OsString::from(path);
        file.push(end);
        let _ = std::fs::remove_file(file);
    }
}

/// Newest first.
fn part_firsts(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare("SELECT first FROM parts ORDER BY first DESC")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// The part for the message of this number, and how many it has room for.
fn part_for(transaction: &Transaction<'_>, number: i64, part_docs: u64) -> rusqlite::Result<(i64, u64)> {
    let last: Option<(i64, i64)> = transaction
        .prepare("SELECT first, docs FROM parts ORDER BY first DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((first, docs)) = last {
        let room = part_docs.saturating_sub(docs.unsigned_abs());
        if room > 0 {
            return Ok((first, room));
        }
    }
    parts::create(transaction, number)?;
    transaction.execute("INSERT INTO parts VALUES (?1, 0, 0)", [number])?;
    Ok((number, part_docs))
}

fn insert(transaction: &Transaction<'_>, first: i64, docs: &[Doc<'_>], line: &mut Line) -> rusqlite::Result<()> {
    let mut statement =
        transaction.prepare(&format!("INSERT INTO {}(rowid, words) VALUES (?1, ?2)", parts::name(first)))?;
    let mut next = 0;
    for doc in docs {
        if doc.number < next {
            continue;
        }
        next = doc.number + 1;
        let head = format!("{} {}", parts::room_token(doc.room), parts::nick_token(doc.nick));
        statement.execute(params![row_of(doc.number), line.of(&head, doc.text)])?;
    }
    transaction
        .execute("UPDATE parts SET docs = docs + ?2 WHERE first = ?1", params![first, row_of(docs.len() as u64)])?;
    Ok(())
}

/// Goes on with merging the oldest part that is full and in pieces.
fn merge_one(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let full: Option<i64> = transaction
        .prepare(
            "SELECT first FROM parts WHERE merged = 0 AND first < (SELECT max(first) FROM parts) ORDER BY first LIMIT 1",
        )?
        .query_row([], |row| row.get(0))
        .optional()?;
    if let Some(first) = full
        && !parts::merge(transaction, first, MERGE_PAGES)?
    {
        transaction.execute("UPDATE parts SET merged = 1 WHERE first = ?1", [first])?;
    }
    Ok(())
}
