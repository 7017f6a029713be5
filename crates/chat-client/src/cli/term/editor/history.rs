//! The history of typed lines, kept over runs in a file that only its owner can read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

use super::LineEditor;

/// Lines that are kept.
pub(super) const ENTRIES_MAX: usize = 1000;

/// A line longer than this is not kept: the file stays below 4 MiB.
const ENTRY_BYTES_MAX: usize = 4096;

/// The history file. Whatever goes wrong with it is said once; the conversation goes on without.
#[derive(Debug)]
pub(super) struct HistoryFile {
    path: Option<PathBuf>,
    trouble: Option<String>,
}

impl HistoryFile {
    /// Reads what earlier runs have kept.
    pub(super) fn open(editor: &mut LineEditor) -> Self {
        let Some(path) = path() else { return Self { path: None, trouble: None } };
        match make_folder(&path).and_then(|()| load(editor, &path)) {
            Ok(()) => Self { path: Some(path), trouble: None },
            Err(error) => Self { path: None, trouble: Some(words("read", &path, &error.to_string())) },
        }
    }

    /// Keeps a line. Returns what went wrong, once.
    pub(super) fn add(&mut self, editor: &mut LineEditor, line: &str) -> Option<String> {
        if line.len() <= ENTRY_BYTES_MAX && !line.trim().is_empty() {
            // Without a file the line is still there for this run.
            drop(editor.add_history_entry(line));
            if let Some(path) = &self.path
                && let Err(error) = editor.append_history(path)
            {
                self.trouble = Some(words("written", path, &error.to_string()));
                self.path = None;
            }
        }
        self.trouble.take()
    }
}

/// `verbatim/history` in the folder for what programs remember.
fn path() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy().ok()?;
    let folder = folders.state_dir().unwrap_or_else(|| folders.data_dir());
    Some(folder.join("verbatim").join("history"))
}

fn make_folder(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn load(editor: &mut LineEditor, path: &Path) -> io::Result<()> {
    match editor.load_history(path) {
        Ok(()) => Ok(()),
        Err(rustyline::error::ReadlineError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io::Error::other(error.to_string())),
    }
}

fn words(what: &str, path: &Path, why: &str) -> String {
    format!("the history cannot be {what}: {}: {why}; lines are kept for this run only", path.display())
}
