//! Where a room's segments are, without their bytes.

use proto::{RoomId, Seq};
use rusqlite::{Connection, OptionalExtension, Row};

/// A segment, without its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of its first event.
    pub(super) n: u64,
    /// Its first event.
    pub(super) first: Seq,
    /// Its last.
    pub(super) last: Seq,
    /// When the last happened.
    pub(super) last_at_ms: u64,
    /// The room's bytes up to its end.
    pub(super) upto: u64,
    /// Its own.
    pub(super) bytes: u64,
}

impl Place {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let number = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
        Ok(Self {
            n: number(0)?,
            first: Seq(number(1)?),
            last: Seq(number(2)?),
            last_at_ms: number(3)?,
            upto: number(4)?,
            bytes: number(5)?,
        })
    }
}

/// The oldest event of a room that is there; `None` if none is.
pub(super) fn oldest(connection: &Connection, room: RoomId) -> rusqlite::Result<Option<Seq>> {
    let mut statement = connection.prepare_cached("SELECT min(first) FROM segments WHERE room = ?1")?;
    let first: Option<i64> = statement.query_row([room.0], |row| row.get(0))?;
    Ok(first.map(|first| Seq(first.cast_unsigned())))
}

/// The newest event of a room; `None` if there is none.
pub(super) fn newest(connection: &Connection, room: RoomId) -> rusqlite::Result<Option<Seq>> {
    Ok(at_or_before(connection, room, Seq(u64::MAX))?.map(|place| place.last))
}

/// The newest segment of a room that begins at `seq` or before it.
pub(super) fn at_or_before(connection: &Connection, room: RoomId, seq: Seq) -> rusqlite::Result<Option<Place>> {
    let mut statement = connection.prepare_cached(
        "SELECT n, first, last, last_at, upto, length(bytes) FROM segments
         WHERE room = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1",
    )?;
    statement.query_row((room.0, to_sql(seq)), Place::read).optional()
}

/// The oldest segment of a room that begins at `seq` or behind it.
pub(super) fn at_or_behind(connection: &Connection, room: RoomId, seq: Seq) -> rusqlite::Result<Option<Place>> {
    let mut statement = connection.prepare_cached(
        "SELECT n, first, last, last_at, upto, length(bytes) FROM segments
         WHERE room = ?1 AND first >= ?2 ORDER BY first LIMIT 1",
    )?;
    statement.query_row((room.0, to_sql(seq)), Place::read).optional()
}

/// The oldest segment of a room that `is_it`, where all that follow are it too: found by halving.
pub(super) fn first_where(
    connection: &Connection,
    room: RoomId,
    is_it: impl Fn(&Place) -> bool,
) -> rusqlite::Result<Option<Place>> {
    let (Some(mut low), Some(mut high)) = (oldest(connection, room)?, newest(connection, room)?) else {
        return Ok(None);
    };
    let mut found = None;
    while low <= high {
        let Some(place) = at_or_before(connection, room, Seq(low.0.midpoint(high.0)))? else { break };
        if is_it(&place) {
            found = Some(place);
            high = Seq(place.first.0.saturating_sub(1));
        } else {
            low = place.last.next();
        }
    }
    Ok(found)
}

/// A place as SQLite can hold it, whose numbers have a sign.
pub(super) fn to_sql(seq: Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}
