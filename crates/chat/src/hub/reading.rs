//! Reading back: who may read what. What stands in the logs is not the hub's affair, but how far somebody has read is.

use proto::limits::{PAGE_EVENTS_MAX, SEARCH_BYTES_MAX};
use proto::message::{History, MarkRead, Search, UnreadRoom};
use proto::{Code, Refusal, RoomId, ServerMessage};

use super::rooms::not_in_room;
use super::{Asker, Hub};
use crate::effect::{Effect, Effects, ReadAsk, ReadWhat};
use crate::member::Membership;

impl Hub {
    pub(super) fn history(&self, asker: &Asker, ask: History, effects: &mut Effects) -> Result<(), Refusal> {
        self.check_in(asker, ask.room)?;
        let count = ask.count.min(PAGE_EVENTS_MAX);
        effects.push(read(asker, ReadWhat::History(History { count, ..ask })));
        Ok(())
    }

    pub(super) fn search(&self, asker: &Asker, mut ask: Search, effects: &mut Effects) -> Result<(), Refusal> {
        if ask.words.len() > SEARCH_BYTES_MAX {
            let words =
                format!("a search is of at most {SEARCH_BYTES_MAX} bytes of words, and this is {}", ask.words.len());
            return Err(Refusal::new(Code::BadSearch, words).with_limit("search_bytes", SEARCH_BYTES_MAX as u64));
        }
        ask.rooms.iter().try_for_each(|room| self.check_in(asker, *room))?;
        if ask.rooms.is_empty() {
            let member = self.people.get(asker.member).ok_or_else(not_in_room)?;
            ask.rooms = member.rooms.iter().map(|place| place.room).collect();
        }
        if ask.rooms.is_empty() {
            return Err(Refusal::new(
                Code::NotInRoom,
                "you are in no room, so there is nothing to search; join one first",
            ));
        }
        ask.count = ask.count.min(PAGE_EVENTS_MAX);
        effects.push(read(asker, ReadWhat::Search(ask)));
        Ok(())
    }

    pub(super) fn ask_unread(&self, asker: &Asker, effects: &mut Effects) -> Result<(), Refusal> {
        let member = self.people.get(asker.member).ok_or_else(not_in_room)?;
        let rooms = member.rooms.iter().filter_map(|place| self.unread_room(asker, place)).collect();
        effects.push(read(asker, ReadWhat::Unread(rooms, member.nick.clone())));
        Ok(())
    }

    /// Somebody has read a room up to there; never further than it goes, and never less far than before.
    pub(super) fn mark_read(&mut self, asker: &Asker, mark: MarkRead, effects: &mut Effects) -> Result<(), Refusal> {
        let head = self.rooms.get(mark.room).ok_or_else(not_in_room)?.head;
        let member = self.people.get_mut(asker.member).ok_or_else(not_in_room)?;
        let place = member.place_in_mut(mark.room).ok_or_else(not_in_room)?;
        let read = mark.seq.min(head);
        if read > place.read {
            place.read = read;
            self.touched.place(asker.member, mark.room);
        }
        effects.push(asker.answer(ServerMessage::Done));
        Ok(())
    }

    fn unread_room(&self, asker: &Asker, place: &Membership) -> Option<UnreadRoom> {
        let room = self.rooms.get(place.room)?;
        let (name, direct) = self.name_for(asker.member, room);
        let (read, head) = (place.read, room.head);
        Some(UnreadRoom { room: room.id, name, direct, read, head, said: 0, more: false })
    }

    fn check_in(&self, asker: &Asker, room: RoomId) -> Result<(), Refusal> {
        match self.is_in(asker.member, room) {
            true => Ok(()),
            false => Err(not_in_room()),
        }
    }
}

fn read(asker: &Asker, reading: ReadWhat) -> Effect {
    Effect::Read(Box::new(ReadAsk { to: asker.session, request: asker.request, reading }))
}
