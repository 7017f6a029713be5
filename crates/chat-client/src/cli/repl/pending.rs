//! One's own messages on their way: those without an answer, and those whose own event is still to come. A quick
//! answer is never noticed; a slow one is shown as waiting.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_client::{RoomKey, Seq, Text};
use jiff::Timestamp;
use tokio::time::Instant;

/// An answer that takes longer than this is noticed.
const QUICK: Duration = Duration::from_millis(400);

/// The messages without an answer.
#[derive(Debug, Default)]
pub(super) struct Pending {
    messages: BTreeMap<u64, Message>,
    last: u64,
    /// The newest confirmed message of a room, until its event has come.
    unheard: BTreeMap<RoomKey, Seq>,
    /// The newest event of each room.
    heard: BTreeMap<RoomKey, Seq>,
}

#[derive(Debug)]
struct Message {
    /// When and where it was said, and its text, until it has been shown as waiting.
    shown_as: Option<(u64, RoomKey, String)>,
    due: Instant,
}

impl Pending {
    /// A message for a room that is open.
    pub(super) fn add(&mut self, room: RoomKey, text: Text) -> u64 {
        let at_ms = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0);
        self.insert(Some((at_ms, room, text.as_str().to_owned())))
    }

    /// A message for a conversation that has yet to be opened: it is not shown as waiting.
    pub(super) fn add_elsewhere(&mut self) -> u64 {
        self.insert(None)
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn done(&mut self, id: u64) {
        self.messages.remove(&id);
    }

    /// There is no connection: no use to wait before it is shown.
    pub(super) fn due_now(&mut self, id: u64) {
        if let Some(message) = self.messages.get_mut(&id) {
            message.due = Instant::now();
        }
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.messages.values().filter(|message| message.shown_as.is_some()).map(|message| message.due).min()
    }

    /// What is to be shown as waiting now: when, where, what. Each comes once.
    pub(super) fn take_due(&mut self) -> Vec<(u64, RoomKey, String)> {
        let now = Instant::now();
        self.messages
            .values_mut()
            .filter(|message| message.due <= now)
            .filter_map(|message| message.shown_as.take())
            .collect()
    }

    /// A message has its place in a room; its event may have come already.
    pub(super) fn confirmed(&mut self, room: RoomKey, seq: Seq) {
        if self.heard.get(&room).is_none_or(|heard| *heard < seq) {
            let newest = self.unheard.entry(room).or_insert(seq);
            *newest = seq.max(*newest);
        }
    }

    /// An event has come.
    pub(super) fn heard(&mut self, room: RoomKey, seq: Seq) {
        self.heard.insert(room, seq);
        if self.unheard.get(&room).is_some_and(|said| *said <= seq) {
            self.unheard.remove(&room);
        }
    }

    /// A room was left: nothing more is heard of it.
    pub(super) fn left(&mut self, room: RoomKey) {
        self.unheard.remove(&room);
        self.heard.remove(&room);
    }

    /// Whether every confirmed message has been heard.
    pub(super) fn is_all_heard(&self) -> bool {
        self.unheard.is_empty()
    }

    fn insert(&mut self, shown_as: Option<(u64, RoomKey, String)>) -> u64 {
        self.last += 1;
        self.messages.insert(self.last, Message { shown_as, due: Instant::now() + QUICK });
        self.last
    }
}
