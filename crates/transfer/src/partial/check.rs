//! What of a partial that is found again is still right.

use std::fs::File;
use std::io;

use proto::Root;
use proto::limits::GROUP_BYTES;

use super::at;
use super::journal::Journal;
use crate::group::{GroupHasher, HashList, PrefixHasher, RootBuilder, group_end, groups_of};

/// A partial's bytes against its journal.
pub(super) struct Checked {
    pub(super) hashes: RootBuilder,
    pub(super) prefix: Root,
}

/// Hashes a partial's groups until one is not what the journal says.
pub(super) fn check(data: &File, journal: &Journal, size: u64) -> io::Result<Checked> {
    let there = data.metadata()?.len();
    let list = journal.hashes();
    let (mut hashes, mut prefix) = (RootBuilder::new(), PrefixHasher::new());
    let mut hasher = GroupHasher::new(size, 0);
    let mut buffer = vec![0; usize::try_from(GROUP_BYTES.min(size)).unwrap_or(0)];
    let (mut expected, mut computed) = (Vec::new(), Vec::new());
    for group in 0..journal.groups().min(groups_of(size)) {
        let begin = group * GROUP_BYTES;
        let end = group_end(size, group);
        let Some(bytes) = usize::try_from(end - begin).ok().and_then(|len| buffer.get_mut(..len)) else { break };
        if end > there {
            break;
        }
        at::read_exact_at(data, bytes, begin)?;
        computed.clear();
        hasher.update(bytes, &mut computed);
        expected.clear();
        list.read(group, 1, &mut expected)?;
        let (Some(hash), true) = (computed.first(), computed == expected) else { break };
        hashes.push(*hash);
        prefix.push(hash);
    }
    Ok(Checked { hashes, prefix: prefix.finish() })
}
