//! What can go wrong in a tree.

use std::io;

use proto::limits::FOLDER_NAMES_MAX;
use proto::{Code, PathError, Refusal};

/// Why a tree does not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// The path that would come of it is none.
    #[error("{path}: {error}")]
    BadPath {
        /// What was asked for.
        path: String,
        /// The rule it breaks.
        error: PathError,
    },
    /// Nothing of this path is there, or a link, which counts as nothing.
    #[error("there is no {0}")]
    NotFound(String),
    /// The path, or one that only differs in case or form, is taken.
    #[error("{0} is there already")]
    Taken(String),
    /// A file where a folder should be, or the other way round; or a folder that is not empty.
    #[error("{path} {why}")]
    WrongSort {
        /// Which.
        path: String,
        /// What it is.
        why: &'static str,
    },
    /// It is somebody else's, or holds what is.
    #[error("{0} is not yours alone")]
    NotPermitted(String),
    /// The folder has as many names as it may.
    #[error("{0} is full: a folder holds at most {FOLDER_NAMES_MAX} files and folders")]
    FolderFull(String),
    /// The disk has no room for it.
    #[error("there is no room for {path} on the disk")]
    NoSpace {
        /// For what.
        path: String,
    },
    /// The disk failed.
    #[error("{path}: {source}")]
    Io {
        /// At what.
        path: String,
        /// How.
        source: io::Error,
    },
}

impl TreeError {
    pub(crate) fn io(path: &str, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace { path },
            _ => Self::Io { path, source },
        }
    }

    /// What a peer is told. Says nothing about the disk but that it failed.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::BadPath { path, error } => Refusal::bad_path(path, error),
            Self::NotFound(_) => Refusal::new(Code::NoSuchFile, self.to_string()),
            Self::Taken(_) => Refusal::new(Code::PathTaken, self.to_string()),
            Self::WrongSort { .. } => Refusal::new(Code::WrongSort, self.to_string()),
            Self::NotPermitted(_) => Refusal::new(Code::NotPermitted, self.to_string()),
            Self::FolderFull(_) => {
                Refusal::new(Code::QuotaFull, self.to_string()).with_limit("folder_names", FOLDER_NAMES_MAX as u64)
            }
            Self::NoSpace { .. } => Refusal::new(Code::NoSpace, self.to_string()),
            Self::Io { path, .. } => Refusal::new(Code::StorageFailed, format!("the disk failed at {path}")),
        }
    }
}
