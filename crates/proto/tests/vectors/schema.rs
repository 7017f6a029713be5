//! Which fields a message has, written down a second time from `docs/protocol.md`, for [`crate::reader`].

use bytes::Bytes;
use proto::event::{RoomEvent, What};
use proto::message::{
    Behind, Cursor, Goodbye, Hello, History, Join, Joined, Leave, ListMembers, ListRooms, MarkRead, MemberEntry,
    MemberList, Missed, OpenDirect, Page, Queued, Range, Rename, Resume, RoomEntry, RoomList, Said, Say, Search,
    SetTopic, Since, Unread, UnreadRoom, Welcome, WireLimits,
};
use proto::refusal::Limit;
use proto::{ClientMessage, CloseCode, Code, Header, MessageId, Refusal, RoomId, Root, Seq, ServerMessage, Token};

use crate::file_schema;
use crate::reader::{Reader, Unreadable};

type Read<T> = Result<T, Unreadable>;

/// The client's message in a frame with this header; `None` if no client sends the kind.
pub(crate) fn client(header: &Header, r: &mut Reader<'_>) -> Option<Read<ClientMessage>> {
    use ClientMessage as M;
    let message = match header.kind {
        1 => hello(r).map(M::Hello),
        2 => Ok(M::Ping),
        3 => Ok(M::Pong),
        4 => Ok(M::Bye),
        16 => join(r).map(M::Join),
        17 => room(r).map(|room| M::Leave(Leave { room })),
        18 => say(r).map(M::Say),
        19 => set_topic(r).map(M::SetTopic),
        20 => r.string("after").map(|after| M::ListRooms(ListRooms { after })),
        21 => list_members(r).map(M::ListMembers),
        22 => open_direct(r).map(M::OpenDirect),
        23 => r.string("nick").map(|nick| M::Rename(Rename { nick })),
        24 => history(r).map(M::History),
        25 => search(r).map(M::Search),
        26 => Ok(M::AskUnread),
        27 => mark_read(r).map(M::MarkRead),
        _ => file_schema::client(header, r)?,
    };
    Some(message.and_then(|message| r.end().map(|()| message)))
}

/// The server's message in a frame with this header; `None` if no server sends the kind.
pub(crate) fn server(header: &Header, r: &mut Reader<'_>) -> Option<Read<ServerMessage>> {
    use ServerMessage as M;
    let message = match header.kind {
        2 => Ok(M::Ping),
        3 => Ok(M::Pong),
        32 => welcome(r).map(M::Welcome),
        33 => refusal(r).map(M::Refused),
        34 => goodbye(r).map(M::Goodbye),
        35 => Ok(M::Done),
        36 => joined(r).map(M::Joined),
        37 => said(r).map(M::Said),
        38 => room_list(r).map(M::RoomList),
        39 => member_list(r).map(M::MemberList),
        40 => queued(r).map(M::Queued),
        41 => missed(r).map(M::Missed),
        42 => behind(r).map(M::Behind),
        43 => page(r).map(M::Page),
        44 => unread(r).map(M::Unread),
        48 => event(header.id, r).map(M::Event),
        _ => file_schema::server(header, r)?,
    };
    Some(message.and_then(|message| r.end().map(|()| message)))
}

pub(crate) fn room(r: &mut Reader<'_>) -> Read<RoomId> {
    r.u32("room").map(RoomId)
}

fn hello(r: &mut Reader<'_>) -> Read<Hello> {
    Ok(Hello {
        magic: r.array("magic")?,
        version_min: r.u16("version_min")?,
        version_max: r.u16("version_max")?,
        features: r.u64("features")?,
        nick: r.string("nick")?,
        agent: r.string("agent")?,
        resume: if r.option("resume")? { Some(resume(r)?) } else { None },
    })
}

fn resume(r: &mut Reader<'_>) -> Read<Resume> {
    let token = Token(r.array("token")?);
    let cursor = |r: &mut Reader<'_>| Ok(Cursor { room: room(r)?, seq: Seq(r.u64("seq")?) });
    Ok(Resume { token, cursors: r.list("cursors", cursor)? })
}

fn since(r: &mut Reader<'_>) -> Read<Since> {
    Ok(match r.variant("since", &["Now", "Last", "After"])? {
        0 => Since::Now,
        1 => Since::Last(r.u16("count")?),
        _ => Since::After(Seq(r.u64("seq")?)),
    })
}

