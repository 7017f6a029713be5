//! What happened → what is shown. Pure but for two things a reader's eye needs remembered: the day of the last line,
//! and how wide nicks have been.

pub(super) mod amount;
pub(super) mod bar;
pub(super) mod check;
pub(super) mod files;
mod json;
pub(super) mod listing;
pub(super) mod outcome;
pub(super) mod reading;
mod table;

pub(super) use json::{heard_json, json_line, missed_json};
pub(super) use table::{columns, member_list, room_table};

use std::borrow::Cow;
use std::fmt::Write as _;

use chat_client::{Heard, What, escape};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use unicode_width::UnicodeWidthStr as _;

/// Nicks are aligned up to this many columns; a wider one pushes its own line only.
const NICK_COLUMNS_MAX: usize = 16;

/// The least columns a nick gets, so that the first lines of a conversation already line up.
const NICK_COLUMNS_MIN: usize = 6;

/// Lines of one message that are shown; the rest is counted. `history` has all of it.
const LINES_MAX: usize = 200;

/// Whether lines have colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// They have.
    Colour,
    /// They do not: no terminal, or `NO_COLOR`.
    Plain,
}

/// Turns events into lines. Each returned text ends with a line feed.
#[derive(Debug)]
pub(super) struct View {
    look: Look,
    zone: TimeZone,
    nick_columns: usize,
    day: Option<Date>,
    /// Lines of one message that are shown.
    lines_max: usize,
}

/// Where the reader is when something is heard of a file, which decides how it is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// In that room.
    Here,
    /// In another, of this name.
    Elsewhere,
    /// Nowhere: no command can be typed, or it is one's own file.
    None,
}

/// What stands between a nick and a text, as a mark of whose it is and how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Somebody else's.
    Others,
    /// One's own, that the server has.
    Own,
    /// One's own, that is on the server's disk.
    Stored,
    /// The one that was asked for, among those around it.
    Hit,
}

impl Mark {
    const fn sign(self) -> char {
        match self {
            Self::Others => ' ',
            Self::Own => '>',
            Self::Stored => '✓',
            Self::Hit => '»',
        }
    }
}

/// What a line is, for its colour.
#[derive(Clone, Copy)]
enum Tone {
    Plain,
    Own,
    Quiet,
    Warning,
    Person(u8),
}

impl Look {
    /// How standard output is to look.
    pub(super) fn here() -> Self {
        if super::stdout::has_colour() { Self::Colour } else { Self::Plain }
    }

    fn paint<'t>(self, tone: Tone, text: &'t str) -> Cow<'t, str> {
        let code = match tone {
            _ if self == Self::Plain => return text.into(),
            Tone::Plain => return text.into(),
            Tone::Own => 1,
            Tone::Quiet => 2,
            Tone::Warning => 31,
            // Green, yellow, magenta, cyan: the ones that can be read on black and on white.
            Tone::Person(which) => [32, 33, 35, 36][usize::from(which % 4)],
        };
        format!("\x1b[{code}m{text}\x1b[0m").into()
    }
}

impl View {
    pub(super) const fn new(look: Look, zone: TimeZone) -> Self {
        Self { look, zone, nick_columns: NICK_COLUMNS_MIN, day: None, lines_max: LINES_MAX }
    }

    /// The same, with all lines of every message: for what is not meant to be read as it runs by.
    pub(super) fn with_whole_texts(self) -> Self {
        Self { lines_max: usize::MAX, ..self }
    }

    /// An event. `tag` says where, if that is not where the reader is: `#room` or `→nick`. `way` is how a file in it
    /// can be had.
    pub(super) fn heard(&mut self, heard: &Heard, tag: &str, mark: Mark, way: Way) -> String {
        let (mut out, start) = self.begin(heard.at_ms, tag);
        let nick = escape::line(&heard.nick);
        if let What::Said(text) = &heard.what {
            self.message(&mut out, &start, &nick, text, mark.sign());
            return out;
        }
        let words = match &heard.what {
            What::Joined => format!("{nick} came in"),
            What::Left => format!("{nick} left"),
            What::Topic(topic) if topic.is_empty() => format!("{nick} took the topic away"),
            What::Topic(topic) => format!("{nick} set the topic: {}", escape::line(topic)),
            What::Renamed(to) => format!("{nick} is now {}", escape::line(to)),
            What::Crowd { members, joined, left } => format!("{joined} came and {left} left; {members} are here"),
            What::File { .. } | What::Folder { .. } | What::Sending { .. } => files::sent_words(&nick, heard, way),
            _ => format!("{nick} did something that this version does not know"),
        };
        let sign = if mark == Mark::Hit { mark.sign() } else { '*' };
        self.push(&mut out, &format!("{}{sign} {words}", start.plain), Tone::Quiet);
        out
    }

