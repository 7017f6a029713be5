//! What of the hub's state must outlive the server, beside the rooms' records: each change is an effect, and all of them
//! together, read back, are what a hub goes on with after a restart.

use proto::{MessageId, Nick, RoomId, RoomName, Seq, Token, Topic};

use crate::command::Millis;

/// A person, for as long as the server knows them; never used for another. The place where accounts will come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(pub u64);

/// A change that the store keeps in the same transaction as the records of its batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A room is there, or is another now.
    Room(RoomState),
    /// A room is gone, with its records. Also told once of a room that is made and of which nothing is kept, so that no
    /// other gets its number after a restart.
    RoomGone(RoomId),
    /// A person is there, or is another now.
    Person(PersonState),
    /// A person is gone, with their memberships.
    PersonGone(PersonId),
    /// A person is in a room, or has read further there.
    Membership(MembershipState),
    /// A person is no longer in a room.
    MembershipGone(PersonId, RoomId),
}

/// A room, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomState {
    /// Its number.
    pub id: RoomId,
    /// What it is called.
    pub title: RoomTitle,
    /// Its topic.
    pub topic: Topic,
    /// Whether nothing said in it is stored. Such a room is not kept over a restart either.
    pub ephemeral: bool,
    /// Whether it is a direct conversation of which one side is gone for good.
    pub ended: bool,
}

/// What a room is called, and so how it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomTitle {
    /// By its name.
    Named(RoomName),
    /// By the two who talk.
    Direct(PersonId, PersonId),
}

/// A person, as the store keeps them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonState {
    /// Who.
    pub id: PersonId,
    /// The nick they have.
    pub nick: Nick,
    /// What proves it is them.
    pub token: Token,
    /// Whether their place is kept when they leave.
    pub keeps: bool,
    /// Since when they are away; `None` while they are here, or their broken connection is held.
    pub away_since: Option<Millis>,
}

/// Somebody's place in a room, as the store keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembershipState {
    /// Who.
    pub person: PersonId,
    /// Where.
    pub room: RoomId,
    /// Whether the room was told of the coming.
    pub announced: bool,
    /// Whether they came by themselves, and were not called into a direct conversation.
    pub by_oneself: bool,
    /// The last event they have read.
    pub read: Seq,
}

/// A message of somebody, and the place it got: so that a resend is known after a restart, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentState {
    /// Who.
    pub person: PersonId,
    /// Their number for it.
    pub message: MessageId,
    /// Where.
    pub room: RoomId,
    /// Its place there.
    pub seq: Seq,
}

/// Everything a hub goes on with after a restart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restored {
    /// The rooms, each with the newest event's place, and whether anything but coming and going was ever recorded there.
    pub rooms: Vec<(RoomState, Seq, bool)>,
    /// The people.
    pub people: Vec<PersonState>,
    /// Their places in rooms.
    pub memberships: Vec<MembershipState>,
    /// Their newest messages, oldest first for each.
    pub sent: Vec<SentState>,
    /// The highest number that a room ever had; no other gets it again.
    pub last_room: u32,
    /// The highest number that a person ever had.
    pub last_person: u64,
}
