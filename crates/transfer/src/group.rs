//! A file is verified in groups of [`GROUP_BYTES`], and as a whole by its root: what `b3sum` prints.
//!
//! BLAKE3 is a tree. A group is a whole subtree of it, and its hash the chaining value at the subtree's top, so the
//! root follows from the hashes of the groups alone. A file of one group has only the root: that is its group's hash.

use std::io;

use blake3::hazmat::{HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};
use proto::Root;
use proto::limits::GROUP_BYTES;

/// The hash of one group of a file.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct GroupHash(pub [u8; 32]);

impl std::fmt::Debug for GroupHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GroupHash({})", Root(self.0))
    }
}

/// How many groups a file of `size` bytes has: none if it is empty.
pub const fn groups_of(size: u64) -> u64 {
    size.div_ceil(GROUP_BYTES)
}

/// Where group `group` of a file of `size` bytes ends.
pub fn group_end(size: u64, group: u64) -> u64 {
    group.saturating_add(1).saturating_mul(GROUP_BYTES).min(size)
}

/// The hashes of a file's groups, wherever they are kept.
pub trait HashList: Send + Sync {
    /// Puts the hashes of up to `max` groups from group `first` on behind those in `out`; fewer if it has fewer.
    ///
    /// # Errors
    /// What the disk says.
    fn read(&self, first: u64, max: usize, out: &mut Vec<GroupHash>) -> io::Result<()>;
}

/// Hashes in memory: of small files, and in tests.
impl HashList for Vec<GroupHash> {
    fn read(&self, first: u64, max: usize, out: &mut Vec<GroupHash>) -> io::Result<()> {
        let first = usize::try_from(first).unwrap_or(usize::MAX);
        out.extend(self.iter().skip(first).take(max));
        Ok(())
    }
}

/// Hashes a file's bytes as they pass, group by group.
#[derive(Debug, Clone)]
pub struct GroupHasher {
    hasher: blake3::Hasher,
    size: u64,
    at: u64,
}

impl GroupHasher {
    /// For the bytes from `from` on of a file of `size` bytes. `from` is rounded down to a whole number of groups.
    pub fn new(size: u64, from: u64) -> Self {
        let at = (from - from % GROUP_BYTES).min(size);
        let mut this = Self { hasher: blake3::Hasher::new(), size, at };
        this.begin();
        this
    }

    /// Where the next byte stands in the file.
    pub const fn at(&self) -> u64 {
        self.at
    }

    /// Takes the next bytes. Puts a hash behind those in `out` for each group that ends with them. Bytes beyond the
    /// file's size are not looked at.
    pub fn update(&mut self, mut bytes: &[u8], out: &mut Vec<GroupHash>) {
        while self.at < self.size {
            let end = group_end(self.size, self.at / GROUP_BYTES);
            let wanted = usize::try_from(end - self.at).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(wanted.min(bytes.len()));
            if now.is_empty() {
                return;
            }
            self.hasher.update(now);
            self.at += now.len() as u64;
            bytes = later;
            if self.at == end {
                out.push(self.end());
                self.begin();
            }
        }
    }

    fn begin(&mut self) {
        // A new one, as `reset` of blake3 1.8 does not forget the offset.
        self.hasher = blake3::Hasher::new();
        if self.at < self.size && self.size > GROUP_BYTES {
            self.hasher.set_input_offset(self.at);
        }
    }

    fn end(&self) -> GroupHash {
        if self.size > GROUP_BYTES {
            GroupHash(self.hasher.finalize_non_root())
        } else {
            GroupHash(self.hasher.finalize().into())
        }
    }
}

/// Makes a file's root of the hashes of its groups.
#[derive(Debug, Clone, Default)]
pub struct RootBuilder {
    /// Whole subtrees, largest first: as many as `groups` has binary ones, but the last two not yet merged, as they
    /// may be the two halves of the root.
    subtrees: Vec<[u8; 32]>,
    groups: u64,
}

impl RootBuilder {
    /// No group yet.
    pub const fn new() -> Self {
        Self { subtrees: Vec::new(), groups: 0 }
    }

    /// Takes the hash of the next group.
    pub fn push(&mut self, hash: GroupHash) {
        while self.subtrees.len() > self.groups.count_ones() as usize {
            if let (Some(right), Some(left)) = (self.subtrees.pop(), self.subtrees.pop()) {
                self.subtrees.push(merge_subtrees_non_root(&left, &right, Mode::Hash));
            }
        }
        self.subtrees.push(hash.0);
        self.groups += 1;
    }

    /// How many groups it has.
    pub const fn groups(&self) -> u64 {
        self.groups
    }

    /// The root of the file that has these groups and no more.
    pub fn finish(&self) -> Root {
        let mut subtrees = self.subtrees.iter().rev();
        let Some(&last) = subtrees.next() else { return Root(blake3::hash(&[]).into()) };
        let mut right = last;
        let mut left = subtrees.next();
        while let Some(this) = left {
            left = subtrees.next();
            if left.is_none() {
                return Root(merge_subtrees_root(this, &right, Mode::Hash).into());
            }
            right = merge_subtrees_non_root(this, &right, Mode::Hash);
        }
        Root(right)
    }
}

impl Extend<GroupHash> for RootBuilder {
    fn extend<I: IntoIterator<Item = GroupHash>>(&mut self, hashes: I) {
        hashes.into_iter().for_each(|hash| self.push(hash));
    }
}

/// The hash of the hashes of a file's first groups, one behind the other: two sides that have the same have the same
/// bytes so far.
#[derive(Debug, Clone, Default)]
pub struct PrefixHasher(blake3::Hasher);

impl PrefixHasher {
    /// No group yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the hash of the next group.
    pub fn push(&mut self, hash: &GroupHash) {
        self.0.update(&hash.0);
    }

    /// The hash of what was taken so far.
    pub fn finish(&self) -> Root {
        Root(self.0.finalize().into())
    }
}

/// [`PrefixHasher`] over hashes that are all there.
pub fn prefix_hash<'a>(hashes: impl Iterator<Item = &'a GroupHash>) -> Root {
    let mut hasher = PrefixHasher::new();
    hashes.for_each(|hash| hasher.push(hash));
    hasher.finish()
}

/// Reads a file of `size` bytes to its end. Puts the hashes of its groups behind those in `hashes`.
///
/// # Errors
/// What the reader says; `UnexpectedEof` if it has less than `size` bytes. More are not looked at.
pub fn hash_all(mut reader: impl io::Read, size: u64, hashes: &mut Vec<GroupHash>) -> io::Result<Root> {
    let mut hasher = GroupHasher::new(size, 0);
    let mut buffer = vec![0; usize::try_from(size.min(4 * GROUP_BYTES)).unwrap_or(0)];
    let mut root = RootBuilder::new();
    while hasher.at() < size {
        let read = match reader.read(&mut buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let before = hashes.len();
        hasher.update(buffer.get(..read).unwrap_or_default(), hashes);
        root.extend(hashes.iter().skip(before).copied());
    }
    Ok(root.finish())
}

#[cfg(test)]
mod tests;
