//! Reading back: history, search, and what is unread. What a server answers is held against what was asked, so that
//! whoever pages on gets to an end.

use proto::message::{self, ClientMessage, MarkRead, Range};
use proto::{RequestId, RoomEvent, RoomId, Seq, ServerMessage};

use super::{Asked, Session, answer, out_of_place};
use crate::error::{ClientError, Fault};
use crate::event::{Heard, RoomKey};
use crate::reading::{Found, Page, Question, UnreadRoom};
use crate::request::Reply;

/// A question about what stands in the logs, and what its answer has to keep to.
#[derive(Debug)]
pub(super) enum Reading {
    History { room: RoomId, range: Range, reply: Reply<Page> },
    Search { rooms: Vec<RoomId>, before: u64, reply: Reply<Found> },
}

impl Reading {
    pub(super) fn fail(self, error: ClientError) {
        match self {
            Self::History { reply, .. } => answer(reply, Err(error)),
            Self::Search { reply, .. } => answer(reply, Err(error)),
        }
    }
}

impl Session {
    pub(super) fn history(&mut self, key: RoomKey, range: Range, count: u16, reply: Reply<Page>) {
        match self.rooms.id_to_read(key) {
            Some(room) => {
                let ask = ClientMessage::History(message::History { room, range, count });
                self.send_asked(&ask, Asked::Reading(Reading::History { room, range, reply }));
            }
            None => answer(reply, Err(ClientError::NotInRoom)),
        }
    }

    pub(super) fn search(&mut self, question: Question, reply: Reply<Found>) {
        let Question { rooms, words, from, before, count } = question;
        match rooms.into_iter().map(|key| self.rooms.id_to_read(key)).collect::<Option<Vec<_>>>() {
            Some(rooms) => {
                let search = message::Search { rooms: rooms.clone(), words, from, before, count };
                self.send_asked(
                    &ClientMessage::Search(search),
                    Asked::Reading(Reading::Search { rooms, before, reply }),
                );
            }
            None => answer(reply, Err(ClientError::NotInRoom)),
        }
    }

    pub(super) fn ask_unread(&mut self, reply: Reply<Vec<UnreadRoom>>) {
        self.send_asked(&ClientMessage::AskUnread, Asked::Unread(reply));
    }

    pub(super) fn mark_read(&mut self, key: RoomKey, seq: Seq, reply: Reply<()>) {
        match self.rooms.id_to_read(key) {
            Some(room) => {
                self.send_asked(&ClientMessage::MarkRead(MarkRead { room, seq }), Asked::MarkRead(reply));
            }
            None => answer(reply, Err(ClientError::NotInRoom)),
        }
    }

    pub(super) fn page(&mut self, id: RequestId, page: message::Page) -> Result<(), Fault> {
        let Some(Asked::Reading(reading)) = self.asked.remove(&id) else {
            return Err(out_of_place(&ServerMessage::Page(page)));
        };
        let events = page.events()?;
        match reading {
            Reading::History { room, range, reply } => {
                check_history(&events, room, range)?;
                let events: Vec<_> = events.into_iter().map(|event| self.told_heard(event)).collect();
                let more = page.more && !events.is_empty();
                let gone_to = Some(page.gone_to).filter(|gone| *gone > Seq(0));
                answer(reply, Ok(Page { events, more, gone_to }));
            }
            Reading::Search { rooms, before, reply } => {
                let is_elsewhere = |event: &RoomEvent| !rooms.is_empty() && !rooms.contains(&event.room);
                if page.more && before != 0 && page.next >= before || events.iter().any(is_elsewhere) {
                    return Err(not_asked_for());
                }
                let events = events.into_iter().map(|event| self.told_heard(event)).collect();
                let next = Some(page.next).filter(|next| page.more && *next > 0);
                answer(reply, Ok(Found { events, next, unindexed: page.unindexed }));
            }
        }
        Ok(())
    }

    pub(super) fn unread(&mut self, id: RequestId, unread: message::Unread) -> Result<(), Fault> {
        let Some(Asked::Unread(reply)) = self.asked.remove(&id) else {
            return Err(out_of_place(&ServerMessage::Unread(unread)));
        };
        let told = |room: message::UnreadRoom| {
            let message::UnreadRoom { room, name, direct, read, head, said, more } = room;
            UnreadRoom { room: self.rooms.told(room, name, direct), read, head, said, more }
        };
        answer(reply, Ok(unread.rooms.into_iter().map(told).collect()));
        Ok(())
    }

    fn told_heard(&mut self, event: RoomEvent) -> Heard {
        let RoomEvent { seq, room, at_ms, nick, what } = event;
        Heard { room: self.rooms.ref_of(room), seq, at_ms, nick, what, history: true }
    }
}

/// A page is of the room that was asked for, in order, and on the right side of where it was asked from.
fn check_history(events: &[RoomEvent], room: RoomId, range: Range) -> Result<(), Fault> {
    let is_due = |seq: Seq| match range {
        Range::Last | Range::Since(_) => true,
        Range::Before(before) => seq < before,
        Range::After(after) => seq > after,
    };
    let is_right = events.iter().all(|event| event.room == room && is_due(event.seq))
        && events.is_sorted_by(|one, next| one.seq < next.seq);
    if is_right { Ok(()) } else { Err(not_asked_for()) }
}

fn not_asked_for() -> Fault {
    Fault::OutOfPlace { kind: "Page of what was not asked for".to_owned() }
}
