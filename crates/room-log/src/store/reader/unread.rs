//! How much somebody has not read.

use proto::Seq;
use rusqlite::Connection;

use crate::store::place::to_sql;
use crate::store::read::Stretch;
use crate::walk;

/// Events looked at for one stretch: a count above that is "more", to whoever asks.
const LOOKED_AT_MAX: usize = 1000;

/// For each stretch, how many messages and files of others stand in it, and whether there was more to look at.
pub(super) fn unread(
    connection: &Connection,
    stretches: &[Stretch],
    but_of: &[u8],
) -> rusqlite::Result<Vec<(u32, bool)>> {
    stretches.iter().map(|stretch| count(connection, *stretch, but_of)).collect()
}

fn count(connection: &Connection, stretch: Stretch, but_of: &[u8]) -> rusqlite::Result<(u32, bool)> {
    let Stretch { room, behind, to } = stretch;
    if behind >= to {
        return Ok((0, false));
    }
    let mut statement = connection.prepare_cached(
        "SELECT bytes FROM segments WHERE room = ?1 AND first <= ?3 AND first >= coalesce(
             (SELECT first FROM segments WHERE room = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1), 0)
         ORDER BY first",
    )?;
    let mut rows = statement.query((room.0, to_sql(behind.next()), to_sql(to)))?;
    let (mut count, mut looked_at) = (0, 0);
    while let Some(row) = rows.next()? {
        let is_in = |seq: Seq| behind < seq && seq <= to;
        for event in walk::events(row.get_ref(0)?.as_blob()?).filter(|event| is_in(event.seq)) {
            if looked_at == LOOKED_AT_MAX {
                return Ok((count, true));
            }
            looked_at += 1;
            count += u32::from(event.content().is_some() && event.nick() != but_of);
        }
    }
    Ok((count, false))
}
