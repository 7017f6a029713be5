//! The examples' values: what servers say.

use proto::event::{RoomEvent, What};
use proto::message::{
    Goodbye, Joined, MemberEntry, MemberList, Missed, Queued, RoomEntry, RoomList, Said, Welcome, WireLimits,
};
use proto::{CloseCode, Code, Refusal, RoomId, Seq, ServerMessage, Token};

use crate::file_rows::{HELLO, root_of};
use crate::rows::{Row, Spoken, row};

/// The token that ann gets in the dialogue.
pub(crate) const ANN_TOKEN: Token = Token([0xA5; 16]);
/// 2026-11-22 12:00:00 UTC.
const NOON_MS: u64 = 1_795_348_800_000;

pub(crate) fn all() -> Vec<Row> {
    let mut rows = vec![
        server("Ping server", 0, ServerMessage::Ping),
        server("Pong server", 5, ServerMessage::Pong),
        server("Done", 8, ServerMessage::Done),
        server("Said", 10, ServerMessage::Said(Said { room: RoomId(3), seq: Seq(42) })),
        server("Said ann", 3, ServerMessage::Said(Said { room: RoomId(1), seq: Seq(3) })),
        server("Queued", 0, ServerMessage::Queued(Queued { place: 3, waiting: 12 })),
        server("Missed", 0, ServerMessage::Missed(Missed { room: RoomId(3), from: Seq(42), to: Seq(9_000) })),
    ];
    rows.extend(welcomes());
    rows.extend(refusals());
    rows.extend(goodbyes());
    rows.extend(joined());
    rows.extend(lists());
    rows.extend(events());
    rows
}

pub(crate) fn server(label: &'static str, id: u64, message: ServerMessage) -> Row {
    row(label, id, Spoken::Server(message))
}

fn welcomes() -> Vec<Row> {
    let limits = WireLimits { text_bytes: 16_384, bulk_bytes: 0, rooms: 64, idle_ms: 30_000, grace_ms: 60_000 };
    let first = Welcome {
        version: 1,
        features: 0,
        agent: "chat-server 0.1.0".into(),
        nick: "ann".into(),
        token: ANN_TOKEN,
        resumed: false,
        limits,
    };
    let resumed = Welcome {
        features: Welcome::DURABLE,
        nick: "李小明".into(),
        token: Token(*b"sixteen bytes ok"),
        resumed: true,
        ..first.clone()
    };
    let files = WireLimits { bulk_bytes: 1_048_576, ..limits };
    let both = Welcome::DURABLE | Welcome::FILES;
    let ann = Welcome { features: both | Welcome::KEPT, limits: files, ..first.clone() };
    let bob = Welcome { features: both, limits: files, nick: "bob".into(), token: Token([0x5A; 16]), ..first.clone() };
    vec![
        server("Welcome", 1, ServerMessage::Welcome(first.clone())),
        server("Welcome files", 1, ServerMessage::Welcome(Welcome { features: both, limits: files, ..first.clone() })),
        server("Welcome resumed", 1, ServerMessage::Welcome(resumed)),
        server("Welcome ann", 1, ServerMessage::Welcome(ann)),
        server("Welcome bob", 1, ServerMessage::Welcome(bob)),
    ]
}

fn refusals() -> Vec<Row> {
    let taken = Refusal::new(Code::NickTaken, "the nick ann is taken").with_offer("ann-2");
    let long = Refusal::new(Code::TextTooLong, "20000 bytes are too many; at most 16384 are allowed")
        .with_limit("text_bytes", 16_384);
    let busy = Refusal::new(Code::Busy, "every worker is taken").with_limit("queue", 0).with_retry_after_ms(250);
    let space = Refusal::new(Code::NoSpace, "4700000000 bytes do not fit; 2000000000 are free for files")
        .with_limit("free_bytes", 2_000_000_000);
    let not_stored =
        Refusal::new(Code::StorageFailed, "the disk is full: /srv/chat/chat.db cannot grow").with_retry_after_ms(1_000);
    vec![
        server("Refused", 1, ServerMessage::Refused(taken)),
        server("Refused limit", 10, ServerMessage::Refused(long)),
        server("Refused busy", 12, ServerMessage::Refused(busy)),
        server("Refused space", 21, ServerMessage::Refused(space)),
        server("Refused not-stored", 10, ServerMessage::Refused(not_stored)),
        server("Refused unknown-code", 12, ServerMessage::Refused(Refusal::new(Code::Unknown(999), ""))),
    ]
}

