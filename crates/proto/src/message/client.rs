//! What a client says.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use super::{Attach, FileRequest, MessageId, RequestId, RoomId, Seq, Token, TransferMessage, at_most, empty};
use crate::codec::Frame;
use crate::error::DecodeError;
use crate::file::Slot;
use crate::kind::Kind;
use crate::limits::{CURSORS_MAX, MAGIC};
use crate::wire;

/// Who I am: the first frame of every chat connection. Answered by `Welcome`, `Refused` or `Goodbye`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`MAGIC`].
    pub magic: [u8; 4],
    /// The oldest protocol version the client speaks.
    pub version_min: u16,
    /// The newest.
    pub version_max: u16,
    /// Features the client would use, a bit each: [`Hello::KEEP`], [`Hello::BESIDE`], [`Hello::YIELD`]; unknown bits are
    /// ignored.
    pub features: u64,
    /// The nick it wants.
    pub nick: String,
    /// What the client is, for the server's log: `chat-client 0.1.0`.
    pub agent: String,
    /// Takes up a broken connection.
    pub resume: Option<Resume>,
}

impl Hello {
    /// Keep my place when I leave: the nick stays mine, direct conversations go on without me, and the token from the
    /// `Welcome` is good for as long as the server keeps such places.
    pub const KEEP: u64 = 1;
    /// I only read, beside whatever connection I have: nothing of mine is replaced or taken up. Needs a `resume` whose
    /// token is known; no `Joined` follows, and nothing can be said.
    pub const BESIDE: u64 = 2;
    /// Do not take my place from a connection of mine that stands: refuse the nick as taken.
    pub const YIELD: u64 = 4;
}

/// A returning client: its token, and how far it had read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// From the `Welcome` of the broken connection.
    pub token: Token,
    /// One for each room it was in.
    pub cursors: Vec<Cursor>,
}

/// How far a client had read in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The room.
    pub room: RoomId,
    /// The last event it has; 0 for none.
    pub seq: Seq,
}

/// Let me into a room, made if it is not there. Answered by `Joined` or `Refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// The room's name.
    pub room: String,
    /// Where its events shall begin.
    pub since: Since,
    /// Whether the room is told. A script that says one thing and goes has no need to.
    pub announce: bool,
    /// If the room is made by this: nothing said in it is stored. A room that is there stays as it is.
    pub ephemeral: bool,
}

/// Where a room's events begin for someone who joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Since {
    /// With the next one.
    Now,
    /// With at most this many earlier ones.
    Last(u16),
    /// Behind this one.
    After(Seq),
}

/// I leave a room. Answered by `Done` or `Refused`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leave {
    /// The room.
    pub room: RoomId,
}

/// A message to a room. Answered by `Said` or `Refused`.
///
/// Laid out by hand: `room u32 · message u64 · text`, big-endian, the text to the end of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say {
    /// The room.
    pub room: RoomId,
    /// The client's number for it; the same number again is the same message.
    pub message: MessageId,
    /// The text's bytes, not yet checked.
    pub text: Bytes,
}

/// Set a room's topic; an empty one takes it away. Answered by `Done` or `Refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetTopic {
    /// The room.
    pub room: RoomId,
    /// The new topic.
    pub topic: String,
}

/// Which rooms are there? Answered by `RoomList`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRooms {
    /// Only names behind this one, in the order of their UTF-8 bytes; empty for the first page.
    pub after: String,
}

/// Who is there? Answered by `MemberList` or `Refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListMembers {
    /// In this room; `None` for everybody on the server.
    pub room: Option<String>,
    /// Only nicks behind this one, in the order of their UTF-8 bytes; empty for the first page.
    pub after: String,
}

/// Open a direct conversation. Answered by `Joined` or `Refused`; the other side gets an unasked `Joined`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDirect {
    /// The other's nick.
    pub nick: String,
    /// Where its events shall begin.
    pub since: Since,
}

/// Take another nick. Answered by `Done` or `Refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rename {
    /// The new nick.
    pub nick: String,
}

/// Earlier events of a room I am in. Answered by `Page` or `Refused`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The room.
    pub room: RoomId,
    /// Which of them.
    pub range: Range,
    /// How many at most; above [`crate::limits::PAGE_EVENTS_MAX`] is taken as that.
    pub count: u16,
}

