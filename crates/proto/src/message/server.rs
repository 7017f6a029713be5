//! What a server says.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{FileAnswer, Page, RequestId, RoomId, Seq, Token, TransferMessage, empty};
use crate::codec::Frame;
use crate::error::DecodeError;
use crate::event::RoomEvent;
use crate::file::Slot;
use crate::kind::Kind;
use crate::refusal::{CloseCode, Refusal};
use crate::wire;

/// The answer to a good `Hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version both sides speak from here on.
    pub version: u16,
    /// Features the server has, a bit each; see [`Welcome::DURABLE`].
    pub features: u64,
    /// What the server is: `chat-server 0.1.0`.
    pub agent: String,
    /// The nick the client has, in normal form.
    pub nick: String,
    /// Lets the client come back; see `Resume`.
    pub token: Token,
    /// Whether a broken connection was taken up. If so an unasked `Joined` follows for each room held.
    pub resumed: bool,
    /// What this server allows.
    pub limits: WireLimits,
}

impl Welcome {
    /// The feature bit of a server whose `Said` means "on disk". Without it rooms live as long as the server.
    pub const DURABLE: u64 = 1;
    /// The feature bit of a server that takes and gives files.
    pub const FILES: u64 = 2;
    /// The feature bit of a server that keeps this client's place when it leaves, as [`super::Hello::KEEP`] asked.
    pub const KEPT: u64 = 4;
}

/// What a server allows one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireLimits {
    /// The longest message, in bytes.
    pub text_bytes: u32,
    /// The longest bulk frame's body, in bytes; 0 where files are not spoken.
    pub bulk_bytes: u32,
    /// Rooms one person can be in, direct conversations included.
    pub rooms: u32,
    /// Milliseconds of silence after which the server asks `Ping`; after twice that it closes.
    pub idle_ms: u32,
    /// Milliseconds for which a broken connection's nick and rooms are held.
    pub grace_ms: u32,
}

/// The connection ends here, and why. The last frame of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goodbye {
    /// Why.
    #[serde(with = "close_number")]
    pub code: CloseCode,
    /// The rule or limit behind it, in words.
    pub refusal: Option<Refusal>,
}

/// You are in a room. Its events follow, from `first` on, without a hole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// The room's number on this server.
    pub room: RoomId,
    /// The room's name; in a direct conversation the other's nick.
    pub name: String,
    /// Whether it is a direct conversation.
    pub direct: bool,
    /// Its topic; empty for none.
    pub topic: String,
    /// How many are in it, you included.
    pub members: u32,
    /// The first event you will get.
    pub first: Seq,
    /// The newest event there is; events up to this one happened before you came.
    pub head: Seq,
    /// The last event you have read, as `MarkRead` said; where you come for the first time, the one before `first`.
    pub read: Seq,
    /// Whether nothing said here is stored.
    pub ephemeral: bool,
}

/// Your message has its place in the room's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The room.
    pub room: RoomId,
    /// The place.
    pub seq: Seq,
}

/// A page of rooms, in the order of their names. Direct conversations are in no list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomList {
    /// The page.
    pub rooms: Vec<RoomEntry>,
    /// Whether there are more behind the last.
    pub more: bool,
}

/// A room in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomEntry {
    /// Its name.
    pub name: String,
    /// How many are in it.
    pub members: u32,
    /// Its topic; empty for none.
    pub topic: String,
}

/// A page of members, in the order of their nicks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberList {
    /// The page.
    pub members: Vec<MemberEntry>,
    /// Whether there are more behind the last.
    pub more: bool,
    /// How many there are in all.
    pub total: u32,
}

/// A member in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberEntry {
    /// The nick.
    pub nick: String,
    /// Whether a connection stands; if not, it broke and the nick is held for its return.
    pub connected: bool,
}

/// You wait for a worker. Sent again when the place changes; ends with `Welcome` or `Goodbye`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// Your place, 1 for the next.
    pub place: u32,
    /// How many wait in all.
    pub waiting: u32,
}

/// Events you can no longer get: you fell behind, and they are gone. The next event is `to` + 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// The room.
    pub room: RoomId,
    /// The first that is gone.
    pub from: Seq,
    /// The last that is gone.
    pub to: Seq,
}

/// You are behind in a room: its events from `next` on come from disk, as fast as you take them, and behind `head` the
/// live ones follow, without a gap or an overlap. For the person; nothing is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Behind {
    /// The room.
    pub room: RoomId,
    /// The next event you get.
    pub next: Seq,
    /// The newest there is now.
    pub head: Seq,
}

/// Your rooms, direct conversations included, and what you have not read there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// The rooms, in the order you came into them.
    pub rooms: Vec<UnreadRoom>,
}

/// A room you are in, and what you have not read there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadRoom {
    /// The room's number.
    pub room: RoomId,
    /// Its name; in a direct conversation the other's nick.
    pub name: String,
    /// Whether it is a direct conversation.
    pub direct: bool,
    /// The last event you have read.
    pub read: Seq,
    /// The newest event there is.
    pub head: Seq,
    /// Messages and files among the events between, without your own.
    pub said: u32,
    /// Whether there are more than were counted.
    pub more: bool,
}

