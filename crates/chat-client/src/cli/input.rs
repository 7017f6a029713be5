//! A line typed → what is meant. Pure.

mod verbs;
mod words;

pub(super) use verbs::{Group, VERBS, Verb, nearest};
pub(super) use words::{Named, last_word, quoted};

use verbs::Meaning;

/// What a typed line means. Named are as typed; whoever acts on them parses them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// A blank line.
    Nothing,
    /// Words for the room.
    Say(String),
    /// The same, and tell me its number: the exercise's `c`.
    SayCounted(String),
    /// Show the commands: those of talking, or those about files.
    Help {
        files: bool,
    },
    Join(String),
    /// Come into a room of which nothing is kept.
    JoinEphemeral(String),
    Leave,
    /// Show the topic, or set it.
    Topic(Option<String>),
    Rooms,
    /// Who is in this room, or in the one that is named.
    Who(Option<String>),
    /// Words for one person.
    Tell {
        nick: String,
        text: String,
    },
    /// Turn to one person.
    Direct(String),
    /// Turn to a room.
    Switch(String),
    Rename(String),
    Quit,
    /// Send files.
    Put(Named),
    /// Fetch files.
    Get(Named),
    /// List the room's files, or those of a folder.
    List(Option<String>),
    /// List this machine's.
    ListLocal(Option<String>),
    /// Show what is under way.
    Transfers,
    /// Let a transfer wait, go on or end.
    Control(u32, Control),
    /// Take files away.
    Remove(Named),
    Move {
        from: String,
        to: String,
    },
    MakeFolder(Named),
    /// Check stored files.
    Verify(Named),
    /// Show what came before.
    History {
        room: Option<String>,
        what: Stretch,
    },
    /// Find messages by their words.
    Search(String),
    /// Show what is unread.
    Unread,
    /// A number that is none: what was typed.
    NotANumber(String),
    /// A command that lacks something: how it is written.
    Incomplete(&'static Verb),
    /// No command: the nearest there is.
    Unknown {
        typed: String,
        nearest: Option<&'static Verb>,
    },
}

/// Which part of a room is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stretch {
    /// What came before that which is shown already; how much of it, if that was said.
    Earlier(Option<u16>),
    /// What stands around a number.
    Around(u64),
}

/// What to do with a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    Pause,
    Resume,
    Cancel,
}

/// What stands before a room of which nothing is kept.
const EPHEMERAL: &str = "--ephemeral";

/// Understands a line. What begins with `/` is a command; with `//`, a message that begins with `/`.
pub(super) fn parse(line: &str) -> Input {
    if line.trim().is_empty() {
        return Input::Nothing;
    }
    let Some(command) = line.strip_prefix('/') else { return Input::Say(line.to_owned()) };
    if command.starts_with('/') {
        return Input::Say(command.to_owned());
    }
    let (typed, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let rest = rest.trim();
    match Verb::find(typed) {
        Some(verb) => obey(verb, rest),
        None => Input::Unknown { typed: typed.to_owned(), nearest: nearest(typed) },
    }
}

fn obey(verb: &'static Verb, rest: &str) -> Input {
    let optional = (!rest.is_empty()).then(|| rest.to_owned());
    let needed = |make: fn(String) -> Input| optional.clone().map_or(Input::Incomplete(verb), make);
    let named = |make: fn(Named) -> Input| match words::split(rest).is_empty() {
        true => Input::Incomplete(verb),
        false => make(Named::new(rest)),
    };
    match verb.meaning {
        Meaning::Help => Input::Help { files: rest.eq_ignore_ascii_case("files") },
        Meaning::Join => join(verb, rest),
        Meaning::Leave => Input::Leave,
        Meaning::Topic => Input::Topic(optional),
        Meaning::Rooms => Input::Rooms,
        Meaning::Who => Input::Who(optional),
        Meaning::Tell => match rest.split_once(char::is_whitespace) {
            Some((nick, text)) => Input::Tell { nick: nick.to_owned(), text: text.trim_start().to_owned() },
            None => Input::Incomplete(verb),
        },
        Meaning::Direct => needed(Input::Direct),
        Meaning::Switch => needed(Input::Switch),
        Meaning::Rename => needed(Input::Rename),
        Meaning::Say => needed(Input::SayCounted),
        Meaning::History => history(verb, rest),
        Meaning::Search => needed(Input::Search),
        Meaning::Unread => Input::Unread,
        Meaning::Quit => Input::Quit,
        Meaning::Put => named(Input::Put),
        Meaning::Get => named(Input::Get),
        Meaning::List => Input::List(one_name(rest)),
        Meaning::ListLocal => Input::ListLocal(one_name(rest)),
        Meaning::Transfers => Input::Transfers,
        Meaning::Pause => control(verb, rest, Control::Pause),
        Meaning::Resume => control(verb, rest, Control::Resume),
        Meaning::Cancel => control(verb, rest, Control::Cancel),
        Meaning::Remove => named(Input::Remove),
        Meaning::Move => match words::split(rest).as_slice() {
            [from, to] => Input::Move { from: from.clone(), to: to.clone() },
            _ => Input::Incomplete(verb),
        },
        Meaning::MakeFolder => named(Input::MakeFolder),
        Meaning::Verify => named(Input::Verify),
    }
}

/// `ROOM`, `--ephemeral ROOM`.
fn join(verb: &'static Verb, rest: &str) -> Input {
    match rest.strip_prefix(EPHEMERAL) {
        Some(room) if room.trim().is_empty() => Input::Incomplete(verb),
        Some(room) if room.starts_with(char::is_whitespace) => Input::JoinEphemeral(room.trim().to_owned()),
        _ if rest.is_empty() => Input::Incomplete(verb),
        _ => Input::Join(rest.to_owned()),
    }
}

/// Any of a room, `20` and `@1234`, in that order. A room of digits has its `#`.
fn history(verb: &'static Verb, rest: &str) -> Input {
    let mut words = rest.split_whitespace().peekable();
    let is_number = |word: &&str| word.starts_with('@') || word.parse::<u64>().is_ok();
    let room = words.next_if(|word| !is_number(word)).map(str::to_owned);
    let what = match words.next() {
        None => Some(Stretch::Earlier(None)),
        Some(word) => match word.strip_prefix('@') {
            Some(seq) => seq.parse().ok().map(Stretch::Around),
            None => word.parse().ok().filter(|count| *count > 0).map(|count| Stretch::Earlier(Some(count))),
        },
    };
    match (what, words.next()) {
        (Some(what), None) => Input::History { room, what },
        _ => Input::Incomplete(verb),
    }
}

/// One name, which may be quoted but need not be; `None` if there is none.
fn one_name(rest: &str) -> Option<String> {
    match words::split(rest).as_slice() {
        [] => None,
        [name] => Some(name.clone()),
        _ => Some(rest.to_owned()),
    }
}

/// `#3`, `3`.
fn control(verb: &'static Verb, rest: &str, control: Control) -> Input {
    match rest.trim_start_matches('#') {
        "" => Input::Incomplete(verb),
        number => {
            number.parse().map_or_else(|_| Input::NotANumber(rest.to_owned()), |number| Input::Control(number, control))
        }
    }
}

#[cfg(test)]
mod tests;
