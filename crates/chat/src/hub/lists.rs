//! Lists, a page at a time: in the order of the names' bytes, bounded in entries and in bytes.

use std::collections::BTreeMap;
use std::ops::Bound;

use proto::limits::{CONTROL_BYTES_MAX, LIST_ENTRIES_MAX};
use proto::message::{MemberEntry, MemberList, RoomEntry, RoomList};
use proto::{Code, Nick, Refusal, RoomName, ServerMessage};

use super::Hub;
use crate::change::PersonId;

/// A page's entries have at most this many bytes, so that its frame is within the cap whatever the topics.
const PAGE_BYTES_MAX: usize = CONTROL_BYTES_MAX - 4096;

/// Bytes that an entry has beside its strings, at most.
const ENTRY_BYTES: usize = 16;

impl Hub {
    pub(super) fn list_rooms(&self, after: &str) -> ServerMessage {
        let mut rooms: Vec<RoomEntry> = Vec::new();
        let mut page_bytes = 0;
        let mut more = false;
        for (name, id) in self.rooms.by_name.range::<str, _>((Bound::Excluded(after), Bound::Unbounded)) {
            let Some(room) = self.rooms.get(*id) else { continue };
            let topic = room.topic.as_str();
            page_bytes += name.as_str().len() + topic.len() + ENTRY_BYTES;
            if rooms.len() == LIST_ENTRIES_MAX || page_bytes > PAGE_BYTES_MAX {
                more = true;
                break;
            }
            rooms.push(RoomEntry {
                name: name.as_str().to_owned(),
                members: room.members_count(),
                topic: topic.to_owned(),
            });
        }
        ServerMessage::RoomList(RoomList { rooms, more })
    }

    pub(super) fn list_members(&self, room: Option<&RoomName>, after: &str) -> Result<ServerMessage, Refusal> {
        let Some(name) = room else { return Ok(self.page_of(&self.people.by_nick, after)) };
        let room =
            self.rooms.named(name).ok_or_else(|| Refusal::new(Code::NoSuchRoom, format!("there is no room {name}")))?;
        Ok(self.page_of(&room.members, after))
    }

    fn page_of(&self, of: &BTreeMap<Nick, PersonId>, after: &str) -> ServerMessage {
        let mut rest = of.range::<str, _>((Bound::Excluded(after), Bound::Unbounded));
        let members: Vec<_> = rest
            .by_ref()
            .take(LIST_ENTRIES_MAX)
            .map(|(nick, id)| MemberEntry { nick: nick.as_str().to_owned(), connected: self.people.is_connected(*id) })
            .collect();
        let total = u32::try_from(of.len()).unwrap_or(u32::MAX);
        ServerMessage::MemberList(MemberList { members, more: rest.next().is_some(), total })
    }
}
