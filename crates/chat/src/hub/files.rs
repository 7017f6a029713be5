//! Files, as far as the chat is concerned: who may ask for what, the tickets for a second connection, and what a
//! room is told. What is in the trees is not the hub's affair.

use proto::message::{FileAnswer, FileRequest, Ticket};
use proto::{CloseCode, Code, Nick, Refusal, RequestId, RoomId, ServerMessage, Slot, Token};

use super::{Asker, Hub, out_of_place};
use crate::command::{Command, Millis, SessionId};
use crate::effect::{Deed, Effect, Effects, FileAsk, TreeName};
use crate::limits::{SIDES_PER_MEMBER_MAX, TICKET_MS};
use crate::member::MemberId;
use crate::room::Title;

impl Hub {
    /// Tells a room of a file, in the name of whoever sent it. Nothing happens if the room is gone.
    pub fn post(&mut self, now: Millis, room: RoomId, nick: Nick, deed: Deed, effects: &mut Effects) {
        let Some(title) = self.rooms.get(room).map(|room| room.title.clone()) else { return };
        if let Title::Direct(one, two) = title {
            let is_other = |id: &MemberId| self.people.get(*id).is_some_and(|member| member.nick != nick);
            if let Some(other) = [one, two].into_iter().find(is_other) {
                // Whoever cannot be called finds the file in the log.
                let _unread: Result<(), Refusal> = self.call_back(other, room, effects);
            }
        }
        if let Some(room) = self.rooms.get_mut(room) {
            effects.push(Effect::Append(room.record(now, Some(nick), deed)));
        }
    }

    /// Lets a file request through, if the asker is in the room it is about.
    pub(super) fn file(
        &self,
        asker: &Asker,
        slot: Slot,
        ask: Box<FileRequest>,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let not_in_room = || Refusal::new(Code::NotInRoom, "you are not in that room; join it first");
        let room = ask.room();
        let member = self.people.get(asker.member).filter(|member| member.is_in(room)).ok_or_else(not_in_room)?;
        let tree = match &self.rooms.get(room).ok_or_else(not_in_room)?.title {
            Title::Named(name) => TreeName::Room(name.clone()),
            Title::Direct(one, two) => {
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
        let id = self.tickets.take(now, ticket).ok_or_else(unknown)?;
        let member = self.people.get_mut(id).ok_or_else(unknown)?;
        if member.sides.len() >= SIDES_PER_MEMBER_MAX {
            let words = format!("{SIDES_PER_MEMBER_MAX} connections for files are the most for one person");
            return Err(
                Refusal::new(Code::TooManyTransfers, words).with_limit("file_connections", SIDES_PER_MEMBER_MAX as u64)
            );
        }
        member.sides.push(session);
        self.sides.insert(session, id);
        effects.push(Effect::Attach { to: session, request });
        Ok(())
    }

    /// What a connection that only carries files may ask.
    pub(super) fn obey_side(&self, asker: &Asker, command: Command, effects: &mut Effects) -> Result<(), Refusal> {
        match command {
            Command::File { slot, ask } => self.file(asker, slot, ask, effects),
            _ => Err(out_of_place("this connection only carries files")),
        }
    }

    /// A connection that only carried files is gone. False if `session` was none.
    pub(super) fn side_gone(&mut self, session: SessionId) -> bool {
        let Some(member) = self.sides.remove(&session) else { return false };
        if let Some(member) = self.people.get_mut(member) {
            member.sides.retain(|side| *side != session);
        }
        true
    }

    /// Ends the connections that carried files for somebody who is gone.
    pub(super) fn end_sides(&mut self, sides: &[SessionId], effects: &mut Effects) {
        for side in sides {
            self.sides.remove(side);
            effects.push(Effect::Close { session: *side, code: CloseCode::Bye, refusal: None });
        }
    }
}

/// Whether a request leaves something for the others.
const fn brings_something(ask: &FileRequest) -> bool {
    matches!(ask, FileRequest::Offer(_) | FileRequest::Pack(_) | FileRequest::Announce(_))
}