/// Everything a server can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerMessage {
    /// Are you there?
    Ping,
    /// I am.
    Pong,
    /// See [`Welcome`].
    Welcome(Welcome),
    /// See [`Refusal`].
    Refused(Refusal),
    /// See [`Goodbye`].
    Goodbye(Goodbye),
    /// Done.
    Done,
    /// See [`Joined`].
    Joined(Joined),
    /// See [`Said`].
    Said(Said),
    /// See [`RoomList`].
    RoomList(RoomList),
    /// See [`MemberList`].
    MemberList(MemberList),
    /// See [`Queued`].
    Queued(Queued),
    /// See [`Missed`].
    Missed(Missed),
    /// See [`Behind`].
    Behind(Behind),
    /// See [`Page`].
    Page(Page),
    /// See [`Unread`].
    Unread(Unread),
    /// See [`RoomEvent`]; the header's id is its sequence number.
    Event(RoomEvent),
    /// An answer about files.
    File(FileAnswer),
    /// Something within a transfer.
    Transfer(Slot, TransferMessage),
}

impl ServerMessage {
    /// The kind of its frame.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Ping => Kind::Ping,
            Self::Pong => Kind::Pong,
            Self::Welcome(_) => Kind::Welcome,
            Self::Refused(_) => Kind::Refused,
            Self::Goodbye(_) => Kind::Goodbye,
            Self::Done => Kind::Done,
            Self::Joined(_) => Kind::Joined,
            Self::Said(_) => Kind::Said,
            Self::RoomList(_) => Kind::RoomList,
            Self::MemberList(_) => Kind::MemberList,
            Self::Queued(_) => Kind::Queued,
            Self::Missed(_) => Kind::Missed,
            Self::Behind(_) => Kind::Behind,
            Self::Page(_) => Kind::Page,
            Self::Unread(_) => Kind::Unread,
            Self::Event(_) => Kind::Event,
            Self::File(answer) => answer.kind(),
            Self::Transfer(_, message) => message.kind(),
        }
    }

    /// Its frame, as the answer to request `id`; 0 where nobody asked. An event's frame carries its own number.
    pub fn to_frame(&self, id: RequestId) -> Frame {
        let (id, body) = match self {
            Self::Ping | Self::Pong | Self::Done => (id.0, Bytes::new()),
            Self::Welcome(welcome) => (id.0, wire::encode(welcome)),
            Self::Refused(refusal) => (id.0, wire::encode(refusal)),
            Self::Goodbye(goodbye) => (id.0, wire::encode(goodbye)),
            Self::Joined(joined) => (id.0, wire::encode(joined)),
            Self::Said(said) => (id.0, wire::encode(said)),
            Self::RoomList(list) => (id.0, wire::encode(list)),
            Self::MemberList(list) => (id.0, wire::encode(list)),
            Self::Queued(queued) => (id.0, wire::encode(queued)),
            Self::Missed(missed) => (id.0, wire::encode(missed)),
            Self::Behind(behind) => (id.0, wire::encode(behind)),
            Self::Page(page) => (id.0, page.to_body()),
            Self::Unread(unread) => (id.0, wire::encode(unread)),
            Self::Event(event) => (event.seq.0, event.to_body()),
            Self::File(answer) => return answer.to_frame(id),
            Self::Transfer(slot, message) => return message.to_frame(*slot),
        };
        Frame::new(self.kind().number(), id, body)
    }

    /// The message in `frame`.
    ///
    /// # Errors
    /// [`DecodeError::UnknownKind`] for kinds that no server sends; otherwise what is wrong with the body.
    pub fn from_frame(frame: &Frame) -> Result<Self, DecodeError> {
        let body = frame.body();
        match Kind::from_number(frame.header().kind) {
            Some(Kind::Ping) => empty("Ping", body).map(|()| Self::Ping),
            Some(Kind::Pong) => empty("Pong", body).map(|()| Self::Pong),
            Some(Kind::Welcome) => wire::decode("Welcome", body).map(Self::Welcome),
            Some(Kind::Refused) => wire::decode("Refused", body).map(Self::Refused),
            Some(Kind::Goodbye) => wire::decode("Goodbye", body).map(Self::Goodbye),
            Some(Kind::Done) => empty("Done", body).map(|()| Self::Done),
            Some(Kind::Joined) => wire::decode("Joined", body).map(Self::Joined),
            Some(Kind::Said) => wire::decode("Said", body).map(Self::Said),
            Some(Kind::RoomList) => wire::decode("RoomList", body).map(Self::RoomList),
            Some(Kind::MemberList) => wire::decode("MemberList", body).map(Self::MemberList),
            Some(Kind::Queued) => wire::decode("Queued", body).map(Self::Queued),
            Some(Kind::Missed) => wire::decode("Missed", body).map(Self::Missed),
            Some(Kind::Behind) => wire::decode("Behind", body).map(Self::Behind),
            Some(Kind::Page) => Page::from_body(body).map(Self::Page),
            Some(Kind::Unread) => wire::decode("Unread", body).map(Self::Unread),
            Some(Kind::Event) => RoomEvent::from_body(Seq(frame.header().id), body).map(Self::Event),
            Some(kind) if !TransferMessage::is_of_clients(kind) => {
                let slot = Slot(frame.header().slot);
                let transfer =
                    TransferMessage::from_frame(kind, frame).map(|read| read.map(|m| Self::Transfer(slot, m)));
                let file = || FileAnswer::from_frame(kind, frame).map(|read| read.map(Self::File));
                transfer.or_else(file).unwrap_or(Err(DecodeError::UnknownKind(frame.header().kind)))
            }
            _ => Err(DecodeError::UnknownKind(frame.header().kind)),
        }
    }
}

mod close_number {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::refusal::CloseCode;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's `with` passes a reference")]
    pub(super) fn serialize<S: Serializer>(code: &CloseCode, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u16(code.number())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<CloseCode, D::Error> {
        u16::deserialize(from).map(CloseCode::from_number)
    }
}