/// Which events of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Range {
    /// The newest.
    Last,
    /// The newest of those before this one.
    Before(Seq),
    /// The oldest of those behind this one.
    After(Seq),
    /// The oldest of those from this time on, in milliseconds since 1970-01-01 UTC.
    Since(u64),
}

/// Which messages hold these words? Newest first. Answered by `Page` or `Refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// In these rooms, which I am in; in all of mine if it is empty.
    pub rooms: Vec<RoomId>,
    /// All of them must be there. A word that ends with `*` is the beginning of one.
    pub words: String,
    /// Said by whoever had this nick then.
    pub from: Option<String>,
    /// Only what stands before this; 0 for the newest, otherwise [`super::Page::next`].
    pub before: u64,
    /// How many at most; above [`crate::limits::PAGE_EVENTS_MAX`] is taken as that.
    pub count: u16,
}

/// I have read a room up to here. Answered by `Done` or `Refused`. Never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkRead {
    /// The room.
    pub room: RoomId,
    /// The last event that was read.
    pub seq: Seq,
}

/// Everything a client can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientMessage {
    /// See [`Hello`].
    Hello(Hello),
    /// Are you there?
    Ping,
    /// I am.
    Pong,
    /// I leave on purpose.
    Bye,
    /// See [`Join`].
    Join(Join),
    /// See [`Leave`].
    Leave(Leave),
    /// See [`Say`].
    Say(Say),
    /// See [`SetTopic`].
    SetTopic(SetTopic),
    /// See [`ListRooms`].
    ListRooms(ListRooms),
    /// See [`ListMembers`].
    ListMembers(ListMembers),
    /// See [`OpenDirect`].
    OpenDirect(OpenDirect),
    /// See [`Rename`].
    Rename(Rename),
    /// See [`History`].
    History(History),
    /// See [`Search`].
    Search(Search),
    /// My rooms, and what I have not read there. Answered by `Unread`.
    AskUnread,
    /// See [`MarkRead`].
    MarkRead(MarkRead),
    /// A question about files; the slot is that of the transfer it begins, or 0.
    File(Slot, FileRequest),
    /// Let me open another connection for files. Answered by `Ticket` or `Refused`.
    AskTicket,
    /// See [`Attach`].
    Attach(Attach),
    /// Something within a transfer. Not a request.
    Transfer(Slot, TransferMessage),
}

