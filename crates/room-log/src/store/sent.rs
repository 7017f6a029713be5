//! Whose messages got which places: the table `sent`, so that a resend is known over a restart.
//!
//! It is a log, because a row a person would make each batch touch as many pages as it has speakers. What is written with
//! a batch is one row at the end. Entries that are of no use any more, because their person has said [`KNOWN`] other
//! things since or is gone, are dropped from the beginning; those still of use are written to the end again. Each entry
//! says the how manieth of its person it is, so its place in the log means nothing.

use std::collections::HashMap;

use bytes::{Buf, BufMut};
use proto::{MessageId, RoomId, Seq};
use rusqlite::{Connection, params};

use super::ledger::Ledger;
use super::rows::SentRow;

/// Messages of one person that are known.
pub(super) const KNOWN: u64 = 256;

/// Entries after which the beginning is looked at.
const CLEAN_EVERY: u64 = 512;

/// Entries of no use that are not worth a cleaning.
const SLACK: u64 = 8192;

/// Entries in a row, when they are written again.
const ROW_ENTRIES_MAX: usize = 1024;

/// Bytes of an entry.
const ENTRY_BYTES: usize = 36;

/// An entry: the message, and the how manieth of its person it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    sent: SentRow,
    ordinal: u64,
}

impl Entry {
    fn write(&self, out: &mut Vec<u8>) {
        out.put_u64(self.sent.person);
        out.put_u64(self.sent.message.0);
        out.put_u32(self.sent.room.0);
        out.put_u64(self.sent.seq.0);
        out.put_u64(self.ordinal);
    }

    fn read(mut bytes: &[u8]) -> Self {
        Self {
            sent: SentRow {
                person: bytes.get_u64(),
                message: MessageId(bytes.get_u64()),
                room: RoomId(bytes.get_u32()),
                seq: Seq(bytes.get_u64()),
            },
            ordinal: bytes.get_u64(),
        }
    }

    /// Whether it is among the newest of somebody of whom `counted` were counted.
    const fn is_live(&self, counted: u64) -> bool {
        self.ordinal + KNOWN >= counted
    }
}

fn entries(list: &[u8]) -> impl Iterator<Item = Entry> {
    list.chunks_exact(ENTRY_BYTES).map(Entry::read)
}

/// Entries on their way into the log, in bytes.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    list: Vec<u8>,
}

impl Fresh {
    /// Takes a message up, if its person is known.
    pub(super) fn take(&mut self, sent: SentRow, ledger: &mut Ledger) {
        let Some(counted) = ledger.counted(sent.person) else { return };
        Entry { sent, ordinal: counted }.write(&mut self.list);
        ledger.set_counted(sent.person, counted + 1);
        ledger.numbers.sent_live += u64::from(counted < KNOWN);
        ledger.numbers.sent_held += 1;
        ledger.numbers.sent_new += 1;
    }

    /// Writes what was taken up to the end of the log, and cleans its beginning if it is time.
    pub(super) fn write(&mut self, connection: &Connection, ledger: &mut Ledger) -> rusqlite::Result<()> {
        append(connection, &self.list, ledger)?;
        self.list.clear();
        if ledger.numbers.sent_new >= CLEAN_EVERY {
            let looked_at_max = 2 * ledger.numbers.sent_new;
            ledger.numbers.sent_new = 0;
            if ledger.numbers.sent_held > 2 * ledger.numbers.sent_live + SLACK {
                clean(connection, looked_at_max, ledger)?;
            }
        }
        Ok(())
    }
}

/// A person is gone: their entries are of no use.
pub(super) fn forget(counted: u64, ledger: &mut Ledger) {
    ledger.numbers.sent_live = ledger.numbers.sent_live.saturating_sub(counted.min(KNOWN));
}

fn append(connection: &Connection, list: &[u8], ledger: &mut Ledger) -> rusqlite::Result<()> {
    for row in list.chunks(ROW_ENTRIES_MAX * ENTRY_BYTES) {
        connection
            .prepare_cached("INSERT INTO sent (id, list) VALUES (?1, ?2)")?
            .execute(params![ledger.numbers.sent_row, row])?;
        ledger.numbers.sent_row += 1;
    }
    Ok(())
}

/// Takes the oldest rows away, until `looked_at_max` entries were looked at, and writes what is of use of them again.
fn clean(connection: &Connection, looked_at_max: u64, ledger: &mut Ledger) -> rusqlite::Result<()> {
    let (mut looked_at, mut kept) = (0, Vec::new());
    let mut oldest = connection.prepare_cached("SELECT id, list FROM sent ORDER BY id LIMIT 1")?;
    let mut remove = connection.prepare_cached("DELETE FROM sent WHERE id = ?1")?;
    while looked_at < looked_at_max {
        let mut rows = oldest.query([])?;
        let Some(row) = rows.next()? else { break };
        let id: i64 = row.get(0)?;
        for entry in entries(row.get_ref(1)?.as_blob()?) {
            looked_at += 1;
            match ledger.counted(entry.sent.person) {
                Some(counted) if entry.is_live(counted) => entry.write(&mut kept),
                _ => ledger.numbers.sent_held -= 1,
            }
        }
        drop(rows);
        remove.execute([id])?;
    }
    append(connection, &kept, ledger)
}

/// Reads the log: the newest messages of everybody in `people`, oldest first for each; the ledger learns the counts.
pub(super) fn load(connection: &Connection, people: &[u64], ledger: &mut Ledger) -> rusqlite::Result<Vec<SentRow>> {
    // Twice over the log, so that no more is held than is of use.
    let mut counted: HashMap<u64, u64> = people.iter().map(|person| (*person, 0)).collect();
    let mut statement = connection.prepare("SELECT list, id FROM sent ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        ledger.numbers.sent_row = row.get::<_, i64>(1)? + 1;
        for entry in entries(row.get_ref(0)?.as_blob()?) {
            ledger.numbers.sent_held += 1;
            if let Some(counted) = counted.get_mut(&entry.sent.person) {
                *counted = (*counted).max(entry.ordinal + 1);
            }
        }
    }
    drop(rows);
    let mut live = Vec::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let is_live = |entry: &Entry| counted.get(&entry.sent.person).is_some_and(|counted| entry.is_live(*counted));
        live.extend(entries(row.get_ref(0)?.as_blob()?).filter(is_live));
    }
    live.sort_unstable_by_key(|entry| (entry.sent.person, entry.ordinal));
    ledger.numbers.sent_live = live.len() as u64;
    counted.into_iter().for_each(|(person, counted)| ledger.set_counted(person, counted));
    Ok(live.into_iter().map(|entry| entry.sent).collect())
}
