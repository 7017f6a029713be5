//! Answers to requests other than messages.

use proto::message::{Joined, ListMembers, ListRooms, MemberEntry, MemberList, RoomEntry, RoomList};
use proto::{ClientMessage, Refusal, RequestId, ServerMessage};

use super::{Asked, Session, answer, out_of_place};
use crate::error::{ClientError, Fault};
use crate::event::{Event, How, RoomKey};
use crate::files::ask::Answer;
use crate::request::Reply;

/// Entries of a list that are taken, however many pages the server goes on sending.
const LISTED_MAX: usize = 100_000;

impl Session {
    pub(super) fn done(&mut self, id: RequestId) -> Result<(), Fault> {
        match self.asked.remove(&id) {
            Some(Asked::Leave(room, reply)) => {
                self.rooms.remove(room);
                self.says.fail_room(room, &ClientError::NotInRoom);
                answer(reply, Ok(()));
            }
            Some(Asked::SetTopic(reply) | Asked::MarkRead(reply)) => answer(reply, Ok(())),
            Some(Asked::Rename(nick, reply)) => {
                self.nick = nick;
                self.has_new_nick = true;
                answer(reply, Ok(()));
            }
            Some(Asked::File(reply)) => answer(reply, Ok(Answer::Done)),
            _ => return Err(out_of_place(&ServerMessage::Done)),
        }
        Ok(())
    }

    pub(super) fn refused(&mut self, id: RequestId, refusal: Refusal) -> Result<(), Fault> {
        match self.asked.remove(&id) {
            Some(Asked::Say(message)) => self.say_refused(message, refusal),
            Some(Asked::EnterAgain(key)) => {
                let error = ClientError::Refused(refusal.clone());
                self.says.fail_room(key, &error);
                if let Some(room) = self.rooms.remove(key) {
                    self.events.push_back(Event::NotLetIn { room, refusal });
                }
            }
            Some(asked) => asked.fail(refusal.into()),
            None => return Err(out_of_place(&ServerMessage::Refused(refusal))),
        }
        Ok(())
    }

    pub(super) fn joined(&mut self, id: RequestId, joined: Joined) -> Result<(), Fault> {
        let known = self.rooms.key_of(joined.room);
        let announced = |key: Option<RoomKey>| key.is_none_or(|key| self.rooms.announce_of(key));
        let (key, how, announce, reply) = match self.asked.remove(&id) {
            Some(Asked::Enter { announce, reply }) => (known, How::Asked, announce, Some(reply)),
            Some(Asked::EnterAgain(key)) => {
                (Some(key), How::Rejoined { may_have_missed: None }, announced(Some(key)), None)
            }
            // Nobody is put into a room by others but into a direct conversation; and of those, whoever takes up a
            // place that was kept has had the ones that come before the answer to the ping behind the hello.
            None if id == RequestId(0) && (known.is_some() || !joined.direct || self.resuming.is_some()) => {
                (known, How::Resumed, announced(known), None)
            }
            None if id == RequestId(0) => (None, How::Opened, false, None),
            _ => return Err(out_of_place(&ServerMessage::Joined(joined))),
        };
        let gap = match (how, key) {
            (How::Resumed, Some(key)) => self.rooms.check_resumed(key, joined.first)?,
            _ => None,
        };
        let entered = self.rooms.enter(key, joined, how, announce);
        let room = entered.room.clone();
        self.events.push_back(Event::Entered(entered.clone()));
        if let Some((from, to)) = gap {
            self.events.push_back(Event::Missed { room: room.clone(), from, to });
        }
        if let Some(reply) = reply {
            answer(reply, Ok(entered));
        }
        self.send_says(room.key);
        Ok(())
    }

    pub(super) fn list_rooms(&mut self, after: String, so_far: Vec<RoomEntry>, reply: Reply<Vec<RoomEntry>>) {
        self.send_asked(&ClientMessage::ListRooms(ListRooms { after }), Asked::Rooms(so_far, reply));
    }

    pub(super) fn list_members(
        &mut self,
        room: Option<String>,
        after: String,
        so_far: Vec<MemberEntry>,
        reply: Reply<Vec<MemberEntry>>,
    ) {
        let list = ListMembers { room: room.clone(), after };
        self.send_asked(&ClientMessage::ListMembers(list), Asked::Members(room, so_far, reply));
    }

    pub(super) fn room_list(&mut self, id: RequestId, list: RoomList) -> Result<(), Fault> {
        let Some(Asked::Rooms(mut so_far, reply)) = self.asked.remove(&id) else {
            return Err(out_of_place(&ServerMessage::RoomList(list)));
        };
        let last = list.rooms.last().map(|room| room.name.clone());
        so_far.extend(list.rooms);
        match last {
            Some(after) if list.more && so_far.len() < LISTED_MAX => self.list_rooms(after, so_far, reply),
            _ => answer(reply, Ok(so_far)),
        }
        Ok(())
    }

    pub(super) fn member_list(&mut self, id: RequestId, list: MemberList) -> Result<(), Fault> {
        let Some(Asked::Members(room, mut so_far, reply)) = self.asked.remove(&id) else {
            return Err(out_of_place(&ServerMessage::MemberList(list)));
        };
        let last = list.members.last().map(|member| member.nick.clone());
        so_far.extend(list.members);
        match last {
            Some(after) if list.more && so_far.len() < LISTED_MAX => self.list_members(room, after, so_far, reply),
            _ => answer(reply, Ok(so_far)),
        }
        Ok(())
    }
}
