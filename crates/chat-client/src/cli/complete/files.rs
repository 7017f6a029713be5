//! Completion of file names: local ones where a path is wanted, the room's where a name is.

use chat_client::escape;

use super::{CANDIDATES_MAX, Candidate, Completion, Local, Names};
use crate::cli::input::{Verb, last_word, quoted};

/// What the word at the end of `before` could become; `None` if that is no name of a file.
pub(super) fn complete(before: &str, names: &Names, local: Local<'_>) -> Option<Completion> {
    let (typed, rest) = before.strip_prefix('/')?.split_once(char::is_whitespace)?;
    let verb = Verb::find(typed)?;
    let (start, word) = last_word(rest);
    let found = match verb.name {
        "put" | "lls" => local_names(&word, local),
        "get" | "ls" | "rm" | "mv" | "verify" | "mkdir" => within(&word, names.files.iter().map(String::as_str)),
        _ => return None,
    };
    // A name that cannot be shown as it is cannot be typed either.
    let is_fine = |name: &String| escape::line(name) == *name;
    let candidates = found.into_iter().filter(is_fine).take(CANDIDATES_MAX).map(|name| candidate(&name)).collect();
    Some(Completion { start: before.len() - rest.len() + start, candidates })
}

/// The local names that `word` begins. Hidden ones only if it begins one.
fn local_names(word: &str, local: Local<'_>) -> Vec<String> {
    let (folder, begun) = word.split_at(word.rfind(is_separator).map_or(0, |at| at + 1));
    let fits = |name: &String| name.starts_with(begun) && (begun.starts_with('.') || !name.starts_with('.'));
    local(folder).into_iter().filter(fits).map(|name| format!("{folder}{name}")).collect()
}

/// The names that `word` begins, as far as the end of the next folder.
fn within<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let lower = word.to_lowercase();
    let begun = |name: &&str| name.to_lowercase().starts_with(&lower);
    let next = |name: &'n str| {
        let from = name.char_indices().nth(word.chars().count()).map_or(name.len(), |(at, _)| at);
        let end = name.get(from..).and_then(|rest| rest.find('/')).map_or(name.len(), |at| from + at + 1);
        name.get(..end).unwrap_or(name).to_owned()
    };
    let mut found: Vec<_> = names.filter(begun).map(next).collect();
    found.dedup();
    found
}

fn candidate(name: &str) -> Candidate {
    let shown = name.trim_end_matches('/').rsplit('/').next().unwrap_or(name);
    let is_folder = name.ends_with('/');
    let put_in = match (quoted(name), is_folder) {
        // The folder's own names come next, so the quote stays open.
        (quoted, true) if quoted != name => quoted.get(..quoted.len() - 1).unwrap_or_default().to_owned(),
        (quoted, true) => quoted,
        (quoted, false) => format!("{quoted} "),
    };
    Candidate { shown: format!("{shown}{}", if is_folder { "/" } else { "" }), put_in }
}

fn is_separator(c: char) -> bool {
    std::path::is_separator(c)
}
