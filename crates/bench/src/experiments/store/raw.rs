//! Raw SQLite: the same rows put into a table by one thread, so many a transaction. What a store can be at best, if it
//! keeps a row for each message.

use std::path::Path;
use std::time::{Duration, Instant};

use proto::event::{Rest, write};
use proto::{RoomId, Seq};
use rusqlite::{Connection, params};

use crate::args::Durability;
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::load::Span;
use crate::readings;
use crate::stats::{Latencies, Percentiles};
use crate::targets::{message_text, tag};

const INSERT: &str = "INSERT INTO events(room, seq, frame) VALUES (?1, ?2, ?3)";

/// When the first message was said.
const FIRST_MS: u64 = 1_700_000_000_000;

/// What is put in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    /// Rows a transaction.
    pub(super) batch: u64,
    /// How long a message's text is, in bytes.
    pub(super) text_bytes: usize,
    /// In how many rooms they are said, in turn.
    pub(super) rooms: u64,
    /// By whom.
    pub(super) nick: &'a str,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inserted {
    /// Rows put in while it was measured, and for how long that was.
    pub(super) measured: u64,
    pub(super) seconds: f64,
    /// CPU time of that, in seconds.
    pub(super) cpu_seconds: Option<f64>,
    /// Rows put in in all, and how many are found there when the file is opened again.
    pub(super) rows: u64,
    pub(super) found: u64,
    /// With one row a transaction, how long one takes.
    pub(super) rounds: Option<Percentiles>,
}

/// Puts rows into `folder`, in this thread.
///
/// # Errors
/// What SQLite says.
pub(super) fn insert(
    folder: &Path,
    rows: Rows<'_>,
    durability: Durability,
    span: Span,
    interrupt: &Interrupt,
) -> Result<Inserted, BenchError> {
    let path = folder.join("raw.db");
    let mut table = Table::open(&path, durability).map_err(failed)?;
    table.fill(rows, span.warm_up, interrupt)?;
    (table.rounds, table.measured) = (Latencies::new(), 0);
    let (began, cpu) = (Instant::now(), readings::thread_cpu_seconds());
    table.fill(rows, span.measured, interrupt)?;
    let (seconds, cpu_after) = (began.elapsed().as_secs_f64(), readings::thread_cpu_seconds());
    let Table { connection, rows: put_in, measured, rounds, .. } = table;
    drop(connection);
    let count = |connection: Connection| connection.query_row("SELECT count(*) FROM events", [], |row| row.get(0));
    let found: i64 = Connection::open(&path).and_then(count).map_err(failed)?;
    Ok(Inserted {
        measured,
        seconds,
        cpu_seconds: cpu_after.zip(cpu).map(|(after, before)| after - before),
        rows: put_in,
        found: u64::try_from(found).unwrap_or(0),
        rounds: (rows.batch == 1).then(|| rounds.percentiles()),
    })
}

/// A table that grows.
struct Table {
    connection: Connection,
    text: Vec<u8>,
    frame: Vec<u8>,
    rows: u64,
    measured: u64,
    rounds: Latencies,
}

impl Table {
    fn open(path: &Path, durability: Durability) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", durability.word())?;
        connection.execute_batch(
            "CREATE TABLE events(n INTEGER PRIMARY KEY, room INTEGER NOT NULL, seq INTEGER NOT NULL, frame BLOB NOT NULL)",
        )?;
        let (text, frame, rounds) = (Vec::new(), Vec::new(), Latencies::new());
        Ok(Self { connection, text, frame, rows: 0, measured: 0, rounds })
    }

    fn fill(&mut self, rows: Rows<'_>, time: Duration, interrupt: &Interrupt) -> Result<(), BenchError> {
        self.text = message_text(rows.text_bytes);
        let end = Instant::now() + time;
        let mut insert = self.connection.prepare(INSERT).map_err(failed)?;
        while Instant::now() < end {
            interrupt.check()?;
            let began = Instant::now();
            // A single row is a transaction by itself.
            if rows.batch > 1 {
                self.connection.execute_batch("BEGIN").map_err(failed)?;
            }
            for number in self.rows..self.rows + rows.batch {
                let (room, seq) = (number % rows.rooms + 1, number / rows.rooms + 1);
                if let Some(start) = self.text.first_chunk_mut() {
                    *start = tag(number);
                }
                self.frame.clear();
                let (id, said) = (RoomId(u32::try_from(room).unwrap_or(u32::MAX)), Rest::Said(&self.text));
                write(Seq(seq), id, FIRST_MS + number, rows.nick, said, &mut self.frame);
                insert.execute(params![room.cast_signed(), seq.cast_signed(), self.frame]).map_err(failed)?;
            }
            if rows.batch > 1 {
                self.connection.execute_batch("COMMIT").map_err(failed)?;
            }
            self.rows += rows.batch;
            self.rounds.record(began.elapsed());
            self.measured += rows.batch;
        }
        Ok(())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: rusqlite::Error) -> BenchError {
    BenchError::protocol("raw SQLite", error.to_string())
}
