//! What is searched for, and whether what is found is what was meant.

use std::collections::HashMap;

use proto::message::{Page, Search};
use proto::{RoomId, What};

use super::corpus::{Corpus, NOWHERE, RARE, RARE_CHINESE};

/// How many messages a search asks for.
pub(super) const COUNT: u16 = 20;

/// A search.
#[derive(Debug, Clone)]
pub(super) struct Query {
    /// What kind it is.
    pub(super) kind: &'static str,
    /// As the person types it.
    pub(super) words: String,
    /// By whom it was said, if that matters.
    pub(super) from: Option<String>,
    /// How many messages there are, if that is known.
    hits: Option<u64>,
}

impl Query {
    /// The set: rare, common, Chinese, beginnings of words, parts of names out of code.
    pub(super) fn set(corpus: &Corpus, nick: &str) -> Vec<Self> {
        let query = |kind, words: &str, hits| Self { kind, words: words.to_owned(), from: None, hits };
        let rare = Some(corpus.rare_times());
        vec![
            query("nowhere", NOWHERE, Some(0)),
            query("rare", RARE, rare),
            query("seldom", corpus.seldom(), None),
            query("common", "the", None),
            query("two common", "we message", None),
            query("common and rare", &format!("the {RARE}"), None),
            Self { from: Some(nick.to_owned()), ..query("common, of one person", "the", None) },
            query("beginning", "conf*", None),
            query("beginning, rare", "quokka*", rare),
            query("part of a name", "fsync", None),
            query("Chinese, common", "消息", None),
            query("Chinese, rare", RARE_CHINESE, rare),
        ]
    }

    /// As it is asked, in all rooms.
    pub(super) fn search(&self) -> Search {
        Search { rooms: Vec::new(), words: self.words.clone(), from: self.from.clone(), before: 0, count: COUNT }
    }

    /// How many messages a page holds, if they are what was asked for: every word in each, by whom was asked, newest first
    /// within each room, and as many as there are.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn check(&self, page: &Page) -> Result<u64, String> {
        let events = page.events().map_err(|error| error.to_string())?;
        let mut oldest: HashMap<RoomId, u64> = HashMap::new();
        for event in &events {
            let What::Said(text) = &event.what else { return Err("it found something that nobody said".to_owned()) };
            let lower = text.to_lowercase();
            let misses = |word: &&str| !lower.contains(word.trim_end_matches('*'));
            if let Some(word) = self.words.split(' ').find(misses) {
                return Err(format!("it found `{text}`, which has no {word}"));
            }
            if self.from.as_ref().is_some_and(|nick| *nick != event.nick) {
                return Err(format!("it found what {} said", event.nick));
            }
            let before = oldest.insert(event.room, event.seq.0);
            if before.is_some_and(|before| before <= event.seq.0) {
                return Err("it found an older message before a newer one of its room".to_owned());
            }
        }
        let found = events.len() as u64;
        match self.hits.map(|hits| hits.min(u64::from(COUNT))) {
            Some(hits) if hits != found => Err(format!("there are {hits} messages, and it found {found}")),
            _ => Ok(found),
        }
    }

    /// As it stands in a table.
    pub(super) fn name(&self) -> String {
        let from = self.from.as_ref().map_or_else(String::new, |nick| format!(" from {nick}"));
        format!("{}: `{}`{from}", self.kind, self.words)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proto::Seq;
    use proto::event::{Rest, write};

    use super::*;

    fn page(said: &[(u32, u64, &str, &str)]) -> Page {
        let mut frames = Vec::new();
        for (room, seq, nick, text) in said {
            write(Seq(*seq), RoomId(*room), 0, nick, Rest::Said(text.as_bytes()), &mut frames);
        }
        Page { more: false, unindexed: false, next: 0, gone_to: Seq(0), frames: Bytes::from(frames) }
    }

    #[test]
    fn what_was_not_asked_for_is_found_out() {
        let query = |words: &str, from: Option<&str>, hits| Query {
            kind: "",
            words: words.to_owned(),
            from: from.map(str::to_owned),
            hits,
        };
        let check = |query: &Query, said: &[(u32, u64, &str, &str)], want: Result<u64, &str>| match (
            query.check(&page(said)),
            want,
        ) {
            (Ok(found), Ok(wanted)) => assert_eq!(found, wanted, "{query:?}"),
            (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
            (got, want) => panic!("{query:?}: {got:?}, not {want:?}"),
        };
        let newest_first = [(1, 9, "a", "The Server"), (2, 12, "b", "server of the"), (1, 3, "a", "the server")];
        check(&query("the serv*", None, None), &newest_first, Ok(3));
        check(&query("the serv*", None, Some(4)), &newest_first, Err("there are 4 messages"));
        check(&query("the", Some("a"), None), &newest_first, Err("what b said"));
        check(&query("other", None, None), &newest_first, Err("no other"));
        check(&query("x", None, None), &[(1, 3, "a", "x"), (1, 9, "a", "x")], Err("older message"));
        check(&query("x", None, Some(0)), &[], Ok(0));
    }
}
