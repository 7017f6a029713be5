//! A big store: said through the server, as people would, but without pause; kept, and used again, where that is wanted.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proto::message::Search;
use serde::{Deserialize, Serialize};

use super::corpus::Corpus;
use crate::error::BenchError;
use crate::experiments::Setting;
use crate::experiments::store::Disk;
use crate::load::{Saying, Texts, Waiting};
use crate::targets::chat::guest::Guest;
use crate::targets::chat::speaker::Speaker;
use crate::targets::{Arrival, Keeping, Topic};

/// How many messages of each speaker are unconfirmed at a time.
const WINDOW: u64 = 512;

/// How often it is asked whether the index has everything.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// How long the index may take: so many seconds, and one more for so many messages. It bounds hangs and measures nothing.
const INDEX_SECONDS: u64 = 30;
const INDEX_MESSAGES_A_SECOND: u64 = 5000;

/// How long a server may take to end in order when it has written so much.
const END: Duration = Duration::from_secs(120);

/// What of a store stands beside it, once it is whole.
const NOTE: &str = "bench-store.json";

/// What a store holds, by which one that is there already is known for the one that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contents {
    pub(super) messages: u64,
    pub(super) rooms: u64,
    pub(super) seed: u64,
    pub(super) corpus: u32,
}

/// A store that is whole, and its words are in the index.
#[derive(Debug)]
pub(super) struct Made {
    /// The server's data directory.
    pub(super) folder: PathBuf,
    pub(super) corpus: Corpus,
    /// How long it took; `None` if it was there already.
    pub(super) making: Option<Making>,
}

/// How long a store took.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Making {
    /// Until everything was confirmed, and from then until the index had everything, in seconds.
    pub(super) stored_seconds: f64,
    pub(super) indexed_seconds: f64,
}

impl Made {
    /// The store in `home`, made if it is not there.
    ///
    /// # Errors
    /// If another stands there, or the server does not take it.
    pub(super) fn at(home: &Path, contents: Contents, disk: &Disk, setting: &Setting) -> Result<Self, BenchError> {
        let corpus = Corpus::new(contents.seed, contents.rooms, contents.messages);
        let (folder, note) = (home.join("data"), home.join(NOTE));
        if let Ok(text) = fs::read(&note) {
            let found: Option<Contents> = serde_json::from_slice(&text).ok();
            if found == Some(contents) {
                return Ok(Self { folder, corpus, making: None });
            }
            return Err(another(home, found));
        }
        fs::create_dir_all(&folder).map_err(BenchError::io("cannot make the store's folder"))?;
        let making = make(&folder, &corpus, contents, disk, setting)?;
        let text = serde_json::to_vec(&contents).unwrap_or_default();
        fs::write(&note, text).map_err(BenchError::io("cannot write the store's note"))?;
        Ok(Self { folder, corpus, making: Some(making) })
    }

    /// How big one of its files is, with what of it waits to be moved into it, in bytes.
    pub(super) fn file_bytes(&self, name: &str) -> u64 {
        let size =
            |suffix: &str| fs::metadata(self.folder.join(format!("{name}{suffix}"))).map_or(0, |found| found.len());
        size("") + size("-wal")
    }
}

fn another(home: &Path, found: Option<Contents>) -> BenchError {
    let what = found.map_or_else(
        || "something else".to_owned(),
        |Contents { messages, rooms, seed, corpus }| {
            format!("a store of {messages} messages in {rooms} rooms of seed {seed}, corpus {corpus}")
        },
    );
    BenchError::Usage(format!("{} holds {what}; say another --keep, or the same numbers", home.display()))
}

/// The nick of whoever speaks in a room, which nobody else does.
pub(super) fn speaker(room: u64) -> String {
    format!("speaker-{room}")
}

/// What a room is called.
pub(super) fn room_name(room: u64) -> String {
    format!("room-{room}")
}

fn make(
    folder: &Path,
    corpus: &Corpus,
    contents: Contents,
    disk: &Disk,
    setting: &Setting,
) -> Result<Making, BenchError> {
    let mut server = disk.start(folder, &[], setting)?.server;
    let began = Instant::now();
    let mut speakers = Vec::new();
    for room in 0..contents.rooms {
        let topic = Topic {
            room: room_name(room),
            nick_prefix: String::new(),
            text_bytes: 0,
            receivers: 0,
            arrival: Arrival::Silent,
            keeping: Keeping::Stored,
        };
        speakers.push(Speaker::enter(server.address(), &topic, &speaker(room))?);
    }
    let mut saying = Saying::new(speakers, WINDOW, Said(corpus), Waiting::Sleeping)?;
    let mut told = Instant::now();
    saying.say_all(&setting.interrupt, |confirmed| {
        if told.elapsed() > Duration::from_secs(1) {
            told = Instant::now();
            setting.output.progress(&format!("{confirmed} of {} messages are stored", contents.messages));
        }
    })?;
    let stored = Instant::now();
    await_index(&mut enter_all(server.address(), "waiter", corpus, contents)?, contents, setting)?;
    let indexed_seconds = stored.elapsed().as_secs_f64();
    drop(saying);
    server.stop(END)?;
    Ok(Making { stored_seconds: (stored - began).as_secs_f64(), indexed_seconds })
}

/// Everything in a corpus, each speaker in a room.
struct Said<'a>(&'a Corpus);

impl Texts for Said<'_> {
    fn write(&mut self, client: usize, number: u64, out: &mut Vec<u8>) {
        self.0.write(client as u64, number, out);
    }
}

/// Somebody comes into all rooms, each of which has to hold all its messages.
///
/// # Errors
/// If one does not.
pub(super) fn enter_all(
    address: std::net::SocketAddr,
    nick: &str,
    corpus: &Corpus,
    contents: Contents,
) -> Result<Guest, BenchError> {
    let mut guest = Guest::greet(address, nick)?;
    for room in 0..contents.rooms {
        let (head, wanted) = (guest.join(&room_name(room))?.head.0, corpus.share(room));
        if head != wanted {
            let why = format!("{} holds {head} messages, and {wanted} were stored", room_name(room));
            return Err(BenchError::protocol("chat-server", why));
        }
    }
    Ok(guest)
}

/// Waits until a search looks at every message.
fn await_index(guest: &mut Guest, contents: Contents, setting: &Setting) -> Result<(), BenchError> {
    let patience = Duration::from_secs(INDEX_SECONDS + contents.messages / INDEX_MESSAGES_A_SECOND);
    let began = Instant::now();
    let ask = Search { rooms: Vec::new(), words: "the".to_owned(), from: None, before: 0, count: 1 };
    setting.output.progress("the last messages' words are being taken up");
    while guest.search(ask.clone())?.unindexed {
        setting.interrupt.check()?;
        if began.elapsed() > patience {
            let why = format!("its index is behind after {} seconds without a new message", patience.as_secs());
            return Err(BenchError::protocol("chat-server", why));
        }
        std::thread::sleep(ASK_AGAIN);
    }
    Ok(())
}
