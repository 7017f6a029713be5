//! A line typed → what is meant. Pure.

mod verbs;

pub(super) use verbs::{VERBS, Verb, nearest};

use verbs::Meaning;

/// What a typed line means. Names are as typed; whoever acts on them parses them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// A blank line.
    Nothing,
    /// Words for the room.
    Say(String),
    /// The same, and tell me its number: the exercise's `c`.
    SayCounted(String),
    Help,
    Join(String),
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
    /// A command about files, which come with a later version.
    Files(&'static str),
    /// A command that lacks something: how it is written.
    Incomplete(&'static Verb),
    /// No command: the nearest there is.
    Unknown {
        typed: String,
        nearest: Option<&'static Verb>,
    },
}

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
    match verb.meaning {
        Meaning::Help => Input::Help,
        Meaning::Join => needed(Input::Join),
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
        Meaning::Quit => Input::Quit,
        Meaning::Files => Input::Files(verb.name),
    }
}

#[cfg(test)]
mod tests;
