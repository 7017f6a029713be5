//! What was found, and what is unread: lists whose columns line up. Pure.

use chat_client::{Heard, RoomRef, UnreadRoom, What, escape};
use jiff::tz::TimeZone;
use serde_json::json;
use unicode_width::UnicodeWidthChar as _;

use super::files::sent_words;
use super::table::columns;
use super::{Way, at, json_line};

/// Columns of a text that are shown around a hit: of a command, and in a conversation, where a line is better not
/// wrapped.
pub(crate) const TEXT_COLUMNS: usize = 80;
pub(crate) const SHORT_COLUMNS: usize = 44;

/// Messages that a search found, one a line: room, number, time, nick, and the text around the first hit.
/// `text_columns` is how much of that.
pub(crate) fn hit_table(found: &[Heard], words: &str, zone: &TimeZone, text_columns: usize) -> String {
    let row = |heard: &Heard| {
        let time = at(heard.at_ms, zone).strftime("%Y-%m-%d %H:%M").to_string();
        let nick = escape::line(&heard.nick).into_owned();
        let text = match &heard.what {
            What::Said(text) => around(text, words, text_columns),
            // Whose it is stands before it already.
            _ => format!("*{}", sent_words("", heard, Way::None)),
        };
        [title(&heard.room), heard.seq.to_string(), time, nick, text]
    };
    columns(found.iter().map(row))
}

/// What is unread, one room a line, as in `#tea  12 unread, from 1235 on`.
pub(crate) fn unread_table(rooms: &[UnreadRoom]) -> String {
    let row = |room: &UnreadRoom| {
        let words = match room.said {
            0 => "nothing".to_owned(),
            said => format!("{said}{}", if room.more { "+" } else { "" }),
        };
        let from = if room.said > 0 { format!("from {} on", room.read.next()) } else { String::new() };
        [title(&room.room), words, from]
    };
    columns(rooms.iter().map(row))
}

/// The same for a program.
pub(crate) fn unread_json(room: &UnreadRoom) -> String {
    json_line(&json!({
        "room": &*room.room.name,
        "direct": room.room.direct,
        "unread": room.said,
        "more": room.more,
        "read": room.read.0,
        "head": room.head.0,
    }))
}

/// `#room` or `→nick`.
pub(crate) fn title(room: &RoomRef) -> String {
    format!("{}{}", if room.direct { "→" } else { "#" }, escape::line(&room.name))
}

/// `text` on one line, cut to the `columns` that stand around the first of `words` in it.
fn around(text: &str, words: &str, columns: usize) -> String {
    let chars: Vec<char> = text.chars().map(|c| if c == '\n' { ' ' } else { c }).collect();
    let hit = first_hit(&chars, words).unwrap_or(0);
    let start = back_from(&chars, hit, columns * 3 / 10);
    let mut shown = String::new();
    let mut room = columns;
    let mut end = start;
    while let Some(c) = chars.get(end) {
        let width = c.width().unwrap_or(0);
        if width > room {
            break;
        }
        room -= width;
        shown.push(*c);
        end += 1;
    }
    let (before, behind) = (if start > 0 { "…" } else { "" }, if end < chars.len() { "…" } else { "" });
    format!("{before}{}{behind}", escape::line(shown.trim()))
}

/// Where to begin so that `columns` stand before `hit`; at the beginning if all of it fits.
fn back_from(chars: &[char], hit: usize, columns: usize) -> usize {
    let widths = || chars.iter().take(hit).rev().map(|c| c.width().unwrap_or(0));
    if widths().sum::<usize>() <= columns {
        return 0;
    }
    let mut room = columns;
    let fits = widths().take_while(|width| {
        let fits = *width <= room;
        room = room.saturating_sub(*width);
        fits
    });
    hit - fits.count()
}

/// Where in the text the first of the words stands, upper and lower case taken as one. The server's idea of a word is
/// its own; this only decides which part of a long text is shown.
fn first_hit(chars: &[char], words: &str) -> Option<usize> {
    let lower = |c: &char| c.to_lowercase().next().unwrap_or(*c);
    let text: Vec<char> = chars.iter().map(lower).collect();
    let word_chars = |word: &str| word.trim_end_matches('*').chars().map(|c| lower(&c)).collect::<Vec<_>>();
    let stands = |word: Vec<char>| match word.is_empty() {
        true => None,
        false => text.windows(word.len()).position(|window| window == word),
    };
    words.split_whitespace().filter_map(|word| stands(word_chars(word))).min()
}

#[cfg(test)]
mod tests;
