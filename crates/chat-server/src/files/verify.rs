//! Is a stored file still what it was? It is read anew, group by group.

use std::fs::File;
use std::io;
use std::sync::Arc;

use chat::FileAsk;
use proto::limits::GROUP_BYTES;
use proto::message::{Checked, FileAnswer, Verify};
use proto::{Code, Refusal};
use transfer::content::{Content, FileContent};
use transfer::group::{GroupHash, GroupHasher, HashList, RootBuilder};
use transfer::tree::Found;

use super::asking::Asking;
use super::fetch::{Stands, unreadable};
use super::tree_asks;

/// Bytes read at once: four groups.
const READ_BYTES: usize = 1024 * 1024;

/// Answers a verify, which may be long.
pub(super) fn verify(asking: Asking, ask: &FileAsk, verify: &Verify) {
    let desk = Arc::clone(asking.files().desk());
    match tree_asks::parse(&verify.path).and_then(|path| desk.find(ask, &path, None)) {
        Ok(Stands::Stored(_, file, found)) => asking.later(move |asking| {
            let checked = check(file, &found, &asking);
            asking.answer_with(checked.map(FileAnswer::Checked).map_err(|error| unreadable(&error)));
        }),
        Ok(Stands::Arriving(_)) => {
            asking.refuse(Refusal::new(Code::NoSuchFile, format!("{} is still coming", verify.path)));
        }
        Err(refusal) => asking.refuse(refusal),
    }
}

fn check(file: File, found: &Found, asking: &Asking) -> io::Result<Checked> {
    let expected = asking.files().desk().stored_hashes(found);
    let content = FileContent::new(file)?;
    let mut hasher = GroupHasher::new(found.size, 0);
    let (mut root, mut hashes, mut damaged_at) = (RootBuilder::new(), Vec::new(), None);
    let mut buffer = vec![0; READ_BYTES];
    while hasher.at() < found.size {
        if asking.files().is_closed() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let read = content.read_at(hasher.at(), &mut buffer)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hasher.update(buffer.get(..read).unwrap_or_default(), &mut hashes);
        if let Some(expected) = expected.as_deref().filter(|_| damaged_at.is_none()) {
            damaged_at = first_damaged(expected, root.groups(), &hashes)?;
        }
        root.extend(hashes.drain(..));
    }
    let expected = found.receipt.as_ref().map(|receipt| receipt.root);
    Ok(Checked { size: found.size, root: root.finish(), expected, damaged_at })
}

/// The offset of the first group of `hashes`, which begin with group `first`, that is not what it was.
fn first_damaged(expected: &dyn HashList, first: u64, hashes: &[GroupHash]) -> io::Result<Option<u64>> {
    let mut stored = Vec::new();
    expected.read(first, hashes.len(), &mut stored)?;
    let differs = stored.iter().zip(hashes).position(|(stored, found)| stored != found);
    Ok(differs.map(|at| (first + at as u64) * GROUP_BYTES))
}
