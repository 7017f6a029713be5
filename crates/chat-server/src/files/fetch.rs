//! A file is asked for: one that is stored, or one that is still arriving.

use std::fs::File;
use std::io;
use std::sync::Arc;

use chat::FileAsk;
use proto::limits::GROUP_BYTES;
use proto::message::{Fetch, Fetching, FileAnswer};
use proto::{Code, FileVersion, Refusal, RelPath};
use transfer::content::{Content, FileContent};
use transfer::group::{GroupHash, GroupHasher, HashList, RootBuilder, groups_of};
use transfer::source::{Hashing, Source, SourceOptions};
use transfer::tree::{Found, Tree};

use super::arrival::Arrival;
use super::asking::Asking;
use super::desk::Desk;
use super::slots::{Beginning, NoReceipt};
use super::tree_asks;

/// Bytes read at once to hash what comes before a resumed part.
const READ_BYTES: usize = 1024 * 1024;

/// A file that was found.
pub(super) enum Stands {
    Stored(Arc<Tree>, File, Box<Found>),
    Arriving(Arc<Arrival>),
}

/// Answers a fetch.
pub(super) fn fetch(asking: Asking, ask: &FileAsk, fetch: Fetch) {
    let desk = Arc::clone(asking.files().desk());
    match tree_asks::parse(&fetch.path).and_then(|path| desk.find(ask, &path, fetch.version)) {
        Ok(Stands::Arriving(arrival)) => give_arriving(asking, &arrival, &fetch),
        Ok(Stands::Stored(tree, file, found)) => give_stored(asking, tree, file, &found, fetch),
        Err(refusal) => asking.refuse(refusal),
    }
}

impl Desk {
    /// The file at a path: stored, or else arriving; the arriving one if it is of the version that is asked for.
    pub(super) fn find(&self, ask: &FileAsk, path: &RelPath, version: Option<FileVersion>) -> Result<Stands, Refusal> {
        if version.is_some()
            && let Some(arrival) = self.arrivals.at(&ask.tree, path, version)
        {
            return Ok(Stands::Arriving(arrival));
        }
        let refusal = match self.trees.tree_if_there(&ask.tree)? {
            Some(tree) => match tree.open_file(path) {
                Ok((file, found)) => return Ok(Stands::Stored(tree, file, Box::new(found))),
                Err(error) => error.refusal(),
            },
            None => Refusal::new(Code::NoSuchFile, format!("there is no {path}")),
        };
        match refusal.code {
            Code::NoSuchFile => self.arrivals.at(&ask.tree, path, None).map(Stands::Arriving).ok_or(refusal),
            _ => Err(refusal),
        }
    }
}

fn give_arriving(asking: Asking, arrival: &Arc<Arrival>, fetch: &Fetch) {
    if let Err(refusal) = check_place(fetch, arrival.version, arrival.size) {
        return asking.refuse(refusal);
    }
    let options = SourceOptions {
        size: arrival.size,
        from: fetch.from,
        credit: fetch.credit,
        hashing: Hashing::Stored(Arc::clone(&arrival.hashes)),
        root: None,
        arriving: Some(Arc::clone(&arrival.progress)),
    };
    let content = Arc::new(FileContent::growing(Arc::clone(&arrival.content)));
    let answer = Fetching {
        version: arrival.version,
        size: arrival.size,
        modified_ms: arrival.modified_ms,
        root: None,
        arriving: true,
    };
    let source = Source::new(content, options, asking.files().waker());
    asking.begin(FileAnswer::Fetching(answer), Beginning::Download(source, None));
}

fn give_stored(asking: Asking, tree: Arc<Tree>, file: File, found: &Found, fetch: Fetch) {
    let prepared = identity_of(&file, found).map_err(|error| unreadable(&error)).and_then(|(version, modified_ns)| {
        check_place(&fetch, version, found.size)?;
        Ok((version, modified_ns, FileContent::new(file).map_err(|error| unreadable(&error))?))
    });
    let (version, modified_ns, content) = match prepared {
        Ok(prepared) => prepared,
        Err(refusal) => return asking.refuse(refusal),
    };
    let no_receipt = found.receipt.is_none().then(|| {
        let (path, size) = (found.path.clone(), found.size);
        Box::new(NoReceipt { tree, path, version, size, modified_ns })
    });
    let answer = Fetching {
        version,
        size: found.size,
        modified_ms: found.modified_ms,
        root: found.receipt.as_ref().map(|receipt| receipt.root),
        arriving: false,
    };
    let given = Given { content: Arc::new(content), answer, fetch, no_receipt };
    match asking.files().desk().stored_hashes(found) {
        Some(list) => given.begin(asking, Hashing::Stored(list)),
        None if given.fetch.from == 0 => given.begin(asking, Hashing::Compute { before: RootBuilder::new() }),
        // What comes before has to be read, which may be long.
        None => asking.later(move |asking| match hash_before(&given, &asking) {
            Ok(before) => given.begin(asking, Hashing::Compute { before }),
            Err(error) => asking.refuse(unreadable(&error)),
        }),
    }
}

