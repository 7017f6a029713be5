//! What stands in the file: its tables, the steps from each version to the next, and how it is opened.
//!
//! Every event has a number of its own in the whole store: that of its segment, `n`, and as many more as it stands
//! behind the segment's first. Numbers rise in the order of the commits and are never used again.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::trouble::Trouble;
use super::{Durability, StoreError};

/// The steps; the file's `user_version` counts those that were taken. A step that was released never changes.
const STEPS: &[&str] = &[STEP_1, STEP_2];

/// Rooms, people, and what was said.
///
/// `segments.upto` counts the room's bytes from its first event ever to the end of this segment, so that the bytes of any
/// stretch are a difference. `bytes` comes last, so that the rest is read without it.
const STEP_1: &str = "
CREATE TABLE highest (what TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE rooms (
    id INTEGER PRIMARY KEY, name TEXT, one INTEGER, other INTEGER, topic TEXT NOT NULL, ended INTEGER NOT NULL,
    has_content INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE people (
    id INTEGER PRIMARY KEY, nick TEXT NOT NULL, token BLOB NOT NULL, keeps INTEGER NOT NULL, away_since INTEGER
) STRICT;
CREATE TABLE memberships (
    person INTEGER, room INTEGER, announced INTEGER NOT NULL, by_oneself INTEGER NOT NULL, read INTEGER NOT NULL,
    PRIMARY KEY (person, room)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_by_room ON memberships (room);
CREATE TABLE segments (
    n INTEGER PRIMARY KEY, room INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, upto INTEGER NOT NULL, bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX segments_by_room ON segments (room, first);
";

/// Resends that are known over a restart; how much of a room is kept.
///
/// `sent` is a log: a row is a list of whose messages got which places. `going` has rooms that are gone and whose events
/// are still being removed; `trimmed` has numbers of events that are gone and that the search index may still know.
const STEP_2: &str = "
CREATE TABLE sent (id INTEGER PRIMARY KEY, list BLOB NOT NULL) STRICT;
ALTER TABLE rooms ADD COLUMN gone_at INTEGER NOT NULL DEFAULT 0;
CREATE TABLE going (room INTEGER PRIMARY KEY) STRICT;
CREATE TABLE trimmed (id INTEGER PRIMARY KEY AUTOINCREMENT, first INTEGER NOT NULL, behind INTEGER NOT NULL) STRICT;
";

/// "Vbtm": that a file is one of ours, and not that of any other program.
const APPLICATION_ID: i32 = 0x5662_746D;

/// How long somebody else, say a backup, may hold the file before it is an error.
const BUSY: Duration = Duration::from_secs(2);

/// Memory for pages, in KiB: of the writer, and of each reader. What is behind it is the system's cache.
const WRITER_CACHE_KIB: i32 = 8192;
const READER_CACHE_KIB: i32 = 2048;
const CHECKPOINT_CACHE_KIB: i32 = 64;

/// Pages of the write-ahead log at which the writer itself puts it into the file, up to its end, so that it begins anew.
/// Most of it is there by then.
const CHECKPOINT_PAGES: i32 = 8000;

/// What is left of a write-ahead log that a slow reader, or a big transaction, made longer than that.
const LOG_BYTES_KEPT: i32 = 40 << 20;

/// Statements that stay prepared.
const STATEMENTS_KEPT: usize = 64;

/// Opens the file to write it, and brings it to this version.
pub(super) fn open_to_write(path: &Path, durability: Durability) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(|error| Trouble::from(error).of(path))?;
    let version = version(&connection, path)?;
    prepare(&connection, durability)
        .and_then(|()| migrate(&mut connection, version, STEPS))
        .map_err(|error| Trouble::from(error).of(path))?;
    Ok(connection)
}

/// Opens the file to read it; somebody has it open to write.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        Ok(connection)
    };
    open().map_err(|error: rusqlite::Error| Trouble::from(error).of(path))
}

/// Opens the file for the thread that puts the write-ahead log into it; the writer has it open.
pub(super) fn open_to_checkpoint(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.pragma_update(None, "cache_size", -CHECKPOINT_CACHE_KIB)?;
        Ok(connection)
    };
    open().map_err(|error: rusqlite::Error| Trouble::from(error).of(path))
}

/// The file's version, if it is one of ours that this program knows. Changes nothing.
fn version(connection: &Connection, path: &Path) -> Result<usize, StoreError> {
    let read = || {
        connection.busy_timeout(BUSY)?;
        let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok((id, version, tables))
    };
    let (id, version, tables) = read().map_err(|error: rusqlite::Error| Trouble::from(error).of(path))?;
    let is_new = tables == 0 && version == 0;
    if id != APPLICATION_ID && !is_new {
        return Err(Trouble::Nonsense("it belongs to another program").of(path));
    }
    match usize::try_from(version) {
        Ok(version) if version <= STEPS.len() => Ok(version),
        _ => Err(StoreError::Newer {
            path: path.to_owned(),
            found: u32::try_from(version).unwrap_or(u32::MAX),
            known: u32::try_from(STEPS.len()).unwrap_or(u32::MAX),
        }),
    }
}

fn prepare(connection: &Connection, durability: Durability) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(())
}

/// Takes the steps behind the first `taken`, each a transaction.
fn migrate(connection: &mut Connection, taken: usize, steps: &[&str]) -> rusqlite::Result<()> {
    for (version, step) in (1_i64..).zip(steps).skip(taken) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
