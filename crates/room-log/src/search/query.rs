//! What is looked for: a person's words as an FTS5 expression in which nothing they typed means anything to FTS5.
//!
//! All words must be there, in any order. A word is found whole; `word*` finds what begins with it. A name with parts is
//! found as it stands, or joined (`max_connections` finds `maxConnections`); one part of it finds it too.

use std::fmt::Write as _;

use proto::RoomId;

use super::fold::{fold, push_lower};
use super::parts::{nick_token, room_token};
use super::words::{Gap, Span, Spans, TOKEN_BYTES_MAX, pairs, parts};

/// Words that are looked at; those behind them are not, which finds more rather than less.
const WORDS_MAX: usize = 16;

/// Parts of one word, or characters of one run, that are looked at.
const PARTS_MAX: usize = 16;

/// With more rooms than this it pays to ask first whether the words are there at all.
const ROOMS_FEW: usize = 4;

/// What is looked for, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    place: String,
    /// Conditions that cost little to look up.
    whole: Vec<String>,
    /// Conditions with a prefix: FTS5 collects all that begins so.
    prefixes: Vec<String>,
    rooms: usize,
}

impl Query {
    /// What to look for: `words` said in one of `rooms`, by `from` if that is given. `None` if there is no word in it. With
    /// no rooms, nothing will be found.
    pub fn parse(words: &str, from: Option<&str>, rooms: &[RoomId]) -> Option<Self> {
        let mut query = Self { place: place(from, rooms), whole: Vec::new(), prefixes: Vec::new(), rooms: rooms.len() };
        let folded = fold(words);
        let mut chain = Chain::default();
        for span in Spans::of(&folded) {
            if span.gap == Gap::Apart {
                query.push(std::mem::take(&mut chain).condition());
            }
            if span.is_dense {
                query.push(dense(span.text));
            } else {
                chain.push(span);
            }
        }
        query.push(chain.condition());
        (query.whole.len() + query.prefixes.len() > 0).then_some(query)
    }

    fn push(&mut self, condition: Option<Condition>) {
        let Some(condition) = condition.filter(|_| self.whole.len() + self.prefixes.len() < WORDS_MAX) else { return };
        let list = if condition.has_prefix { &mut self.prefixes } else { &mut self.whole };
        if !list.contains(&condition.text) {
            list.push(condition.text);
        }
    }

    /// Whether it can find anything.
    pub(super) fn is_possible(&self) -> bool {
        self.rooms > 0
    }

    /// The whole of it.
    pub(super) fn expression(&self) -> String {
        let words = self.whole.iter().chain(&self.prefixes);
        [&self.place].into_iter().chain(words).map(String::as_str).collect::<Vec<_>>().join(" AND ")
    }

    /// A part of it that is looked up faster than the whole, where there is one: what has not this has not the whole.
    pub(super) fn probe(&self) -> Option<String> {
        if !self.prefixes.is_empty() {
            let few = [&self.place].into_iter().chain(&self.whole);
            return Some(few.map(String::as_str).collect::<Vec<_>>().join(" AND "));
        }
        (self.rooms > ROOMS_FEW).then(|| self.whole.join(" AND "))
    }
}

/// Something that must be there.
struct Condition {
    text: String,
    has_prefix: bool,
}

fn place(from: Option<&str>, rooms: &[RoomId]) -> String {
    let mut rooms: Vec<u32> = rooms.iter().map(|room| room.0).collect();
    rooms.sort_unstable();
    rooms.dedup();
    let any: Vec<String> = rooms.into_iter().map(|room| quoted(&room_token(RoomId(room)))).collect();
    let mut place = format!("({})", any.join(" OR "));
    if let Some(nick) = from {
        let _ = write!(place, " AND {}", quoted(&nick_token(nick)));
    }
    place
}

/// A run of a script without spaces: one character begins a pair or ends a run; two are a pair; more are pairs in a row.
fn dense(run: &str) -> Option<Condition> {
    let characters = run.chars().count();
    if characters == 1 {
        return Some(Condition { text: format!("{} *", quoted(run)), has_prefix: true });
    }
    let in_a_row: Vec<&str> = pairs(run).take((characters - 1).min(PARTS_MAX)).collect();
    Some(Condition { text: quoted(&in_a_row.join(" ")), has_prefix: false })
}

/// Words with nothing but the signs of identifiers, paths and numbers between them.
#[derive(Default)]
struct Chain {
    parts: Vec<String>,
    /// As the index has them joined: one for each run of words with a `_`, `-` or `'` between.
    joined: Vec<String>,
    is_starred: bool,
    is_cut: bool,
}

impl Chain {
    fn push(&mut self, span: Span<'_>) {
        let parts: Vec<String> = parts(span.text).map(lower).collect();
        if self.is_cut || self.parts.len() + parts.len() > PARTS_MAX {
            self.is_cut = true;
            return;
        }
        self.parts.extend(parts);
        match self.joined.last_mut().filter(|_| span.gap == Gap::Join) {
            Some(run) => {
                let room = TOKEN_BYTES_MAX.saturating_sub(run.len());
                push_lower(run, span.text, room);
            }
            None => self.joined.push(lower(span.text)),
        }
        self.is_starred = span.is_starred;
    }

    fn condition(self) -> Option<Condition> {
        if self.parts.is_empty() {
            return None;
        }
        let has_prefix = self.is_starred && !self.is_cut;
        let star = if has_prefix { " *" } else { "" };
        let phrase = format!("{}{star}", quoted(&self.parts.join(" ")));
        if self.is_cut || self.joined.len() == self.parts.len() {
            return Some(Condition { text: phrase, has_prefix });
        }
        let joined: Vec<String> = self.joined.iter().map(|run| quoted(run)).collect();
        Some(Condition { text: format!("({phrase} OR ({}{star}))", joined.join(" AND ")), has_prefix })
    }
}

fn lower(part: &str) -> String {
    let mut token = String::new();
    push_lower(&mut token, part, TOKEN_BYTES_MAX);
    token
}

/// Tokens hold no quotes, so that there is nothing to escape.
fn quoted(tokens: &str) -> String {
    format!("\"{tokens}\"")
}
