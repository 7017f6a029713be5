//! The people there are, and the ways to find one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proto::name::LookAlikeKey;
use proto::{Code, Nick, Refusal, Token};

use crate::change::PersonId;
use crate::command::{Millis, SessionId};
use crate::member::{Member, Presence};

/// The first numbers that are tried behind a taken nick. Few, because each try costs the hub a normal form and a
/// look-alike key; one more is tried further out, where nobody has taken them all on purpose.
const OFFERS: std::ops::Range<u32> = 2..5;

/// How far out the last try lies, at most.
const OFFER_SPREAD: usize = 1000;

/// The people, and the ways to find one.
///
/// Invariant: `by_key` and `by_token` each have exactly one entry for each of `members`; `by_nick` has one for each who
/// is not away, `held` for each whose place is held, `away` for each who is away.
#[derive(Debug, Default)]
pub(super) struct People {
    members: HashMap<PersonId, Member>,
    by_key: HashMap<LookAlikeKey, PersonId>,
    by_token: HashMap<Token, PersonId>,
    pub(super) by_nick: BTreeMap<Nick, PersonId>,
    held: BTreeSet<(Millis, PersonId)>,
    away: BTreeSet<(Millis, PersonId)>,
    last_id: u64,
}

impl People {
    /// Nobody yet; nobody will have a number up to `last_id`.
    pub(super) fn new(last_id: u64) -> Self {
        Self { last_id, ..Self::default() }
    }

    pub(super) fn get(&self, id: PersonId) -> Option<&Member> {
        self.members.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: PersonId) -> Option<&mut Member> {
        self.members.get_mut(&id)
    }

    #[cfg(test)]
    pub(super) fn all(&self) -> impl Iterator<Item = (&PersonId, &Member)> {
        self.members.iter()
    }

    pub(super) fn by_token(&self, token: Token) -> Option<PersonId> {
        self.by_token.get(&token).copied()
    }

    pub(super) fn by_nick(&self, nick: &Nick) -> Option<PersonId> {
        // The key is what look-alikes share, and no two members share one; but only the same nick, in whatever
        // case, finds somebody: a message must not reach whoever merely looks like the one it is meant for.
        let id = *self.by_key.get(&nick.look_alike_key())?;
        self.get(id).is_some_and(|member| member.nick.is_same_but_for_case(nick)).then_some(id)
    }

    pub(super) fn count(&self) -> usize {
        self.members.len()
    }

    pub(super) fn away_count(&self) -> usize {
        self.away.len()
    }

    pub(super) fn held_count(&self) -> usize {
        self.held.len()
    }

    pub(super) fn is_connected(&self, id: PersonId) -> bool {
        self.get(id).is_some_and(|member| member.session().is_some())
    }

    /// Lets a person be here, held or away; how they were until now.
    pub(super) fn set_presence(&mut self, id: PersonId, presence: Presence) -> Option<Presence> {
        let member = self.members.get_mut(&id)?;
        let before = std::mem::replace(&mut member.presence, presence);
        self.unlist_presence(id, before);
        self.list_presence(id);
        Some(before)
    }

    pub(super) fn first_held_until(&self, now: Millis) -> Option<PersonId> {
        self.held.first().filter(|(until, _)| *until <= now).map(|(_, id)| *id)
    }

    /// Whose place is let go first, if more than `max` are held.
    pub(super) fn first_held_beyond(&self, max: usize) -> Option<PersonId> {
        self.held.first().filter(|_| self.held.len() > max).map(|(_, id)| *id)
    }

    /// Who is away longest, if their place was kept for `keep_ms`.
    pub(super) fn first_kept_until(&self, now: Millis, keep_ms: u64) -> Option<PersonId> {
        self.away.first().filter(|(since, _)| since.plus(keep_ms) <= now).map(|(_, id)| *id)
    }

    /// Who is away longest, if more than `max` are.
    pub(super) fn first_kept_beyond(&self, max: usize) -> Option<PersonId> {
        self.away.first().filter(|_| self.away.len() > max).map(|(_, id)| *id)
    }

