//! Completion and hints: what a half-typed line could become. Pure but for the names of local files, which are asked
//! for through [`Local`].

mod files;

use std::collections::BTreeSet;

use super::input::{VERBS, Verb};

/// Candidates that are offered at most.
const CANDIDATES_MAX: usize = 200;

/// What can be completed to, as the model knows it now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// People, from the rooms one is in.
    pub(super) nicks: BTreeSet<String>,
    /// Rooms, without `#`.
    pub(super) rooms: BTreeSet<String>,
    /// Files and folders of the room at hand, as far as they are known; folders end with `/`.
    pub(super) files: BTreeSet<String>,
}

/// Looks up local names: those in a folder (empty for this one), folders with `/` at their end.
pub(super) type Local<'l> = &'l dyn Fn(&str) -> Vec<String>;

/// Where the completed word begins, and what it could be: shown, and put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Completion {
    pub(super) start: usize,
    pub(super) candidates: Vec<Candidate>,
}

/// A word that could stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) shown: String,
    pub(super) put_in: String,
}

/// What the word before the cursor at byte `at` of `line` could become.
pub(super) fn complete(line: &str, at: usize, names: &Names, local: Local<'_>) -> Completion {
    let before = line.get(..at).unwrap_or(line);
    if let Some(completion) = files::complete(before, names, local) {
        return completion;
    }
    let start = before.rfind(char::is_whitespace).map_or(0, |space| space + space_bytes(before, space));
    let word = before.get(start..).unwrap_or_default();
    let candidates = match before.strip_prefix('/') {
        Some(typed) if start == 0 && !typed.starts_with('/') => verbs(typed),
        Some(command) => match Verb::find(command.split_whitespace().next().unwrap_or_default()) {
            Some(verb) if is_first_argument(before, start) => arguments(verb, word, names),
            Some(verb) if verb.takes.ends_with("TEXT") || verb.takes == "[TEXT]" => people(word, names, " "),
            _ => Vec::new(),
        },
        None => people(word, names, if start == 0 { ": " } else { " " }),
    };
    Completion { start, candidates }
}

/// What is shown, dim, behind a command that is typed up to its end: what it takes.
pub(super) fn hint(line: &str, at: usize) -> Option<String> {
    let typed = line.strip_prefix('/').filter(|_| at == line.len())?;
    let (name, rest) = typed.split_once(' ').unwrap_or((typed, ""));
    if !rest.is_empty() {
        return None;
    }
    let is_only = |verb: &&Verb| verb.name.starts_with(name) && name.len() >= 2;
    let mut fitting = VERBS.iter().filter(is_only);
    let verb = match (Verb::find(name), fitting.next(), fitting.next()) {
        (Some(verb), ..) => verb,
        (None, Some(verb), None) if !typed.contains(' ') => verb,
        _ => return None,
    };
    let is_apart = typed.contains(' ');
    let missing = verb.name.strip_prefix(name).filter(|_| !is_apart).unwrap_or_default();
    let gap = if verb.takes.is_empty() || is_apart { "" } else { " " };
    Some(format!("{missing}{gap}{}", verb.takes)).filter(|hint| !hint.is_empty())
}

fn verbs(typed: &str) -> Vec<Candidate> {
    let fits = |verb: &&Verb| verb.name.starts_with(&typed.to_ascii_lowercase());
    let candidate = |verb: &Verb| {
        let gap = if verb.takes.is_empty() { "" } else { " " };
        Candidate { shown: verb.usage(), put_in: format!("/{}{gap}", verb.name) }
    };
    VERBS.iter().filter(fits).map(candidate).collect()
}

fn arguments(verb: &Verb, word: &str, names: &Names) -> Vec<Candidate> {
    match verb.name {
        "msg" | "dm" => people(word, names, " "),
        "join" | "who" => rooms(word, names),
        "room" | "history" => [rooms(word, names), people(word, names, "")].concat(),
        "say" | "topic" => people(word, names, " "),
        _ => Vec::new(),
    }
}

fn people(word: &str, names: &Names, behind: &str) -> Vec<Candidate> {
    // Without a letter to go by, a Tab in a text is a slip, not a question.
    if word.is_empty() && behind == ": " {
        return Vec::new();
    }
    fitting(word, &names.nicks)
        .map(|nick| Candidate { shown: nick.clone(), put_in: format!("{nick}{behind}") })
        .collect()
}

fn rooms(word: &str, names: &Names) -> Vec<Candidate> {
    let bare = word.strip_prefix('#').unwrap_or(word);
    let sign = if bare.len() < word.len() { "#" } else { "" };
    let candidate = |room: &String| Candidate { shown: format!("#{room}"), put_in: format!("{sign}{room}") };
    fitting(bare, &names.rooms).map(candidate).collect()
}

fn fitting<'n>(word: &str, names: &'n BTreeSet<String>) -> impl Iterator<Item = &'n String> {
    let word = word.to_lowercase();
    names.iter().filter(move |name| name.to_lowercase().starts_with(&word)).take(CANDIDATES_MAX)
}

fn is_first_argument(before: &str, start: usize) -> bool {
    before.get(..start).is_some_and(|ahead| ahead.split_whitespace().count() == 1)
}

fn space_bytes(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
}

#[cfg(test)]
mod tests;
