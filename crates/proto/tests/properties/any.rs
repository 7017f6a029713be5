//! Any message that can be: strategies for each type.

use bytes::{Bytes, BytesMut};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proto::event::{RoomEvent, What};
use proto::limits::NICK_BYTES_MAX;
use proto::message::{
    Behind, Cursor, Goodbye, Hello, History, Join, Joined, Leave, ListMembers, ListRooms, MarkRead, MemberEntry,
    MemberList, Missed, OpenDirect, Page, Queued, Range, Rename, Resume, RoomEntry, RoomList, Said, Say, Search,
    SetTopic, Since, Unread, UnreadRoom, Welcome, WireLimits,
};
use proto::refusal::Limit;
use proto::{ClientMessage, CloseCode, Code, MessageId, Refusal, RequestId, RoomId, Seq, ServerMessage, Token};

use crate::any_files;

/// Numbers around every step of the varint, and any other.
pub(crate) fn number() -> impl Strategy<Value = u64> {
    let steps = [0, 1, 250, 251, 252, 255, 256, 65_535, 65_536, u64::from(u32::MAX), 1 << 32, u64::MAX];
    prop_oneof![proptest::sample::select(steps.to_vec()), any::<u64>(), 0..1000_u64]
}

pub(crate) fn number_32() -> impl Strategy<Value = u32> {
    number().prop_map(|number| u32::try_from(number & u64::from(u32::MAX)).unwrap())
}

fn number_16() -> impl Strategy<Value = u16> {
    number().prop_map(|number| u16::try_from(number & 0xFFFF).unwrap())
}

/// Any string; now and then one as long as a step of the varint.
pub(crate) fn string() -> impl Strategy<Value = String> {
    let long = proptest::sample::select(vec![0_usize, 250, 251, 300]).prop_map(|len| "s".repeat(len));
    prop_oneof![8 => any::<String>(), 1 => long]
}

pub(crate) fn room() -> impl Strategy<Value = RoomId> {
    number_32().prop_map(RoomId)
}

fn seq() -> impl Strategy<Value = Seq> {
    number().prop_map(Seq)
}

fn since() -> impl Strategy<Value = Since> {
    prop_oneof![Just(Since::Now), number_16().prop_map(Since::Last), seq().prop_map(Since::After)]
}

fn resume() -> impl Strategy<Value = Resume> {
    let cursor = (room(), seq()).prop_map(|(room, seq)| Cursor { room, seq });
    (any::<[u8; 16]>(), vec(cursor, 0..20)).prop_map(|(token, cursors)| Resume { token: Token(token), cursors })
}

fn hello() -> impl Strategy<Value = Hello> {
    let fields = (number_16(), number_16(), number(), string(), string(), option::of(resume()));
    fields.prop_map(|(version_min, version_max, features, nick, agent, resume)| Hello {
        magic: *b"VBTM",
        version_min,
        version_max,
        features,
        nick,
        agent,
        resume,
    })
}

fn say() -> impl Strategy<Value = Say> {
    let fields = (room(), number(), vec(any::<u8>(), 0..300));
    fields.prop_map(|(room, message, text)| Say { room, message: MessageId(message), text: Bytes::from(text) })
}

fn join() -> impl Strategy<Value = Join> {
    let fields = (string(), since(), any::<bool>(), any::<bool>());
    fields.prop_map(|(room, since, announce, ephemeral)| Join { room, since, announce, ephemeral })
}

fn history() -> impl Strategy<Value = History> {
    let range = prop_oneof![
        Just(Range::Last),
        seq().prop_map(Range::Before),
        seq().prop_map(Range::After),
        number().prop_map(Range::Since)
    ];
    (room(), range, number_16()).prop_map(|(room, range, count)| History { room, range, count })
}

fn search() -> impl Strategy<Value = Search> {
    let fields = (vec(room(), 0..20), string(), option::of(string()), number(), number_16());
    fields.prop_map(|(rooms, words, from, before, count)| Search { rooms, words, from, before, count })
}

/// Anything a client can say.
pub(crate) fn client_message() -> impl Strategy<Value = ClientMessage> {
    use ClientMessage as M;
    prop_oneof![
        1 => hello().prop_map(M::Hello),
        1 => proptest::sample::select(vec![M::Ping, M::Pong, M::Bye, M::AskUnread]),
        1 => join().prop_map(M::Join),
        1 => room().prop_map(|room| M::Leave(Leave { room })),
        1 => say().prop_map(M::Say),
        1 => (room(), string()).prop_map(|(room, topic)| M::SetTopic(SetTopic { room, topic })),
        1 => string().prop_map(|after| M::ListRooms(ListRooms { after })),
        1 => (option::of(string()), string()).prop_map(|(room, after)| M::ListMembers(ListMembers { room, after })),
        1 => (string(), since()).prop_map(|(nick, since)| M::OpenDirect(OpenDirect { nick, since })),
        1 => string().prop_map(|nick| M::Rename(Rename { nick })),
        1 => history().prop_map(M::History),
        1 => search().prop_map(M::Search),
        1 => (room(), seq()).prop_map(|(room, seq)| M::MarkRead(MarkRead { room, seq })),
        10 => any_files::client_message(),
    ]
}

pub(crate) fn wire_limits() -> impl Strategy<Value = WireLimits> {
    let fields = (number_32(), number_32(), number_32(), number_32(), number_32());
    fields.prop_map(|(text_bytes, bulk_bytes, rooms, idle_ms, grace_ms)| WireLimits {
        text_bytes,
        bulk_bytes,
        rooms,
        idle_ms,
        grace_ms,
    })
}

