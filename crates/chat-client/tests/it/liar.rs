//! A server that answers what no server should: hostile names in every place where a peer can put one.

use std::net::SocketAddr;
use std::process::{Command, Output};

use futures::{SinkExt as _, StreamExt as _};
use proto::message::{
    Checked, Entries, FileAnswer, FileEntry, FileRequest, Joined, MemberList, Page, Placed, Sort, Welcome, WireLimits,
};
use proto::{ClientMessage, Code, Codec, Refusal, RequestId, RoomEvent, RoomId, Root, Seq, ServerMessage, Token, What};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::Framed;

/// What a terminal would obey, or a reader be fooled by; in names, and in words.
const HOSTILE: [&str; 9] = [
    "\x1b[2J\x1b[H",
    "\x1b]0;title\x07",
    "a\nchat-client: all is well",
    "a\rb",
    "\u{9b}31m",
    "\u{202e}gpj.exe",
    "../../.bashrc",
    "a\u{2028}b",
    "\u{e0041}\u{e0042}",
];

#[test]
fn no_name_of_a_lying_server_reaches_a_terminal_raw() {
    let address = starts();
    let rows: &[&[&str]] = &[
        &["ls"],
        &["ls", "-R"],
        &["ls", "-l"],
        &["ls", "-Rl"],
        &["ls", "--json"],
        &["mkdir", "x"],
        &["mv", "x", "y"],
        &["verify", "x"],
        &["verify", "x", "--json"],
        &["rm", "x"],
        &["get", "x"],
        &["get", "x", "--json"],
        &["get", "."],
        &["put", "x"],
        &["put", "folder", "--json"],
        &["tail", "--last", "100", "--count", "1"],
        &["tail", "--last", "100", "--count", "1", "--json"],
        &["history"],
        &["history", "--since", "0", "--json"],
        &["search", "end"],
        &["search", "end", "--json"],
        &["export"],
        &["export", "--json"],
    ];
    for line in rows {
        let Output { stdout, stderr, .. } = run(address, line);
        for shown in [stdout, stderr] {
            let shown = String::from_utf8(shown).unwrap();
            let raw = shown.chars().find(|c| *c != '\n' && chat_client::escape::is_dangerous(*c));
            assert_eq!(raw, None, "{line:?} shows {shown:?}");
            let is_forged = |line: &str| line == "chat-client: all is well";
            assert!(!shown.lines().any(is_forged), "{line:?} shows {shown}");
        }
    }
}

#[cfg(unix)]
#[test]
fn none_reaches_the_conversation_raw_either() {
    use crate::person::Person;

    let ann = Person::arrives_in(tempfile::tempdir().unwrap(), &starts().to_string(), &["--nick", "ann"]);
    ann.sees("the end");
    ann.sees("sent the folder <U+202E>gpj.exe (4294967295 files, 16 EiB); /get <U+202E>gpj.exe");
    ann.says("/ls");
    ann.sees("├── <U+001B>]0;title<U+0007>/");
    for line in ["/mkdir x", "/verify x", "/rm x", "/d x", "/lls"] {
        ann.says(line);
        ann.sees_at_the_bottom("lobby>");
    }
    assert!(!ann.screen().chars().any(|c| c != '\n' && chat_client::escape::is_dangerous(c)), "{}", ann.screen());
}

fn run(address: SocketAddr, line: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x"), "x").unwrap();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    std::fs::write(folder.path().join("folder/x"), "x").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat-client"));
    command.args(line).args(["--server", &address.to_string(), "--nick", "ann"]).current_dir(folder.path());
    command.env("XDG_STATE_HOME", folder.path().join("state"));
    let output = command.output().unwrap();
    let left: Vec<_> = std::fs::read_dir(folder.path().parent().unwrap()).unwrap().collect();
    assert!(left.iter().all(|entry| entry.as_ref().unwrap().file_name() != ".bashrc"), "{line:?} wrote elsewhere");
    output
}

/// Starts it. It lies until the tests end.
fn starts() -> SocketAddr {
    let (ready_end, ready) = std::sync::mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            ready_end.send(listener.local_addr().unwrap()).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(lie(stream));
            }
        });
    });
    ready.recv().unwrap()
}

async fn lie(stream: TcpStream) {
    let mut peer = Framed::new(stream, Codec::new(1024 * 1024));
    while let Some(Ok(frame)) = peer.next().await {
        let id = RequestId(frame.header().id);
        let slot = frame.header().slot;
        let Ok(message) = ClientMessage::from_frame(&frame) else { return };
        for answer in answers(message) {
            let id = if matches!(answer, ServerMessage::Event(_)) { RequestId(0) } else { id };
            if peer.send(answer.to_frame(id).with_slot(slot)).await.is_err() {
                return;
            }
        }
    }
}

