//! What is looked for: a person's words as an FTS5 expression in which nothing they typed means anything to FTS5.
//!
//! All words must be there, in any order. A word is found whole; `word*` finds what begins with it. A name with parts is
//! found as it stands, or joined (`max_connections` finds `maxConnections`); one part of it finds it too.

use proto::RoomId;

use super::fold::{fold, push_lower};
use super::parts::{NO_TOKEN, nick_token, room_token};
use super::words::{Gap, Span, Spans, TOKEN_BYTES_MAX, pairs, parts};

/// Words that are looked at; those behind them are not, which finds more rather than less.
const WORDS_MAX: usize = 16;

/// Parts of one word, or characters of one run, that are looked at.
const PARTS_MAX: usize = 16;

/// With more rooms than this it pays to ask first whether the words are there at all.
const ROOMS_FEW: usize = 4;

/// What is looked for, and where.
///
/// - All words must be in a message, in any order, whatever their case and accents. `conn` does not find `connections`;
///   `conn*` does. Sixteen words are looked at; those behind them are not.
/// - Chinese, Japanese and Korean need no `*` and no spaces: any stretch of characters is found wherever it stands.
/// - A name is found by its parts (`connections` finds `maxConnections_v2`), by several in a row (`max_connections`,
///   `MaxConnections`), and written as one (`maxconnections`). So are paths, addresses and times (`std::collections`,
///   `12:30`).
/// - No sign but `*` means anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    rooms: Vec<String>,
    /// Conditions that cost little to look up: the nick, words.
    whole: Vec<String>,
    /// Conditions with a prefix: FTS5 collects all that begins so.
    prefixes: Vec<String>,
    words: usize,
}

impl Query {
    /// What to look for: `words` said in one of `rooms`, by `from` if that is given. `None` if there is no word in it. With
    /// no rooms, nothing will be found.
    pub fn parse(words: &str, from: Option<&str>, rooms: &[RoomId]) -> Option<Self> {
        let mut rooms: Vec<RoomId> = rooms.to_vec();
        rooms.sort_unstable();
        rooms.dedup();
        let mut query = Self {
            rooms: rooms.into_iter().map(|room| quoted(&room_token(room))).collect(),
            whole: from.map(|nick| quoted(&nick_token(nick))).into_iter().collect(),
            prefixes: Vec::new(),
            words: 0,
        };
        let folded = fold(words);
        let mut chain = Chain::default();
        for span in Spans::of(&folded) {
            if span.gap == Gap::Apart {
                query.push(std::mem::take(&mut chain).condition());
            }
            if span.is_dense {
                query.push(Some(dense(span.text)));
            } else {
                chain.push(span);
            }
        }
        query.push(chain.condition());
        (query.words > 0).then_some(query)
    }

    fn push(&mut self, condition: Option<Condition>) {
        let Some(condition) = condition.filter(|_| self.words < WORDS_MAX) else { return };
        let list = if condition.has_prefix { &mut self.prefixes } else { &mut self.whole };
        if !list.contains(&condition.text) {
            list.push(condition.text);
            self.words += 1;
        }
    }

    /// Whether it can find anything.
    pub(super) fn is_possible(&self) -> bool {
        !self.rooms.is_empty()
    }

    /// The whole of it.
    pub(super) fn expression(&self) -> String {
        let conditions: Vec<&str> = self.whole.iter().chain(&self.prefixes).map(String::as_str).collect();
        // FTS5 walks all that are joined by AND in turn, and an OR of many rooms is slow to walk. Inside an OR (with a token
        // that no message has) the words find each other first, and only what has them all is looked up in the rooms.
        format!("({}) AND (({}) OR {})", self.rooms.join(" OR "), conditions.join(" AND "), quoted(NO_TOKEN))
    }

    /// A part of it that is looked up faster than the whole, where there is one: what has not this has not the whole.
    pub(super) fn probe(&self) -> Option<String> {
        let whole = self.whole.join(" AND ");
        match (self.prefixes.is_empty(), self.whole.is_empty()) {
            (true, _) => (self.rooms.len() > ROOMS_FEW).then_some(whole),
            (false, true) => Some(self.rooms.join(" OR ")),
            (false, false) => Some(format!("({}) AND {whole}", self.rooms.join(" OR "))),
        }
    }
}

/// Something that must be there.
struct Condition {
    text: String,
    has_prefix: bool,
}

/// A run of a script without spaces: one character begins a pair or ends a run; two are a pair; more are pairs in a row.
fn dense(run: &str) -> Condition {
    let characters = run.chars().count();
    if characters == 1 {
        return Condition { text: format!("{} *", quoted(run)), has_prefix: true };
    }
    let in_a_row: Vec<&str> = pairs(run).take((characters - 1).min(PARTS_MAX)).collect();
    Condition { text: quoted(&in_a_row.join(" ")), has_prefix: false }
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
