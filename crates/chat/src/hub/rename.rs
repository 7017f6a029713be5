//! Another nick.

use proto::{Code, Nick, Refusal, ServerMessage};

use super::{Asker, Hub};
use crate::effect::{Deed, Effect, Effects};
use crate::limits::RENAME_EVERY_MS;

impl Hub {
    pub(super) fn rename(&mut self, asker: &Asker, to: Nick, effects: &mut Effects) -> Result<(), Refusal> {
        self.check_writable()?;
        self.check_rename_pace(asker)?;
        self.people.check_free(&to, Some(asker.member))?;
        let Some(from) = self.people.rename(asker.member, to.clone()) else { return Ok(()) };
        effects.push(asker.answer(ServerMessage::Done));
        if from == to {
            return Ok(());
        }
        self.touched.person(asker.member);
        let Some(member) = self.people.get(asker.member) else { return Ok(()) };
        for membership in &member.rooms {
            let Some(room) = self.rooms.get_mut(membership.room) else { continue };
            room.members.remove(&from);
            room.members.insert(to.clone(), asker.member);
            let is_told = membership.is_told || room.is_direct();
            if is_told && room.members.len() <= self.limits.named_presence_max {
                effects.push(Effect::Append(room.record(asker.now, Some(from.clone()), Deed::Renamed(to.clone()))));
            }
        }
        Ok(())
    }

    fn check_rename_pace(&mut self, asker: &Asker) -> Result<(), Refusal> {
        let Some(member) = self.people.get_mut(asker.member) else { return Ok(()) };
        match member.renamed_at.map(|at| at.plus(RENAME_EVERY_MS)) {
            Some(next) if asker.now < next => {
                let wait_ms = u32::try_from(next.0 - asker.now.0).unwrap_or(u32::MAX);
                Err(Refusal::new(Code::Busy, format!("a nick can be changed again in {wait_ms} ms"))
                    .with_limit("rename_every_ms", RENAME_EVERY_MS)
                    .with_retry_after_ms(wait_ms))
            }
            _ => {
                member.renamed_at = Some(asker.now);
                Ok(())
            }
        }
    }
}
