//! Listing a tree, page by page, in the order of its paths.

use std::collections::BinaryHeap;
use std::io;
use std::ops::Bound;

use cap_std::fs::{Dir, FileType};
use proto::RelPath;
use proto::limits::LIST_ENTRIES_MAX;
use proto::message::{FileEntry, Sort};
use proto::path::PRIVATE_PREFIX;

use super::folder::{Standing, open_folder, standing_at};
use super::{Found, Tree, TreeError, Way, found_file, found_folder};

/// A page is at most this many bytes on the wire, so that some room is left in its frame.
pub const LIST_BYTES_MAX: usize = 48 * 1024;

/// A page of files and folders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// In the order of their paths, name by name; a folder stands before what is in it.
    pub entries: Vec<FileEntry>,
    /// Whether there are more behind the last.
    pub more: bool,
    /// Files and folders that are there, but whose names are no path. Each is counted on the first page that comes to
    /// its folder.
    pub unnamed: u32,
}

/// A name in a folder. Ordered by what it is called in paths.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    /// As it is in paths: NFC.
    name: String,
    /// Whether it is another form of that on the disk.
    is_other_form: bool,
    /// As it is on the disk.
    on_disk: String,
}

/// A page that is being filled.
struct Page {
    listing: Listing,
    recursive: bool,
    max: usize,
    bytes: usize,
}

impl Tree {
    /// A page of what is in the folder at `path`, or in the whole tree; of a file, itself. `after` is the path that
    /// the last page ended with, or empty. At most `max` entries, [`LIST_ENTRIES_MAX`] and [`LIST_BYTES_MAX`].
    ///
    /// # Errors
    /// [`TreeError::NotFound`] if nothing is at `path`; others.
    pub fn list(&self, path: Option<&RelPath>, recursive: bool, after: &str, max: usize) -> Result<Listing, TreeError> {
        let max = max.clamp(1, LIST_ENTRIES_MAX);
        let mut page = Page { listing: Listing::default(), recursive, max, bytes: 0 };
        let found = path.map(|path| self.find(&mut self.lock(), path)).transpose()?;
        let way = match found {
            None => self.top()?,
            Some((_, _, Standing::Folder)) => self.walk(&mut self.lock(), path)?,
            Some((way, name, Standing::File(file))) => {
                let asked = path.ok_or_else(|| TreeError::NotFound(String::new()))?;
                if after.is_empty() {
                    page.listing.entries.push(found_file(&way, &name, &file, asked)?.into_entry());
                }
                return Ok(page.listing);
            }
            Some(_) => return Err(TreeError::NotFound(path.map(ToString::to_string).unwrap_or_default())),
        };
        // What comes after the page before, by the names below the folder. Its top may have another case than asked.
        let depth = path.map_or(0, |path| path.names().count());
        let after: Vec<&str> = after.split('/').filter(|name| !name.is_empty()).skip(depth).collect();
        page.fill(&way, &after)?;
        Ok(page.listing)
    }
}

impl Page {
    /// Adds what is in a folder and behind `after`, a path from there.
    fn fill(&mut self, way: &Way, after: &[&str]) -> Result<(), TreeError> {
        let first = after.first().copied();
        let mut from = first.map_or(Bound::Unbounded, |first| Bound::Included(first.to_owned()));
        loop {
            let names = names_from(&way.folder, &from, self.max + 2);
            let names = names.map_err(|error| TreeError::io(&way.path, error))?;
            if matches!(from, Bound::Unbounded) {
                self.listing.unnamed = self.listing.unnamed.saturating_add(names.unnamed);
            }
            for named in &names.first {
                // The page before ended with this name, or within it.
                let rest = first.filter(|first| *first == named.name).and_then(|_| after.get(1..));
                self.add(way, named, rest)?;
                if self.listing.more {
                    return Ok(());
                }
            }
            match names.first.into_iter().next_back() {
                Some(last) if names.are_more => from = Bound::Excluded(last.name),
                _ => return Ok(()),
            }
        }
    }

