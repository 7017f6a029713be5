//! A page of a room's events.

use proto::message::Range;
use proto::{RoomId, Seq};
use rusqlite::{Connection, OptionalExtension};

use crate::store::place::{self, to_sql};
use crate::store::read::{Found, HistoryAsk};
use crate::walk;

/// A page on its way: what may still come, and what has.
#[derive(Debug)]
struct Taking {
    room: RoomId,
    events_left: u16,
    bytes_left: usize,
    has_some: bool,
    frames: Vec<u8>,
    /// Whether a limit ended it, and not the room.
    is_cut: bool,
}

/// The events that were asked for.
pub(super) fn history(connection: &mut Connection, ask: HistoryAsk) -> rusqlite::Result<Found> {
    // One state for all the statements.
    let connection = connection.transaction()?;
    let mut taking = Taking {
        room: ask.room,
        events_left: ask.count,
        bytes_left: ask.bytes_max,
        has_some: false,
        frames: Vec::new(),
        is_cut: false,
    };
    let oldest = place::oldest(&connection, ask.room)?.unwrap_or(Seq(1));
    let asks_for_gone = match ask.range {
        Range::Last => taking.back(&connection, Seq(u64::MAX))?,
        Range::Before(seq) => taking.back(&connection, Seq(seq.0.saturating_sub(1)))?,
        Range::After(seq) => {
            taking.forth(&connection, seq.next(), 0)?;
            seq.next() < oldest
        }
        Range::Since(at_ms) => {
            if let Some(begin) = place::first_where(&connection, ask.room, |place| place.last_at_ms >= at_ms)? {
                taking.forth(&connection, begin.first, at_ms)?;
            }
            gone_at(&connection, ask.room)? >= at_ms
        }
    };
    let gone_to = if asks_for_gone { Seq(oldest.0.saturating_sub(1)) } else { Seq(0) };
    let frames = taking.frames.into();
    Ok(Found { frames, more: taking.is_cut, next: 0, gone_to, unindexed: false, wordless: false })
}

impl Taking {
    /// Takes the newest up to `to`. Whether it would have taken more, were there more.
    fn back(&mut self, connection: &Connection, to: Seq) -> rusqlite::Result<bool> {
        let mut statement = connection
            .prepare_cached("SELECT bytes FROM segments WHERE room = ?1 AND first <= ?2 ORDER BY first DESC")?;
        let mut rows = statement.query((self.room.0, to_sql(to)))?;
        let mut pieces = Vec::new();
        while !self.is_cut
            && let Some(row) = rows.next()?
        {
            let bytes = row.get_ref(0)?.as_blob()?;
            let events: Vec<_> = walk::events(bytes).take_while(|event| event.seq <= to).collect();
            let end = events.last().map_or(0, |event| event.offset + event.whole.len());
            let taken: Vec<_> = events.iter().rev().take_while(|event| self.take(event.whole.len())).collect();
            let begin = taken.last().map_or(end, |event| event.offset);
            pieces.push(bytes.get(begin..end).unwrap_or_default().to_vec());
        }
        pieces.reverse();
        self.frames = pieces.concat();
        Ok(!self.is_cut && self.events_left > 0 && to > Seq(0))
    }

    /// Takes the oldest from `from` and from `at_ms` on.
    fn forth(&mut self, connection: &Connection, from: Seq, at_ms: u64) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(
            "SELECT bytes FROM segments WHERE room = ?1 AND first >= coalesce(
                 (SELECT first FROM segments WHERE room = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1), 0)
             ORDER BY first",
        )?;
        let mut rows = statement.query((self.room.0, to_sql(from)))?;
        let mut has_begun = false;
        while !self.is_cut
            && let Some(row) = rows.next()?
        {
            for event in walk::events(row.get_ref(0)?.as_blob()?) {
                has_begun |= event.seq >= from && event.at_ms() >= at_ms;
                if has_begun && !self.take(event.whole.len()) {
                    break;
                }
                if has_begun {
                    self.frames.extend_from_slice(event.whole);
                }
            }
        }
        Ok(())
    }

    /// Whether an event of so many bytes still comes; the first does, whatever its size.
    fn take(&mut self, bytes: usize) -> bool {
        let is_first = !self.has_some;
        self.is_cut = self.events_left == 0 || (bytes > self.bytes_left && !is_first);
        if !self.is_cut {
            self.has_some = true;
            self.events_left -= 1;
            self.bytes_left = self.bytes_left.saturating_sub(bytes);
        }
        !self.is_cut
    }
}

/// When the newest event that is trimmed away happened; 0 if none is.
fn gone_at(connection: &Connection, room: RoomId) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached("SELECT gone_at FROM rooms WHERE id = ?1")?;
    let at: Option<i64> = statement.query_row([room.0], |row| row.get(0)).optional()?;
    Ok(at.unwrap_or(0).cast_unsigned())
}