fn goodbyes() -> Vec<Row> {
    let goodbye = |label, code, refusal| server(label, 0, ServerMessage::Goodbye(Goodbye { code, refusal }));
    let bytes =
        Refusal::new(Code::BadFrame, "the body of a Join frame goes on behind the message (bytes left over: 1)");
    let full = Refusal::new(Code::ServerFull, "the server has as many connections as it takes")
        .with_limit("connections", 10_000)
        .with_retry_after_ms(5_000);
    vec![
        goodbye("Goodbye", CloseCode::Bye, None),
        goodbye("Goodbye fault", CloseCode::PeerFault, Some(bytes)),
        goodbye("Goodbye full", CloseCode::Refused, Some(full)),
        goodbye("Goodbye unknown-code", CloseCode::Unknown(300), None),
        goodbye("Goodbye bob", CloseCode::Bye, None),
    ]
}

fn joined() -> Vec<Row> {
    let lobby = |label, id, members, first, head, read| {
        server(
            label,
            id,
            ServerMessage::Joined(Joined {
                room: RoomId(1),
                name: "lobby".into(),
                direct: false,
                topic: String::new(),
                members,
                first: Seq(first),
                head: Seq(head),
                read: Seq(read),
                ephemeral: false,
            }),
        )
    };
    let direct = Joined {
        room: RoomId(251),
        name: "李小明".into(),
        direct: true,
        topic: "only us".into(),
        members: 2,
        first: Seq(65_536),
        head: Seq(65_535),
        read: Seq(251),
        ephemeral: false,
    };
    let ephemeral = Joined {
        room: RoomId(12),
        name: "off-the-record".into(),
        direct: false,
        topic: String::new(),
        members: 1,
        first: Seq(1),
        head: Seq(0),
        read: Seq(0),
        ephemeral: true,
    };
    vec![
        lobby("Joined", 7, 12, 22, 41, 30),
        server("Joined direct", 0, ServerMessage::Joined(direct)),
        server("Joined ephemeral", 7, ServerMessage::Joined(ephemeral)),
        lobby("Joined ann", 2, 1, 1, 0, 0),
        lobby("Joined bob", 2, 2, 1, 1, 0),
    ]
}

fn lists() -> Vec<Row> {
    let rooms = vec![
        RoomEntry { name: "lobby".into(), members: 12, topic: String::new() },
        RoomEntry { name: "大厅".into(), members: 300, topic: "tea at five".into() },
    ];
    let members = vec![
        MemberEntry { nick: "ann".into(), connected: true },
        MemberEntry { nick: "李小明".into(), connected: false },
    ];
    vec![
        server("RoomList", 12, ServerMessage::RoomList(RoomList { rooms, more: true })),
        server("RoomList empty", 12, ServerMessage::RoomList(RoomList { rooms: vec![], more: false })),
        server("MemberList", 13, ServerMessage::MemberList(MemberList { members, more: false, total: 2 })),
        server(
            "MemberList empty",
            13,
            ServerMessage::MemberList(MemberList { members: vec![], more: false, total: 0 }),
        ),
    ]
}

/// An event whose time says its place, too.
pub(crate) fn event(room: u32, seq: u64, nick: &str, what: What) -> RoomEvent {
    RoomEvent { seq: Seq(seq), room: RoomId(room), at_ms: NOON_MS + seq, nick: nick.into(), what }
}

fn events() -> Vec<Row> {
    let event = |label, room, seq, nick, what| server(label, seq, ServerMessage::Event(event(room, seq, nick, what)));
    vec![
        event("Event said", 3, 42, "ann", What::Said("你好".into())),
        event("Event joined", 3, 43, "李小明", What::Joined),
        event("Event left", 3, 44, "bob", What::Left),
        event("Event topic", 3, 45, "ann", What::Topic("tea at five".into())),
        event("Event topic-none", 3, 46, "ann", What::Topic(String::new())),
        event("Event renamed", 3, 47, "ann", What::Renamed("ann-2".into())),
        event("Event crowd", 3, 48, "", What::Crowd { members: 1_000, joined: 60, left: 4 }),
        event("Event file", 3, 49, "ann", What::File { path: "notes/hello.txt".into(), size: 6, root: root_of(HELLO) }),
        event("Event folder", 3, 50, "李小明", What::Folder { path: "图片".into(), files: 300, bytes: 4_700_000_000 }),
        event("Event sending", 3, 51, "ann", What::Sending { path: "big.iso".into(), size: 4_700_000_000 }),
        event("Event unknown", 3, 52, "ann", What::Unknown(200)),
        event("Event lobby-1", 1, 1, "ann", What::Joined),
        event("Event lobby-2", 1, 2, "bob", What::Joined),
        event("Event lobby-3", 1, 3, "ann", What::Said("hi bob".into())),
        event(
            "Event lobby-4",
            1,
            4,
            "ann",
            What::File { path: "notes/hello.txt".into(), size: 6, root: root_of(HELLO) },
        ),
        event("Event lobby-5", 1, 5, "bob", What::Left),
    ]
}