fn join(r: &mut Reader<'_>) -> Read<Join> {
    Ok(Join {
        room: r.string("room")?,
        since: since(r)?,
        announce: r.bool("announce")?,
        ephemeral: r.bool("ephemeral")?,
    })
}

fn say(r: &mut Reader<'_>) -> Read<Say> {
    let room = fixed_u32("room", r)?;
    let message = MessageId(r.fixed("message", 8)?);
    Ok(Say { room: RoomId(room), message, text: Bytes::from(r.plain_text("text", None)?) })
}

fn set_topic(r: &mut Reader<'_>) -> Read<SetTopic> {
    Ok(SetTopic { room: room(r)?, topic: r.string("topic")? })
}

fn list_members(r: &mut Reader<'_>) -> Read<ListMembers> {
    let room = if r.option("room")? { Some(r.string("room")?) } else { None };
    Ok(ListMembers { room, after: r.string("after")? })
}

fn open_direct(r: &mut Reader<'_>) -> Read<OpenDirect> {
    Ok(OpenDirect { nick: r.string("nick")?, since: since(r)? })
}

fn history(r: &mut Reader<'_>) -> Read<History> {
    let room = room(r)?;
    let range = match r.variant("range", &["Last", "Before", "After", "Since"])? {
        0 => Range::Last,
        1 => Range::Before(Seq(r.u64("seq")?)),
        2 => Range::After(Seq(r.u64("seq")?)),
        _ => Range::Since(r.u64("at_ms")?),
    };
    Ok(History { room, range, count: r.u16("count")? })
}

fn search(r: &mut Reader<'_>) -> Read<Search> {
    Ok(Search {
        rooms: r.list("rooms", room)?,
        words: r.string("words")?,
        from: if r.option("from")? { Some(r.string("from")?) } else { None },
        before: r.u64("before")?,
        count: r.u16("count")?,
    })
}

fn mark_read(r: &mut Reader<'_>) -> Read<MarkRead> {
    Ok(MarkRead { room: room(r)?, seq: Seq(r.u64("seq")?) })
}

fn welcome(r: &mut Reader<'_>) -> Read<Welcome> {
    Ok(Welcome {
        version: r.u16("version")?,
        features: r.u64("features")?,
        agent: r.string("agent")?,
        nick: r.string("nick")?,
        token: Token(r.array("token")?),
        resumed: r.bool("resumed")?,
        limits: wire_limits(r)?,
    })
}

pub(crate) fn wire_limits(r: &mut Reader<'_>) -> Read<WireLimits> {
    Ok(WireLimits {
        text_bytes: r.u32("text_bytes")?,
        bulk_bytes: r.u32("bulk_bytes")?,
        rooms: r.u32("rooms")?,
        idle_ms: r.u32("idle_ms")?,
        grace_ms: r.u32("grace_ms")?,
    })
}

pub(crate) fn refusal(r: &mut Reader<'_>) -> Read<Refusal> {
    Ok(Refusal {
        code: Code::from_number(r.u16("code")?),
        words: r.string("words")?,
        limit: if r.option("limit")? { Some(Limit { name: r.string("name")?, max: r.u64("max")? }) } else { None },
        retry_after_ms: if r.option("retry_after_ms")? { Some(r.u32("retry_after_ms")?) } else { None },
        offer: if r.option("offer")? { Some(r.string("offer")?) } else { None },
    })
}

fn goodbye(r: &mut Reader<'_>) -> Read<Goodbye> {
    let code = CloseCode::from_number(r.u16("code")?);
    Ok(Goodbye { code, refusal: if r.option("refusal")? { Some(refusal(r)?) } else { None } })
}

fn joined(r: &mut Reader<'_>) -> Read<Joined> {
    Ok(Joined {
        room: room(r)?,
        name: r.string("name")?,
        direct: r.bool("direct")?,
        topic: r.string("topic")?,
        members: r.u32("members")?,
        first: Seq(r.u64("first")?),
        head: Seq(r.u64("head")?),
        read: Seq(r.u64("read")?),
        ephemeral: r.bool("ephemeral")?,
    })
}

fn said(r: &mut Reader<'_>) -> Read<Said> {
    Ok(Said { room: room(r)?, seq: Seq(r.u64("seq")?) })
}

