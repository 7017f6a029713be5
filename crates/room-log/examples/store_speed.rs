//! How fast the store takes messages, beside plain rows in the same SQLite on the same disk, in turns.
//!
//! `cargo run --release -p room-log --example store_speed [FOLDER]`; the folder must not be in memory.

use std::path::{Path, PathBuf};
use std::time::Instant;

use futures::executor::block_on;
use proto::event::{Rest, write};
use proto::{MessageId, RoomId, Seq, Token};
use room_log::store::rows::{Batch, Events, PersonRow, RoomRow, Row, SentRow, Title};
use room_log::store::{Durability, Retention, StoreOptions};
use room_log::{Segment, Store};
use rusqlite::{Connection, params};

const TEXT: [u8; 64] = [b'x'; 64];
const PEOPLE: u64 = 100;
const ROUNDS: usize = 5;

fn main() {
    let base = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    println!("messages/s             store (FULL)    plain rows (FULL)   store / rows");
    for (batches, size) in [(2000, 1), (1000, 16), (600, 128), (400, 512), (60, 4096)] {
        let mut ratios = Vec::new();
        let (mut best_store, mut best_rows) = (0.0_f64, 0.0_f64);
        for _ in 0..ROUNDS {
            let (store, rows) =
                (in_folder(&base, |at| store(at, batches, size)), in_folder(&base, |at| rows(at, batches, size)));
            ratios.push(store / rows);
            (best_store, best_rows) = (best_store.max(store), best_rows.max(rows));
        }
        ratios.sort_by(f64::total_cmp);
        println!(
            "{size:>5} a batch {best_store:>20.0} {best_rows:>20.0} {:>13.2} (median of {ROUNDS})",
            ratios[ROUNDS / 2]
        );
    }
}

fn in_folder(base: &Path, measure: impl FnOnce(&Path) -> f64) -> f64 {
    let folder = tempfile::tempdir_in(base).expect("a folder");
    measure(folder.path())
}

fn per_second(messages: u64, began: Instant) -> f64 {
    messages as f64 / began.elapsed().as_secs_f64()
}

fn store(folder: &Path, batches: u64, size: u64) -> f64 {
    let retention = Retention::default();
    let options = StoreOptions { durability: Durability::Full, retention, readers: 2 };
    let (store, _) = Store::open(folder, options).expect("a store");
    let title = Title::Named("lobby".into());
    let room = Row::Room(RoomRow { id: RoomId(1), title, topic: String::new(), ended: false });
    let person = |id| {
        let nick = format!("person-{id}");
        Row::Person(PersonRow { id, nick, token: Token([1; 16]), keeps: true, away_since_ms: None })
    };
    let rows = std::iter::once(room).chain((0..PEOPLE).map(person)).collect();
    block_on(store.commit(Batch { rows, events: Vec::new() })).expect("a commit");
    let began = Instant::now();
    for batch in 0..batches {
        block_on(store.commit(messages(batch * size + 1, size))).expect("a commit");
    }
    per_second(batches * size, began)
}

fn messages(first: u64, size: u64) -> Batch {
    let (mut bytes, mut sent) = (Vec::new(), Vec::new());
    for seq in first..first + size {
        write(Seq(seq), RoomId(1), seq, "person", Rest::Said(&TEXT), &mut bytes);
        sent.push(SentRow { person: seq % PEOPLE, message: MessageId(seq), room: RoomId(1), seq: Seq(seq) });
    }
    let (last, last_at_ms) = (first + size - 1, first + size - 1);
    let segment = Segment::new(Seq(first), Seq(last), bytes.into());
    let events = Events { room: RoomId(1), segment, first_at_ms: first, last_at_ms, has_content: true, sent };
    Batch { rows: Vec::new(), events: vec![events] }
}

/// A row a message, as anyone would do it: the same columns, in transactions of the same size.
fn rows(folder: &Path, batches: u64, size: u64) -> f64 {
    let mut connection = Connection::open(folder.join("rows.db")).expect("a file");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE messages (id INTEGER PRIMARY KEY, room INTEGER, seq INTEGER, at INTEGER, nick TEXT, text TEXT,
                 person INTEGER, message INTEGER);",
        )
        .expect("a table");
    let began = Instant::now();
    for batch in 0..batches {
        let transaction = connection.transaction().expect("a transaction");
        let text = std::str::from_utf8(&TEXT).expect("text");
        for seq in (batch * size..(batch + 1) * size).map(u64::cast_signed) {
            transaction
                .prepare_cached("INSERT INTO messages (room, seq, at, nick, text, person, message) VALUES (1, ?1, ?1, 'person', ?2, ?3, ?1)")
                .and_then(|mut insert| insert.execute(params![seq, text, seq % 100]))
                .expect("a row");
        }
        transaction.commit().expect("a commit");
    }
    per_second(batches * size, began)
}
