//! Room that runs out: a receiver's disk, quotas, and two hundred files that want one name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::stage::{Stage, left_in, noise, set};

const MIB: usize = 1024 * 1024;

/// A file system of eight MiB at a folder; gone when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Nothing if the tests may not mount one.
    fn at(folder: &Path) -> Option<Self> {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "none"]).arg(folder).output();
        if mount.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder.to_owned()));
        }
        println!("not tested: no file system can be mounted here");
        None
    }

    /// Leaves this many MiB free of the eight.
    fn fill(&self, left: usize) -> PathBuf {
        let filler = self.0.join("filler");
        fs::write(&filler, vec![1; (8 - left) * MIB]).unwrap();
        filler
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_of_the_receiver_is_said_and_the_same_command_succeeds_later() {
    let stage = Stage::new(&[]);
    let Some(disk) = SmallDisk::at(&stage.path("there")) else { return };
    let bytes = noise(5 * MIB);
    stage.write("data/files/rooms/lobby/a.bin", &bytes);
    let get = ["get", "a.bin", "-o", &stage.words("there")];
    let filler = disk.fill(3);
    let said = stage.ends_with(4, "bob", &get);
    assert!(said.contains("a.bin") && said.contains("disk is full"), "{said}");
    assert!(!stage.path("there/a.bin").exists(), "{said}");
    fs::remove_file(filler).unwrap();
    stage.well("bob", &get);
    assert!(fs::read(stage.path("there/a.bin")).unwrap() == bytes);
    assert_eq!(left_in(&stage.path("there")), set(["a.bin"]));
}

#[test]
fn quotas_bite_when_they_are_used_up_and_not_before() {
    for quota in ["--files-room-mib", "--files-total-mib", "--files-person-mib"] {
        // KiB there already of the 2048, KiB that are sent, and what it ends with.
        for (there, sent, code) in
            [(0, 2048, 0), (0, 2049, 4), (1024, 1024, 0), (1024, 1025, 4), (2027, 20, 0), (2027, 22, 4)]
        {
            let stage = Stage::new(&[quota, "2"]);
            stage.write("here/first", &noise(there * 1024));
            stage.write("here/second", &noise(sent * 1024));
            if there > 0 {
                stage.well("ann", &["put", &stage.words("here/first")]);
            }
            let said = stage.ends_with(code, "ann", &["put", &stage.words("here/second")]);
            let stored = stage.path("data/files/rooms/lobby/second").exists();
            assert_eq!(stored, code == 0, "{quota} {there} {sent}: {said}");
            assert!(code == 0 || said.contains("2 MiB") || said.contains("2097152"), "{quota} {there} {sent}: {said}");
            assert_eq!(left_in(&stage.path("data/files/.partial")), set([]), "{quota}");
        }
    }
}

#[test]
fn two_hundred_uploads_to_one_name_are_two_hundred_files() {
    let stage = Stage::new(&[]);
    let senders = 20;
    let (stage, each) = (&stage, 10);
    std::thread::scope(|scope| {
        for sender in 0..senders {
            scope.spawn(move || {
                for turn in 0..each {
                    let source = format!("here/{sender}/a.txt");
                    stage.write(&source, format!("{sender} {turn}").as_bytes());
                    stage.well(&format!("ann{sender}"), &["put", &stage.words(&source), "--on-conflict", "rename"]);
                }
            });
        }
    });
    let folder = stage.path("data/files/rooms/lobby");
    let names = left_in(&folder);
    let found: std::collections::BTreeSet<_> =
        names.iter().map(|name| fs::read_to_string(folder.join(name)).unwrap()).collect();
    let sent = (0..senders).flat_map(|sender| (0..each).map(move |turn| format!("{sender} {turn}"))).collect();
    assert_eq!((names.len(), found), (200, sent));
}
