//! Every hostile name through every verb, links and other things in the way, and another program that changes the tree
//! meanwhile.

use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

use proto::message::OnConflict;
use proto::{Code, RelPath};
use transfer::tree::Found;

use crate::support::{Place, names, own, path};

#[path = "../../../proto/tests/corpus/hostile.rs"]
mod corpus;

/// Everything a peer can do with a path.
fn every_verb(place: &Place, path: &RelPath) {
    let anybody = |_: &Found| true;
    let _ = place.tree.look(path);
    let _ = place.tree.open_file(path);
    let _ = place.tree.list(Some(path), true, path.as_str(), 9);
    let _ = place.tree.make_folder(path);
    let _ = place.tree.place(place.ready(b"hostile", "mei"), path, OnConflict::Rename, &anybody);
    let _ = place.tree.place(place.ready(b"replaced", "mei"), path, OnConflict::Replace, &anybody);
    if let Ok(below) = path.join("below") {
        let _ = place.tree.place(place.ready(b"below", "mei"), &below, OnConflict::Rename, &anybody);
        let _ = place.tree.rename(&below, path, OnConflict::Rename, &anybody);
    }
    let _ = place.tree.rename(path, &"moved/here".parse().unwrap(), OnConflict::Rename, &anybody);
    let _ = place.tree.rename(&"moved/here".parse().unwrap(), path, OnConflict::Replace, &anybody);
    let _ = place.tree.remove(path, true, &anybody);
    let _ = place.tree.folder(Some(path));
}

#[test]
fn no_hostile_name_gets_out_of_the_tree_by_any_verb() {
    let place = Place::in_memory();
    for (typed, rule) in corpus::rows() {
        if let Ok(path) = typed.parse::<RelPath>() {
            assert_eq!(rule, "good");
            every_verb(&place, &path);
        }
        if let Some(path) = RelPath::salvaged(&typed) {
            every_verb(&place, &path);
        }
    }
    place.check_outside();
    place.check_no_partials();
}

#[test]
fn hostile_names_on_the_disk_harm_nobody() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    for (typed, _) in corpus::rows() {
        if !typed.contains('/') {
            let _ = std::fs::write(place.path(&typed), b"dropped");
        }
    }
    for raw in [&b"\xff\xfe"[..], b"\xc0\xaf", b"\xed\xa0\x80", b"a\xffb"] {
        std::fs::write(place.path("").join(std::ffi::OsStr::from_bytes(raw)), b"raw").unwrap();
    }
    let (mut after, mut listed, mut unnamed) = (String::new(), 0, 0);
    loop {
        let page = place.tree.list(None, true, &after, 7).unwrap();
        unnamed += page.unnamed;
        for entry in &page.entries {
            let path: RelPath = entry.path.parse().unwrap();
            assert!(place.tree.open_file(&path).is_ok(), "{path}");
            listed += 1;
        }
        match page.entries.last() {
            Some(last) if page.more => after.clone_from(&last.path),
            _ => break,
        }
    }
    assert!(listed > 20 && unnamed > 60, "{listed} {unnamed}");
}

fn put(place: &Place, at: &str, how: OnConflict) -> Result<String, Code> {
    place.put(at, b"new", how).map(|placed| placed.path.to_string()).map_err(|error| error.refusal().code)
}

