//! The tree's text files, and Rust source with its comments, strings and tests told apart from its code.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context as _, Result};

mod mask;

pub(crate) use mask::{end_of_group, end_of_item, skip_attributes};

/// A text file of the repository.
#[derive(Debug)]
pub(crate) struct File {
    /// Its path from the root, with `/`.
    pub(crate) path: String,
    /// What it holds.
    pub(crate) text: String,
    /// For Rust: `text` with comments and the insides of literals blanked, byte for byte as long. Else empty.
    pub(crate) code: String,
    /// For Rust: the parts that only tests see.
    pub(crate) test_parts: Vec<TestPart>,
    /// The whole file is compiled for tests only.
    pub(crate) is_test: bool,
}

/// An item under `#[cfg(test)]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TestPart {
    /// From the attribute to the end of the item, as bytes of the file.
    pub(crate) bytes: Range<usize>,
    /// `Some(name)` for `mod name;`: the tests stand in another file.
    pub(crate) elsewhere: Option<String>,
}

impl File {
    /// A file with this path and text. [`Tree::read`] also finds files that only a test module declares.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = if path.ends_with(".rs") { mask::code_of(text) } else { String::new() };
        Self {
            path: path.to_owned(),
            test_parts: mask::test_parts(&code),
            text: text.to_owned(),
            code,
            is_test: in_test_folder(path),
        }
    }

    /// Whether it is Rust source.
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The file's own name.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The number of the line that byte `at` stands in, from 1.
    pub(crate) fn line_of(&self, at: usize) -> usize {
        1 + self.text.bytes().take(at).filter(|&byte| byte == b'\n').count()
    }

    /// Whether only tests see byte `at`.
    pub(crate) fn is_test_at(&self, at: usize) -> bool {
        self.is_test || self.test_parts.iter().any(|part| part.bytes.contains(&at))
    }

    /// Where `word` stands in the code, not as a part of a longer word.
    pub(crate) fn words<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        words_in(&self.code, word)
    }
}

/// Where `word` stands in `code`, not as a part of a longer word.
pub(crate) fn words_in<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let before = code.get(..at).and_then(|head| head.chars().next_back());
        let after = code.get(at + word.len()..).and_then(|tail| tail.chars().next());
        let cut_off =
            |edge: Option<char>, next: Option<char>| !(edge.is_some_and(is_word) && next.is_some_and(is_word));
        cut_off(word.chars().next(), before) && cut_off(word.chars().next_back(), after)
    })
}

/// The word that `code` begins with, after white space; empty if it begins with something else.
pub(crate) fn first_word(code: &str) -> &str {
    let code = code.trim_start();
    code.split(|letter| !is_word(letter)).next().unwrap_or_default()
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// What stands below the root, but for builds and hidden folders.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The text files, sorted by path.
    pub(crate) files: Vec<File>,
    /// The paths of the other files.
    pub(crate) others: Vec<String>,
}

/// Hidden folders that hold files of ours; every other hidden folder, and every `target…`, is left out.
const HIDDEN_BUT_OURS: [&str; 3] = [".cargo", ".ci", ".config"];
const TEXT_ENDINGS: [&str; 7] = ["rs", "md", "toml", "sh", "yml", "yaml", "py"];

impl Tree {
    /// Reads the tree below `root`.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut paths = Vec::new();
        list_files(root, "", &mut paths)?;
        let (texts, others): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| is_text(path));
        let files = texts.iter().map(|path| {
            let bytes = std::fs::read(root.join(path)).with_context(|| format!("{path}: cannot be read"))?;
            Ok(File::new(path, &String::from_utf8_lossy(&bytes)))
        });
        Ok(Self { others, ..Self::new(files.collect::<Result<_>>()?) })
    }

    /// A tree of these files; those that a `#[cfg(test)] mod x;` declares are marked as tests.
    pub(crate) fn new(mut files: Vec<File>) -> Self {
        files.sort_by(|one, other| one.path.cmp(&other.path));
        let declared: BTreeSet<String> = files.iter().flat_map(declared_test_files).collect();
        for file in &mut files {
            file.is_test |= declared.contains(&file.path);
        }
        Self { files, others: Vec::new() }
    }

    /// The file with this path.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The Rust sources.
    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust())
    }
}

fn list_files(root: &Path, folder: &str, paths: &mut Vec<String>) -> Result<()> {
    let entries = std::fs::read_dir(root.join(folder)).with_context(|| format!("{folder}: cannot be listed"))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            let left_out = name.starts_with("target") || (name.starts_with('.') && !HIDDEN_BUT_OURS.contains(&&*name));
            if !left_out {
                list_files(root, &path, paths)?;
            }
        } else if kind.is_file() {
            paths.push(path);
        }
    }
    Ok(())
}

fn is_text(path: &str) -> bool {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    TEXT_ENDINGS.contains(&ending) || path == ".ci/run" || path.starts_with("LICENSE")
}

fn in_test_folder(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "benches") || path.ends_with("/tests.rs")
}

/// The files that the test modules of `file` stand in.
fn declared_test_files(file: &File) -> Vec<String> {
    let stem = file.path.strip_suffix(".rs").unwrap_or(&file.path);
    let folder = match file.name() {
        "lib.rs" | "main.rs" => stem.rsplit_once('/').map_or("", |(folder, _)| folder),
        _ => stem,
    };
    let names = file.test_parts.iter().filter_map(|part| part.elsewhere.as_ref());
    names.map(|name| format!("{folder}/{name}.rs")).collect()
}

#[cfg(test)]
mod tests;
