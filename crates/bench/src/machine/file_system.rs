//! Which file system a folder is on: a figure of stored messages is one of a disk, and not of memory.

use std::path::Path;

/// A file system, as the kernel's table of mounts has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSystem {
    /// Its kind: `ext4`.
    pub kind: String,
    /// What it is on: `/dev/vda`.
    pub source: String,
}

impl FileSystem {
    /// That of a folder that is there; `None` where it cannot be told.
    pub fn of(folder: &Path) -> Option<Self> {
        let folder = folder.canonicalize().ok()?;
        of_mounts(&std::fs::read_to_string("/proc/self/mountinfo").ok()?, &folder)
    }

    /// Whether it is memory that only looks like a disk.
    pub fn is_memory(&self) -> bool {
        matches!(self.kind.as_str(), "tmpfs" | "ramfs" | "devtmpfs")
    }
}

impl std::fmt::Display for FileSystem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} on {}", self.kind, self.source)
    }
}

/// The mount with the longest path that `folder` lies in; of two at one place the later one hides the other.
fn of_mounts(table: &str, folder: &Path) -> Option<FileSystem> {
    let mount = |line: &str| {
        let (place, system) = line.split_once(" - ")?;
        let at = place.split(' ').nth(4)?.replace("\\040", " ");
        let mut fields = system.split(' ');
        let found = FileSystem { kind: fields.next()?.to_owned(), source: fields.next()?.to_owned() };
        folder.starts_with(&at).then_some((at.len(), found))
    };
    table.lines().filter_map(mount).max_by_key(|(length, _)| *length).map(|(_, found)| found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_and_last_mount_counts() {
        let table = "\
1 0 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
2 1 0:20 / /dev/shm rw - tmpfs shm rw,size=64k
3 1 0:21 / /data\\040disk rw - xfs /dev/vdb rw
4 1 0:22 / /data\\040disk rw - btrfs /dev/vdc rw";
        let check = |folder: &str, want: &str| {
            assert_eq!(of_mounts(table, Path::new(folder)).unwrap().to_string(), want, "{folder}");
        };
        check("/home/somebody", "ext4 on /dev/vda");
        check("/dev/shm/x", "tmpfs on shm");
        check("/data disk/store", "btrfs on /dev/vdc");
        check("/data disks", "ext4 on /dev/vda");
        assert!(of_mounts(table, Path::new("/dev/shm")).unwrap().is_memory());
        assert!(of_mounts("nonsense", Path::new("/")).is_none());
    }
}
