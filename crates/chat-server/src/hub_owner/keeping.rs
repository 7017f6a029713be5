//! What the hub wants kept, in the store's words, and what the store held, in the hub's.

use chat::{Change, MembershipState, Millis, PersonId, PersonState, Restored, RoomState, RoomTitle, SentState};
use room_log::store::rows::{Batch, MembershipRow, PersonRow, RoomRow, Row, SentRow, Stored, StoredRoom, Title};

use super::logs::Logs;

/// What stands in the store and cannot be read by this program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the store holds the {what} {value:?}, which this program does not accept ({why}); use the chat-server that wrote it"
)]
pub struct Unreadable {
    what: &'static str,
    value: String,
    why: String,
}

/// Puts a change into a batch. A room that the hub lets keep is stored from here on; of the others it keeps nothing.
pub(super) fn keep(change: &Change, logs: &mut Logs, batch: &mut Batch) {
    let row = match change {
        Change::Room(room) if room.ephemeral => return,
        Change::Room(room) => {
            logs.set_stored(room.id);
            Row::Room(room_row(room))
        }
        Change::RoomGone(room) => Row::RoomGone(*room),
        Change::Person(person) => Row::Person(person_row(person)),
        Change::PersonGone(person) => Row::PersonGone(person.0),
        Change::Membership(place) => Row::Membership(membership_row(place)),
        Change::MembershipGone(person, room) => Row::MembershipGone(person.0, *room),
    };
    batch.rows.push(row);
}

/// Takes events out of a batch that stand in rooms which the same batch ends.
pub(super) fn drop_events_of_gone(batch: &mut Batch) {
    let gone = |row: &Row| match row {
        Row::RoomGone(room) => Some(*room),
        _ => None,
    };
    for room in batch.rows.iter().filter_map(gone) {
        batch.events.retain(|events| events.room != room);
    }
}

/// What a hub goes on with.
pub(super) fn restored(stored: Stored) -> Result<Restored, Unreadable> {
    Ok(Restored {
        rooms: stored.rooms.into_iter().map(room_state).collect::<Result<_, _>>()?,
        people: stored.people.into_iter().map(person_state).collect::<Result<_, _>>()?,
        memberships: stored.memberships.iter().map(membership_state).collect(),
        sent: stored.sent.iter().map(sent_state).collect(),
        last_room: stored.last_room,
        last_person: stored.last_person,
    })
}

fn room_row(room: &RoomState) -> RoomRow {
    let title = match &room.title {
        RoomTitle::Named(name) => Title::Named(name.as_str().to_owned()),
        RoomTitle::Direct(one, two) => Title::Direct(one.0, two.0),
    };
    RoomRow { id: room.id, title, topic: room.topic.as_str().to_owned(), ended: room.ended }
}

fn room_state(stored: StoredRoom) -> Result<(RoomState, proto::Seq, bool), Unreadable> {
    let RoomRow { id, title, topic, ended } = stored.room;
    let title = match title {
        Title::Named(name) => RoomTitle::Named(parsed("room", name)?),
        Title::Direct(one, two) => RoomTitle::Direct(PersonId(one), PersonId(two)),
    };
    let topic = parsed("topic", topic)?;
    Ok((RoomState { id, title, topic, ephemeral: false, ended }, stored.head, stored.has_content))
}

fn person_row(person: &PersonState) -> PersonRow {
    PersonRow {
        id: person.id.0,
        nick: person.nick.as_str().to_owned(),
        token: person.token,
        keeps: person.keeps,
        away_since_ms: person.away_since.map(|at| at.0),
    }
}

fn person_state(row: PersonRow) -> Result<PersonState, Unreadable> {
    Ok(PersonState {
        id: PersonId(row.id),
        nick: parsed("nick", row.nick)?,
        token: row.token,
        keeps: row.keeps,
        away_since: row.away_since_ms.map(Millis),
    })
}

const fn membership_row(place: &MembershipState) -> MembershipRow {
    let MembershipState { person, room, announced, by_oneself, read } = *place;
    MembershipRow { person: person.0, room, announced, by_oneself, read }
}

const fn membership_state(row: &MembershipRow) -> MembershipState {
    let MembershipRow { person, room, announced, by_oneself, read } = *row;
    MembershipState { person: PersonId(person), room, announced, by_oneself, read }
}

const fn sent_state(row: &SentRow) -> SentState {
    SentState { person: PersonId(row.person), message: row.message, room: row.room, seq: row.seq }
}

fn parsed<T>(what: &'static str, value: String) -> Result<T, Unreadable>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    value.parse().map_err(|why: T::Err| Unreadable { what, why: why.to_string(), value })
}