#[test]
fn links_are_taken_names_and_nothing_else() {
    let place = Place::new();
    place.fill("real/file", b"real");
    let links = [
        ("file", "../secret/x"),
        ("folder", "../secret"),
        ("dangling", "../secret/new"),
        ("loop", "loop"),
        ("in", "real"),
    ];
    links.iter().for_each(|(name, to)| symlink(to, place.path(name)).unwrap());
    symlink(place.outside.path().join("secret"), place.path("absolute")).unwrap();
    for name in ["file", "folder", "dangling", "loop", "in", "absolute"] {
        assert_eq!(place.tree.look(&path(name)).unwrap(), None, "{name}");
        assert!(place.tree.open_file(&path(name)).is_err(), "{name}");
        assert!(place.tree.list(Some(&path(name)), true, "", 9).is_err(), "{name}");
        assert!(place.tree.remove(&path(name), true, &|_| true).is_err(), "{name}");
        assert!(place.tree.rename(&path(name), &path("y"), OnConflict::Rename, &|_| true).is_err(), "{name}");
        assert!(place.tree.make_folder(&path(name)).is_err(), "{name}");
        assert_eq!(put(&place, name, OnConflict::Fail), Err(Code::PathTaken));
        assert_eq!(put(&place, name, OnConflict::Same), Err(Code::PathTaken));
        assert_eq!(put(&place, name, OnConflict::Replace), Err(Code::WrongSort));
        assert_eq!(put(&place, name, OnConflict::Rename), Ok(format!("{name} (1)")));
        for below in ["x", "file", "new", "a/b"] {
            let below = format!("{name}/{below}");
            assert_eq!(put(&place, &below, OnConflict::Rename), Err(Code::WrongSort), "{below}");
            assert_eq!(place.tree.look(&path(&below)).unwrap(), None, "{below}");
        }
    }
    assert_eq!(place.tree.list(None, true, "", 99).unwrap().entries.len(), 2 + 6);
    // A folder with a link in it is nobody's alone.
    symlink("/etc", place.path("real/etc")).unwrap();
    assert_eq!(place.tree.remove(&path("real"), true, &|_| true).unwrap_err().refusal().code, Code::NotPermitted);
    place.check_outside();
}

#[test]
fn pipes_devices_and_sockets_are_not_opened() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let place = Place::new();
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, place.path("pipe"), FileType::Fifo, mode, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(place.path("socket")).unwrap();
    let mut odd = vec!["pipe", "socket"];
    // Needs to be the superuser.
    if mknodat(CWD, place.path("device"), FileType::CharacterDevice, mode, rustix::fs::makedev(1, 5)).is_ok() {
        odd.push("device");
    }
    for name in odd {
        assert_eq!(place.tree.look(&path(name)).unwrap(), None);
        assert!(place.tree.open_file(&path(name)).is_err());
        assert!(place.tree.remove(&path(name), false, &|_| true).is_err());
        assert_eq!(put(&place, name, OnConflict::Replace), Err(Code::WrongSort));
        assert_eq!(put(&place, name, OnConflict::Rename), Ok(format!("{name} (1)")));
    }
}

#[test]
fn a_parent_that_is_swapped_for_a_link_all_the_time_leads_nowhere() {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    let place = Place::in_memory();
    std::fs::create_dir_all(place.path("a/b")).unwrap();
    symlink(place.outside.path().join("secret"), place.path("link")).unwrap();
    let (done, swaps) = (AtomicBool::new(false), AtomicBool::new(false));
    let (mut placed, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                // Not every file system can.
                let swapped =
                    renameat_with(CWD, place.path("a"), CWD, place.path("link"), RenameFlags::EXCHANGE).is_ok();
                swaps.store(swapped, Ordering::Relaxed);
                if !swapped {
                    return;
                }
            }
        });
        for round in 0..1000 {
            match put(&place, "a/b/x", OnConflict::Rename) {
                Ok(_) => placed += 1,
                Err(code) => {
                    assert_eq!(code, Code::WrongSort);
                    refused += 1;
                }
            }
            if round % 10 == 0 {
                let _ = place.tree.look(&path("a/x"));
                let _ = place.tree.remove(&path("a/x"), true, &|_| true);
                let _ = place.tree.rename(&path("a/b/x"), &path("a/y"), OnConflict::Rename, &own("mei"));
                let _ = place.tree.make_folder(&path("a/new"));
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(placed > 0 && (refused > 0 || !swaps.load(Ordering::Relaxed)), "{placed} {refused}");
    place.check_outside();
    assert_eq!(names(&place.outside.path().join("secret")), ["x"]);
}
