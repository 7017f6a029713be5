//! What everybody together knows: every event that anybody saw, every message that was confirmed. Nothing of it may ever be
//! otherwise.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard};

use bytes::Bytes;
use proto::message::{Join, Since};
use proto::{ClientMessage, MessageId, RoomEvent, RoomId, Seq, ServerMessage, What};

use crate::peer::Peer;

/// A message of somebody.
pub(crate) type Spoken = (String, MessageId);

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// By room and place: the event's bytes.
    seen: HashMap<(RoomId, Seq), Bytes>,
    confirmed: HashMap<Spoken, (RoomId, Seq)>,
    /// Where each text was found: each is said once.
    places: HashMap<String, (RoomId, Seq)>,
    /// Up to where each room has been read and compared.
    checked: HashMap<RoomId, Seq>,
}

impl Ledger {
    /// Takes an event that somebody saw.
    pub(crate) fn see(&self, event: &RoomEvent, bytes: &Bytes) -> Result<(), String> {
        let place = (event.room, event.seq);
        let mut known = self.lock();
        if let Some(before) = known.seen.insert(place, bytes.clone())
            && before != *bytes
        {
            return Err(format!("{place:?} is {bytes:?} and was {before:?}"));
        }
        if let What::Said(text) = &event.what
            && let Some(before) = known.places.insert(text.clone(), place)
            && before != place
        {
            return Err(format!("{text:?} stands at {place:?} and at {before:?}"));
        }
        Ok(())
    }

    /// Takes a confirmation that somebody got.
    pub(crate) fn confirm(&self, spoken: Spoken, room: RoomId, seq: Seq) -> Result<(), String> {
        let mut known = self.lock();
        match known.confirmed.insert(spoken.clone(), (room, seq)) {
            Some(before) if before != (room, seq) => Err(format!("{spoken:?} was at {before:?}, now {room} {seq}")),
            _ => Ok(()),
        }
    }

    pub(crate) fn events(&self) -> usize {
        self.lock().seen.len()
    }

    pub(crate) fn confirmed(&self) -> u64 {
        self.lock().confirmed.len() as u64
    }

    /// Reads what has not been compared yet, as somebody who was never there, and compares it. Where each room ends.
    pub(crate) fn check(&self, address: SocketAddr, rooms: &[&str]) -> Result<HashMap<RoomId, Seq>, String> {
        let (mut peer, _) = Peer::hello(address, "checker");
        let mut heads = HashMap::new();
        for room in rooms {
            // The first answer tells the room's number, the second brings what is new.
            let mut enter = |since| {
                let join = Join { room: (*room).to_owned(), since, announce: false, ephemeral: false };
                match peer.ask(&ClientMessage::Join(join)) {
                    ServerMessage::Joined(joined) => Ok(joined),
                    other => Err(format!("{room}: {other:?}")),
                }
            };
            let joined = enter(Since::Now)?;
            let checked = self.lock().checked.get(&joined.room).copied().unwrap_or_default();
            let joined = enter(Since::After(checked))?;
            if joined.head < checked {
                return Err(format!("{room} ended at {checked} and ends at {} now", joined.head));
            }
            for due in checked.0 + 1..=joined.head.0 {
                let (event, bytes) = peer.event(joined.room);
                if event.seq != Seq(due) {
                    return Err(format!("{room}: {} came when {due} was due", event.seq));
                }
                self.see(&event, &bytes)?;
            }
            self.lock().checked.insert(joined.room, joined.head);
            heads.insert(joined.room, joined.head);
        }
        peer.send(&ClientMessage::Bye);
        // So that the nick is free, on disk, for the checker of the next round.
        peer.goodbye();
        self.nothing_is_missing(&heads).map(|()| heads)
    }

    /// Whether everything that was seen or confirmed stands in the rooms, of which every event is known by now.
    fn nothing_is_missing(&self, heads: &HashMap<RoomId, Seq>) -> Result<(), String> {
        let known = self.lock();
        let is_there = |(room, seq): &(RoomId, Seq)| heads.get(room).is_some_and(|head| seq <= head);
        if let Some(lost) = known.seen.keys().find(|place| !is_there(place)) {
            return Err(format!("somebody saw {lost:?}, and it is gone: {heads:?}"));
        }
        for (spoken, place) in &known.confirmed {
            let text = text_of(spoken);
            if known.places.get(&text) != Some(place) {
                return Err(format!("{text:?} was confirmed at {place:?} and is at {:?}", known.places.get(&text)));
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap()
    }
}

/// What somebody's message says: another text for each.
pub(crate) fn text_of((nick, message): &Spoken) -> String {
    format!("{nick} says {message}, 一二三 {}", "x".repeat(usize::try_from(message.0 % 200).unwrap_or(0)))
}
