//! The examples' values: reading back, being behind, and the end of the dialogue, where ann comes back.

use bytes::BytesMut;
use proto::event::{RoomEvent, What};
use proto::message::{
    Behind, Hello, History, Joined, MarkRead, Page, Range, Resume, Search, Unread, UnreadRoom, Welcome, WireLimits,
};
use proto::{ClientMessage, RequestId, RoomId, Seq, ServerMessage};

use crate::rows::{Row, client, hello};
use crate::server_rows::{ANN_TOKEN, event, server};

pub(crate) fn all() -> Vec<Row> {
    let mut rows = askings();
    rows.extend(answers());
    rows.extend(dialogue());
    rows
}

fn askings() -> Vec<Row> {
    let history =
        |label, range, count| client(label, 16, ClientMessage::History(History { room: RoomId(3), range, count }));
    let search = Search { rooms: vec![], words: "图片 read*".into(), from: None, before: 0, count: 20 };
    let next_page = Search {
        rooms: vec![RoomId(3), RoomId(251)],
        from: Some("ann".into()),
        before: 70_000,
        count: 500,
        ..search.clone()
    };
    vec![
        history("History last", Range::Last, 50),
        history("History before", Range::Before(Seq(9_001)), 500),
        history("History after", Range::After(Seq(41)), 500),
        history("History since", Range::Since(1_795_348_800_000), 100),
        client("Search", 17, ClientMessage::Search(search)),
        client("Search next-page", 17, ClientMessage::Search(next_page)),
        client("AskUnread", 18, ClientMessage::AskUnread),
        client("MarkRead", 19, ClientMessage::MarkRead(MarkRead { room: RoomId(3), seq: Seq(42) })),
    ]
}

fn answers() -> Vec<Row> {
    let said = |room, seq, nick, text: &str| event(room, seq, nick, What::Said(text.into()));
    let empty = page(&[]);
    let history = Page { more: true, ..page(&[said(3, 42, "ann", "你好"), event(3, 43, "李小明", What::Joined)]) };
    let search = Page {
        more: true,
        unindexed: true,
        next: 70_000,
        ..page(&[said(251, 65_536, "李小明", "图片 README"), said(3, 42, "ann", "a reader of 图片")])
    };
    let trimmed = Page { gone_to: Seq(9_000), ..page(&[said(3, 9_001, "bob", "tea?")]) };
    let unread = |room, name: &str, direct, read, head, said, more| UnreadRoom {
        room: RoomId(room),
        name: name.into(),
        direct,
        read: Seq(read),
        head: Seq(head),
        said,
        more,
    };
    let rooms = vec![unread(3, "lobby", false, 41, 43, 1, false), unread(251, "李小明", true, 0, 65_536, 1_000, true)];
    vec![
        server("Behind", 0, ServerMessage::Behind(Behind { room: RoomId(3), next: Seq(42), head: Seq(90_000) })),
        server("Page history", 16, ServerMessage::Page(history)),
        server("Page trimmed", 16, ServerMessage::Page(trimmed)),
        server("Page search", 17, ServerMessage::Page(search)),
        server("Page empty", 17, ServerMessage::Page(empty)),
        server("Unread", 18, ServerMessage::Unread(Unread { rooms })),
        server("Unread none", 18, ServerMessage::Unread(Unread { rooms: vec![] })),
    ]
}

/// ann marks what she has read, leaves, and comes back as another program that knows her token only.
fn dialogue() -> Vec<Row> {
    let limits = WireLimits { text_bytes: 16_384, bulk_bytes: 1_048_576, rooms: 64, idle_ms: 30_000, grace_ms: 60_000 };
    let again = Resume { token: ANN_TOKEN, cursors: vec![] };
    let welcome = Welcome {
        version: 1,
        features: Welcome::DURABLE | Welcome::FILES | Welcome::KEPT,
        agent: "chat-server 0.1.0".into(),
        nick: "ann".into(),
        token: ANN_TOKEN,
        resumed: true,
        limits,
    };
    let joined = Joined {
        room: RoomId(1),
        name: "lobby".into(),
        direct: false,
        topic: String::new(),
        members: 2,
        first: Seq(6),
        head: Seq(8),
        read: Seq(5),
        ephemeral: false,
    };
    let unread = UnreadRoom {
        room: RoomId(1),
        name: "lobby".into(),
        direct: false,
        read: Seq(5),
        head: Seq(9),
        said: 1,
        more: false,
    };
    let search = Search { rooms: vec![], words: "THERE? ar*".into(), from: None, before: 0, count: 20 };
    let asked = event(1, 8, "bob", What::Said("are you there?".into()));
    let firsts = [event(1, 1, "ann", What::Joined), event(1, 2, "bob", What::Joined)];
    let history = History { room: RoomId(1), range: Range::Before(Seq(3)), count: 20 };
    let event = |label, seq, nick, what| server(label, seq, ServerMessage::Event(event(1, seq, nick, what)));
    vec![
        client("MarkRead ann", 5, ClientMessage::MarkRead(MarkRead { room: RoomId(1), seq: Seq(5) })),
        server("Done ann", 5, ServerMessage::Done),
        client("Bye ann", 6, ClientMessage::Bye),
        event("Event lobby-6", 6, "ann", What::Left),
        event("Event lobby-7", 7, "bob", What::Joined),
        event("Event lobby-8", 8, "bob", What::Said("are you there?".into())),
        client("Hello ann-again", 1, hello("ann", "py", Hello::KEEP, Some(again))),
        server("Welcome ann-again", 1, ServerMessage::Welcome(welcome)),
        server("Joined ann-again", 0, ServerMessage::Joined(joined)),
        event("Event lobby-9", 9, "ann", What::Joined),
        client("AskUnread ann", 2, ClientMessage::AskUnread),
        server("Unread ann", 2, ServerMessage::Unread(Unread { rooms: vec![unread] })),
        client("Search ann", 3, ClientMessage::Search(search)),
        server("Page ann-search", 3, ServerMessage::Page(page(&[asked]))),
        client("History ann", 4, ClientMessage::History(history)),
        server("Page ann-history", 4, ServerMessage::Page(page(&firsts))),
    ]
}

/// A page of these events, and nothing beyond.
fn page(events: &[RoomEvent]) -> Page {
    let mut frames = BytesMut::new();
    for event in events {
        ServerMessage::Event(event.clone()).to_frame(RequestId(0)).write(&mut frames);
    }
    Page { more: false, unindexed: false, next: 0, gone_to: Seq(0), frames: frames.freeze() }
}
