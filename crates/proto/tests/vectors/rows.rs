//! The examples' values: what each block of the document means. The rows of servers are in
//! `server_rows`, those of reading back in `reading_rows`, those of files in `file_rows` and `file_answer_rows`.

use bytes::Bytes;
use proto::message::{
    Cursor, Hello, Join, Leave, ListMembers, ListRooms, OpenDirect, Rename, Resume, Say, SetTopic, Since,
};
use proto::{ClientMessage, Frame, Kind, MessageId, RequestId, RoomId, Seq, ServerMessage, Token};

use crate::{file_answer_rows, file_rows, reading_rows, server_rows};

/// Who says what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Spoken {
    Client(ClientMessage),
    Server(ServerMessage),
    /// A frame of the framed echo servers, which carries bytes and no message.
    Echo(&'static [u8]),
}

/// One example: the label of its block, the frame's id, and what it says.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) label: &'static str,
    pub(crate) id: u64,
    pub(crate) spoken: Spoken,
}

/// Every example.
pub(crate) fn all() -> Vec<Row> {
    let mut rows = vec![row("Echo", 1, Spoken::Echo(b"hello"))];
    rows.extend(hellos());
    rows.extend(joins());
    rows.extend(numbers());
    rows.extend(sayings());
    rows.extend(askings());
    rows.extend(server_rows::all());
    rows.extend(reading_rows::all());
    rows.extend(file_rows::all());
    rows.extend(file_answer_rows::all());
    rows
}

pub(crate) fn row(label: &'static str, id: u64, spoken: Spoken) -> Row {
    Row { label, id, spoken }
}

impl Row {
    /// The frame that the document has to show.
    pub(crate) fn frame(&self) -> Frame {
        let id = RequestId(self.id);
        match &self.spoken {
            Spoken::Client(message) => message.to_frame(id),
            Spoken::Server(message) => message.to_frame(id),
            Spoken::Echo(bytes) => Frame::new(Kind::Echo.number(), self.id, Bytes::from_static(bytes)),
        }
    }
}

pub(crate) fn client(label: &'static str, id: u64, message: ClientMessage) -> Row {
    row(label, id, Spoken::Client(message))
}

pub(crate) fn hello(nick: &str, agent: &str, features: u64, resume: Option<Resume>) -> ClientMessage {
    ClientMessage::Hello(Hello {
        magic: *b"VBTM",
        version_min: 1,
        version_max: 1,
        features,
        nick: nick.into(),
        agent: agent.into(),
        resume,
    })
}

fn hellos() -> Vec<Row> {
    let cursors = vec![
        Cursor { room: RoomId(3), seq: Seq(41) },
        Cursor { room: RoomId(70_000), seq: Seq(4_294_967_296) },
        Cursor { room: RoomId(9), seq: Seq(0) },
    ];
    let token = Token(*b"sixteen bytes ok");
    let resume = Resume { token, cursors };
    let known = Some(Resume { token, cursors: vec![] });
    vec![
        client("Hello", 1, hello("ann", "chat-client 0.1.0", 0, None)),
        client("Hello keep", 1, hello("李小明", "", Hello::KEEP | Hello::YIELD, known.clone())),
        client("Hello beside", 1, hello("李小明", "", Hello::BESIDE, known)),
        client("Hello resume", 1, hello("李小明", "", 0, Some(resume))),
        client("Hello ann", 1, hello("ann", "py", Hello::KEEP, None)),
        client("Hello bob", 1, hello("bob", "py", 0, None)),
        client("Ping", 5, ClientMessage::Ping),
        client("Pong", 0x0102_0304_0506_0708, ClientMessage::Pong),
        client("Bye", 9, ClientMessage::Bye),
        client("Bye bob", 4, ClientMessage::Bye),
    ]
}

fn joins() -> Vec<Row> {
    let into = |room: &str, since, announce, ephemeral| {
        ClientMessage::Join(Join { room: room.into(), since, announce, ephemeral })
    };
    let join = |label, since, announce| client(label, 7, into("lobby", since, announce, false));
    vec![
        join("Join now", Since::Now, true),
        join("Join last-20", Since::Last(20), true),
        join("Join last-250", Since::Last(250), true),
        join("Join last-251", Since::Last(251), true),
        join("Join last-65535", Since::Last(65_535), true),
        join("Join after", Since::After(Seq(41)), false),
        join("Join after-4294967295", Since::After(Seq(4_294_967_295)), false),
        join("Join after-4294967296", Since::After(Seq(4_294_967_296)), false),
        join("Join after-18446744073709551615", Since::After(Seq(u64::MAX)), false),
        client("Join ephemeral", 7, into("off-the-record", Since::Now, true, true)),
        client("Join ann", 2, into("lobby", Since::Now, true, false)),
        client("Join bob", 2, into("lobby", Since::Last(10), true, false)),
    ]
}

fn numbers() -> Vec<Row> {
    let leave = |label, room| client(label, 8, ClientMessage::Leave(Leave { room: RoomId(room) }));
    vec![
        leave("Leave", 3),
        leave("Leave 0", 0),
        leave("Leave 250", 250),
        leave("Leave 251", 251),
        leave("Leave 65535", 65_535),
        leave("Leave 65536", 65_536),
        leave("Leave 4294967295", u32::MAX),
    ]
}

fn sayings() -> Vec<Row> {
    let say = |label, id, room, message, text: &'static str| {
        let say = Say { room: RoomId(room), message: MessageId(message), text: Bytes::from_static(text.as_bytes()) };
        client(label, id, ClientMessage::Say(say))
    };
    let topic = |label, topic: String| client(label, 11, ClientMessage::SetTopic(SetTopic { room: RoomId(3), topic }));
    vec![
        say("Say", 10, 3, 1, "你好, Ann"),
        say("Say lines", 10, u32::MAX, u64::MAX, "two\nlines"),
        say("Say nothing", 10, 3, 2, ""),
        say("Say ann", 3, 1, 1, "hi bob"),
        topic("SetTopic", "tea at five ☕".into()),
        topic("SetTopic none", String::new()),
        topic("SetTopic 250-bytes", "t".repeat(250)),
        topic("SetTopic 251-bytes", "t".repeat(251)),
    ]
}

fn askings() -> Vec<Row> {
    let rooms = |label, after: &str| client(label, 12, ClientMessage::ListRooms(ListRooms { after: after.into() }));
    let members = |label, room: Option<&str>, after: &str| {
        let list = ListMembers { room: room.map(Into::into), after: after.into() };
        client(label, 13, ClientMessage::ListMembers(list))
    };
    let open = OpenDirect { nick: "bob".into(), since: Since::Last(50) };
    vec![
        rooms("ListRooms", ""),
        rooms("ListRooms next-page", "lobby"),
        members("ListMembers room", Some("lobby"), ""),
        members("ListMembers server", None, "bob"),
        client("OpenDirect", 14, ClientMessage::OpenDirect(open)),
        client("Rename", 15, ClientMessage::Rename(Rename { nick: "ann-2".into() })),
    ]
}