    /// Adds a file, or a folder and what is in it. If the page before came as far as into it, only what is behind
    /// `rest`, a path from there.
    fn add(&mut self, way: &Way, named: &Named, rest: Option<&[&str]>) -> Result<(), TreeError> {
        let Some(found) = found(way, named) else { return Ok(()) };
        let is_folder = found.sort == Sort::Folder;
        if (rest.is_none() && !self.push(found.into_entry())) || !is_folder || !self.recursive {
            return Ok(());
        }
        // A folder that goes away meanwhile, or may not be read, has nothing to list.
        let Ok(folder) = open_folder(&way.folder, &named.on_disk) else { return Ok(()) };
        match self.fill(&way.down(folder, &named.name), rest.unwrap_or_default()) {
            Err(TreeError::Io { .. }) => Ok(()),
            result => result,
        }
    }

    /// Whether there was room for it.
    fn push(&mut self, entry: FileEntry) -> bool {
        // Path and nick with their lengths, size, time, hash, tags.
        let bytes = entry.path.len() + entry.by.len() + 3 + 3 + 9 + 9 + 33 + 10;
        if self.listing.entries.len() >= self.max || self.bytes + bytes > LIST_BYTES_MAX {
            self.listing.more = true;
            return false;
        }
        self.bytes += bytes;
        self.listing.entries.push(entry);
        true
    }
}

impl Found {
    /// What a list says of it.
    pub fn into_entry(self) -> FileEntry {
        let (root, by) = self.receipt.map_or((None, String::new()), |receipt| (Some(receipt.root), receipt.by));
        FileEntry {
            path: self.path.to_string(),
            sort: self.sort,
            size: self.size,
            modified_ms: self.modified_ms,
            root,
            by,
        }
    }
}

/// What a name stands for; nothing if it is gone, or if it is what has no place in a tree.
fn found(way: &Way, named: &Named) -> Option<Found> {
    let asked: RelPath = super::joined(&way.path, &named.name).parse().ok()?;
    let mut found = match standing_at(&way.folder, &named.on_disk) {
        Ok(Standing::File(file)) => found_file(way, &named.name, &file, &asked).ok()?,
        Ok(Standing::Folder) => found_folder(way, &named.on_disk, &asked).ok()?,
        _ => return None,
    };
    found.path = asked;
    Some(found)
}

/// Some names of a folder.
struct FirstNames {
    /// In order.
    first: Vec<Named>,
    /// Whether there are more behind them.
    are_more: bool,
    /// How many there are that are no path, or another form of one that is there.
    unnamed: u32,
}

/// The first `max` names of a folder from `from` on. Holds no more than that, however many there are.
fn names_from(folder: &Dir, from: &Bound<String>, max: usize) -> io::Result<FirstNames> {
    let (mut names, mut are_more, mut unnamed) = (BinaryHeap::new(), false, 0_u32);
    for entry in folder.entries()? {
        let entry = entry?;
        let on_disk = entry.file_name().into_string();
        if entry.file_type().is_ok_and(is_never_listed) || on_disk.as_ref().is_ok_and(|name| is_private(name)) {
            continue;
        }
        let named = on_disk.ok().and_then(|on_disk| {
            let name = on_disk.parse::<RelPath>().ok()?.to_string();
            Some(Named { is_other_form: name != on_disk, name, on_disk })
        });
        let Some(named) = named else {
            unnamed = unnamed.saturating_add(1);
            continue;
        };
        let is_before = match from {
            Bound::Unbounded => false,
            Bound::Included(from) => named.name < *from,
            Bound::Excluded(from) => named.name <= *from,
        };
        if is_before {
            continue;
        }
        names.push(named);
        if names.len() > max {
            names.pop();
            are_more = true;
        }
    }
    let mut first = names.into_sorted_vec();
    let with_other_forms = first.len();
    first.dedup_by(|other, one| one.name == other.name);
    unnamed = unnamed.saturating_add(u32::try_from(with_other_forms - first.len()).unwrap_or(u32::MAX));
    Ok(FirstNames { first, are_more, unnamed })
}

/// A link, a pipe, a device, a socket. Where a file system does not say, that is seen when it is opened.
fn is_never_listed(sort: FileType) -> bool {
    !sort.is_dir() && !sort.is_file() && sort != FileType::unknown()
}

/// Whether a name is one of the programs' own.
pub(super) fn is_private(name: &str) -> bool {
    name.get(..PRIVATE_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PRIVATE_PREFIX))
}
