//! Files, as far as the chat is concerned: who may ask for what, the tickets for a second connection, and what a
//! room is told. What is in the trees is not the hub's affair.

use proto::message::{FileAnswer, FileRequest, Ticket};
use proto::{Code, Nick, Refusal, RequestId, RoomId, ServerMessage, Slot, Token};

use super::rooms::not_in_room;
use super::sides::Side;
use super::{Asker, Hub};
use crate::change::{PersonId, RoomTitle};
use crate::command::{Millis, SessionId};
use crate::effect::{Deed, Effect, Effects, FileAsk, TreeName};
use crate::limits::{SIDES_PER_MEMBER_MAX, TICKET_MS};

impl Hub {
    /// Tells a room of a file, in the name of whoever sent it. Nothing happens if the room is gone. Not to be called
    /// while nothing can be written: the owner keeps it back until then.
    pub fn post(&mut self, now: Millis, room: RoomId, nick: Nick, deed: Deed, effects: &mut Effects) {
        if self.read_only.is_some() {
            return;
        }
        let begin = effects.len();
        self.catch_up(now, effects);
        if let Some(RoomTitle::Direct(one, two)) = self.rooms.get(room).map(|room| room.title.clone()) {
            let is_other = |id: &PersonId| self.people.get(*id).is_some_and(|member| member.nick != nick);
            if let Some(other) = [one, two].into_iter().find(is_other) {
                // Whoever cannot be called finds the file in the log.
                let _unread: Result<(), Refusal> = self.call_back(now, other, room, effects);
            }
        }
        if let Some(to) = self.rooms.get_mut(room) {
            effects.push(Effect::Append(to.record(now, Some(nick), deed)));
            // There may be nobody in it by now.
            self.rooms.settle(now, room);
        }
        self.put_out_changes(begin, effects);
    }

    /// Lets a file request through, if the asker is in the room it is about.
    pub(super) fn file(
        &self,
        asker: &Asker,
        slot: Slot,
        ask: Box<FileRequest>,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let room = ask.room();
        let member = self.people.get(asker.member).filter(|member| member.is_in(room)).ok_or_else(not_in_room)?;
        let tree = match &self.rooms.get(room).ok_or_else(not_in_room)?.title {
            RoomTitle::Named(name) => TreeName::Room(name.clone()),
            RoomTitle::Direct(one, two) => {
                let other = if *one == asker.member { *two } else { *one };
                if brings_something(&ask) && self.people.get(other).is_none() {
                    return Err(Refusal::new(Code::NoSuchPerson, "the other is gone, and nobody would get it"));
                }
                TreeName::Direct(room)
            }
        };
        let nick = member.nick.clone();
        let (to, request) = (asker.session, asker.request);
        effects.push(Effect::File(Box::new(FileAsk { to, request, slot, nick, tree, room, ask })));
        Ok(())
    }

    pub(super) fn ask_ticket(&mut self, asker: &Asker, ticket: Token, effects: &mut Effects) -> Result<(), Refusal> {
        self.tickets.add(asker.now, asker.member, ticket, self.limits.tickets_max)?;
        let good_ms = u32::try_from(TICKET_MS).unwrap_or(u32::MAX);
        effects.push(asker.answer(ServerMessage::File(FileAnswer::Ticket(Ticket { ticket, good_ms }))));
        Ok(())
    }

    /// A connection that only carries files begins. It does not take the place of the one that asked for the ticket.
    pub(super) fn attach(
        &mut self,
        now: Millis,
        (session, request): (SessionId, RequestId),
        ticket: Token,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let unknown = || Refusal::new(Code::BadTicket, "this ticket is not known, or no longer; ask for another");
        let is_here = |id: &PersonId| self.people.get(*id).is_some_and(|member| !member.is_away());
        let id = self.tickets.take(now, ticket).filter(is_here).ok_or_else(unknown)?;
        if self.count_sides(id, Side::Files) >= SIDES_PER_MEMBER_MAX {
            let words = format!("{SIDES_PER_MEMBER_MAX} connections for files are the most for one person");
            return Err(
                Refusal::new(Code::TooManyTransfers, words).with_limit("file_connections", SIDES_PER_MEMBER_MAX as u64)
            );
        }
        self.add_side(id, session, Side::Files);
        effects.push(Effect::Attach { to: session, request });
        Ok(())
    }
}

/// Whether a request leaves something for the others.
const fn brings_something(ask: &FileRequest) -> bool {
    matches!(ask, FileRequest::Offer(_) | FileRequest::Pack(_) | FileRequest::Announce(_))
}
