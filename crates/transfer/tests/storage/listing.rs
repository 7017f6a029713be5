//! Lists: every file once, in order, whatever the pages.

use proto::RelPath;
use proto::message::Sort;
use transfer::tree::{LIST_BYTES_MAX, Tree};

use crate::support::{Place, path};

/// All pages of a list, of at most `max` entries each.
fn paths(tree: &Tree, of: Option<&RelPath>, recursive: bool, max: usize) -> (Vec<String>, u32) {
    let (mut paths, mut unnamed, mut after) = (Vec::new(), 0, String::new());
    loop {
        let page = tree.list(of, recursive, &after, max).unwrap();
        unnamed += page.unnamed;
        paths.extend(page.entries.iter().map(|entry| entry.path.clone()));
        match page.entries.last() {
            Some(last) if page.more => after.clone_from(&last.path),
            _ => return (paths, unnamed),
        }
    }
}

fn sorted(mut paths: Vec<&str>) -> Vec<String> {
    paths.sort_by_key(|typed| path(typed));
    paths.into_iter().map(str::to_owned).collect()
}

#[test]
fn every_page_size_gives_every_path_once_and_in_order() {
    let place = Place::in_memory();
    let files = ["a", "a.txt", "b/c", "b/d/e", "b/d/f", "b.x", "b c", "z/é", "z/e/f", "Z2"];
    files.iter().for_each(|file| place.fill(file, file.as_bytes()));
    place.tree.make_folder(&path("empty/er")).unwrap();
    let folders = ["b", "b/d", "z", "z/e", "empty", "empty/er"];
    let all = sorted(files.iter().chain(&folders).copied().collect());
    for max in 1..=all.len() + 1 {
        assert_eq!(paths(&place.tree, None, true, max), (all.clone(), 0), "{max}");
        let top = sorted(vec!["a", "a.txt", "b", "b.x", "b c", "z", "Z2", "empty"]);
        assert_eq!(paths(&place.tree, None, false, max).0, top, "{max}");
        let below = sorted(vec!["b/c", "b/d", "b/d/e", "b/d/f"]);
        assert_eq!(paths(&place.tree, Some(&path("b")), true, max).0, below, "{max}");
        assert_eq!(paths(&place.tree, Some(&path("B")), true, max).0, below, "{max}");
    }
    assert_eq!(paths(&place.tree, Some(&path("b/c")), true, 9).0, ["b/c"]);
    assert_eq!(place.tree.list(None, true, "b/d/ee", 1).unwrap().entries[0].path, "b/d/f");
    assert_eq!(place.tree.list(None, true, "b/dd", 1).unwrap().entries[0].path, "b c");
    assert!(place.tree.list(Some(&path("none")), true, "", 9).is_err());
    let entry = place.tree.list(Some(&path("b/c")), false, "", 9).unwrap().entries.remove(0);
    assert_eq!((entry.sort, entry.size), (Sort::File, 3));
}

#[test]
fn a_page_fits_its_frame_however_long_the_paths() {
    let place = Place::new();
    let deep = format!("{0}/{0}/{0}", "n".repeat(250));
    for number in 0..120 {
        std::fs::create_dir_all(place.path(&deep)).unwrap();
        std::fs::write(place.path(&format!("{deep}/{number}")), b"").unwrap();
    }
    let page = place.tree.list(None, true, "", 500).unwrap();
    let entries = page.entries.iter().map(|entry| entry.path.len()).sum::<usize>();
    assert!(page.more && entries < LIST_BYTES_MAX && entries > LIST_BYTES_MAX / 2, "{entries}");
    let entries = proto::message::Entries { entries: page.entries, more: true, unnamed: 0 };
    let answer = proto::message::FileAnswer::Entries(entries);
    let frame = proto::ServerMessage::File(answer).to_frame(proto::RequestId(1));
    assert!(frame.body().len() < proto::limits::CONTROL_BYTES_MAX);
    assert_eq!(paths(&place.tree, None, true, 500).0.len(), 123);
}

#[test]
fn more_than_a_page_of_what_is_not_listed_does_not_end_the_list() {
    let place = Place::new();
    for number in 0..40 {
        std::os::unix::fs::symlink("secret", place.path(&format!("a{number}"))).unwrap();
        std::fs::write(place.path(&format!("b{number}:")), b"").unwrap();
        std::fs::write(place.path(&format!(".verbatim-{number}")), b"").unwrap();
    }
    place.fill("z", b"");
    place.fill("zz", b"");
    assert_eq!(paths(&place.tree, None, true, 1), (vec!["z".to_owned(), "zz".to_owned()], 40));
}

#[test]
fn two_forms_of_one_name_are_listed_once_as_they_can_be_asked_for() {
    let place = Place::new();
    std::fs::write(place.path("\u{e9}"), b"composed").unwrap();
    std::fs::write(place.path("e\u{301}"), b"decomposed").unwrap();
    std::fs::write(place.path("o\u{308}"), b"only this").unwrap();
    let page = place.tree.list(None, true, "", 9).unwrap();
    let listed: Vec<_> = page.entries.iter().map(|entry| (entry.path.as_str(), entry.size)).collect();
    assert_eq!(listed, [("\u{e9}", 8), ("\u{f6}", 9)]);
    assert_eq!(page.unnamed, 1);
}