fn room_list(r: &mut Reader<'_>) -> Read<RoomList> {
    let entry = |r: &mut Reader<'_>| {
        Ok(RoomEntry { name: r.string("name")?, members: r.u32("members")?, topic: r.string("topic")? })
    };
    Ok(RoomList { rooms: r.list("rooms", entry)?, more: r.bool("more")? })
}

fn member_list(r: &mut Reader<'_>) -> Read<MemberList> {
    let entry = |r: &mut Reader<'_>| Ok(MemberEntry { nick: r.string("nick")?, connected: r.bool("connected")? });
    Ok(MemberList { members: r.list("members", entry)?, more: r.bool("more")?, total: r.u32("total")? })
}

fn queued(r: &mut Reader<'_>) -> Read<Queued> {
    Ok(Queued { place: r.u32("place")?, waiting: r.u32("waiting")? })
}

fn missed(r: &mut Reader<'_>) -> Read<Missed> {
    Ok(Missed { room: room(r)?, from: Seq(r.u64("from")?), to: Seq(r.u64("to")?) })
}

fn behind(r: &mut Reader<'_>) -> Read<Behind> {
    Ok(Behind { room: room(r)?, next: Seq(r.u64("next")?), head: Seq(r.u64("head")?) })
}

fn page(r: &mut Reader<'_>) -> Read<Page> {
    let flags = r.fixed("flags", 1)?;
    if flags > 3 {
        return Err(Unreadable("a flag is unknown"));
    }
    let (next, gone_to) = (r.fixed("next", 8)?, Seq(r.fixed("gone_to", 8)?));
    let frames = Bytes::copy_from_slice(r.ahead());
    while r.left() > 0 {
        let (len, kind, id) = r.header()?;
        if kind != 48 {
            return Err(Unreadable("a frame is no event"));
        }
        r.part(len, |r| event(id, r))?;
    }
    Ok(Page { more: flags & 1 != 0, unindexed: flags & 2 != 0, next, gone_to, frames })
}

fn unread(r: &mut Reader<'_>) -> Read<Unread> {
    let entry = |r: &mut Reader<'_>| {
        Ok(UnreadRoom {
            room: room(r)?,
            name: r.string("name")?,
            direct: r.bool("direct")?,
            read: Seq(r.u64("read")?),
            head: Seq(r.u64("head")?),
            said: r.u32("said")?,
            more: r.bool("more")?,
        })
    };
    Ok(Unread { rooms: r.list("rooms", entry)? })
}

fn event(id: u64, r: &mut Reader<'_>) -> Read<RoomEvent> {
    let room = RoomId(fixed_u32("room", r)?);
    let at_ms = r.fixed("at_ms", 8)?;
    let what = r.fixed("what", 1)?;
    let nick_len = r.fixed("nick_len", 1)?;
    if nick_len > 72 {
        return Err(Unreadable("the nick is too long"));
    }
    let nick = r.plain_text("nick", usize::try_from(nick_len).ok())?;
    let what = match what {
        1 => What::Said(r.plain_text("text", None)?),
        2 => What::Joined,
        3 => What::Left,
        4 => What::Topic(r.plain_text("topic", None)?),
        5 => What::Renamed(r.plain_text("new nick", None)?),
        6 => What::Crowd {
            members: fixed_u32("members", r)?,
            joined: fixed_u32("joined", r)?,
            left: fixed_u32("left", r)?,
        },
        7 => {
            let (size, root) = (r.fixed("size", 8)?, Root(r.array("root")?));
            What::File { path: r.plain_text("path", None)?, size, root }
        }
        8 => {
            let (files, bytes) = (fixed_u32("files", r)?, r.fixed("bytes", 8)?);
            What::Folder { path: r.plain_text("path", None)?, files, bytes }
        }
        9 => What::Sending { size: r.fixed("size", 8)?, path: r.plain_text("path", None)? },
        other => {
            r.rest("not known")?;
            What::Unknown(u8::try_from(other).map_err(|_| Unreadable("a number is too big"))?)
        }
    };
    Ok(RoomEvent { seq: Seq(id), room, at_ms, nick, what })
}

pub(crate) fn fixed_u32(name: &str, r: &mut Reader<'_>) -> Read<u32> {
    u32::try_from(r.fixed(name, 4)?).map_err(|_| Unreadable("a number is too big"))
}
