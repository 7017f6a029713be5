//! Tickets for a second connection: each is good once, for a short time.

use std::collections::{HashMap, VecDeque};

use proto::{Code, Refusal, Token};

use crate::change::PersonId;
use crate::command::Millis;
use crate::limits::{TICKET_MS, TICKETS_PER_MEMBER_MAX};

/// The tickets that are out.
///
/// Invariant: `by_age` names each ticket of `members` once, in the order they were given; it may name used ones, too.
#[derive(Debug, Default)]
pub(super) struct Tickets {
    members: HashMap<Token, PersonId>,
    by_age: VecDeque<(Millis, Token)>,
}

impl Tickets {
    /// Remembers a ticket of `member`. Somebody's oldest makes place for their newest.
    pub(super) fn add(&mut self, now: Millis, member: PersonId, ticket: Token, max: usize) -> Result<(), Refusal> {
        if max == 0 {
            return Err(Refusal::new(Code::NoFiles, "this server has no place for files"));
        }
        self.drop_old(now);
        let own = self.by_age.iter().filter(|(_, ticket)| self.members.get(ticket) == Some(&member));
        let own: Vec<Token> = own.map(|(_, ticket)| *ticket).collect();
        if own.len() >= TICKETS_PER_MEMBER_MAX
            && let Some(oldest) = own.first()
        {
            self.members.remove(oldest);
            self.by_age.retain(|(_, ticket)| ticket != oldest);
        }
        if self.by_age.len() >= max {
            let wait_ms = u32::try_from(TICKET_MS).unwrap_or(u32::MAX);
            return Err(Refusal::new(Code::Busy, "too many tickets are out; go on over this connection")
                .with_limit("tickets", max as u64)
                .with_retry_after_ms(wait_ms));
        }
        self.members.insert(ticket, member);
        self.by_age.push_back((now, ticket));
        Ok(())
    }

    /// Whose ticket it is; it is used up then.
    pub(super) fn take(&mut self, now: Millis, ticket: Token) -> Option<PersonId> {
        self.drop_old(now);
        self.members.remove(&ticket)
    }

    fn drop_old(&mut self, now: Millis) {
        while let Some((_, ticket)) = self.by_age.pop_front_if(|(given, _)| given.plus(TICKET_MS) <= now) {
            self.members.remove(&ticket);
        }
    }
}
