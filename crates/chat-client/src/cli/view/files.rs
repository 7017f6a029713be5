//! What is said of files: who sent one, and what became of a transfer. Pure; every name in it is one harmless line.

use chat_client::{Heard, What, escape};

use super::Way;
use super::amount::{count_words, size_words};
use crate::cli::input::quoted;

/// As in `ann sent report.pdf (1.2 MiB); /get report.pdf`. The nick is harmless already.
pub(super) fn sent_words(nick: &str, heard: &Heard, way: Way) -> String {
    let (path, words) = match &heard.what {
        What::File { path, size, .. } => (path, format!("{nick} sent {} ({})", name(path), size_words(*size))),
        What::Sending { path, size } => {
            (path, format!("{nick} is sending {} ({}), which can be fetched already", name(path), size_words(*size)))
        }
        What::Folder { path, files, bytes } => {
            let files = count_words(u64::from(*files), "file");
            (path, format!("{nick} sent the folder {} ({files}, {})", name(path), size_words(*bytes)))
        }
        _ => return String::new(),
    };
    let get = format!("/get {}", escape::line(&quoted(path)));
    match way {
        Way::Here => format!("{words}; {get}"),
        Way::Elsewhere => format!("{words}; /room {} and {get}", escape::line(&heard.room.name)),
        Way::None => words,
    }
}

/// A name as it stands in a sentence: quoted where a reader could not see where it ends.
pub(crate) fn name(path: &str) -> String {
    escape::line(&quoted(path)).into_owned()
}

/// Words about a file: with its name in front, unless they have it already. They may be a server's, and are one line.
pub(crate) fn about(path: &str, words: &str) -> String {
    let words = escape::line(words);
    let bare = escape::line(path);
    let is_apart = |(at, found): (usize, &str)| {
        let before = words.get(..at).and_then(|text| text.chars().next_back());
        let behind = words.get(at + found.len()..).and_then(|text| text.chars().next());
        ![before, behind].into_iter().flatten().any(char::is_alphanumeric)
    };
    if words.match_indices(&*bare).any(is_apart) { words.into_owned() } else { format!("{}: {words}", name(path)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_said_once() {
        let rows = [
            ("a.txt", "there is no a.txt", "there is no a.txt"),
            ("a", "changed", "a: changed"),
            ("a b", "no more room", "\"a b\": no more room"),
            ("a\nb", "a\nb is taken", "a<U+000A>b is taken"),
            ("x", "one\ntwo", "x: one<U+000A>two"),
        ];
        for (path, words, expected) in rows {
            assert_eq!(about(path, words), expected);
        }
    }
}
