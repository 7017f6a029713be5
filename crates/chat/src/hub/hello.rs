//! Coming: the first time, back, or beside oneself.

use proto::message::{Hello, Resume};
use proto::{CloseCode, Code, Nick, Refusal, RequestId, Token};

use super::Hub;
use super::sides::Side;
use crate::change::PersonId;
use crate::command::{Millis, SessionId};
use crate::effect::{Effect, Effects};
use crate::limits::SIDES_PER_MEMBER_MAX;
use crate::member::{Member, Presence};

/// What a hello says.
pub(super) struct Greeting {
    pub(super) nick: Result<Nick, Refusal>,
    pub(super) token: Token,
    pub(super) resume: Option<Resume>,
    pub(super) features: u64,
}

impl Greeting {
    const fn asks(&self, feature: u64) -> bool {
        self.features & feature != 0
    }
}

impl Hub {
    pub(super) fn hello(
        &mut self,
        now: Millis,
        seat: (SessionId, RequestId),
        greeting: Greeting,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let known = greeting.resume.as_ref().and_then(|resume| self.people.by_token(resume.token));
        if greeting.asks(Hello::BESIDE) {
            return self.come_beside(known, seat, effects);
        }
        let keeps = greeting.asks(Hello::KEEP) && self.limits.keep_ms > 0 && self.limits.kept_max > 0;
        let yields = |id| greeting.asks(Hello::YIELD) && self.people.is_connected(id);
        match (known, &greeting.resume) {
            (Some(id), Some(resume)) if !yields(id) => {
                self.take_up(now, id, seat, (resume, keeps), effects);
                Ok(())
            }
            _ => self.come_new(seat, greeting.nick?, greeting.token, keeps, effects),
        }
    }

    fn come_new(
        &mut self,
        (session, request): (SessionId, RequestId),
        nick: Nick,
        token: Token,
        keeps: bool,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        self.people.check_free(&nick, None).map_err(|refusal| self.people.with_offer(refusal, &nick))?;
        let person = self.people.add(Member::new(nick.clone(), token, Presence::Here(session), keeps));
        self.touched.new_person(person);
        self.sessions.insert(session, person);
        effects.push(Effect::Admit { to: session, request, nick, token, resumed: false, kept: keeps });
        Ok(())
    }

    /// The same person on a new connection: the old one, if it still stands, is closed. Whoever was away enters their
    /// rooms again, and those are told.
    fn take_up(
        &mut self,
        now: Millis,
        id: PersonId,
        (session, request): (SessionId, RequestId),
        (resume, keeps): (&Resume, bool),
        effects: &mut Effects,
    ) {
        let before = self.people.set_presence(id, Presence::Here(session));
        if let Some(Presence::Here(old)) = before {
            self.sessions.remove(&old);
            effects.push(Effect::Close { session: old, code: CloseCode::Replaced, refusal: None });
        }
        self.sessions.insert(session, id);
        let was_away = matches!(before, Some(Presence::Away(_)));
        let Some(member) = self.people.get_mut(id) else { return };
        if was_away || member.keeps != keeps {
            self.touched.person(id);
        }
        member.keeps = keeps;
        let (nick, token, places) = (member.nick.clone(), member.token, member.rooms.clone());
        effects.push(Effect::Admit { to: session, request, nick: nick.clone(), token, resumed: true, kept: keeps });
        for place in places {
            if was_away {
                self.rooms.fill(now, place.room, nick.clone(), id);
                self.rooms.free_place(now, place.room);
            }
            let cursor = resume.cursors.iter().find(|cursor| cursor.room == place.room);
            effects.extend(self.enter_again(id, session, &place, cursor));
            if was_away {
                self.come(now, id, place.room, effects);
            }
        }
    }

    /// A connection that only reads, beside whatever its person has. Nothing of theirs changes.
    fn come_beside(
        &mut self,
        known: Option<PersonId>,
        (session, request): (SessionId, RequestId),
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let unknown = || {
            let words = "this token is not known, or no longer; say hello without it first";
            Refusal::new(Code::NoSuchPerson, words)
        };
        let id = known.ok_or_else(unknown)?;
        if self.count_sides(id, Side::Beside) >= SIDES_PER_MEMBER_MAX {
            let words = format!("{SIDES_PER_MEMBER_MAX} connections that only read are the most for one person");
            return Err(Refusal::new(Code::Busy, words).with_limit("beside_connections", SIDES_PER_MEMBER_MAX as u64));
        }
        let member = self.people.get(id).ok_or_else(unknown)?;
        let (nick, token, kept) = (member.nick.clone(), member.token, member.keeps);
        self.add_side(id, session, Side::Beside);
        effects.push(Effect::Admit { to: session, request, nick, token, resumed: true, kept });
        Ok(())
    }
}
