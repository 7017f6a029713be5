//! A disk without room: nothing is said to be stored that is not, and what was stored before stays.

use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use proto::message::{OnConflict, PackOutcome, PackedFile};
use proto::{Code, Root};
use transfer::Tree;
use transfer::pack::{Storing, store};
use transfer::partial::PartialFolder;

use crate::support::{bytes, hashes_of, names, next_id, note};

/// A file system of its own; gone when dropped.
struct Disk(tempfile::TempDir);

impl Disk {
    /// Nothing if the tests may not mount one.
    fn new(options: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", options, "none"]).arg(folder.path()).output();
        if mount.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        eprintln!("not tested: no file system can be mounted here");
        None
    }

    fn place(&self) -> (Tree, PartialFolder) {
        let partials = PartialFolder::open(&self.0.path().join("partials")).unwrap();
        (Tree::open(&self.0.path().join("tree")).unwrap(), partials)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

fn packed(number: u8, size: usize) -> PackedFile {
    let bytes = Bytes::from(bytes(size, number));
    let root = Root(blake3::hash(&bytes).into());
    PackedFile { code: None, path: format!("d/{number}"), modified_ms: 0, root, bytes }
}

fn check_tree(folder: &Path, stored: &[&PackedFile]) {
    assert_eq!(names(&folder.join("tree/d")).len(), stored.len());
    for file in stored {
        assert_eq!(std::fs::read(folder.join("tree").join(&file.path)).unwrap(), file.bytes);
    }
    assert_eq!(names(&folder.join("partials")), [""; 0]);
}

#[test]
fn what_has_no_room_is_refused_before_or_when_it_comes() {
    let Some(disk) = Disk::new("size=4m") else { return };
    let (tree, partials) = disk.place();
    let size = 6 * 1024 * 1024;
    let refused = partials.create(&next_id(), &note(size, "mei"), size, true).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::StorageFull);
    assert_eq!(names(&disk.0.path().join("partials")), [""; 0]);

    // Not reserved: it breaks off when the disk is full, and what was verified before is found again.
    let content = bytes(6 * 1024 * 1024, 1);
    let (hashes, _) = hashes_of(&content);
    let id = next_id();
    let mut partial = partials.create(&id, &note(size, "mei"), size, false).unwrap();
    let mut groups = 0;
    let error = content.chunks(256 * 1024).zip(&hashes).find_map(|(group, hash)| {
        let at = groups * 256 * 1024;
        partial.write_at(at, group).and_then(|()| partial.verified(at + 256 * 1024, &[*hash])).err().or_else(|| {
            groups += 1;
            None
        })
    });
    assert_eq!(error.unwrap().kind(), std::io::ErrorKind::StorageFull);
    drop(partial);
    let resumed = partials.resume(&id).unwrap().unwrap();
    assert_eq!((resumed.verified, groups >= 13), (groups * 256 * 1024, true));
    assert_eq!(resumed.partial.reserve().unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    resumed.partial.discard().unwrap();

    let files: Vec<_> = (0..20).map(|number| packed(number, 256 * 1024)).collect();
    let how = Storing { on_conflict: OnConflict::Rename, by: "mei", may_replace: &|_| false };
    let outcomes = store(&tree, &partials, &files, &how);
    let is_stored = |outcome: &PackOutcome| *outcome == PackOutcome::Stored;
    let stored: Vec<_> = files.iter().zip(&outcomes).filter(|(_, how)| is_stored(how)).map(|(file, _)| file).collect();
    assert!((10..17).contains(&stored.len()), "{}", stored.len());
    for outcome in outcomes.iter().filter(|outcome| !is_stored(outcome)) {
        assert!(matches!(outcome, PackOutcome::Refused(refusal) if refusal.code == Code::NoSpace), "{outcome:?}");
    }
    check_tree(disk.0.path(), &stored);
}

#[test]
fn a_disk_without_room_for_names_takes_what_it_can() {
    let Some(disk) = Disk::new("size=4m,nr_inodes=12") else { return };
    let (tree, partials) = disk.place();
    let files: Vec<_> = (0..20).map(|number| packed(number, 10)).collect();
    let how = Storing { on_conflict: OnConflict::Rename, by: "mei", may_replace: &|_| false };
    let outcomes = store(&tree, &partials, &files, &how);
    assert!(outcomes.iter().all(|how| matches!(how, PackOutcome::Stored)
        || matches!(how, PackOutcome::Refused(why) if why.code == Code::NoSpace)));
    let stored: Vec<_> =
        files.iter().zip(&outcomes).filter(|(_, how)| **how == PackOutcome::Stored).map(|(file, _)| file).collect();
    assert!(!stored.is_empty() && stored.len() < 12, "{}", stored.len());
    check_tree(disk.0.path(), &stored);
}
