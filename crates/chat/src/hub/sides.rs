//! Connections beside the one that talks: those that carry files, and those that only read. They take nobody's place.

use proto::message::FileRequest;
use proto::{CloseCode, Refusal};

use super::{Asker, Hub, out_of_place};
use crate::change::PersonId;
use crate::command::{Command, SessionId};
use crate::effect::{Effect, Effects};

/// What a connection beside the one that talks is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// It carries files, for as long as its person is not away.
    Files,
    /// It only reads, for as long as its person is known.
    Beside,
}

impl Hub {
    pub(super) fn count_sides(&self, person: PersonId, side: Side) -> usize {
        let is_such = |session: &&SessionId| self.sides.get(*session).is_some_and(|(_, kind)| *kind == side);
        self.people.get(person).map_or(0, |member| member.sides.iter().filter(is_such).count())
    }

    pub(super) fn add_side(&mut self, person: PersonId, session: SessionId, side: Side) {
        if let Some(member) = self.people.get_mut(person) {
            member.sides.push(session);
            self.sides.insert(session, (person, side));
        }
    }

    /// What a connection beside the one that talks may ask.
    pub(super) fn obey_side(
        &mut self,
        asker: &Asker,
        side: Side,
        command: Command,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        match (side, command) {
            (Side::Files, Command::File { slot, ask }) => self.file(asker, slot, ask, effects),
            (Side::Files, _) => Err(out_of_place("this connection only carries files")),
            (Side::Beside, Command::File { slot, ask }) if only_reads(&ask) => self.file(asker, slot, ask, effects),
            (
                Side::Beside,
                command @ (Command::History(_)
                | Command::Search(_)
                | Command::AskUnread
                | Command::MarkRead(_)
                | Command::ListRooms { .. }
                | Command::ListMembers { .. }),
            ) => self.obey(asker, command, effects),
            (Side::Beside, _) => Err(out_of_place("this connection only reads; come without BESIDE to do that")),
        }
    }

    /// A connection beside the one that talks is gone. False if `session` was none.
    pub(super) fn side_gone(&mut self, session: SessionId) -> bool {
        let Some((person, _)) = self.sides.remove(&session) else { return false };
        if let Some(member) = self.people.get_mut(person) {
            member.sides.retain(|side| *side != session);
        }
        true
    }

    /// Ends the connections that carried files for somebody who leaves.
    pub(super) fn end_file_sides(&mut self, person: PersonId, effects: &mut Effects) {
        let Some(member) = self.people.get_mut(person) else { return };
        let sides = &self.sides;
        let carries_files = |session: &SessionId| sides.get(session).is_some_and(|(_, side)| *side == Side::Files);
        let ended: Vec<_> = member.sides.extract_if(.., |session| carries_files(session)).collect();
        self.end_sides(&ended, effects);
    }

    /// Ends connections beside the one that talks.
    pub(super) fn end_sides(&mut self, sides: &[SessionId], effects: &mut Effects) {
        for side in sides {
            self.sides.remove(side);
            effects.push(Effect::Close { session: *side, code: CloseCode::Bye, refusal: None });
        }
    }
}

/// Whether a request about files changes nothing.
const fn only_reads(ask: &FileRequest) -> bool {
    matches!(ask, FileRequest::List(_) | FileRequest::Fetch(_) | FileRequest::FetchMany(_) | FileRequest::Verify(_))
}
