//! Who gets a taken name, and how it looks afterwards.

use std::sync::Arc;

use proto::message::{OnConflict, Sort};
use proto::{Code, RelPath};
use transfer::tree::{Tree, TreeError};

use crate::support::{Place, bytes, names, own, path, ready};

fn code(error: &TreeError) -> Code {
    error.refusal().code
}

/// Puts `b"new"` at `at` beside what `Place` has; the path and whether it is the same, or the refusal.
fn put(place: &Place, at: &str, how: OnConflict) -> Result<(String, bool), Code> {
    let placed = place.put(at, b"new", how);
    placed.map(|placed| (placed.path.to_string(), placed.same)).map_err(|error| code(&error))
}

#[test]
fn a_taken_path_is_treated_as_asked() {
    let place = Place::new();
    let receipts = place.keeps_receipts();
    place.fill("mine.txt", b"old");
    place.put_by("ana", "hers.txt", b"old", OnConflict::Fail).unwrap();
    place.fill("same.txt", b"new");
    std::fs::write(place.path("dropped.txt"), b"new").unwrap();
    std::fs::write(place.path("bigger.txt"), b"newer").unwrap();
    place.tree.make_folder(&path("folder")).unwrap();
    let ok = |path: &str, same| Ok((path.to_owned(), same));
    let rows = [
        ("mine.txt", OnConflict::Fail, Err(Code::PathTaken)),
        ("same.txt", OnConflict::Fail, Err(Code::PathTaken)),
        ("MINE.txt", OnConflict::Fail, Err(Code::PathTaken)),
        ("mine.txt", OnConflict::Rename, ok("mine (1).txt", false)),
        ("Mine.TXT", OnConflict::Rename, ok("Mine (2).TXT", false)),
        ("same.txt", OnConflict::Rename, ok("same.txt", true)),
        ("SAME.txt", OnConflict::Rename, ok("same.txt", true)),
        ("dropped.txt", OnConflict::Rename, ok("dropped.txt", true)),
        ("bigger.txt", OnConflict::Rename, ok("bigger (1).txt", false)),
        ("folder", OnConflict::Rename, ok("folder (1)", false)),
        ("mine.txt", OnConflict::Same, Err(Code::PathTaken)),
        ("same.txt", OnConflict::Same, ok("same.txt", true)),
        ("folder", OnConflict::Same, Err(Code::PathTaken)),
        ("hers.txt", OnConflict::Replace, Err(Code::NotPermitted)),
        ("bigger.txt", OnConflict::Replace, Err(Code::NotPermitted)),
        ("folder", OnConflict::Replace, Err(Code::WrongSort)),
        ("folder/a", OnConflict::Fail, ok("folder/a", false)),
        ("FOLDER/b", OnConflict::Fail, ok("folder/b", false)),
        ("mine.txt/a", OnConflict::Rename, Err(Code::WrongSort)),
        ("new/deep/er/a", OnConflict::Fail, ok("new/deep/er/a", false)),
        ("NEW/Deep/c", OnConflict::Fail, ok("new/deep/c", false)),
    ];
    for (at, how, expected) in rows {
        assert_eq!(put(&place, at, how), expected, "{at} {how:?}");
    }
    if receipts {
        assert_eq!(put(&place, "mine.txt", OnConflict::Replace), ok("mine.txt", false));
        assert_eq!(std::fs::read(place.path("mine.txt")).unwrap(), b"new");
        assert_eq!(put(&place, "Mine.txt", OnConflict::Replace), ok("mine.txt", true));
    }
    assert_eq!(std::fs::read(place.path("hers.txt")).unwrap(), b"old");
    place.check_no_partials();
    place.check_outside();
}

