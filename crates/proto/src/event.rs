//! What a room's log holds, as every member sees it: byte-identical for all, so nothing of one connection is in it.
//!
//! ```text
//! header: kind 48, id = sequence number
//! body:   room u32 · at_ms u64 · what u8 · nick_len u8 · nick · rest      big-endian
//! ```
//!
//! `rest` depends on `what`: the text of a message, a topic, a new nick, three counts, or a file's size, hash and path.
//! Laid out by hand, so that the text is copied once and never run through a serializer.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::codec::Frame;
use crate::error::DecodeError;
use crate::file::Root;
use crate::header::Header;
use crate::kind::Kind;
use crate::limits::{HEADER_BYTES, NICK_BYTES_MAX};
use crate::message::{RoomId, Seq};

/// Bytes of a body before the nick.
const PREFIX_BYTES: usize = 14;

/// An event of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomEvent {
    /// Its place in the room's log.
    pub seq: Seq,
    /// The room.
    pub room: RoomId,
    /// When the server took it, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
    /// Who did it; empty for [`What::Crowd`].
    pub nick: String,
    /// What happened.
    pub what: What,
}

/// What happened in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// A message. UTF-8.
    Said(String),
    /// Somebody came.
    Joined,
    /// Somebody went.
    Left,
    /// Somebody set the topic.
    Topic(String),
    /// Somebody took another nick.
    Renamed(String),
    /// In a big room, who comes and goes is only counted.
    Crowd {
        /// Members now.
        members: u32,
        /// How many came since the last count.
        joined: u32,
        /// How many went.
        left: u32,
    },
    /// Somebody sent a file; it is whole, verified and on the server's disk.
    File {
        /// Its path in the room's tree.
        path: String,
        /// Its size in bytes.
        size: u64,
        /// Its hash: the receipt.
        root: Root,
    },
    /// Somebody sent a folder.
    Folder {
        /// Its path in the room's tree.
        path: String,
        /// How many files were sent into it.
        files: u32,
        /// Their bytes together.
        bytes: u64,
    },
    /// Somebody begins to send a big file; it can be fetched while it comes.
    Sending {
        /// The path it is meant for.
        path: String,
        /// Its size in bytes.
        size: u64,
    },
    /// Something this version does not know; its number.
    Unknown(u8),
}

impl What {
    /// The `what` byte.
    pub const fn number(&self) -> u8 {
        match self {
            Self::Said(_) => 1,
            Self::Joined => 2,
            Self::Left => 3,
            Self::Topic(_) => 4,
            Self::Renamed(_) => 5,
            Self::Crowd { .. } => 6,
            Self::File { .. } => 7,
            Self::Folder { .. } => 8,
            Self::Sending { .. } => 9,
            Self::Unknown(number) => *number,
        }
    }
}