fn welcome() -> impl Strategy<Value = Welcome> {
    let fields = (number_16(), number(), string(), string(), any::<[u8; 16]>(), any::<bool>(), wire_limits());
    fields.prop_map(|(version, features, agent, nick, token, resumed, limits)| Welcome {
        version,
        features,
        agent,
        nick,
        token: Token(token),
        resumed,
        limits,
    })
}

pub(crate) fn refusal() -> impl Strategy<Value = Refusal> {
    let limit = (string(), number()).prop_map(|(name, max)| Limit { name, max });
    let fields = (number_16(), string(), option::of(limit), option::of(number_32()), option::of(string()));
    fields.prop_map(|(code, words, limit, retry_after_ms, offer)| Refusal {
        code: Code::from_number(code),
        words,
        limit,
        retry_after_ms,
        offer,
    })
}

fn goodbye() -> impl Strategy<Value = Goodbye> {
    let fields = (number_16(), option::of(refusal()));
    fields.prop_map(|(code, refusal)| Goodbye { code: CloseCode::from_number(code), refusal })
}

fn joined() -> impl Strategy<Value = Joined> {
    let flags = (any::<bool>(), any::<bool>());
    let fields = (room(), string(), flags, string(), number_32(), seq(), seq(), seq());
    fields.prop_map(|(room, name, (direct, ephemeral), topic, members, first, head, read)| Joined {
        room,
        name,
        direct,
        topic,
        members,
        first,
        head,
        read,
        ephemeral,
    })
}

fn room_list() -> impl Strategy<Value = RoomList> {
    let entry = (string(), number_32(), string());
    let entry = entry.prop_map(|(name, members, topic)| RoomEntry { name, members, topic });
    (vec(entry, 0..20), any::<bool>()).prop_map(|(rooms, more)| RoomList { rooms, more })
}

fn member_list() -> impl Strategy<Value = MemberList> {
    let entry = (string(), any::<bool>()).prop_map(|(nick, connected)| MemberEntry { nick, connected });
    let fields = (vec(entry, 0..20), any::<bool>(), number_32());
    fields.prop_map(|(members, more, total)| MemberList { members, more, total })
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        any::<String>().prop_map(What::Said),
        Just(What::Joined),
        Just(What::Left),
        any::<String>().prop_map(What::Topic),
        any::<String>().prop_map(What::Renamed),
        (number_32(), number_32(), number_32()).prop_map(|(members, joined, left)| What::Crowd {
            members,
            joined,
            left
        }),
        (any::<String>(), number(), any_files::root()).prop_map(|(path, size, root)| What::File { path, size, root }),
        (any::<String>(), number_32(), number()).prop_map(|(path, files, bytes)| What::Folder { path, files, bytes }),
        (any::<String>(), number()).prop_map(|(path, size)| What::Sending { path, size }),
        (10..=u8::MAX).prop_map(What::Unknown),
        Just(What::Unknown(0)),
    ]
}

fn event() -> impl Strategy<Value = RoomEvent> {
    let nick = any::<String>().prop_map(|nick| nick[..nick.floor_char_boundary(NICK_BYTES_MAX)].to_owned());
    let fields = (seq(), room(), number(), nick, what());
    fields.prop_map(|(seq, room, at_ms, nick, what)| RoomEvent { seq, room, at_ms, nick, what })
}

fn page() -> impl Strategy<Value = Page> {
    let fields = (any::<bool>(), any::<bool>(), number(), seq(), vec(event(), 0..6));
    fields.prop_map(|(more, unindexed, next, gone_to, events)| Page {
        more,
        unindexed,
        next,
        gone_to,
        frames: frames_of(&events),
    })
}

/// The frames of `events`, one behind the other.
pub(crate) fn frames_of(events: &[RoomEvent]) -> Bytes {
    let mut frames = BytesMut::new();
    for event in events {
        ServerMessage::Event(event.clone()).to_frame(RequestId(0)).write(&mut frames);
    }
    frames.freeze()
}

fn unread() -> impl Strategy<Value = Unread> {
    let fields = (room(), string(), any::<bool>(), seq(), seq(), number_32(), any::<bool>());
    let entry = fields.prop_map(|(room, name, direct, read, head, said, more)| UnreadRoom {
        room,
        name,
        direct,
        read,
        head,
        said,
        more,
    });
    vec(entry, 0..20).prop_map(|rooms| Unread { rooms })
}

/// Anything a server can say.
pub(crate) fn server_message() -> impl Strategy<Value = ServerMessage> {
    use ServerMessage as M;
    prop_oneof![
        1 => proptest::sample::select(vec![M::Ping, M::Pong, M::Done]),
        1 => welcome().prop_map(M::Welcome),
        1 => refusal().prop_map(M::Refused),
        1 => goodbye().prop_map(M::Goodbye),
        1 => joined().prop_map(M::Joined),
        1 => (room(), seq()).prop_map(|(room, seq)| M::Said(Said { room, seq })),
        1 => room_list().prop_map(M::RoomList),
        1 => member_list().prop_map(M::MemberList),
        1 => (number_32(), number_32()).prop_map(|(place, waiting)| M::Queued(Queued { place, waiting })),
        1 => (room(), seq(), seq()).prop_map(|(room, from, to)| M::Missed(Missed { room, from, to })),
        1 => (room(), seq(), seq()).prop_map(|(room, next, head)| M::Behind(Behind { room, next, head })),
        2 => page().prop_map(M::Page),
        1 => unread().prop_map(M::Unread),
        3 => event().prop_map(M::Event),
        10 => any_files::server_message(),
    ]
}
