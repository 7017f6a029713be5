//! A room: who is in it, and how far its log has come. Its events stand in the log, not here.

use std::collections::BTreeMap;

use proto::{Nick, RoomId, Seq, Topic};

use crate::change::{PersonId, RoomState, RoomTitle};
use crate::command::Millis;
use crate::effect::{Deed, Record};

#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) id: RoomId,
    pub(crate) title: RoomTitle,
    pub(crate) topic: Topic,
    /// The newest event's place; 0 for none.
    pub(crate) head: Seq,
    /// In the order of the nicks, so that lists can be paged.
    pub(crate) members: BTreeMap<Nick, PersonId>,
    /// How many who are away have a place in it.
    pub(crate) kept: usize,
    pub(crate) crowd: Crowd,
    /// Since when it may make way for another; `None` while it may not.
    pub(crate) empty_since: Option<Millis>,
    /// Stays although nobody is in it.
    pub(crate) is_lasting: bool,
    /// A direct conversation of which one side is gone for good.
    pub(crate) is_ended: bool,
    /// Nothing said in it is stored.
    pub(crate) is_ephemeral: bool,
    /// Something but comings and goings was recorded in it.
    pub(crate) has_content: bool,
}

/// Comings and goings that were counted and not told yet.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Crowd {
    pub(crate) joined: u32,
    pub(crate) left: u32,
    pub(crate) due: Option<Millis>,
}

impl Room {
    pub(crate) fn new(id: RoomId, title: RoomTitle) -> Self {
        Self {
            id,
            title,
            topic: Topic::default(),
            head: Seq(0),
            members: BTreeMap::new(),
            kept: 0,
            crowd: Crowd::default(),
            empty_since: None,
            is_lasting: false,
            is_ended: false,
            is_ephemeral: false,
            has_content: false,
        }
    }

    /// The next record of this room's log. The only place where a sequence number is made.
    pub(crate) fn record(&mut self, at: Millis, nick: Option<Nick>, deed: Deed) -> Record {
        self.head = self.head.next();
        self.has_content |= !matches!(deed, Deed::Joined | Deed::Left | Deed::Crowd { .. });
        Record { room: self.id, seq: self.head, at, nick, deed, sent: None }
    }

    pub(crate) fn members_count(&self) -> u32 {
        u32::try_from(self.members.len()).unwrap_or(u32::MAX)
    }

    pub(crate) const fn is_direct(&self) -> bool {
        matches!(self.title, RoomTitle::Direct(..))
    }

    /// Whether nobody is in it, and nobody who is away has a place in it.
    pub(crate) fn is_deserted(&self) -> bool {
        self.members.is_empty() && self.kept == 0
    }

    /// Whether it is one whose records nobody would find again if it made way.
    pub(crate) const fn is_worth_keeping(&self, is_durable: bool) -> bool {
        self.is_lasting || (is_durable && self.has_content && !self.is_ephemeral)
    }

    /// Of a direct conversation, the one who is not `person`.
    pub(crate) fn other(&self, person: PersonId) -> Option<PersonId> {
        match self.title {
            RoomTitle::Direct(one, two) => Some(if one == person { two } else { one }),
            RoomTitle::Named(_) => None,
        }
    }

    /// What the store keeps of it, beside its records.
    pub(crate) fn state(&self) -> RoomState {
        RoomState {
            id: self.id,
            title: self.title.clone(),
            topic: self.topic.clone(),
            ephemeral: self.is_ephemeral,
            ended: self.is_ended,
        }
    }
}
