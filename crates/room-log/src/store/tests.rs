//! The store, opened in a folder of its own.

mod beside;
mod model;
mod reading;
mod retention;
mod round_trip;
mod searching;
mod trouble;

use futures::executor::block_on;
use proto::event::{Rest, write};
use proto::message::{Page, Range};
use proto::{MessageId, RoomEvent, RoomId, Seq, Token};
use tempfile::TempDir;

use super::read::{Found, Frames, HistoryAsk, Stretch};
use super::rows::{Batch, Events, MembershipRow, PersonRow, RoomRow, Row, SentRow, Stored, StoredRoom, Title};
use super::*;
use crate::Segment;

/// No trimming, two readers, and no waiting for the disk: nobody cuts the power in a test.
const PLAIN: StoreOptions = StoreOptions {
    durability: Durability::Normal,
    retention: Retention { age_ms: None, events: None, bytes: None },
    readers: 2,
};

/// A folder with a store in it, which can be closed and opened again.
struct Scene {
    folder: TempDir,
    options: StoreOptions,
    store: Store,
    stored: Stored,
}

impl Scene {
    fn new() -> Self {
        Self::with(PLAIN)
    }

    fn with(options: StoreOptions) -> Self {
        Self::at(tempfile::tempdir().unwrap(), options)
    }

    fn at(folder: TempDir, options: StoreOptions) -> Self {
        let (store, stored) = Store::open(folder.path(), options).unwrap();
        Self { folder, options, store, stored }
    }

    fn reopened(self) -> Self {
        self.store.close();
        Self::at(self.folder, self.options)
    }

    fn commit(&self, rows: &[Row], events: &[Events]) {
        block_on(self.store.commit(Batch { rows: rows.to_vec(), events: events.to_vec() })).unwrap();
    }

    fn refused(&self, rows: &[Row], events: &[Events]) -> Box<NotStored> {
        block_on(self.store.commit(Batch { rows: rows.to_vec(), events: events.to_vec() })).unwrap_err()
    }

    fn frames(&self, room: u32, from: u64, budget_bytes: usize) -> Frames {
        block_on(self.store.frames(RoomId(room), Seq(from), budget_bytes)).unwrap()
    }

    fn history(&self, room: u32, range: Range, count: u16, bytes_max: usize) -> Found {
        block_on(self.store.history(HistoryAsk { room: RoomId(room), range, count, bytes_max })).unwrap()
    }

    fn search(&self, rooms: &[u32], words: &str) -> Found {
        self.search_page(rooms, words, 0, 100, usize::MAX)
    }

    fn search_page(&self, rooms: &[u32], words: &str, before: u64, count: u16, bytes_max: usize) -> Found {
        let rooms = rooms.iter().copied().map(RoomId).collect();
        let ask = SearchAsk { rooms, words: words.to_owned(), from: None, before, count, bytes_max };
        block_on(self.store.search(ask)).unwrap()
    }

    /// Removes what is to be removed.
    fn trim(&self) {
        let (done, all) = sync_channel(1);
        self.store.send(writer::Job::Trim(done));
        all.recv().unwrap();
    }

    /// A look at the file itself.
    fn count(&self, sql: &str) -> i64 {
        let file = rusqlite::Connection::open(self.folder.path().join(FILE)).unwrap();
        file.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn unread(&self, stretches: &[(u32, u64, u64)], but_of: &str) -> Vec<(u32, bool)> {
        let stretch = |&(room, behind, to)| Stretch { room: RoomId(room), behind: Seq(behind), to: Seq(to) };
        block_on(self.store.unread(stretches.iter().map(stretch).collect(), but_of.to_owned())).unwrap()
    }
}

fn room(id: u32) -> Row {
    let title = Title::Named(format!("room-{id}"));
    Row::Room(RoomRow { id: RoomId(id), title, topic: String::new(), ended: false })
}

fn person(id: u64) -> Row {
    let nick = format!("person-{id}");
    Row::Person(PersonRow { id, nick, token: Token([7; 16]), keeps: true, away_since_ms: None })
}

/// Messages of ann, from `first` on, a second apart, the first event of a room at one second.
fn said(room: u32, first: u64, texts: &[&str]) -> Events {
    let mut bytes = Vec::new();
    for (seq, text) in (first..).zip(texts) {
        write(Seq(seq), RoomId(room), seq * 1000, "ann", Rest::Said(text.as_bytes()), &mut bytes);
    }
    let last = first + texts.len() as u64 - 1;
    Events {
        room: RoomId(room),
        segment: Segment::new(Seq(first), Seq(last), bytes.into()),
        first_at_ms: first * 1000,
        last_at_ms: last * 1000,
        has_content: true,
        sent: Vec::new(),
    }
}

/// So many messages of one letter.
fn some(room: u32, first: u64, count: usize) -> Events {
    said(room, first, &vec!["x"; count])
}

fn events(frames: &[bytes::Bytes]) -> Vec<RoomEvent> {
    let frames = frames.concat().into();
    Page { more: false, unindexed: false, next: 0, gone_to: Seq(0), frames }.events().unwrap()
}

fn seqs(frames: &[bytes::Bytes]) -> Vec<u64> {
    events(frames).iter().map(|event| event.seq.0).collect()
}