    pub(super) fn next_due(&self, keep_ms: u64) -> Option<Millis> {
        let held = self.held.first().map(|(until, _)| *until);
        let away = self.away.first().map(|(since, _)| since.plus(keep_ms));
        held.into_iter().chain(away).min()
    }

    /// Somebody new.
    pub(super) fn add(&mut self, member: Member) -> PersonId {
        let id = PersonId(self.last_id.saturating_add(1));
        self.put(id, member);
        id
    }

    /// Puts in somebody who is known already somewhere else, in a store.
    pub(super) fn put(&mut self, id: PersonId, member: Member) {
        self.last_id = self.last_id.max(id.0);
        self.by_key.insert(member.nick.look_alike_key(), id);
        self.by_token.insert(member.token, id);
        self.members.insert(id, member);
        self.list_presence(id);
    }

    pub(super) fn remove(&mut self, id: PersonId) -> Option<Member> {
        let presence = self.get(id)?.presence;
        self.unlist_presence(id, presence);
        let member = self.members.remove(&id)?;
        self.by_key.remove(&member.nick.look_alike_key());
        self.by_token.remove(&member.token);
        Some(member)
    }

    fn list_presence(&mut self, id: PersonId) {
        let Some(member) = self.members.get(&id) else { return };
        match member.presence {
            Presence::Here(_) => {}
            Presence::HeldUntil(until) => {
                self.held.insert((until, id));
            }
            Presence::Away(since) => {
                self.away.insert((since, id));
                return;
            }
        }
        self.by_nick.insert(member.nick.clone(), id);
    }

    fn unlist_presence(&mut self, id: PersonId, presence: Presence) {
        match presence {
            Presence::Here(_) => {}
            Presence::HeldUntil(until) => {
                self.held.remove(&(until, id));
            }
            Presence::Away(since) => {
                self.away.remove(&(since, id));
                return;
            }
        }
        if let Some(member) = self.members.get(&id) {
            self.by_nick.remove(&member.nick);
        }
    }

    /// Gives somebody who is not away another nick; the one they had.
    pub(super) fn rename(&mut self, id: PersonId, to: Nick) -> Option<Nick> {
        let member = self.members.get_mut(&id)?;
        let from = std::mem::replace(&mut member.nick, to.clone());
        self.by_key.remove(&from.look_alike_key());
        self.by_nick.remove(&from);
        self.by_key.insert(to.look_alike_key(), id);
        self.by_nick.insert(to, id);
        Some(from)
    }

    pub(super) fn is_free(&self, nick: &Nick) -> bool {
        !self.by_key.contains_key(&nick.look_alike_key())
    }

    /// Refuses a nick that somebody but `own` has, or that looks like theirs.
    pub(super) fn check_free(&self, nick: &Nick, own: Option<PersonId>) -> Result<(), Refusal> {
        let Some(holder) = self.by_key.get(&nick.look_alike_key()).filter(|holder| Some(**holder) != own) else {
            return Ok(());
        };
        let words = match self.get(*holder) {
            Some(member) if member.nick != *nick => {
                format!("the nick {nick} is taken: it looks like {}, which is somebody's", member.nick)
            }
            Some(member) if member.is_away() => {
                format!("the nick {nick} is taken: it is kept for somebody who is away")
            }
            _ => format!("the nick {nick} is taken"),
        };
        Err(Refusal::new(Code::NickTaken, words))
    }

    /// The same refusal with a nick that is free, if one of a few is.
    pub(super) fn with_offer(&self, refusal: Refusal, nick: &Nick) -> Refusal {
        let far = OFFERS.end + u32::try_from(self.members.len() % OFFER_SPREAD).unwrap_or(0);
        match OFFERS.chain([far]).map(|suffix| nick.with_suffix(suffix)).find(|offer| self.is_free(offer)) {
            Some(offer) => refusal.with_offer(offer.as_str()),
            None => refusal,
        }
    }

    /// Who has this connection, for somebody who is here.
    pub(super) fn session_of(&self, id: PersonId) -> Option<SessionId> {
        self.get(id).and_then(Member::session)
    }
}
