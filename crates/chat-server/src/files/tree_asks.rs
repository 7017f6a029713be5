//! What is asked of a tree: list, remove, move, make a folder, tell of one. And the one match over all requests.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::sync::Arc;

use chat::{Deed, FileAsk};
use proto::limits::{CONTROL_BYTES_MAX, LIST_ENTRIES_MAX};
use proto::message::{
    Announce, Entries, FileAnswer, FileEntry, FileRequest, List, MakeFolder, Move, Placed, Remove, Sort,
};
use proto::{Code, FileVersion, Refusal, RelPath};
use transfer::group::groups_of;
use transfer::tree::{Found, Listing, Tree};

use super::asking::Asking;
use super::desk::Desk;
use super::upload::is_own;
use super::{fetch, offer, small, verify};

/// A page's entries have at most this many bytes.
const PAGE_BYTES_MAX: usize = CONTROL_BYTES_MAX - 4096;

/// Bytes that an entry has beside its strings, at most.
const ENTRY_BYTES: usize = 72;

/// Works on a request, on a thread that may block.
pub(super) fn work(asking: Asking, mut ask: FileAsk) {
    let nothing = FileRequest::MakeFolder(MakeFolder { room: ask.room, path: String::new() });
    let request = std::mem::replace(&mut *ask.ask, nothing);
    let desk = Arc::clone(asking.files().desk());
    match request {
        FileRequest::Offer(wanted) => offer::offer(asking, ask, wanted),
        FileRequest::Fetch(wanted) => fetch::fetch(asking, &ask, wanted),
        FileRequest::FetchMany(wanted) => small::fetch_many(asking, &ask, &wanted),
        FileRequest::Pack(_) => small::pack(asking, &ask),
        FileRequest::Verify(wanted) => verify::verify(asking, &ask, &wanted),
        FileRequest::List(list) => asking.answer_with(desk.list(&ask, &list).map(FileAnswer::Entries)),
        FileRequest::Move(moved) => asking.answer_with(desk.rename(&ask, &moved).map(placed)),
        FileRequest::MakeFolder(make) => asking.answer_with(desk.make_folder(&ask, &make).map(placed)),
        FileRequest::Remove(remove) => match desk.remove(&ask, &remove) {
            Ok(()) => asking.done(),
            Err(refusal) => asking.refuse(refusal),
        },
        FileRequest::Announce(announce) => match desk.announce(&ask, announce) {
            Ok(()) => asking.done(),
            Err(refusal) => asking.refuse(refusal),
        },
    }
}

/// A path as somebody has typed it.
pub(super) fn parse(typed: &str) -> Result<RelPath, Refusal> {
    typed.parse().map_err(|error| Refusal::bad_path(typed, &error))
}

impl Desk {
    fn list(&self, ask: &FileAsk, list: &List) -> Result<Entries, Refusal> {
        let folder = if list.path.is_empty() { None } else { Some(parse(&list.path)?) };
        let arriving = self.arrivals.entries(&ask.tree, folder.as_ref(), list.recursive);
        let listing = match self.trees.tree_if_there(&ask.tree)? {
            Some(tree) => tree
                .list(folder.as_ref(), list.recursive, &list.after, LIST_ENTRIES_MAX)
                .map_err(|error| error.refusal()),
            None if folder.is_none() => Ok(Listing::default()),
            None => Err(no_such_file(&list.path)),
        };
        match listing {
            Ok(listing) => Ok(merged(listing, arriving, &list.after)),
            Err(refusal) if refusal.code == Code::NoSuchFile && !arriving.is_empty() => {
                Ok(merged(Listing::default(), arriving, &list.after))
            }
            Err(refusal) => Err(refusal),
        }
    }

    fn remove(&self, ask: &FileAsk, remove: &Remove) -> Result<(), Refusal> {
        let path = parse(&remove.path)?;
        let tree = self.tree_with(ask, &path)?;
        let gone = Gone::default();
        tree.remove(&path, remove.recursive, &|found| is_own(found, &ask.nick) && gone.note(found))
            .map_err(|error| error.refusal())?;
        self.forget_hashes(gone);
        self.space.removed();
        Ok(())
    }

