//! The slash commands: one table for understanding, help, completion and hints.

use std::fmt::Write as _;

/// A slash command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verb {
    /// Its name, without the slash.
    pub(crate) name: &'static str,
    /// Other names for it; the exercise's short forms among them.
    pub(crate) aliases: &'static [&'static str],
    /// What follows it, as in `NICK TEXT`.
    pub(crate) takes: &'static str,
    /// What it does, for the help.
    pub(crate) about: &'static str,
    /// With which others the help shows it.
    pub(crate) group: Group,
    pub(super) meaning: Meaning,
}

/// What a command is about, for the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Talk,
    Files,
}

/// What a command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Help,
    Join,
    Leave,
    Topic,
    Rooms,
    Who,
    Tell,
    Direct,
    Switch,
    Rename,
    Say,
    Quit,
    Put,
    Get,
    List,
    ListLocal,
    Transfers,
    Pause,
    Resume,
    Cancel,
    Remove,
    Move,
    MakeFolder,
    Verify,
    History,
    Search,
    Unread,
}

const fn verb(
    name: &'static str,
    aliases: &'static [&'static str],
    takes: &'static str,
    about: &'static str,
    meaning: Meaning,
) -> Verb {
    Verb { name, aliases, takes, about, group: Group::Talk, meaning }
}

const fn of_files(verb: Verb) -> Verb {
    Verb { group: Group::Files, ..verb }
}

/// Every command, in the order of the help.
pub(crate) const VERBS: &[Verb] = &[
    verb("join", &["j"], "ROOM", "come into a room, or make it", Meaning::Join),
    verb("leave", &["part"], "", "leave this room", Meaning::Leave),
    verb("room", &["switch"], "NAME", "talk in another open room", Meaning::Switch),
    verb("rooms", &["list"], "", "list the rooms", Meaning::Rooms),
    verb("who", &["names"], "[ROOM]", "list who is here, or there", Meaning::Who),
    verb("topic", &["t"], "[TEXT]", "show the topic, or set it", Meaning::Topic),
    verb("msg", &["m", "tell"], "NICK TEXT", "say it to one person alone", Meaning::Tell),
    verb("dm", &["query"], "NICK", "talk with one person alone", Meaning::Direct),
    verb("nick", &["name"], "NAME", "take another nick", Meaning::Rename),
    verb("history", &["hist"], "[ROOM] [N|@N]", "show what came before, or around @N", Meaning::History),
    verb("search", &["find"], "WORDS", "find messages in all your rooms", Meaning::Search),
    verb("unread", &[], "", "show what you have not read", Meaning::Unread),
    verb("say", &["c"], "TEXT", "say it, and show its number", Meaning::Say),
    of_files(verb("put", &["u", "upload"], "PATH…", "send files or folders into this room", Meaning::Put)),
    of_files(verb("get", &["d", "download"], "NAME…", "fetch files or folders from here", Meaning::Get)),
    of_files(verb("ls", &["files"], "[PATH]", "show the files of this room", Meaning::List)),
    of_files(verb("lls", &["ls-l"], "[PATH]", "list the files of this machine", Meaning::ListLocal)),
    of_files(verb("transfers", &["jobs"], "", "show the files under way", Meaning::Transfers)),
    of_files(verb("pause", &[], "N", "let a transfer wait", Meaning::Pause)),
    of_files(verb("resume", &[], "N", "let it go on", Meaning::Resume)),
    of_files(verb("cancel", &[], "N", "end a transfer", Meaning::Cancel)),
    of_files(verb("rm", &["remove"], "NAME…", "take files or folders away", Meaning::Remove)),
    of_files(verb("mv", &["move"], "NAME NAME", "give a file another name", Meaning::Move)),
    of_files(verb("mkdir", &[], "NAME…", "make folders", Meaning::MakeFolder)),
    of_files(verb("verify", &[], "NAME…", "check that files are what they were", Meaning::Verify)),
    verb("help", &["h", "?"], "[files]", "show this, or the commands about files", Meaning::Help),
    verb("quit", &["q", "exit"], "", "leave (so does Ctrl-D)", Meaning::Quit),
];

impl Verb {
    /// The command that `typed` names, without the slash.
    pub(crate) fn find(typed: &str) -> Option<&'static Self> {
        VERBS.iter().find(|verb| verb.names().any(|name| name.eq_ignore_ascii_case(typed)))
    }

    /// Its name and its other names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// How it is written, as in `/msg NICK TEXT`.
    pub(crate) fn usage(&self) -> String {
        let mut usage = format!("/{}", self.name);
        if !self.takes.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(usage, " {}", self.takes);
        }
        usage
    }
}

/// The command whose name is nearest to what was typed, if any is near.
pub(crate) fn nearest(typed: &str) -> Option<&'static Verb> {
    let typed = typed.to_ascii_lowercase();
    let length = typed.chars().count();
    // One slip in a short word, two in a longer one: beyond that a guess is noise.
    let near = match length {
        0 | 1 => 0,
        2 | 3 => 1,
        _ => 2,
    };
    let begins = |name: &str| length >= 2 && name.starts_with(&typed);
    let distance = |name: &str| if begins(name) { 0 } else { distance(&typed, name) };
    let of_verb = |verb: &'static Verb| (verb.names().map(distance).min().unwrap_or(usize::MAX), verb);
    VERBS
        .iter()
        .map(of_verb)
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= near)
        .map(|(_, verb)| verb)
}

/// How many letters have to be put in, taken out, changed or swapped with their neighbour.
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().take(32).collect();
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let cost = usize::from(a != b);
            let mut least = (above[j] + cost).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && one[i - 1] == *b && other[j - 1] == *a {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(0)
}
