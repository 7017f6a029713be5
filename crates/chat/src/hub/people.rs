//! Who is here: hello, coming back, another nick, going.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proto::message::Resume;
use proto::name::LookAlikeKey;
use proto::{CloseCode, Code, Nick, Refusal, RequestId, ServerMessage, Token};

use super::{Asker, Hub};
use crate::command::{Millis, SessionId};
use crate::effect::{Deed, Effect, Effects};
use crate::limits::RENAME_EVERY_MS;
use crate::member::{Member, MemberId, Presence};

/// The first numbers that are tried behind a taken nick. Few, because each try costs the hub a normal form and a
/// look-alike key; one more is tried further out, where nobody has taken them all on purpose.
const OFFERS: std::ops::Range<u32> = 2..5;

/// How far out the last try lies, at most.
const OFFER_SPREAD: usize = 1000;

/// The members, and the ways to find one.
///
/// Invariant: `by_key`, `by_token`, `by_nick` each have exactly one entry for each of `members`, and `held` one for
/// each whose place is held.
#[derive(Debug, Default)]
pub(super) struct People {
    members: HashMap<MemberId, Member>,
    by_key: HashMap<LookAlikeKey, MemberId>,
    by_token: HashMap<Token, MemberId>,
    pub(super) by_nick: BTreeMap<Nick, MemberId>,
    held: BTreeSet<(Millis, MemberId)>,
    last_id: u64,
}

impl Hub {
    pub(super) fn hello(
        &mut self,
        (session, request): (SessionId, RequestId),
        nick: Result<Nick, Refusal>,
        token: Token,
        resume: Option<Resume>,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        if let Some(resume) = resume
            && let Some(&member) = self.people.by_token.get(&resume.token)
        {
            self.take_up(member, (session, request), &resume, effects);
            return Ok(());
        }
        let nick = nick?;
        self.people.check_free(&nick, None).map_err(|refusal| self.people.with_offer(refusal, &nick))?;
        let member = self.people.add(Member::new(nick.clone(), token, session));
        self.sessions.insert(session, member);
        effects.push(Effect::Admit { to: session, request, nick, token, resumed: false, kept: false });
        Ok(())
    }

    /// The same person on a new connection: the old one, if it still stands, is closed.
    fn take_up(
        &mut self,
        id: MemberId,
        (session, request): (SessionId, RequestId),
        resume: &Resume,
        effects: &mut Effects,
    ) {
        if let Some(old) = self.people.seat(id, session) {
            self.sessions.remove(&old);
            effects.push(Effect::Close { session: old, code: CloseCode::Replaced, refusal: None });
        }
        self.sessions.insert(session, id);
        let Some(member) = self.people.get(id) else { return };
        effects.push(Effect::Admit {
            to: session,
            request,
            nick: member.nick.clone(),
            token: member.token,
            resumed: true,
            kept: false,
        });
        for membership in &member.rooms {
            let cursor = resume.cursors.iter().find(|cursor| cursor.room == membership.room);
            effects.extend(self.enter_again(id, session, membership.room, cursor));
        }
    }

