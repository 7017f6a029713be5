//! A tree with its partials in a temporary folder.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use proto::message::OnConflict;
use proto::{FileVersion, RelPath, Root};
use transfer::group::{GroupHash, hash_all};
use transfer::partial::{Partial, PartialFolder, PartialId, PartialNote};
use transfer::tree::{Found, Placed, Ready, Tree, TreeError};

/// A folder with a tree in it, partials beside, and things outside that nobody may touch.
pub(crate) struct Place {
    pub(crate) outside: tempfile::TempDir,
    pub(crate) tree: Tree,
    pub(crate) partials: PartialFolder,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self::within(tempfile::tempdir().unwrap())
    }

    /// In memory, where that can be: for what is about names, and would else wait for the disk thousands of times.
    pub(crate) fn in_memory() -> Self {
        Self::within(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap())
    }

    fn within(outside: tempfile::TempDir) -> Self {
        std::fs::create_dir(outside.path().join("secret")).unwrap();
        std::fs::write(outside.path().join("secret/x"), b"outside").unwrap();
        let tree = Tree::open(&outside.path().join("tree")).unwrap();
        let partials = PartialFolder::open(&outside.path().join("partials")).unwrap();
        Self { outside, tree, partials }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.outside.path().join("tree").join(path)
    }

    /// A finished file of these bytes.
    pub(crate) fn ready(&self, bytes: &[u8], by: &str) -> Ready {
        ready(&self.partials, bytes, by)
    }

    pub(crate) fn put(&self, at: &str, bytes: &[u8], on_conflict: OnConflict) -> Result<Placed, TreeError> {
        self.put_by("mei", at, bytes, on_conflict)
    }

    pub(crate) fn put_by(&self, by: &str, at: &str, bytes: &[u8], how: OnConflict) -> Result<Placed, TreeError> {
        self.tree.place(self.ready(bytes, by), &path(at), how, &own(by))
    }

    /// Puts a file where nothing is.
    pub(crate) fn fill(&self, at: &str, bytes: &[u8]) {
        assert_eq!(self.put(at, bytes, OnConflict::Fail).unwrap().path, path(at));
    }

    /// Whether the disk keeps receipts.
    pub(crate) fn keeps_receipts(&self) -> bool {
        self.fill("has-receipts", b"?");
        let found = self.tree.look(&path("has-receipts")).unwrap().unwrap();
        self.tree.remove(&path("has-receipts"), false, &|_| true).unwrap();
        found.receipt.is_some()
    }

    /// Nothing outside was touched, and nothing private is left.
    pub(crate) fn check_outside(&self) {
        assert_eq!(names(&self.outside.path().join("secret")), ["x"]);
        assert_eq!(std::fs::read(self.outside.path().join("secret/x")).unwrap(), b"outside");
        assert_eq!(names(self.outside.path()), ["partials", "secret", "tree"]);
    }

    pub(crate) fn check_no_partials(&self) {
        assert_eq!(names(&self.outside.path().join("partials")), [""; 0]);
    }
}

pub(crate) fn own(by: &str) -> impl Fn(&Found) -> bool + '_ {
    move |found| found.receipt.as_ref().is_some_and(|receipt| receipt.by == by)
}

pub(crate) fn path(typed: &str) -> RelPath {
    typed.parse().unwrap()
}

/// The names in a folder, in order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

pub(crate) fn bytes(size: usize, seed: u8) -> Vec<u8> {
    let mut bytes = vec![0; size];
    blake3::Hasher::new().update(&[seed]).finalize_xof().fill(&mut bytes);
    bytes
}

pub(crate) fn hashes_of(bytes: &[u8]) -> (Vec<GroupHash>, Root) {
    let mut hashes = Vec::new();
    let root = hash_all(bytes, bytes.len() as u64, &mut hashes).unwrap();
    (hashes, root)
}

pub(crate) fn next_id() -> PartialId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    PartialId((u128::from(NEXT.fetch_add(1, Ordering::Relaxed)) << 64).to_be_bytes())
}

pub(crate) fn note(size: u64, by: &str) -> PartialNote {
    let place = "lobby/some/file.bin".to_owned();
    PartialNote { version: FileVersion([3; 16]), size, modified_ms: 1_700_000_000_123, place, by: by.to_owned() }
}

/// A partial with all of these bytes written and verified.
pub(crate) fn whole(partials: &PartialFolder, id: &PartialId, bytes: &[u8], by: &str) -> (Partial, Root) {
    let size = bytes.len() as u64;
    let (hashes, root) = hashes_of(bytes);
    let mut partial = partials.create(id, &note(size, by), size, true).unwrap();
    partial.write_at(0, bytes).unwrap();
    partial.verified(size, &hashes).unwrap();
    (partial, root)
}

pub(crate) fn ready(partials: &PartialFolder, bytes: &[u8], by: &str) -> Ready {
    let (partial, root) = whole(partials, &next_id(), bytes, by);
    partial.into_ready(root).unwrap()
}
