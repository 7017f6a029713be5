//! What a store takes and gives back, in the store's own words: it knows nothing of hubs.

use proto::{MessageId, RoomId, Seq, Token};

use crate::segment::Segment;

/// What is put into one transaction. In this order: rows, then events.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Rows, in order.
    pub rows: Vec<Row>,
    /// Events. Those of one room in their order.
    pub events: Vec<Events>,
}

/// A run of events of one room.
#[derive(Debug, Clone)]
pub struct Events {
    /// The room.
    pub room: RoomId,
    /// The frames.
    pub segment: Segment,
    /// When the first happened, in milliseconds since 1970-01-01 UTC.
    pub first_at_ms: u64,
    /// When the last happened.
    pub last_at_ms: u64,
    /// Whether there is anything but comings and goings among them.
    pub has_content: bool,
    /// Whose messages are among them, and their numbers for them.
    pub sent: Vec<SentRow>,
}

/// A message of somebody, and its place in the room of its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentRow {
    /// Who.
    pub person: u64,
    /// Their number for it.
    pub message: MessageId,
    /// The room.
    pub room: RoomId,
    /// Its place.
    pub seq: Seq,
}

/// A change of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A room is there, or is another now.
    Room(RoomRow),
    /// A room is gone, with its events and memberships.
    RoomGone(RoomId),
    /// A person is there, or is another now.
    Person(PersonRow),
    /// A person is gone, with their memberships and what is known of their messages.
    PersonGone(u64),
    /// Somebody's place in a room.
    Membership(MembershipRow),
    /// Somebody is no longer in a room.
    MembershipGone(u64, RoomId),
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRow {
    /// Its number.
    pub id: RoomId,
    /// Its name, or the two people of a direct conversation.
    pub title: Title,
    /// Its topic.
    pub topic: String,
    /// Whether it is a direct conversation of which one side is gone.
    pub ended: bool,
}

/// What a room is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Title {
    /// By a name.
    Named(String),
    /// By the two who talk.
    Direct(u64, u64),
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// Who.
    pub id: u64,
    /// Their nick.
    pub nick: String,
    /// Their token.
    pub token: Token,
    /// Whether their place is kept.
    pub keeps: bool,
    /// Since when they are away, in milliseconds since 1970-01-01 UTC.
    pub away_since_ms: Option<u64>,
}

/// Somebody's place in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembershipRow {
    /// Who.
    pub person: u64,
    /// Where.
    pub room: RoomId,
    /// Whether the room was told.
    pub announced: bool,
    /// Whether they came by themselves.
    pub by_oneself: bool,
    /// How far they have read.
    pub read: Seq,
}

/// What a store holds when it is opened, without the events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stored {
    /// The rooms.
    pub rooms: Vec<StoredRoom>,
    /// The people.
    pub people: Vec<PersonRow>,
    /// Their places.
    pub memberships: Vec<MembershipRow>,
    /// Their newest messages, at most 256 each, oldest first for each.
    pub sent: Vec<SentRow>,
    /// The highest number a room ever had.
    pub last_room: u32,
    /// The highest number a person ever had.
    pub last_person: u64,
}

/// A room that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRoom {
    /// The room.
    pub room: RoomRow,
    /// The newest event's place; 0 for none.
    pub head: Seq,
    /// Whether there was ever anything but comings and goings.
    pub has_content: bool,
}
