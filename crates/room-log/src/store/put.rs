//! The statements of a batch.

use proto::limits::HEADER_BYTES;
use proto::{RoomId, Seq};
use rusqlite::{Connection, params};

use super::fail_point;
use super::ledger::{Ledger, RoomEnd};
use super::rows::{Batch, Events, MembershipRow, PersonRow, RoomRow, Row, Title};
use super::sent::{self, Fresh};
use super::trouble::Trouble;
use crate::walk;

/// Bytes of frames in a row, about: a longer run becomes several, so that no reader gets more than it can use.
const ROW_BYTES: usize = 64 * 1024;

/// Puts a batch into the transaction that has begun.
pub(super) fn batch(
    connection: &Connection,
    batch: &Batch,
    ledger: &mut Ledger,
    fresh: &mut Fresh,
) -> Result<(), Trouble> {
    for row in &batch.rows {
        put_row(connection, row, ledger)?;
    }
    for events in &batch.events {
        put_events(connection, events, ledger)?;
        fail_point::pass("mid-batch");
        events.sent.iter().for_each(|sent| fresh.take(*sent, ledger));
    }
    fresh.write(connection, ledger)?;
    Ok(())
}

fn put_row(connection: &Connection, row: &Row, ledger: &mut Ledger) -> rusqlite::Result<()> {
    match row {
        Row::Room(room) => put_room(connection, room, ledger),
        Row::RoomGone(room) => remove_room(connection, *room, ledger),
        Row::Person(person) => put_person(connection, person, ledger),
        Row::PersonGone(person) => remove_person(connection, *person, ledger),
        Row::Membership(membership) => put_membership(connection, membership),
        Row::MembershipGone(person, room) => connection
            .prepare_cached("DELETE FROM memberships WHERE person = ?1 AND room = ?2")?
            .execute(params![person.cast_signed(), room.0])
            .map(drop),
    }
}

fn put_room(connection: &Connection, room: &RoomRow, ledger: &mut Ledger) -> rusqlite::Result<()> {
    let (name, one, other) = match &room.title {
        Title::Named(name) => (Some(name), None, None),
        Title::Direct(one, other) => (None, Some(one.cast_signed()), Some(other.cast_signed())),
    };
    connection
        .prepare_cached(
            "INSERT INTO rooms (id, name, one, other, topic, ended) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET name = ?2, one = ?3, other = ?4, topic = ?5, ended = ?6",
        )?
        .execute(params![room.id.0, name, one, other, room.topic, room.ended])?;
    if ledger.room(room.id).is_none() {
        ledger.set_room(room.id, RoomEnd::default());
    }
    Ok(())
}

/// Its events go later, a few at a time: they may be many.
fn remove_room(connection: &Connection, room: RoomId, ledger: &mut Ledger) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM rooms WHERE id = ?1")?.execute([room.0])?;
    connection.prepare_cached("DELETE FROM memberships WHERE room = ?1")?.execute([room.0])?;
    connection.prepare_cached("INSERT OR IGNORE INTO going (room) VALUES (?1)")?.execute([room.0])?;
    ledger.remove_room(room);
    raise(connection, "room", u64::from(room.0))
}

fn put_person(connection: &Connection, person: &PersonRow, ledger: &mut Ledger) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO people (id, nick, token, keeps, away_since) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET nick = ?2, token = ?3, keeps = ?4, away_since = ?5",
        )?
        .execute(params![
            person.id.cast_signed(),
            person.nick,
            person.token.0,
            person.keeps,
            person.away_since_ms.map(u64::cast_signed)
        ])?;
    if ledger.counted(person.id).is_none() {
        ledger.set_counted(person.id, 0);
    }
    Ok(())
}

fn remove_person(connection: &Connection, person: u64, ledger: &mut Ledger) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM people WHERE id = ?1")?.execute([person.cast_signed()])?;
    connection.prepare_cached("DELETE FROM memberships WHERE person = ?1")?.execute([person.cast_signed()])?;
    if let Some(counted) = ledger.remove_person(person) {
        sent::forget(counted, ledger);
    }
    raise(connection, "person", person)
}

fn put_membership(connection: &Connection, membership: &MembershipRow) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO memberships (person, room, announced, by_oneself, read) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET announced = ?3, by_oneself = ?4, read = ?5",
        )?
        .execute(params![
            membership.person.cast_signed(),
            membership.room.0,
            membership.announced,
            membership.by_oneself,
            membership.read.0.cast_signed()
        ])
        .map(drop)
}

/// Remembers that a number was used, as what had it is gone.
pub(super) fn raise(connection: &Connection, what: &str, number: u64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO highest (what, number) VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET number = max(number, excluded.number)",
        )?
        .execute(params![what, number.cast_signed()])
        .map(drop)
}

/// Events of a room that is there. Those of a room that came and went within a batch, or was gone before, go with it.
fn put_events(connection: &Connection, events: &Events, ledger: &mut Ledger) -> Result<(), Trouble> {
    let Some(mut end) = ledger.room(events.room) else { return Ok(()) };
    let (first, last) = (events.segment.first(), events.segment.last());
    if first != end.head.next() || last < first {
        return Err(Trouble::Hole { room: events.room, first, expected: end.head.next() });
    }
    for run in runs(events) {
        end.upto += run.bytes.len() as u64;
        connection
            .prepare_cached(
                "INSERT INTO segments (n, room, first, last, first_at, last_at, upto, bytes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                ledger.numbers.next.cast_signed(),
                events.room.0,
                run.first.0.cast_signed(),
                run.last.0.cast_signed(),
                run.first_at_ms.cast_signed(),
                run.last_at_ms.cast_signed(),
                end.upto.cast_signed(),
                run.bytes
            ])?;
        ledger.numbers.next += run.last.0 - run.first.0 + 1;
    }
    if events.has_content && !end.has_content {
        connection.prepare_cached("UPDATE rooms SET has_content = 1 WHERE id = ?1")?.execute([events.room.0])?;
        end.has_content = true;
    }
    end.head = last;
    ledger.set_room(events.room, end);
    Ok(())
}

/// What becomes a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run<'a> {
    first: Seq,
    last: Seq,
    first_at_ms: u64,
    last_at_ms: u64,
    bytes: &'a [u8],
}

/// The events as they become rows: in one piece, but for long ones.
fn runs(events: &Events) -> Vec<Run<'_>> {
    let (segment, bytes) = (&events.segment, events.segment.bytes());
    let mut rest = Run {
        first: segment.first(),
        last: segment.last(),
        first_at_ms: events.first_at_ms,
        last_at_ms: events.last_at_ms,
        bytes,
    };
    let mut runs = Vec::new();
    if bytes.len() > ROW_BYTES + HEADER_BYTES {
        let (mut from, mut before_ms) = (0, events.first_at_ms);
        for event in walk::events(bytes) {
            if event.offset + event.whole.len() - from > ROW_BYTES && event.offset > from {
                let bytes = bytes.get(from..event.offset).unwrap_or_default();
                runs.push(Run { last: Seq(event.seq.0 - 1), last_at_ms: before_ms, bytes, ..rest });
                from = event.offset;
                rest.first = event.seq;
                rest.first_at_ms = event.at_ms();
            }
            before_ms = event.at_ms();
        }
        rest.bytes = bytes.get(from..).unwrap_or_default();
    }
    runs.push(rest);
    runs
}
