//! Messages without an answer. Each keeps its number over reconnects, so the server stores it once.

use std::collections::{BTreeMap, BTreeSet};

use proto::message::{Said, Say};
use proto::text::TextError;
use proto::{ClientMessage, Code, MessageId, Refusal, RequestId, Text};

use super::{Asked, Session, answer};
use crate::error::{ClientError, Fault};
use crate::event::{Event, RoomKey};
use crate::request::Reply;

/// Messages that may wait for an answer, or for the connection to come back.
pub(crate) const UNSENT_MAX: usize = 1000;

/// The messages without an answer, in the order they were said.
#[derive(Debug, Default)]
pub(super) struct Says {
    waiting: BTreeMap<MessageId, Waiting>,
    /// Those that this connection has not carried yet.
    unsent: BTreeSet<MessageId>,
    /// The number of the last one that was said.
    last: u64,
    /// Whether a message is kept that the server cannot store now.
    keeps: bool,
    /// Whether one is kept now, and when it is to be sent again.
    is_kept: bool,
    again_in_ms: Option<u32>,
}

#[derive(Debug)]
struct Waiting {
    room: RoomKey,
    text: Text,
    reply: Reply<Said>,
}

impl Says {
    /// None yet; the first will have the number behind `last`.
    ///
    /// `keeps`: whether one is kept that the server cannot store now.
    pub(super) fn after(last: u64, keeps: bool) -> Self {
        Self { last, keeps, ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// The connection broke: none has been carried by the next one.
    pub(super) fn unsent(&mut self) {
        self.again_in_ms = None;
        self.unsent.extend(self.waiting.keys());
    }

    pub(super) fn fail_all(&mut self, error: &ClientError) {
        self.unsent.clear();
        for (_, waiting) in std::mem::take(&mut self.waiting) {
            answer(waiting.reply, Err(error.clone()));
        }
    }

    /// Fails what waits for a room that the client is no longer in.
    pub(super) fn fail_room(&mut self, room: RoomKey, error: &ClientError) {
        let lost: Vec<_> = self.waiting.iter().filter(|(_, waiting)| waiting.room == room).map(|(id, _)| *id).collect();
        for id in lost {
            self.finish(id, Err(error.clone()));
        }
    }

    /// Answers the caller of a message. An answer to a message that has had one is not news.
    pub(super) fn finish(&mut self, id: MessageId, result: Result<Said, ClientError>) {
        self.unsent.remove(&id);
        if let Some(waiting) = self.waiting.remove(&id) {
            answer(waiting.reply, result);
        }
    }
}

impl Session {
    pub(super) fn say(&mut self, room: RoomKey, text: Text, reply: Reply<Said>) {
        let len = text.bytes().len();
        let error = if self.rooms.get(room).is_none() {
            ClientError::NotInRoom
        } else if len > self.text_bytes_max {
            TextError::TooLong { len, max: self.text_bytes_max }.into()
        } else if self.says.len() >= UNSENT_MAX {
            ClientError::TooManyUnsent { max: UNSENT_MAX }
        } else {
            self.says.last += 1;
            let id = MessageId(self.says.last);
            self.says.unsent.insert(id);
            self.says.waiting.insert(id, Waiting { room, text, reply });
            return self.send_says(room);
        };
        answer(reply, Err(error));
    }

    /// Sends what waits for `room`, in the order it was said, if the room can be spoken in.
    pub(super) fn send_says(&mut self, room: RoomKey) {
        let Some(id) = self.rooms.id(room) else { return };
        let Self { says: Says { waiting, unsent, .. }, frames, asked, last_request, .. } = self;
        unsent.retain(|&message| {
            let Some(say) = waiting.get(&message).filter(|say| say.room == room) else { return true };
            *last_request += 1;
            let request = RequestId(*last_request);
            let say = Say { room: id, message, text: say.text.bytes().clone() };
            frames.push_back(ClientMessage::Say(say).to_frame(request));
            asked.insert(request, Asked::Say(message));
            false
        });
    }

    /// A message was refused: its caller is told, unless it only has to be sent again later.
    pub(super) fn say_refused(&mut self, id: MessageId, refusal: Refusal) {
        let is_for_now = matches!(refusal.code, Code::StorageFailed | Code::Busy);
        let (Some(wait_ms), true) = (refusal.retry_after_ms, is_for_now && self.says.keeps) else {
            return self.says.finish(id, Err(refusal.into()));
        };
        let Some(room) = self.says.waiting.get(&id).map(|waiting| waiting.room) else { return };
        self.says.unsent.insert(id);
        self.says.again_in_ms = Some(self.says.again_in_ms.unwrap_or(0).max(wait_ms));
        if !std::mem::replace(&mut self.says.is_kept, true)
            && let Some(room) = self.rooms.room_ref(room)
        {
            self.events.push_back(Event::NotStored { room, refusal });
        }
    }

    /// In how many milliseconds [`Self::say_again`] is to be called. Said once.
    pub(crate) const fn take_again_in_ms(&mut self) -> Option<u32> {
        self.says.again_in_ms.take()
    }

    /// Sends again what the server could not store.
    pub(crate) fn say_again(&mut self) {
        let rooms: BTreeSet<_> =
            self.says.unsent.iter().filter_map(|id| Some(self.says.waiting.get(id)?.room)).collect();
        for room in rooms {
            self.send_says(room);
        }
    }

    pub(super) fn said(&mut self, id: RequestId, said: Said) -> Result<(), Fault> {
        match self.asked.remove(&id) {
            Some(Asked::Say(message)) => {
                self.says.is_kept = false;
                self.says.finish(message, Ok(said));
                Ok(())
            }
            _ => Err(Fault::OutOfPlace { kind: "Said".to_owned() }),
        }
    }
}