    pub(super) fn rename(&mut self, asker: &Asker, to: Nick, effects: &mut Effects) -> Result<(), Refusal> {
        self.check_rename_pace(asker)?;
        self.people.check_free(&to, Some(asker.member))?;
        let Some(from) = self.people.rename(asker.member, to.clone()) else { return Ok(()) };
        effects.push(asker.answer(ServerMessage::Done));
        if from == to {
            return Ok(());
        }
        let Some(member) = self.people.get(asker.member) else { return Ok(()) };
        for membership in &member.rooms {
            let Some(room) = self.rooms.get_mut(membership.room) else { continue };
            room.members.remove(&from);
            room.members.insert(to.clone(), asker.member);
            let is_told = membership.announced || room.is_direct();
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

    /// Takes a member out of every room and forgets them.
    pub(super) fn remove_member(&mut self, now: Millis, id: MemberId, effects: &mut Effects) {
        let Some(member) = self.people.remove(id) else { return };
        for membership in member.rooms {
            self.take_out(now, &member.nick, membership, effects);
        }
        self.end_directs_of(id, effects);
        self.end_sides(&member.sides, effects);
    }
}

impl People {
    pub(super) fn get(&self, id: MemberId) -> Option<&Member> {
        self.members.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: MemberId) -> Option<&mut Member> {
        self.members.get_mut(&id)
    }

    pub(super) fn by_nick(&self, nick: &Nick) -> Option<MemberId> {
        // The key is what look-alikes share, and no two members share one; but only the same nick, in whatever
        // case, finds somebody: a message must not reach whoever merely looks like the one it is meant for.
        let id = *self.by_key.get(&nick.look_alike_key())?;
        self.get(id).is_some_and(|member| member.nick.is_same_but_for_case(nick)).then_some(id)
    }

    pub(super) fn count(&self) -> usize {
        self.members.len()
    }

    pub(super) fn is_connected(&self, id: MemberId) -> bool {
        self.get(id).is_some_and(|member| member.session().is_some())
    }

    /// Holds a member's place until `until`.
    pub(super) fn hold(&mut self, id: MemberId, until: Millis) {
        if let Some(member) = self.members.get_mut(&id) {
            member.presence = Presence::HeldUntil(until);
            self.held.insert((until, id));
        }
    }

    pub(super) fn first_held_until(&self, now: Millis) -> Option<MemberId> {
        self.held.first().filter(|(until, _)| *until <= now).map(|(_, id)| *id)
    }

    /// Whose place is let go first, if more than `max` are held.
    pub(super) fn first_held_beyond(&self, max: usize) -> Option<MemberId> {
        self.held.first().filter(|_| self.held.len() > max).map(|(_, id)| *id)
    }

    pub(super) fn next_due(&self) -> Option<Millis> {
        self.held.first().map(|(until, _)| *until)
    }

    fn add(&mut self, member: Member) -> MemberId {
        self.last_id += 1;
        let id = MemberId(self.last_id);
        self.by_key.insert(member.nick.look_alike_key(), id);
        self.by_token.insert(member.token, id);
        self.by_nick.insert(member.nick.clone(), id);
        self.members.insert(id, member);
        id
    }

    fn remove(&mut self, id: MemberId) -> Option<Member> {
        let member = self.members.remove(&id)?;
        self.by_key.remove(&member.nick.look_alike_key());
        self.by_token.remove(&member.token);
        self.by_nick.remove(&member.nick);
        if let Presence::HeldUntil(until) = member.presence {
            self.held.remove(&(until, id));
        }
        Some(member)
    }

    /// Gives the member's place to `session`; the session that had it, if one still did.
    fn seat(&mut self, id: MemberId, session: SessionId) -> Option<SessionId> {
        let member = self.members.get_mut(&id)?;
        match std::mem::replace(&mut member.presence, Presence::Here(session)) {
            Presence::Here(old) => Some(old),
            Presence::HeldUntil(until) => {
                self.held.remove(&(until, id));
                None
            }
        }
    }

    fn rename(&mut self, id: MemberId, to: Nick) -> Option<Nick> {
        let member = self.members.get_mut(&id)?;
        let from = std::mem::replace(&mut member.nick, to.clone());
        self.by_key.remove(&from.look_alike_key());
        self.by_nick.remove(&from);
        self.by_key.insert(to.look_alike_key(), id);
        self.by_nick.insert(to, id);
        Some(from)
    }

    /// Refuses a nick that somebody but `own` has, or that looks like theirs.
    fn check_free(&self, nick: &Nick, own: Option<MemberId>) -> Result<(), Refusal> {
        let Some(holder) = self.by_key.get(&nick.look_alike_key()).filter(|holder| Some(**holder) != own) else {
            return Ok(());
        };
        let words = match self.get(*holder) {
            Some(member) if member.nick != *nick => {
                format!("the nick {nick} is taken: it looks like {}, who is here", member.nick)
            }
            _ => format!("the nick {nick} is taken"),
        };
        Err(Refusal::new(Code::NickTaken, words))
    }

    /// The same refusal with a nick that is free, if one of a few is.
    fn with_offer(&self, refusal: Refusal, nick: &Nick) -> Refusal {
        let far = OFFERS.end + u32::try_from(self.members.len() % OFFER_SPREAD).unwrap_or(0);
        let is_free = |offer: &Nick| !self.by_key.contains_key(&offer.look_alike_key());
        match OFFERS.chain([far]).map(|suffix| nick.with_suffix(suffix)).find(is_free) {
            Some(offer) => refusal.with_offer(offer.as_str()),
            None => refusal,
        }
    }
}
