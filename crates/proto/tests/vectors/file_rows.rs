//! The examples' values: what clients ask about files, and what is said within a transfer.

use bytes::Bytes;
use proto::file::{FileVersion, Root, Slot, TransferKey};
use proto::message::{
    Announce, Attach, Committed, Fetch, FetchMany, FileRequest, List, MakeFolder, Move, Offer, OnConflict, Pack,
    PackedFile, Remove, StalledBy, Stop, TransferMessage, Verify,
};
use proto::{ClientMessage, Code, Refusal, RoomId, ServerMessage, Token};

use crate::rows::{Row, Spoken, client, row};

/// 2026-11-22 09:30:00 UTC.
pub(crate) const MORNING_MS: u64 = 1_795_339_800_000;
/// The content of the dialogue's file, and of the first file of a pack.
pub(crate) const HELLO: &[u8] = b"hello\n";
/// The version of the dialogue's file.
pub(crate) const VERSION: FileVersion = FileVersion(*b"the version, ok?");
/// The slot of the examples that are not of the dialogue.
const SLOT: Slot = Slot(3);
const KEY: TransferKey = TransferKey(*b"a key of 16 byte");

pub(crate) fn all() -> Vec<Row> {
    let mut rows = offers();
    rows.extend(fetches());
    rows.extend(askings());
    rows.extend(packs());
    rows.extend(within_from_either_side());
    rows.extend(within_from_one_side());
    rows.extend(dialogue());
    rows
}

/// The hash that `b3sum` prints for `bytes`.
pub(crate) fn root_of(bytes: &[u8]) -> Root {
    Root(*blake3::hash(bytes).as_bytes())
}

fn ask(label: &'static str, id: u64, slot: Slot, request: FileRequest) -> Row {
    client(label, id, ClientMessage::File(slot, request))
}

fn of_client(label: &'static str, slot: Slot, message: TransferMessage) -> Row {
    let id = message.to_frame(slot).header().id;
    row(label, id, Spoken::Client(ClientMessage::Transfer(slot, message)))
}

fn of_server(label: &'static str, slot: Slot, message: TransferMessage) -> Row {
    let id = message.to_frame(slot).header().id;
    row(label, id, Spoken::Server(ServerMessage::Transfer(slot, message)))
}

fn hello_offer() -> Offer {
    Offer {
        room: RoomId(1),
        path: "notes/hello.txt".into(),
        size: HELLO.len() as u64,
        modified_ms: MORNING_MS,
        key: KEY,
        fresh: false,
        on_conflict: OnConflict::Rename,
        root: None,
        announce: true,
    }
}

fn offers() -> Vec<Row> {
    let big = Offer {
        room: RoomId(3),
        path: "图片/bild.iso".into(),
        size: 4_700_000_000,
        fresh: true,
        on_conflict: OnConflict::Same,
        root: Some(root_of(b"")),
        announce: false,
        ..hello_offer()
    };
    vec![
        ask("Offer", 20, SLOT, FileRequest::Offer(Offer { room: RoomId(3), ..hello_offer() })),
        ask("Offer fresh", 21, Slot(u16::MAX), FileRequest::Offer(big)),
        ask("Offer ann", 4, Slot(1), FileRequest::Offer(hello_offer())),
    ]
}

fn fetches() -> Vec<Row> {
    let fetch = |room, path: &str, version, from, credit| {
        FileRequest::Fetch(Fetch { room: RoomId(room), path: path.into(), version, from, credit })
    };
    let many = FetchMany { room: RoomId(3), paths: vec!["notes/hello.txt".into(), "notes/gone.txt".into()] };
    vec![
        ask("Fetch", 22, SLOT, fetch(3, "notes/hello.txt", None, 0, 1_048_576)),
        ask("Fetch resume", 23, SLOT, fetch(3, "图片/bild.iso", Some(VERSION), 524_288, 1_572_864)),
        ask("Fetch bob", 3, Slot(1), fetch(1, "notes/hello.txt", None, 0, 1_048_576)),
        ask("FetchMany", 24, Slot(0), FileRequest::FetchMany(many)),
    ]
}

