//! The examples' values: what servers answer about files.

use bytes::Bytes;
use proto::file::Root;
use proto::message::{
    Accepted, Attached, Checked, Entries, Fetching, FileAnswer, FileEntry, PackOutcome, Packed, PackedFile, Parcel,
    Placed, Sort, Ticket, WireLimits,
};
use proto::{Code, Refusal, ServerMessage, Token};

use crate::file_rows::{HELLO, MORNING_MS, VERSION, root_of, small_files};
use crate::rows::{Row, Spoken, row};

pub(crate) fn all() -> Vec<Row> {
    let mut rows = transfers();
    rows.extend(lists());
    rows.extend(others());
    rows.extend(packs());
    rows
}

fn answer(label: &'static str, id: u64, answer: FileAnswer) -> Row {
    row(label, id, Spoken::Server(ServerMessage::File(answer)))
}

fn transfers() -> Vec<Row> {
    let accepted = Accepted { version: VERSION, from: 0, prefix: Root([0; 32]), restarted: false, credit: 1_048_576 };
    let resumed = Accepted {
        from: 524_288,
        prefix: root_of(&[root_of(b"a").0, root_of(b"b").0].concat()),
        credit: 1_572_864,
        ..accepted.clone()
    };
    let restarted = Accepted { restarted: true, ..accepted.clone() };
    let hello = Fetching {
        version: VERSION,
        size: HELLO.len() as u64,
        modified_ms: MORNING_MS,
        root: Some(root_of(HELLO)),
        arriving: false,
    };
    let arriving = Fetching { size: 4_700_000_000, root: None, arriving: true, ..hello.clone() };
    vec![
        answer("Accepted", 20, FileAnswer::Accepted(accepted.clone())),
        answer("Accepted resumed", 20, FileAnswer::Accepted(resumed)),
        answer("Accepted restarted", 20, FileAnswer::Accepted(restarted)),
        answer("Accepted ann", 4, FileAnswer::Accepted(accepted)),
        answer("Fetching", 22, FileAnswer::Fetching(hello.clone())),
        answer("Fetching arriving", 23, FileAnswer::Fetching(arriving)),
        answer("Fetching bob", 3, FileAnswer::Fetching(hello)),
    ]
}

fn lists() -> Vec<Row> {
    let folder = FileEntry {
        path: "notes".into(),
        sort: Sort::Folder,
        size: 0,
        modified_ms: MORNING_MS,
        root: None,
        by: String::new(),
    };
    let file = FileEntry {
        path: "notes/hello.txt".into(),
        sort: Sort::File,
        size: HELLO.len() as u64,
        root: Some(root_of(HELLO)),
        by: "ann".into(),
        ..folder.clone()
    };
    let arriving = FileEntry {
        path: "图片/bild.iso".into(),
        sort: Sort::Arriving(262_144),
        size: 4_700_000_000,
        by: "李小明".into(),
        ..folder.clone()
    };
    let page = Entries { entries: vec![folder, file, arriving], more: true, unnamed: 2 };
    let empty = Entries { entries: vec![], more: false, unnamed: 0 };
    vec![answer("Entries", 25, FileAnswer::Entries(page)), answer("Entries empty", 25, FileAnswer::Entries(empty))]
}

fn others() -> Vec<Row> {
    let good =
        Checked { size: HELLO.len() as u64, root: root_of(HELLO), expected: Some(root_of(HELLO)), damaged_at: None };
    let rotten = Checked {
        size: 4_700_000_000,
        root: root_of(b"rotten"),
        expected: Some(root_of(b"")),
        damaged_at: Some(262_144),
    };
    let limits = WireLimits { text_bytes: 16_384, bulk_bytes: 1_048_576, rooms: 64, idle_ms: 30_000, grace_ms: 60_000 };
    vec![
        answer("Placed", 28, FileAnswer::Placed(Placed { path: "old/notes".into() })),
        answer("Checked", 30, FileAnswer::Checked(good)),
        answer("Checked rotten", 30, FileAnswer::Checked(rotten)),
        answer("Ticket", 32, FileAnswer::Ticket(Ticket { ticket: Token(*b"one ticket, once"), good_ms: 30_000 })),
        answer("Attached", 1, FileAnswer::Attached(Attached { limits })),
    ]
}

fn packs() -> Vec<Row> {
    let taken = Refusal::new(Code::PathTaken, "notes/c.txt is taken");
    let outcomes = vec![
        PackOutcome::Stored,
        PackOutcome::Renamed("notes/b (1).txt".into()),
        PackOutcome::Same,
        PackOutcome::Refused(taken),
    ];
    let mut files = small_files();
    files.truncate(1);
    files.push(PackedFile {
        code: Some(Code::NoSuchFile),
        path: "notes/gone.txt".into(),
        modified_ms: 0,
        root: Root([0; 32]),
        bytes: Bytes::new(),
    });
    vec![
        answer("Packed", 33, FileAnswer::Packed(Packed { outcomes })),
        answer("Parcel", 24, FileAnswer::Parcel(Parcel { files })),
    ]
}