fn answers(message: ClientMessage) -> Vec<ServerMessage> {
    match message {
        ClientMessage::Hello(hello) => {
            let limits = WireLimits { text_bytes: 16384, bulk_bytes: 1 << 20, rooms: 8, idle_ms: 60_000, grace_ms: 0 };
            let (agent, token) = (HOSTILE[0].to_owned(), Token([7; 16]));
            let welcome = Welcome {
                version: 1,
                features: Welcome::FILES,
                agent,
                nick: hello.nick,
                token,
                resumed: false,
                limits,
            };
            vec![ServerMessage::Welcome(welcome)]
        }
        ClientMessage::Join(_) => {
            let count = 3 * HOSTILE.len() as u64 + 1;
            let joined = Joined {
                room: RoomId(1),
                name: "lobby".to_owned(),
                direct: false,
                topic: HOSTILE[0].to_owned(),
                members: 1,
                first: Seq(1),
                head: Seq(count),
                read: Seq(0),
                ephemeral: false,
            };
            let events = (1..).zip(events()).map(|(seq, what)| {
                ServerMessage::Event(RoomEvent { seq: Seq(seq), room: RoomId(1), at_ms: 0, nick: nick(seq), what })
            });
            std::iter::once(ServerMessage::Joined(joined)).chain(events).collect()
        }
        ClientMessage::ListMembers(_) => {
            vec![ServerMessage::MemberList(MemberList { members: Vec::new(), more: false, total: 0 })]
        }
        ClientMessage::History(_) | ClientMessage::Search(_) => {
            let frames = (1..).zip(events()).flat_map(|(seq, what)| {
                let event = RoomEvent { seq: Seq(seq), room: RoomId(1), at_ms: u64::MAX, nick: nick(seq), what };
                let mut frame = bytes::BytesMut::new();
                ServerMessage::Event(event).to_frame(RequestId(0)).write(&mut frame);
                frame
            });
            let (more, gone_to) = (true, Seq(u64::MAX));
            vec![ServerMessage::Page(Page { more, unindexed: true, next: 0, gone_to, frames: frames.collect() })]
        }
        ClientMessage::File(_, request) => vec![about_files(&request)],
        ClientMessage::Ping => vec![ServerMessage::Pong],
        _ => Vec::new(),
    }
}

fn nick(seq: u64) -> String {
    let place = usize::try_from(seq).unwrap() % HOSTILE.len();
    HOSTILE[place].to_owned()
}

fn events() -> impl Iterator<Item = What> {
    let root = Root([1; 32]);
    let files = HOSTILE.into_iter().flat_map(move |name| {
        [
            What::File { path: name.to_owned(), size: u64::MAX, root },
            What::Folder { path: name.to_owned(), files: u32::MAX, bytes: u64::MAX },
            What::Sending { path: name.to_owned(), size: 1 },
        ]
    });
    files.chain([What::Said("the end".to_owned())])
}

fn about_files(request: &FileRequest) -> ServerMessage {
    let refusal = || Refusal::new(Code::NoSuchFile, HOSTILE.concat()).with_offer(HOSTILE[1]);
    ServerMessage::File(match request {
        FileRequest::List(_) => {
            let entry = |(number, name): (usize, &&str)| {
                let sort = [Sort::File, Sort::Folder, Sort::Arriving(u64::MAX)][number % 3];
                let (path, by) = ((*name).to_owned(), HOSTILE[(number + 1) % HOSTILE.len()].to_owned());
                FileEntry { path, sort, size: u64::MAX, modified_ms: u64::MAX, root: None, by }
            };
            let entries = HOSTILE.iter().enumerate().map(entry).collect();
            FileAnswer::Entries(Entries { entries, more: false, unnamed: u32::MAX })
        }
        FileRequest::Move(_) | FileRequest::MakeFolder(_) => FileAnswer::Placed(Placed { path: HOSTILE.concat() }),
        FileRequest::Verify(_) => {
            let (root, expected) = (Root([1; 32]), Some(Root([2; 32])));
            FileAnswer::Checked(Checked { size: u64::MAX, root, expected, damaged_at: Some(u64::MAX) })
        }
        _ => return ServerMessage::Refused(refusal()),
    })
}
