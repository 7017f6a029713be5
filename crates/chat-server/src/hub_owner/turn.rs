//! What a batch of messages came to: carried out as one, or held as one.

use chat::{Effect, Effects, SessionId};
use proto::{Frame, RequestId, RoomId};
use room_log::Segment;
use room_log::store::rows::Batch;

use super::keeping;
use super::logs::Logs;

/// What a batch of messages came to. Nothing of it is told anybody until it is on disk.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// What the hub wants, in order.
    pub(super) effects: Effects,
    /// What goes to disk.
    pub(super) disk: Batch,
    /// What goes to the rings.
    pub(super) ring: Vec<(RoomId, Segment)>,
    /// Sessions that end behind it, each with its last frame.
    pub(super) goodbyes: Vec<(SessionId, Option<Frame>)>,
}

impl Turn {
    /// Encodes its records, and puts together what goes to disk; nothing does where there is no store.
    pub(super) fn stage(&mut self, logs: &mut Logs, has_store: bool) {
        for effect in &self.effects {
            match effect {
                Effect::Append(record) => logs.stage(record),
                Effect::Keep(change) if has_store => keeping::keep(change, logs, &mut self.disk),
                _ => {}
            }
        }
        logs.take_staged(&mut self.ring, &mut self.disk.events);
        keeping::drop_events_of_gone(&mut self.disk);
    }

    /// Whether something of it goes to disk.
    pub(super) const fn is_to_be_stored(&self) -> bool {
        !self.disk.rows.is_empty() || !self.disk.events.is_empty()
    }

    /// Whether it can be carried out before one that came earlier: it changes nothing that stands in a log.
    pub(super) const fn may_overtake(&self) -> bool {
        !self.is_to_be_stored() && self.ring.is_empty()
    }

    /// Puts a later turn, but for its goodbyes, behind this one.
    pub(super) fn extend(&mut self, later: Self) {
        self.effects.extend(later.effects);
        self.disk.rows.extend(later.disk.rows);
        self.disk.events.extend(later.disk.events);
        self.ring.extend(later.ring);
    }

    /// Whose requests it answers, once for each request.
    pub(super) fn answers(&self) -> impl Iterator<Item = SessionId> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Reply { to, request, .. }
            | Effect::Admit { to, request, .. }
            | Effect::Enter { to, request, .. }
            | Effect::Attach { to, request }
                if *request != RequestId(0) =>
            {
                Some(*to)
            }
            Effect::Read(ask) => Some(ask.to),
            Effect::File(ask) => Some(ask.to),
            _ => None,
        })
    }
}