impl ClientMessage {
    /// The kind of its frame.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Hello(_) => Kind::Hello,
            Self::Ping => Kind::Ping,
            Self::Pong => Kind::Pong,
            Self::Bye => Kind::Bye,
            Self::Join(_) => Kind::Join,
            Self::Leave(_) => Kind::Leave,
            Self::Say(_) => Kind::Say,
            Self::SetTopic(_) => Kind::SetTopic,
            Self::ListRooms(_) => Kind::ListRooms,
            Self::ListMembers(_) => Kind::ListMembers,
            Self::OpenDirect(_) => Kind::OpenDirect,
            Self::Rename(_) => Kind::Rename,
            Self::History(_) => Kind::History,
            Self::Search(_) => Kind::Search,
            Self::AskUnread => Kind::AskUnread,
            Self::MarkRead(_) => Kind::MarkRead,
            Self::File(_, request) => request.kind(),
            Self::AskTicket => Kind::AskTicket,
            Self::Attach(_) => Kind::Attach,
            Self::Transfer(_, message) => message.kind(),
        }
    }

    /// Its frame, as request `id`; what is said within a transfer has a number of its own in its place.
    pub fn to_frame(&self, id: RequestId) -> Frame {
        let body = match self {
            Self::Hello(hello) => wire::encode(hello),
            Self::Ping | Self::Pong | Self::Bye | Self::AskTicket | Self::AskUnread => Bytes::new(),
            Self::Join(join) => wire::encode(join),
            Self::Leave(leave) => wire::encode(leave),
            Self::Say(say) => say.to_body(),
            Self::SetTopic(topic) => wire::encode(topic),
            Self::ListRooms(list) => wire::encode(list),
            Self::ListMembers(list) => wire::encode(list),
            Self::OpenDirect(open) => wire::encode(open),
            Self::Rename(rename) => wire::encode(rename),
            Self::History(history) => wire::encode(history),
            Self::Search(search) => wire::encode(search),
            Self::MarkRead(mark) => wire::encode(mark),
            Self::Attach(attach) => wire::encode(attach),
            Self::File(slot, request) => return request.to_frame(id).with_slot(slot.0),
            Self::Transfer(slot, message) => return message.to_frame(*slot),
        };
        Frame::new(self.kind().number(), id.0, body)
    }

    /// The message in `frame`.
    ///
    /// # Errors
    /// [`DecodeError::UnknownKind`] for kinds that no client sends; otherwise what is wrong with the body.
    pub fn from_frame(frame: &Frame) -> Result<Self, DecodeError> {
        let (body, slot) = (frame.body(), Slot(frame.header().slot));
        let kind = Kind::from_number(frame.header().kind);
        match kind {
            Some(Kind::Hello) => Hello::from_body(body).map(Self::Hello),
            Some(Kind::Ping) => empty("Ping", body).map(|()| Self::Ping),
            Some(Kind::Pong) => empty("Pong", body).map(|()| Self::Pong),
            Some(Kind::Bye) => empty("Bye", body).map(|()| Self::Bye),
            Some(Kind::Join) => wire::decode("Join", body).map(Self::Join),
            Some(Kind::Leave) => wire::decode("Leave", body).map(Self::Leave),
            Some(Kind::Say) => Say::from_body(body).map(Self::Say),
            Some(Kind::SetTopic) => wire::decode("SetTopic", body).map(Self::SetTopic),
            Some(Kind::ListRooms) => wire::decode("ListRooms", body).map(Self::ListRooms),
            Some(Kind::ListMembers) => wire::decode("ListMembers", body).map(Self::ListMembers),
            Some(Kind::OpenDirect) => wire::decode("OpenDirect", body).map(Self::OpenDirect),
            Some(Kind::Rename) => wire::decode("Rename", body).map(Self::Rename),
            Some(Kind::History) => wire::decode("History", body).map(Self::History),
            Some(Kind::Search) => Search::from_body(body).map(Self::Search),
            Some(Kind::AskUnread) => empty("AskUnread", body).map(|()| Self::AskUnread),
            Some(Kind::MarkRead) => wire::decode("MarkRead", body).map(Self::MarkRead),
            Some(Kind::AskTicket) => empty("AskTicket", body).map(|()| Self::AskTicket),
            Some(Kind::Attach) => Attach::from_body(body).map(Self::Attach),
            Some(kind) if !TransferMessage::is_of_servers(kind) => {
                let transfer =
                    TransferMessage::from_frame(kind, frame).map(|read| read.map(|m| Self::Transfer(slot, m)));
                let file = || FileRequest::from_frame(kind, frame).map(|read| read.map(|r| Self::File(slot, r)));
                transfer.or_else(file).unwrap_or(Err(DecodeError::UnknownKind(frame.header().kind)))
            }
            _ => Err(DecodeError::UnknownKind(frame.header().kind)),
        }
    }
}

impl Hello {
    fn from_body(body: &[u8]) -> Result<Self, DecodeError> {
        if !body.starts_with(&MAGIC) {
            return Err(DecodeError::BadMagic);
        }
        let hello: Self = wire::decode("Hello", body)?;
        at_most("Hello", hello.resume.as_ref().map_or(0, |resume| resume.cursors.len()), CURSORS_MAX).map(|()| hello)
    }
}

impl Search {
    fn from_body(body: &[u8]) -> Result<Self, DecodeError> {
        let search: Self = wire::decode("Search", body)?;
        at_most("Search", search.rooms.len(), CURSORS_MAX).map(|()| search)
    }
}

impl Say {
    /// Bytes before the text.
    const PREFIX_BYTES: usize = 12;

    fn to_body(&self) -> Bytes {
        let mut body = BytesMut::with_capacity(Self::PREFIX_BYTES + self.text.len());
        body.put_u32(self.room.0);
        body.put_u64(self.message.0);
        body.put_slice(&self.text);
        body.freeze()
    }

    fn from_body(body: &Bytes) -> Result<Self, DecodeError> {
        if body.len() < Self::PREFIX_BYTES {
            return Err(DecodeError::BadBody { kind: "Say", why: "it ends too early" });
        }
        let mut rest = body.clone();
        Ok(Self { room: RoomId(rest.get_u32()), message: MessageId(rest.get_u64()), text: rest })
    }
}
