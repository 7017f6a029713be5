//! Answers what is asked of the logs: from the store, and from the rings where there is none. Each question is a task
//! of its own, so the hub waits for no disk; a session has one at most, as it asks such things alone.

use std::sync::Arc;

use chat::{ReadAsk, ReadWhat};
use proto::limits::PAGE_EVENTS_MAX;
use proto::message::{History, PAGE_FRAMES_BYTES_MAX, Page, Search, Unread, UnreadRoom};
use proto::{Code, Nick, Refusal, ServerMessage};
use room_log::Store;
use room_log::store::StoreError;
use room_log::store::read::{Found, HistoryAsk, SearchAsk, Stretch};

use super::HubOwner;
use super::logs::Held;
use super::ring_reading;

/// A room that is asked about, and its log.
type Counted = (UnreadRoom, Option<Held>);

impl HubOwner {
    /// Answers a question about the logs in its own time.
    pub(super) fn read(&mut self, ask: ReadAsk) {
        let ReadAsk { to, request, reading } = ask;
        let Some(outbox) = self.sessions.get(&to).map(|seated| Arc::clone(&seated.outbox)) else { return };
        let store = self.store.clone();
        match reading {
            ReadWhat::History(asked) => {
                let held = self.logs.get(asked.room);
                self.reads.spawn(async move {
                    let reply = history(store.as_deref(), held, asked).await;
                    outbox.answer(request, &message(reply).to_frame(request));
                });
            }
            ReadWhat::Search(asked) => {
                self.reads.spawn(async move {
                    let reply = search(store.as_deref(), asked).await;
                    outbox.answer(request, &message(reply).to_frame(request));
                });
            }
            ReadWhat::Unread(rooms, own) => {
                let rooms = rooms.into_iter().map(|room| (self.logs.get(room.room), room));
                let rooms = rooms.map(|(held, room)| (room, held)).collect();
                self.reads.spawn(async move {
                    let reply = unread(store.as_deref(), rooms, own).await;
                    outbox.answer(request, &message(reply).to_frame(request));
                });
            }
        }
    }
}

fn message(reply: Result<ServerMessage, Refusal>) -> ServerMessage {
    reply.unwrap_or_else(ServerMessage::Refused)
}

async fn history(store: Option<&Store>, held: Option<Held>, asked: History) -> Result<ServerMessage, Refusal> {
    let History { room, range, count } = asked;
    let count = count.min(PAGE_EVENTS_MAX);
    match (store, held) {
        (Some(store), held) if held.as_ref().is_none_or(|held| held.is_stored) => {
            let ask = HistoryAsk { room, range, count, bytes_max: PAGE_FRAMES_BYTES_MAX };
            let Found { frames, more, gone_to, .. } = store.history(ask).await.map_err(|error| failed(&error))?;
            Ok(ServerMessage::Page(Page { more, unindexed: false, next: 0, gone_to, frames }))
        }
        (_, Some(held)) => Ok(ServerMessage::Page(ring_reading::page(&held.log, range, usize::from(count)))),
        (_, None) => Ok(ServerMessage::Page(ring_reading::nothing())),
    }
}

async fn search(store: Option<&Store>, asked: Search) -> Result<ServerMessage, Refusal> {
    let Search { rooms, words, from, before, count } = asked;
    let store = store.ok_or_else(no_store)?;
    let count = count.min(PAGE_EVENTS_MAX);
    let ask = SearchAsk { rooms, words: words.clone(), from, before, count, bytes_max: PAGE_FRAMES_BYTES_MAX };
    let Found { frames, more, next, unindexed, wordless, .. } =
        store.search(ask).await.map_err(|error| failed(&error))?;
    match wordless {
        true => Err(Refusal::new(
            Code::BadSearch,
            format!("there is no word in {words:?} that could be looked for; letters and digits make words"),
        )),
        false => Ok(ServerMessage::Page(Page { more, unindexed, next, gone_to: proto::Seq(0), frames })),
    }
}

async fn unread(store: Option<&Store>, rooms: Vec<Counted>, own: Nick) -> Result<ServerMessage, Refusal> {
    let own = own.as_str();
    let mut stretches = Vec::new();
    let mut answer = Unread { rooms: Vec::with_capacity(rooms.len()) };
    let mut on_disk = Vec::new();
    for (at, (mut room, held)) in rooms.into_iter().enumerate() {
        if let Some(held) = held {
            // What waits for the disk has not happened yet, whatever the hub counts.
            room.head = room.head.min(held.log.head());
            room.read = room.read.min(room.head);
            if held.is_stored {
                stretches.push(Stretch { room: room.room, behind: room.read, to: room.head });
                on_disk.push(at);
            } else {
                (room.said, room.more) = ring_reading::count(&held.log, room.read, room.head, own);
            }
        }
        answer.rooms.push(room);
    }
    if let Some(store) = store.filter(|_| !stretches.is_empty()) {
        let counts = store.unread(stretches, own.to_owned()).await.map_err(|error| failed(&error))?;
        for (at, count) in on_disk.into_iter().zip(counts) {
            if let Some(room) = answer.rooms.get_mut(at) {
                (room.said, room.more) = count;
            }
        }
    }
    Ok(ServerMessage::Unread(answer))
}

fn no_store() -> Refusal {
    let words =
        "this server has no messages on disk that could be searched; its operator can start it with --data-dir DIR";
    Refusal::new(Code::NoStore, words)
}

fn failed(error: &StoreError) -> Refusal {
    tracing::warn!(%error, "cannot read what was asked for");
    Refusal::new(Code::StorageFailed, format!("the server cannot read what was asked for: {error}"))
}