#[test]
fn a_placed_file_has_its_bytes_its_time_and_its_receipt() {
    let place = Place::new();
    let receipts = place.keeps_receipts();
    let content = bytes(700_000, 1);
    let placed = place.put("a/b.bin", &content, OnConflict::Fail).unwrap();
    assert_eq!(std::fs::read(place.path("a/b.bin")).unwrap(), content);
    let (file, found) = place.tree.open_file(&path("a/b.bin")).unwrap();
    assert_eq!((found.sort, found.size, found.modified_ms), (Sort::File, 700_000, 1_700_000_000_123));
    assert_eq!(file.metadata().unwrap().len(), 700_000);
    if !receipts {
        return;
    }
    let receipt = found.receipt.unwrap();
    assert_eq!(receipt.root.0, *blake3::hash(&content).as_bytes());
    assert_eq!((receipt.by.as_str(), receipt.version), ("mei", placed.version));
    // It goes where the file goes, and is nobody's when the file was changed.
    place.tree.rename(&path("a/b.bin"), &path("c.bin"), OnConflict::Fail, &own("mei")).unwrap();
    assert_eq!(place.tree.look(&path("c.bin")).unwrap().unwrap().receipt, Some(receipt.clone()));
    std::fs::write(place.path("c.bin"), b"changed").unwrap();
    assert_eq!(place.tree.look(&path("c.bin")).unwrap().unwrap().receipt, None);
    assert!(!place.tree.write_receipt(&path("c.bin"), &receipt).unwrap());
}

#[test]
fn names_that_a_system_takes_for_one_find_one_another() {
    let place = Place::new();
    for (first, second) in [("README", "readme"), ("é.txt", "E\u{301}.txt"), ("Straße", "STRASSE"), ("❤\u{fe0f}", "❤")]
    {
        place.fill(first, first.as_bytes());
        let placed = place.put(second, b"other", OnConflict::Rename).unwrap();
        assert_eq!(placed.path, path(second).numbered(1).unwrap());
        assert_eq!(place.tree.look(&path(second)).unwrap().unwrap().path, path(first));
        assert_eq!(place.tree.open_file(&path(second)).unwrap().1.size, first.len() as u64);
        place.tree.remove(&path(second), false, &|_| true).unwrap();
        assert_eq!(place.tree.look(&path(first)).unwrap(), None);
    }
    // What an operator put there under a form that is no path of ours is found as well.
    std::fs::write(place.path("n\u{303}.txt"), b"nfd").unwrap();
    assert_eq!(place.tree.open_file(&path("ñ.txt")).unwrap().1.size, 3);
}