/// A stored file on its way to whoever asked for it.
struct Given {
    content: Arc<dyn Content>,
    answer: Fetching,
    fetch: Fetch,
    no_receipt: Option<Box<NoReceipt>>,
}

impl Given {
    fn begin(self, asking: Asking, hashing: Hashing) {
        let options = SourceOptions {
            size: self.answer.size,
            from: self.fetch.from,
            credit: self.fetch.credit,
            hashing,
            root: self.answer.root,
            arriving: None,
        };
        let source = Source::new(self.content, options, asking.files().waker());
        asking.begin(FileAnswer::Fetching(self.answer), Beginning::Download(source, self.no_receipt));
    }
}

impl Desk {
    /// The hashes of a stored file's groups, if they are known.
    pub(super) fn stored_hashes(&self, found: &Found) -> Option<Arc<dyn HashList>> {
        let receipt = found.receipt.as_ref()?;
        match groups_of(found.size) {
            0 => Some(Arc::new(Vec::new())),
            1 => Some(Arc::new(vec![GroupHash(receipt.root.0)])),
            _ => {
                let list = self.hashes.find(receipt.version, found.size, receipt.root);
                list.inspect_err(|error| tracing::warn!(%error, "cannot read the hashes of a file")).ok().flatten()
            }
        }
    }
}

/// Names the content of a stored file, and says when it was last changed, in nanoseconds. One that came another way
/// than by an offer is named by what the disk says of it.
fn identity_of(file: &File, found: &Found) -> io::Result<(FileVersion, i64)> {
    if let Some(receipt) = &found.receipt {
        return Ok((receipt.version, receipt.modified_ns));
    }
    let metadata = file.metadata()?;
    let modified = metadata.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let modified_ns = i64::try_from(modified.as_nanos()).unwrap_or(i64::MAX);
    let mut hasher = blake3::Hasher::new();
    hasher.update(found.path.as_str().as_bytes());
    hasher.update(&metadata.len().to_be_bytes());
    hasher.update(&modified_ns.to_be_bytes());
    let mut version = [0; 16];
    hasher.finalize_xof().fill(&mut version);
    Ok((FileVersion(version), modified_ns))
}

fn check_place(fetch: &Fetch, version: FileVersion, size: u64) -> Result<(), Refusal> {
    if fetch.version.is_some_and(|wanted| wanted != version) {
        let words = format!("{} is another file now than the one you have a part of", fetch.path);
        return Err(Refusal::new(Code::Changed, words));
    }
    if fetch.from != size && (fetch.from > size || !fetch.from.is_multiple_of(GROUP_BYTES)) {
        let words = format!("{} is no whole number of groups of {GROUP_BYTES} bytes within {size}", fetch.from);
        return Err(Refusal::new(Code::Overrun, words));
    }
    Ok(())
}

fn hash_before(given: &Given, asking: &Asking) -> io::Result<RootBuilder> {
    let (content, fetch, size) = (&given.content, &given.fetch, given.answer.size);
    let (mut hasher, mut root, mut hashes) = (GroupHasher::new(size, 0), RootBuilder::new(), Vec::new());
    let mut buffer = vec![0; READ_BYTES];
    while hasher.at() < fetch.from {
        if asking.files().is_closed() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let wanted = usize::try_from(fetch.from - hasher.at()).unwrap_or(READ_BYTES).min(READ_BYTES);
        let room = buffer.get_mut(..wanted).unwrap_or_default();
        let read = content.read_at(hasher.at(), room)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hasher.update(room.get(..read).unwrap_or_default(), &mut hashes);
        root.extend(hashes.drain(..));
    }
    Ok(root)
}

pub(super) fn unreadable(error: &io::Error) -> Refusal {
    tracing::warn!(%error, "a stored file cannot be read");
    Refusal::new(Code::StorageFailed, "the server cannot read this file")
}
