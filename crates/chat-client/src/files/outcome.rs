//! What came of it.

use std::path::PathBuf;

use proto::Root;
use proto::message::FileEntry;

use crate::error::ClientError;

/// Where something is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the room's tree, at this path.
    Room(String),
    /// Here, at this path.
    Here(PathBuf),
    /// It went through a writer, or nowhere.
    Through,
}

/// What came of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Where it is now.
    pub place: Place,
    /// Its size in bytes; of a folder, of all files that were moved.
    pub size: u64,
    /// Its hash, what `b3sum` prints; of a folder `None`.
    pub root: Option<Root>,
    /// Whether the same bytes were there already.
    pub same: bool,
    /// Whether it has another name than was asked for, as that was taken.
    pub renamed: bool,
    /// How many bytes an earlier try had brought.
    pub resumed_from: u64,
    /// How many bytes went over the connection; of a file that was the same, 0.
    pub moved: u64,
    /// Files that are in their places; 1 if it was no folder.
    pub files: u32,
    /// What of a folder was not moved; the first 1000.
    pub skipped: Vec<Skipped>,
}

/// A file of a folder that was not moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its path, from the folder's top.
    pub path: String,
    /// Why.
    pub why: ClientError,
}

/// What is in a tree, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The files and folders, in the order of their paths, compared name by name.
    pub entries: Vec<FileEntry>,
    /// Whether there are more than were taken.
    pub more: bool,
    /// Files and folders that are there, but whose names cannot be sent.
    pub unnamed: u32,
}
