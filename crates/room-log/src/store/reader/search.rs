//! Messages that hold words.

use std::time::{Duration, Instant};

use proto::RoomId;
use rusqlite::{Connection, OptionalExtension};

use crate::search::{Finder, Query};
use crate::store::read::{Found, SearchAsk};
use crate::walk;

/// How long a reader looks, until it says what it has and where to go on.
const TIME: Duration = Duration::from_secs(1);

/// What failed: the store, or only the index.
#[derive(Debug)]
pub(super) enum Failed {
    /// The store.
    Store(rusqlite::Error),
    /// The index.
    Index(rusqlite::Error),
}

/// Messages found, newest first.
pub(super) fn search(
    connection: &Connection,
    finder: &Finder,
    query: &Query,
    ask: &SearchAsk,
) -> Result<Found, Failed> {
    let began = Instant::now();
    let mut page = Page { frames: Vec::new(), events_left: ask.count, bytes_max: ask.bytes_max, last: ask.before };
    loop {
        // One more than is wanted, to know whether there is more.
        let wanted = usize::from(page.events_left) + 1;
        let left = TIME.saturating_sub(began.elapsed());
        let hits = finder.find_within(query, page.last, wanted, left).map_err(Failed::Index)?;
        for number in &hits.numbers {
            // What the index still knows may be gone, and what it says may be wrong: no room is shown to whoever did not ask.
            let found = event(connection, *number).map_err(Failed::Store)?.filter(|(room, _)| ask.rooms.contains(room));
            if found.is_some_and(|(_, frame)| !page.take(&frame)) {
                return Ok(page.found(true));
            }
            page.last = *number;
        }
        match hits.more_before {
            None => return Ok(page.found(false)),
            Some(before) => page.last = before,
        }
        if began.elapsed() >= TIME {
            return Ok(page.found(true));
        }
    }
}

/// What was found so far.
#[derive(Debug)]
struct Page {
    frames: Vec<u8>,
    events_left: u16,
    bytes_max: usize,
    /// The number before which to go on.
    last: u64,
}

impl Page {
    fn take(&mut self, frame: &[u8]) -> bool {
        let fits = self.frames.is_empty() || self.frames.len() + frame.len() <= self.bytes_max;
        let is_taken = fits && self.events_left > 0;
        if is_taken {
            self.events_left -= 1;
            self.frames.extend_from_slice(frame);
        }
        is_taken
    }

    fn found(self, more: bool) -> Found {
        let next = if more { self.last } else { 0 };
        Found { frames: self.frames.into(), more, next, gone_to: proto::Seq(0), unindexed: false, wordless: false }
    }
}

/// The event of this number: its room, and its frame; `None` if it is gone.
fn event(connection: &Connection, number: u64) -> rusqlite::Result<Option<(RoomId, Vec<u8>)>> {
    let mut statement = connection
        .prepare_cached("SELECT n, room, first, bytes FROM segments WHERE n <= ?1 ORDER BY n DESC LIMIT 1")?;
    let found = statement.query_row([number.cast_signed()], |row| {
        let number_at = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
        let (n, first) = (number_at(0)?, number_at(2)?);
        let frames = row.get_ref(3)?.as_blob()?;
        let frame = walk::events(frames).find(|event| event.seq.0 == first + (number - n));
        Ok((RoomId(row.get(1)?), frame.map(|frame| frame.whole.to_vec())))
    });
    Ok(found.optional()?.and_then(|(room, frame)| frame.map(|frame| (room, frame))))
}
