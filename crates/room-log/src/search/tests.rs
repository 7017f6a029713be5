//! Texts and queries: what is found and what is not; the file, its parts and its damage.

mod file;
mod measure;
mod texts;

use std::path::PathBuf;

use super::*;

const ROOM: RoomId = RoomId(7);

struct Place {
    /// Removed when dropped.
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    Place { path: folder.path().join("search.db"), _folder: folder }
}

fn doc(number: u64, text: &str) -> Doc<'_> {
    Doc { number, room: ROOM, nick: "Ann", text }
}

/// Messages numbered from 1 on.
fn add(index: &mut Index, texts: &[&str]) {
    let docs: Vec<Doc<'_>> = (1..).zip(texts).map(|(number, text)| doc(number, text)).collect();
    index.add(&docs, docs.len() as u64 + 1).unwrap();
}

fn query(words: &str) -> Query {
    Query::parse(words, None, &[ROOM]).unwrap()
}