    fn rename(&self, ask: &FileAsk, moved: &Move) -> Result<RelPath, Refusal> {
        let (from, to) = (parse(&moved.from)?, parse(&moved.to)?);
        let tree = self.tree_with(ask, &from)?;
        let may = |found: &Found| is_own(found, &ask.nick);
        let path = tree.rename(&from, &to, moved.on_conflict, &may).map_err(|error| error.refusal())?;
        self.space.removed();
        Ok(path)
    }

    fn make_folder(&self, ask: &FileAsk, make: &MakeFolder) -> Result<RelPath, Refusal> {
        let path = parse(&make.path)?;
        self.trees.tree(&ask.tree)?.make_folder(&path).map_err(|error| error.refusal())
    }

    fn announce(&self, ask: &FileAsk, announce: Announce) -> Result<(), Refusal> {
        let path = parse(&announce.path)?;
        let found = self.tree_with(ask, &path)?.look(&path).map_err(|error| error.refusal())?;
        match found {
            Some(found) if found.sort == Sort::Folder => {
                let Announce { files, bytes, .. } = announce;
                let path = found.path.as_str().to_owned();
                self.post(ask.room, ask.nick.clone(), Deed::Folder { path, files, bytes });
                Ok(())
            }
            Some(_) => Err(Refusal::new(Code::WrongSort, format!("{path} is no folder"))),
            None => Err(no_such_file(&announce.path)),
        }
    }

    /// Removes the hashes of contents that are no more.
    pub(super) fn forget_hashes(&self, gone: Gone) {
        for version in gone.0.into_inner() {
            if let Err(error) = self.hashes.remove(version) {
                tracing::warn!(%error, "cannot remove the hashes of a file that is gone");
            }
        }
    }

    /// The tree that something must be in.
    pub(super) fn tree_with(&self, ask: &FileAsk, path: &RelPath) -> Result<Arc<Tree>, Refusal> {
        self.trees.tree_if_there(&ask.tree)?.ok_or_else(|| no_such_file(path.as_str()))
    }
}

/// The versions of files that will be gone if all goes well.
#[derive(Debug, Default)]
pub(super) struct Gone(RefCell<Vec<FileVersion>>);

impl Gone {
    /// Notes a file; always true, to stand in a condition.
    pub(super) fn note(&self, found: &Found) -> bool {
        let has_list = groups_of(found.size) > 1;
        self.0.borrow_mut().extend(found.receipt.as_ref().filter(|_| has_list).map(|receipt| receipt.version));
        true
    }
}

fn placed(path: RelPath) -> FileAnswer {
    FileAnswer::Placed(Placed { path: path.as_str().to_owned() })
}

fn no_such_file(path: &str) -> Refusal {
    Refusal::new(Code::NoSuchFile, format!("there is no {path}"))
}

/// A page of what is there, with what is arriving in its place.
fn merged(listing: Listing, mut arriving: Vec<FileEntry>, after: &str) -> Entries {
    let Listing { mut entries, mut more, unnamed } = listing;
    arriving.retain(|entry| {
        let is_behind = after.is_empty() || by_names(&entry.path, after) == Ordering::Greater;
        let is_on_page =
            !more || entries.last().is_some_and(|last| by_names(&entry.path, &last.path) == Ordering::Less);
        is_behind && is_on_page && !entries.iter().any(|stored| stored.path == entry.path)
    });
    entries.append(&mut arriving);
    entries.sort_by(|a, b| by_names(&a.path, &b.path));
    let mut bytes = 0;
    let fits = |entry: &FileEntry| {
        bytes += entry.path.len() + entry.by.len() + ENTRY_BYTES;
        bytes <= PAGE_BYTES_MAX
    };
    let count = entries.iter().map(fits).take(LIST_ENTRIES_MAX).take_while(|fits| *fits).count();
    more |= count < entries.len();
    entries.truncate(count);
    Entries { entries, more, unnamed }
}

/// The order of a list: name by name.
fn by_names(a: &str, b: &str) -> Ordering {
    a.split('/').cmp(b.split('/'))
}