#[test]
fn of_two_hundred_who_want_one_name_each_gets_another_and_none_is_lost() {
    let place = Arc::new(Place::in_memory());
    let contents: Vec<Vec<u8>> = (0..200_u32).map(|number| number.to_be_bytes().to_vec()).collect();
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let (place, contents) = (place.clone(), contents.clone());
            std::thread::spawn(move || {
                let mine = contents.iter().skip(thread).step_by(4);
                // Half of them in another case, so that the disk alone would not see that it is the same name.
                mine.enumerate().for_each(|(turn, content)| {
                    let name = if turn % 2 == 0 { "one.txt" } else { "ONE.txt" };
                    place.put(name, content, OnConflict::Rename).unwrap();
                });
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let there = names(&place.path(""));
    let keys: std::collections::BTreeSet<_> = there.iter().map(|name| path(name).key()).collect();
    assert_eq!((there.len(), keys.len()), (200, 200));
    let mut stored: Vec<_> = there.iter().map(|name| std::fs::read(place.path(name)).unwrap()).collect();
    stored.sort();
    assert_eq!(stored, contents);
    place.check_no_partials();
}

#[test]
fn of_many_who_want_a_name_and_no_other_one_gets_it() {
    let place = Arc::new(Place::new());
    let threads = (0..4_u8).map(|thread| {
        let place = place.clone();
        std::thread::spawn(move || {
            (0..25_u8).filter(|turn| place.put("d/one", &[thread, *turn], OnConflict::Fail).is_ok()).count()
        })
    });
    let threads: Vec<_> = threads.collect();
    assert_eq!(threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>(), 1);
    assert_eq!(names(&place.path("d")), ["one"]);
}

#[test]
fn folders_are_moved_removed_and_taken_in_as_asked() {
    let place = Place::new();
    if !place.keeps_receipts() {
        return;
    }
    place.fill("a/x", b"x");
    place.fill("a/deep/y", b"y");
    place.put_by("ana", "b/z", b"z", OnConflict::Fail).unwrap();
    let mei = own("mei");
    let rename = |from: &str, to: &str, how| {
        let renamed = place.tree.rename(&path(from), &path(to), how, &mei);
        renamed.map(|path| path.to_string()).map_err(|error| code(&error))
    };
    let rows = [
        ("none", "x", OnConflict::Rename, Err(Code::NoSuchFile)),
        ("b/z", "x", OnConflict::Rename, Err(Code::NotPermitted)),
        ("b", "x", OnConflict::Rename, Err(Code::NotPermitted)),
        ("a", "a/deep", OnConflict::Rename, Err(Code::WrongSort)),
        ("a", "A/deep/new", OnConflict::Rename, Err(Code::WrongSort)),
        ("a", "A", OnConflict::Fail, Ok("A")),
        ("A", "b", OnConflict::Fail, Ok("b/A")),
        ("b/A/x", "b/z", OnConflict::Replace, Err(Code::NotPermitted)),
        ("b/A/x", "b/z", OnConflict::Fail, Err(Code::PathTaken)),
        ("b/A/x", "b/z", OnConflict::Rename, Ok("b/z (1)")),
        ("b/z (1)", "B/Z (1)", OnConflict::Fail, Ok("b/Z (1)")),
        ("b/Z (1)", "b/A", OnConflict::Fail, Ok("b/A/Z (1)")),
        ("b/A/Z (1)", "top", OnConflict::Fail, Ok("top")),
        ("top", "b/A/deep/Y", OnConflict::Replace, Ok("b/A/deep/y")),
        ("b/A", &format!("{}x", "d/".repeat(30)), OnConflict::Fail, Err(Code::BadPath)),
    ];
    for (from, to, how, expected) in rows {
        assert_eq!(rename(from, to, how).as_deref().map_err(|code| *code), expected, "{from} {to} {how:?}");
    }
    assert_eq!(std::fs::read(place.path("b/A/deep/y")).unwrap(), b"x");
    let remove = |at: &str, recursive| place.tree.remove(&path(at), recursive, &mei).map_err(|error| code(&error));
    assert_eq!(remove("b/A", false), Err(Code::WrongSort));
    assert_eq!(remove("b", true), Err(Code::NotPermitted));
    assert_eq!(remove("b/z", false), Err(Code::NotPermitted));
    assert_eq!(names(&place.path("b/A/deep")), ["y"]);
    assert_eq!(remove("b/a", true), Ok(()));
    assert_eq!(remove("b/a", true), Err(Code::NoSuchFile));
    assert_eq!(names(&place.path("b")), ["z"]);
    assert_eq!(place.tree.make_folder(&path("B/new/er")).unwrap(), path("b/new/er"));
    assert_eq!(remove("b/new/er", false), Ok(()));
    place.check_outside();
}

#[test]
fn a_removal_that_was_cut_short_is_finished_when_the_tree_is_opened() {
    let place = Place::new();
    std::fs::create_dir_all(place.path(".verbatim-gone-0123/a/b")).unwrap();
    std::fs::write(place.path(".verbatim-gone-0123/a/c"), b"c").unwrap();
    std::fs::write(place.path(".verbatim-0123.tmp"), b"in use by another program").unwrap();
    Tree::open(&place.path("")).unwrap();
    assert_eq!(names(&place.path("")), [".verbatim-0123.tmp"]);
}

#[test]
fn ten_thousand_files_into_one_folder_do_not_read_it_ten_thousand_times() {
    let place = Place::in_memory();
    // With a read of the folder for every file this takes minutes.
    let begun = std::time::Instant::now();
    for number in 0..10_000 {
        place.fill(&format!("many/{number}"), b"");
    }
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    let same: Vec<RelPath> = (0..300_u16)
        .map(|number| place.put("many/0", &number.to_be_bytes(), OnConflict::Rename).unwrap().path)
        .collect();
    assert_eq!(same.last().unwrap().as_str(), "many/0 (300)");
}

#[test]
fn a_ready_file_that_finds_no_place_leaves_nothing() {
    let place = Place::new();
    drop(ready(&place.partials, b"x", "mei"));
    place.check_no_partials();
    place.fill("x", b"old");
    assert_eq!(code(&place.put("x", b"new", OnConflict::Fail).unwrap_err()), Code::PathTaken);
    place.check_no_partials();
    ready(&place.partials, b"x", "mei").keep();
    assert_eq!(place.partials.list().unwrap().len(), 1);
}