    /// One's own message that has no answer yet: the same line, with `…` where the mark will be, and what it waits for.
    pub(super) fn pending(&mut self, at_ms: u64, tag: &str, nick: &str, (text, waits): (&str, &str)) -> String {
        let (mut out, start) = self.begin(at_ms, tag);
        self.message(&mut out, &start, &escape::line(nick), text, '…');
        out.pop();
        out.push_str(&self.look.paint(Tone::Quiet, &format!("   ({waits})")));
        out.push('\n');
        out
    }

    /// A line between what came before and what comes now.
    pub(super) fn divider(&self, words: &str) -> String {
        let mut out = String::new();
        self.push(&mut out, &format!("── {} ──", escape::line(words)), Tone::Quiet);
        out
    }

    /// A word from the program itself.
    pub(super) fn note(&self, words: &str) -> String {
        self.remark('*', words, Tone::Quiet)
    }

    /// A word from the program about what did not work.
    pub(super) fn warning(&self, words: &str) -> String {
        self.remark('!', words, Tone::Warning)
    }

    fn remark(&self, sign: char, words: &str, tone: Tone) -> String {
        let mut out = String::new();
        for (index, line) in escape::lines(words).enumerate() {
            let sign = if index == 0 { sign } else { ' ' };
            self.push(&mut out, &format!("{sign} {line}"), tone);
        }
        out
    }

    /// The beginning of a line about something at `at_ms`, below a line with the day if that is another one.
    fn begin(&mut self, at_ms: u64, tag: &str) -> (String, Start) {
        let mut out = String::new();
        let at = at(at_ms, &self.zone);
        if self.day.replace(at.date()) != Some(at.date()) {
            self.push(&mut out, &at.strftime("--- %A, %Y-%m-%d ---").to_string(), Tone::Quiet);
        }
        let mut plain = at.strftime("%H:%M ").to_string();
        let mut painted = self.look.paint(Tone::Quiet, &plain).into_owned();
        if !tag.is_empty() {
            let tag = escape::line(tag);
            // Writing to a string cannot fail.
            let _ = write!(plain, "{tag} ");
            let _ = write!(painted, "{} ", self.look.paint(Tone::Person(3), &tag));
        }
        (out, Start { plain, painted })
    }

    fn message(&mut self, out: &mut String, start: &Start, nick: &str, text: &str, sign: char) {
        self.nick_columns = self.nick_columns.max(nick.width()).min(NICK_COLUMNS_MAX);
        let pad = " ".repeat(self.nick_columns.saturating_sub(nick.width()));
        let tone = if sign == ' ' { Tone::Person(tone_of(nick)) } else { Tone::Own };
        // Writing to a string cannot fail.
        let _ = write!(out, "{}{}{pad}{sign} ", start.painted, self.look.paint(tone, nick));
        let indent = " ".repeat(start.plain.width() + nick.width() + pad.len() + 2);
        let count = text.split('\n').count();
        for (index, line) in escape::lines(text).take(self.lines_max).enumerate() {
            if index > 0 {
                out.push_str(&indent);
            }
            self.push(out, &line, Tone::Plain);
        }
        if count > self.lines_max {
            let more = format!("{indent}… {} more lines (history shows all)", count - self.lines_max);
            self.push(out, &more, Tone::Quiet);
        }
    }

    fn push(&self, out: &mut String, line: &str, tone: Tone) {
        out.push_str(&self.look.paint(tone, line));
        out.push('\n');
    }
}

/// The time and the tag before a line, with and without colour: the width is that of the plain one.
struct Start {
    plain: String,
    painted: String,
}

/// When something happened, where the reader is.
fn at(at_ms: u64, zone: &TimeZone) -> Zoned {
    let at = Timestamp::from_millisecond(i64::try_from(at_ms).unwrap_or(i64::MAX)).unwrap_or(Timestamp::MAX);
    at.to_zoned(zone.clone())
}

/// The same colour for the same nick, on every run.
fn tone_of(nick: &str) -> u8 {
    nick.bytes().fold(0, |sum: u8, byte| sum.wrapping_mul(31).wrapping_add(byte))
}

#[cfg(test)]
mod tests;