fn askings() -> Vec<Row> {
    let room = RoomId(3);
    let list = |path: &str, recursive, after: &str| {
        FileRequest::List(List { room, path: path.into(), recursive, after: after.into() })
    };
    let moves = Move { room, from: "notes".into(), to: "old/notes".into(), on_conflict: OnConflict::Fail };
    let attach = Attach { magic: *b"VBTM", version: 1, ticket: Token(*b"one ticket, once") };
    let request = |label, id, request| ask(label, id, Slot(0), request);
    vec![
        request("List", 25, list("", false, "")),
        request("List next-page", 26, list("notes", true, "notes/hello.txt")),
        request("Remove", 27, FileRequest::Remove(Remove { room, path: "notes".into(), recursive: true })),
        request("Move", 28, FileRequest::Move(moves)),
        request("MakeFolder", 29, FileRequest::MakeFolder(MakeFolder { room, path: "old".into() })),
        request("Verify", 30, FileRequest::Verify(Verify { room, path: "图片/bild.iso".into() })),
        request(
            "Announce",
            31,
            FileRequest::Announce(Announce { room, path: "notes".into(), files: 300, bytes: 1_228_800 }),
        ),
        client("AskTicket", 32, ClientMessage::AskTicket),
        client("Attach", 1, ClientMessage::Attach(attach)),
    ]
}

/// The files of the examples of packs.
pub(crate) fn small_files() -> Vec<PackedFile> {
    let file = |path: &str, bytes: &'static [u8]| PackedFile {
        code: None,
        path: path.into(),
        modified_ms: MORNING_MS,
        root: root_of(bytes),
        bytes: Bytes::from_static(bytes),
    };
    vec![file("notes/hello.txt", HELLO), file("notes/空", b"")]
}

fn packs() -> Vec<Row> {
    let pack = |label, id, on_conflict, files| {
        ask(label, id, Slot(0), FileRequest::Pack(Pack { room: RoomId(3), on_conflict, files }))
    };
    vec![
        pack("Pack", 33, OnConflict::Rename, small_files()),
        pack("Pack replace", 34, OnConflict::Replace, small_files().split_off(1)),
    ]
}

fn within_from_either_side() -> Vec<Row> {
    let chunk = |offset| TransferMessage::Chunk { offset, bytes: Bytes::from_static(HELLO) };
    let two_hashes = [root_of(b"a").0, root_of(b"b").0].concat();
    let hashes = |first| TransferMessage::Hashes { first, hashes: Bytes::from(two_hashes.clone()) };
    let finish = TransferMessage::Finish { size: HELLO.len() as u64, root: root_of(HELLO) };
    let stop = |code, words: &str, keep| TransferMessage::Stop(Stop { refusal: Refusal::new(code, words), keep });
    vec![
        of_server("Credit", SLOT, TransferMessage::Credit { limit: 1_048_576 }),
        of_client("Credit far", SLOT, TransferMessage::Credit { limit: u64::MAX }),
        of_client("Chunk", SLOT, chunk(262_144)),
        of_server("Chunk server", SLOT, chunk(0)),
        of_client("Hashes", SLOT, hashes(0)),
        of_server("Hashes server", SLOT, hashes(17)),
        of_client("Finish", SLOT, finish.clone()),
        of_server("Finish server", SLOT, finish),
        of_server("Repair", SLOT, TransferMessage::Repair { from: 524_288 }),
        of_client("Repair client", SLOT, TransferMessage::Repair { from: 0 }),
        of_client("Stop", SLOT, stop(Code::Stopped, "paused by the person", true)),
        of_server("Stop server", SLOT, stop(Code::Damaged, "the server's copy is damaged", false)),
    ]
}

fn committed(path: &str, same: bool) -> TransferMessage {
    let size = HELLO.len() as u64;
    TransferMessage::Committed(Committed { path: path.into(), size, root: root_of(HELLO), version: VERSION, same })
}

fn within_from_one_side() -> Vec<Row> {
    vec![
        of_server("Committed", SLOT, committed("notes/hello (1).txt", false)),
        of_server("Committed same", SLOT, committed("notes/hello.txt", true)),
        of_client("Taken", SLOT, TransferMessage::Taken),
        of_server("Stalled", SLOT, TransferMessage::Stalled(StalledBy::Sender)),
        of_server("Stalled disk", SLOT, TransferMessage::Stalled(StalledBy::ServerDisk)),
    ]
}

/// What is said within the two transfers of the dialogue; ann sends, bob takes.
fn dialogue() -> Vec<Row> {
    let slot = Slot(1);
    let chunk = || TransferMessage::Chunk { offset: 0, bytes: Bytes::from_static(HELLO) };
    let hashes = || TransferMessage::Hashes { first: 0, hashes: Bytes::copy_from_slice(&root_of(HELLO).0) };
    let finish = || TransferMessage::Finish { size: HELLO.len() as u64, root: root_of(HELLO) };
    vec![
        of_client("Chunk ann", slot, chunk()),
        of_client("Hashes ann", slot, hashes()),
        of_client("Finish ann", slot, finish()),
        of_server("Committed ann", slot, committed("notes/hello.txt", false)),
        of_server("Chunk bob", slot, chunk()),
        of_server("Hashes bob", slot, hashes()),
        of_server("Finish bob", slot, finish()),
        of_client("Taken bob", slot, TransferMessage::Taken),
    ]
}