/// What [`write()`] puts behind the nick, borrowed from whoever has it.
#[derive(Debug, Clone, Copy)]
pub enum Rest<'a> {
    /// See [`What::Said`].
    Said(&'a [u8]),
    /// See [`What::Joined`].
    Joined,
    /// See [`What::Left`].
    Left,
    /// See [`What::Topic`].
    Topic(&'a str),
    /// See [`What::Renamed`].
    Renamed(&'a str),
    /// See [`What::Crowd`].
    Crowd {
        /// Members now.
        members: u32,
        /// How many came since the last count.
        joined: u32,
        /// How many went.
        left: u32,
    },
    /// See [`What::File`].
    File {
        /// Its path.
        path: &'a str,
        /// Its size in bytes.
        size: u64,
        /// Its hash.
        root: Root,
    },
    /// See [`What::Folder`].
    Folder {
        /// Its path.
        path: &'a str,
        /// How many files.
        files: u32,
        /// Their bytes.
        bytes: u64,
    },
    /// See [`What::Sending`].
    Sending {
        /// Its path.
        path: &'a str,
        /// Its size in bytes.
        size: u64,
    },
}

/// Appends the whole frame of an event to `out`: the hot path of the server, which encodes an event once.
///
/// `nick` is at most [`NICK_BYTES_MAX`] bytes, as [`crate::Nick`] ensures; a longer one is cut.
pub fn write(seq: Seq, room: RoomId, at_ms: u64, nick: &str, rest: Rest<'_>, out: &mut Vec<u8>) {
    let (what, prefix, tail) = parts(rest);
    let nick = nick.get(..nick.floor_char_boundary(NICK_BYTES_MAX)).unwrap_or_default().as_bytes();
    let body_bytes = PREFIX_BYTES + nick.len() + prefix.bytes().len() + tail.len();
    out.reserve(HEADER_BYTES + body_bytes);
    let len = u32::try_from(body_bytes).unwrap_or(u32::MAX);
    Header { len, kind: Kind::Event.number(), flags: 0, slot: 0, id: seq.0 }.write(out);
    out.put_u32(room.0);
    out.put_u64(at_ms);
    out.put_u8(what);
    out.put_u8(u8::try_from(nick.len()).unwrap_or(u8::MAX));
    out.put_slice(nick);
    out.put_slice(prefix.bytes());
    out.put_slice(tail);
}

/// The fixed numbers before an event's text.
struct Prefix {
    bytes: [u8; PREFIX_OF_REST_MAX],
    len: usize,
}

/// The longest of them: a size and a hash.
const PREFIX_OF_REST_MAX: usize = 40;

impl Prefix {
    fn of(parts: &[&[u8]]) -> Self {
        let mut prefix = Self { bytes: [0; PREFIX_OF_REST_MAX], len: 0 };
        for part in parts {
            if let Some(place) = prefix.bytes.get_mut(prefix.len..prefix.len + part.len()) {
                place.copy_from_slice(part);
                prefix.len += part.len();
            }
        }
        prefix
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// The `what` byte, the fixed numbers and the text of an event's rest.
fn parts(rest: Rest<'_>) -> (u8, Prefix, &[u8]) {
    let none = || Prefix::of(&[]);
    match rest {
        Rest::Said(text) => (1, none(), text),
        Rest::Joined => (2, none(), &[]),
        Rest::Left => (3, none(), &[]),
        Rest::Topic(topic) => (4, none(), topic.as_bytes()),
        Rest::Renamed(to) => (5, none(), to.as_bytes()),
        Rest::Crowd { members, joined, left } => {
            (6, Prefix::of(&[&members.to_be_bytes(), &joined.to_be_bytes(), &left.to_be_bytes()]), &[])
        }
        Rest::File { path, size, root } => (7, Prefix::of(&[&size.to_be_bytes(), &root.0]), path.as_bytes()),
        Rest::Folder { path, files, bytes } => {
            (8, Prefix::of(&[&files.to_be_bytes(), &bytes.to_be_bytes()]), path.as_bytes())
        }
        Rest::Sending { path, size } => (9, Prefix::of(&[&size.to_be_bytes()]), path.as_bytes()),
    }
}

impl RoomEvent {
    /// The body of its frame.
    pub(crate) fn to_body(&self) -> Bytes {
        let rest = match &self.what {
            What::Said(text) => Rest::Said(text.as_bytes()),
            What::Joined => Rest::Joined,
            What::Left => Rest::Left,
            What::Topic(topic) => Rest::Topic(topic),
            What::Renamed(to) => Rest::Renamed(to),
            What::Crowd { members, joined, left } => Rest::Crowd { members: *members, joined: *joined, left: *left },
            What::File { path, size, root } => Rest::File { path, size: *size, root: *root },
            What::Folder { path, files, bytes } => Rest::Folder { path, files: *files, bytes: *bytes },
            What::Sending { path, size } => Rest::Sending { path, size: *size },
            What::Unknown(_) => Rest::Said(&[]),
        };
        let mut out = Vec::new();
        write(self.seq, self.room, self.at_ms, &self.nick, rest, &mut out);
        let mut body = Bytes::from(out);
        body.advance(HEADER_BYTES);
        match self.what {
            What::Unknown(number) => with_what(&body, number),
            _ => body,
        }
    }

    /// The event in a frame's body, when the frame's id is `seq`.
    ///
    /// # Errors
    /// [`DecodeError::BadBody`] or [`DecodeError::TrailingBytes`]; what an unknown event brings is not looked at.
    pub(crate) fn from_body(seq: Seq, body: &Bytes) -> Result<Self, DecodeError> {
        let bad = |why| DecodeError::BadBody { kind: "Event", why };
        if body.len() < PREFIX_BYTES {
            return Err(bad("it ends too early"));
        }
        let mut rest = body.clone();
        let (room, at_ms) = (RoomId(rest.get_u32()), rest.get_u64());
        let (what, nick_len) = (rest.get_u8(), usize::from(rest.get_u8()));
        if nick_len > NICK_BYTES_MAX {
            return Err(bad("the nick in it is too long"));
        }
        if nick_len > rest.len() {
            return Err(bad("it ends too early"));
        }
        let utf8 = |bytes: Bytes| String::from_utf8(bytes.into()).map_err(|_| bad("a string in it is not UTF-8"));
        let nick = utf8(rest.split_to(nick_len))?;
        let extra = rest.len();
        let what = match what {
            1 => What::Said(utf8(rest)?),
            2 if extra == 0 => What::Joined,
            3 if extra == 0 => What::Left,
            4 => What::Topic(utf8(rest)?),
            5 => What::Renamed(utf8(rest)?),
            6 if extra == 12 => What::Crowd { members: rest.get_u32(), joined: rest.get_u32(), left: rest.get_u32() },
            7 if extra >= 40 => {
                let size = rest.get_u64();
                let mut root = Root([0; 32]);
                rest.copy_to_slice(&mut root.0);
                What::File { path: utf8(rest)?, size, root }
            }
            8 if extra >= 12 => {
                let (files, bytes) = (rest.get_u32(), rest.get_u64());
                What::Folder { path: utf8(rest)?, files, bytes }
            }
            9 if extra >= 8 => What::Sending { size: rest.get_u64(), path: utf8(rest)? },
            7..=9 => return Err(bad("it ends too early")),
            6 if extra < 12 => return Err(bad("it ends too early")),
            2 | 3 => return Err(DecodeError::TrailingBytes { kind: "Event", extra }),
            6 => return Err(DecodeError::TrailingBytes { kind: "Event", extra: extra - 12 }),
            other => What::Unknown(other),
        };
        Ok(Self { seq, room, at_ms, nick, what })
    }
}

/// The sequence number of an event's frame, without decoding it; `None` for other frames.
pub fn seq_of(frame: &Frame) -> Option<Seq> {
    (frame.header().kind == Kind::Event.number()).then_some(Seq(frame.header().id))
}

fn with_what(body: &Bytes, number: u8) -> Bytes {
    let mut changed = BytesMut::from(body.as_ref());
    if let Some(what) = changed.get_mut(PREFIX_BYTES - 2) {
        *what = number;
    }
    changed.freeze()
}
