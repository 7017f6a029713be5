//! Frames from a place on: what the slow lane and a return with cursors read.

use bytes::Bytes;
use proto::{RoomId, Seq};
use rusqlite::Connection;

use crate::store::place::to_sql;
use crate::store::read::Frames;
use crate::walk;

/// Whole events from `from` on, one at least if there is one, no more bytes than that otherwise.
pub(super) fn frames(
    connection: &Connection,
    room: RoomId,
    from: Seq,
    budget_bytes: usize,
) -> rusqlite::Result<Frames> {
    // One statement, so that it sees one state: from the segment that holds `from`, or from the oldest.
    let mut statement = connection.prepare_cached(
        "SELECT first, last, bytes FROM segments WHERE room = ?1 AND first >= coalesce(
             (SELECT first FROM segments WHERE room = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1), 0)
         ORDER BY first",
    )?;
    let mut rows = statement.query((room.0, to_sql(from)))?;
    let mut frames = Frames { first: from, last: from, bytes: Vec::new() };
    let mut taken_bytes = 0;
    while let Some(row) = rows.next()? {
        let (first, last) = (seq(row.get(0)?), seq(row.get(1)?));
        if last < from {
            continue;
        }
        let is_first = frames.bytes.is_empty();
        let room_for = budget_bytes.saturating_sub(taken_bytes);
        let Some(piece) = piece(row.get_ref(2)?.as_blob()?, (first, last), from, room_for, is_first) else { break };
        if is_first {
            frames.first = first.max(from);
        }
        frames.last = piece.last;
        taken_bytes += piece.bytes.len();
        frames.bytes.push(Bytes::copy_from_slice(piece.bytes));
        if piece.last < last {
            break;
        }
    }
    Ok(frames)
}

fn seq(number: i64) -> Seq {
    Seq(number.cast_unsigned())
}

struct Piece<'a> {
    last: Seq,
    bytes: &'a [u8],
}

/// The events of a segment from `from` on, as many as `room_for` bytes hold; `None` if there are none. One that must not
/// be missing comes all the same.
fn piece(bytes: &[u8], (first, last): (Seq, Seq), from: Seq, room_for: usize, is_needed: bool) -> Option<Piece<'_>> {
    if from <= first && bytes.len() <= room_for {
        return Some(Piece { last, bytes });
    }
    let mut events = walk::events(bytes).skip_while(|event| event.seq < from).peekable();
    let begin = events.peek()?.offset;
    let fits = |end: usize| end - begin <= room_for;
    let (end, last) = events
        .map(|event| (event.offset + event.whole.len(), event.seq))
        .enumerate()
        .take_while(|(at, (end, _))| fits(*end) || (is_needed && *at == 0))
        .last()
        .map(|(_, taken)| taken)?;
    bytes.get(begin..end).map(|bytes| Piece { last, bytes })
}
