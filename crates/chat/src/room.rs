//! A room: who is in it, and how far its log has come. Its events stand in the log, not here.

use std::collections::BTreeMap;

use proto::{Nick, RoomId, RoomName, Seq, Topic};

use crate::command::Millis;
use crate::effect::{Deed, Record};
use crate::member::MemberId;

#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) id: RoomId,
    pub(crate) title: Title,
    pub(crate) topic: Topic,
    /// The newest event's place; 0 for none.
    pub(crate) head: Seq,
    /// In the order of the nicks, so that lists can be paged.
    pub(crate) members: BTreeMap<Nick, MemberId>,
    pub(crate) crowd: Crowd,
    /// Since when nobody is in it; means nothing while somebody is.
    pub(crate) empty_since: Millis,
    /// Stays although nobody is in it.
    pub(crate) is_lasting: bool,
    /// A direct conversation of which one side is gone for good.
    pub(crate) is_ended: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Title {
    Named(RoomName),
    Direct(MemberId, MemberId),
}

/// Comings and goings that were counted and not told yet.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Crowd {
    pub(crate) joined: u32,
    pub(crate) left: u32,
    pub(crate) due: Option<Millis>,
}

impl Room {
    pub(crate) fn new(now: Millis, id: RoomId, title: Title) -> Self {
        Self {
            id,
            title,
            topic: Topic::default(),
            head: Seq(0),
            members: BTreeMap::new(),
            crowd: Crowd::default(),
            empty_since: now,
            is_lasting: false,
            is_ended: false,
        }
    }

    /// The next record of this room's log. The only place where a sequence number is made.
    pub(crate) fn record(&mut self, at: Millis, nick: Option<Nick>, deed: Deed) -> Record {
        self.head = self.head.next();
        Record { room: self.id, seq: self.head, at, nick, deed, sent: None }
    }

    pub(crate) fn members_count(&self) -> u32 {
        u32::try_from(self.members.len()).unwrap_or(u32::MAX)
    }

    pub(crate) const fn is_direct(&self) -> bool {
        matches!(self.title, Title::Direct(..))
    }
}
