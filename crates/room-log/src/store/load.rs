//! What a store holds when it is opened. Nothing here looks at more of the events than where each room ends.

use std::collections::HashSet;

use proto::{RoomId, Seq, Token};
use rusqlite::{Connection, OptionalExtension, Row};

use super::ledger::{Ledger, RoomEnd};
use super::rows::{MembershipRow, PersonRow, RoomRow, Stored, StoredRoom, Title};
use super::sent;
use super::trouble::Trouble;

/// Reads everything but the events, and what the writer goes on with.
pub(super) fn load(connection: &Connection) -> Result<(Stored, Ledger), Trouble> {
    let mut ledger = Ledger::default();
    let rooms = rooms(connection, &mut ledger)?;
    let people = people(connection)?;
    let known: Vec<u64> = people.iter().map(|person| person.id).collect();
    let stored = Stored {
        memberships: memberships(connection, &rooms, &known)?,
        sent: sent::load(connection, &known, &mut ledger)?,
        last_room: u32::try_from(highest(connection, "room", "SELECT max(id) FROM rooms")?).unwrap_or(u32::MAX),
        last_person: highest(connection, "person", "SELECT max(id) FROM people")?,
        rooms,
        people,
    };
    let newest = "SELECT n + last - first FROM segments ORDER BY n DESC LIMIT 1";
    ledger.numbers.next = highest(connection, "number", newest)? + 1;
    Ok((stored, ledger))
}

/// The highest number of a kind that was ever used: what is there may be less, as the newest of it may be gone.
fn highest(connection: &Connection, what: &str, of_those_there: &str) -> rusqlite::Result<u64> {
    let ever: Option<i64> =
        connection.query_row("SELECT number FROM highest WHERE what = ?1", [what], |row| row.get(0)).optional()?;
    let there: Option<i64> = connection.query_row(of_those_there, [], |row| row.get(0)).optional()?.flatten();
    Ok(ever.max(there).unwrap_or(0).cast_unsigned())
}

fn rooms(connection: &Connection, ledger: &mut Ledger) -> Result<Vec<StoredRoom>, Trouble> {
    let mut statement =
        connection.prepare("SELECT id, name, one, other, topic, ended, has_content FROM rooms ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut rooms = Vec::new();
    while let Some(row) = rows.next()? {
        let id = RoomId(row.get(0)?);
        let title = match (row.get(1)?, row.get(2)?, row.get(3)?) {
            (Some(name), None, None) => Title::Named(name),
            (None, Some(one), Some(other)) => Title::Direct(i64::cast_unsigned(one), i64::cast_unsigned(other)),
            _ => return Err(Trouble::Nonsense("a room is neither named nor a conversation of two")),
        };
        let room = RoomRow { id, title, topic: row.get(4)?, ended: row.get(5)? };
        let end = end(connection, id, row.get(6)?)?;
        ledger.set_room(id, end);
        rooms.push(StoredRoom { room, head: end.head, has_content: end.has_content });
    }
    Ok(rooms)
}

/// Where a room ends: one step down the index.
fn end(connection: &Connection, room: RoomId, has_content: bool) -> rusqlite::Result<RoomEnd> {
    let newest = "SELECT last, upto FROM segments WHERE room = ?1 ORDER BY first DESC LIMIT 1";
    let end = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, i64>(1)?.cast_unsigned()));
    let (head, upto) = connection.prepare_cached(newest)?.query_row([room.0], end).optional()?.unwrap_or_default();
    Ok(RoomEnd { head: Seq(head), upto, has_content })
}

fn people(connection: &Connection) -> rusqlite::Result<Vec<PersonRow>> {
    let mut statement = connection.prepare("SELECT id, nick, token, keeps, away_since FROM people ORDER BY id")?;
    let person = |row: &Row<'_>| {
        Ok(PersonRow {
            id: row.get::<_, i64>(0)?.cast_unsigned(),
            nick: row.get(1)?,
            token: Token(row.get(2)?),
            keeps: row.get(3)?,
            away_since_ms: row.get::<_, Option<i64>>(4)?.map(i64::cast_unsigned),
        })
    };
    statement.query_map([], person)?.collect()
}

fn memberships(connection: &Connection, rooms: &[StoredRoom], people: &[u64]) -> rusqlite::Result<Vec<MembershipRow>> {
    let (rooms, people): (HashSet<RoomId>, HashSet<u64>) =
        (rooms.iter().map(|stored| stored.room.id).collect(), people.iter().copied().collect());
    let mut statement = connection
        .prepare("SELECT person, room, announced, by_oneself, read FROM memberships ORDER BY person, room")?;
    let membership = |row: &Row<'_>| {
        Ok(MembershipRow {
            person: row.get::<_, i64>(0)?.cast_unsigned(),
            room: RoomId(row.get(1)?),
            announced: row.get(2)?,
            by_oneself: row.get(3)?,
            read: Seq(row.get::<_, i64>(4)?.cast_unsigned()),
        })
    };
    let all = statement.query_map([], membership)?;
    let is_whole = |found: &rusqlite::Result<MembershipRow>| {
        found.as_ref().map_or(true, |found| rooms.contains(&found.room) && people.contains(&found.person))
    };
    all.filter(is_whole).collect()
}
