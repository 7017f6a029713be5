//! What is read back, and what is told to somebody who comes back.

use chat_client::{Found, Heard, Page, RoomKey, RoomRef, Seq, UnreadRoom, What};
use jiff::tz::TimeZone;

use super::{Model, Shown};
use crate::cli::commands::reading::gone_words;
use crate::cli::input::Stretch;
use crate::cli::view::reading::{SHORT_COLUMNS, hit_table, unread_table};
use crate::cli::view::{Mark, Way};

/// A part of a room that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// What came before that which was shown.
    Earlier,
    /// What stands around this number.
    Around(Seq),
    /// What had been read before, for whoever comes back: without a word.
    Context,
}

impl Model {
    /// The room that was meant, and from where on events of it have been shown.
    pub(crate) fn shown_from(&self, room: RoomKey) -> Option<Seq> {
        self.rooms.get(&room)?.shown_from
    }

    /// The room that the person turns to as soon as it is there.
    pub(crate) const fn turn_to_soon(&mut self, room: RoomKey) {
        self.current = Some(room);
    }

    pub(crate) fn is_in(&self, room: RoomKey) -> bool {
        self.rooms.contains_key(&room)
    }

    /// A part of a room, between two lines that say what it is.
    pub(crate) fn part(&mut self, key: RoomKey, part: &Part, page: Page) -> Vec<Shown> {
        let title = self.title(key);
        let gone = page.gone_to.map(|to| Shown::Note(gone_words(to)));
        let (Some(first), Some(last)) = (page.events.first(), page.events.last()) else {
            let words = match (part, &gone) {
                (Part::Context, _) => return Vec::new(),
                (_, Some(_)) => return gone.into_iter().collect(),
                (Part::Earlier, None) => format!("{title} begins with what is shown"),
                (Part::Around(seq), None) => format!("{title} has no number {seq}"),
            };
            return vec![Shown::Note(words)];
        };
        let (first, last) = (first.seq, last.seq);
        let (above, below) = match part {
            Part::Earlier => (Some(format!("{title}, {first} to {last}")), Some("now".to_owned())),
            Part::Around(seq) => (Some(format!("{title}, around {seq}")), Some("now".to_owned())),
            Part::Context => (None, None),
        };
        if let (Part::Earlier | Part::Context, Some(room)) = (part, self.rooms.get_mut(&key)) {
            room.shown_back_to(first);
        }
        // That one came and went oneself is of no interest, unless it is what was asked for.
        let is_own_way = |heard: &Heard| heard.nick == self.nick && matches!(heard.what, What::Joined | What::Left);
        let is_shown = |heard: &Heard| matches!(part, Part::Around(_)) || !is_own_way(heard);
        let heard = page.events.into_iter().filter(is_shown).map(|heard| {
            let own = heard.nick == self.nick;
            let mark = if *part == Part::Around(heard.seq) { Mark::Hit } else { self.mark(key, own) };
            Shown::Heard { heard, tag: String::new(), mark, way: if own { Way::None } else { self.way(key) } }
        });
        let mut shown: Vec<_> = gone.into_iter().chain(above.map(Shown::Divider)).collect();
        shown.extend(heard);
        shown.extend(below.map(Shown::Divider));
        shown
    }

    /// What a search found.
    pub(crate) fn found(&self, words: &str, found: Found) -> Vec<Shown> {
        let Found { mut events, next, unindexed } = found;
        let late = unindexed.then(|| Shown::Note("what was said in the last moments is not looked at yet".to_owned()));
        if events.is_empty() {
            return std::iter::once(Shown::Note(format!("nothing is found for {words}"))).chain(late).collect();
        }
        // The newest stands nearest to the prompt.
        events.reverse();
        let more = if next.is_some() { "the newest " } else { "" };
        let table = hit_table(&events, words, &TimeZone::system(), SHORT_COLUMNS);
        let words = format!(
            "found {more}{}, newest last; /history ROOM @NUMBER shows what stands around one:\n{}",
            events.len(),
            table.trim_end()
        );
        std::iter::once(Shown::Note(words)).chain(late).collect()
    }

    /// What is unread.
    pub(crate) fn unread(&self, rooms: Vec<UnreadRoom>) -> Vec<Shown> {
        let unread: Vec<_> = rooms.into_iter().filter(|room| room.said > 0).collect();
        let words = match unread.is_empty() {
            true => "nothing is unread".to_owned(),
            false => format!("unread:\n{}", unread_table(&unread).trim_end()),
        };
        vec![Shown::Note(words)]
    }

    /// Where somebody finds themselves who comes back.
    pub(crate) fn back_words(rooms: &[RoomRef]) -> String {
        let titles: Vec<_> = rooms.iter().map(crate::cli::view::reading::title).collect();
        format!("back in {}", titles.join(", "))
    }

    /// The room that `/history` is about, and which part of it.
    pub(super) fn stretch(&self, room: Option<&str>, what: Stretch) -> Result<(RoomKey, Stretch), String> {
        let key = match room {
            None => self.here()?,
            Some(name) => self.open_room(name).ok_or_else(|| self.not_open(name))?,
        };
        Ok((key, what))
    }
}
