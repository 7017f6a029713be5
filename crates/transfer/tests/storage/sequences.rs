//! Any sequence of requests: nothing outside is touched, no two names of a folder could be taken for one, and every
//! file that is listed is there.

use proptest::prelude::*;
use proto::message::{OnConflict, Sort};
use proto::{PathKey, RelPath};

use crate::support::{Place, own};

#[derive(Debug, Clone)]
enum Request {
    Put(String, u8, OnConflict),
    MakeFolder(String),
    Rename(String, String, OnConflict),
    Remove(String, bool),
    /// Another program.
    Drop(String),
}

fn any_path() -> impl Strategy<Value = String> {
    let name = proptest::sample::select(vec![
        "a",
        "A",
        "b",
        "B",
        "é",
        "e\u{301}",
        "É",
        "ß",
        "ss",
        "❤",
        "❤\u{fe0f}",
        "..",
        "con",
        "a (1)",
        "x.",
        ".verbatim-1",
    ]);
    proptest::collection::vec(name, 1..4).prop_map(|names| names.join("/"))
}

fn any_request() -> impl Strategy<Value = Request> {
    let how = || {
        use OnConflict::{Fail, Rename, Replace, Same};
        proptest::sample::select(vec![Rename, Fail, Replace, Same])
    };
    prop_oneof![
        4 => (any_path(), 0..3_u8, how()).prop_map(|(path, content, how)| Request::Put(path, content, how)),
        1 => any_path().prop_map(Request::MakeFolder),
        2 => (any_path(), any_path(), how()).prop_map(|(from, to, how)| Request::Rename(from, to, how)),
        1 => (any_path(), any::<bool>()).prop_map(|(path, recursive)| Request::Remove(path, recursive)),
        1 => proptest::sample::select(vec!["A", "e\u{301}", "b", "B"]).prop_map(|name| Request::Drop(name.to_owned())),
    ]
}

fn ask(place: &Place, request: &Request) {
    let path = |typed: &String| typed.parse::<RelPath>().ok().or_else(|| RelPath::salvaged(typed));
    let mei = own("mei");
    match request {
        Request::Put(at, content, how) => {
            if let Some(at) = path(at) {
                let placed = place.tree.place(place.ready(&[*content], "mei"), &at, *how, &mei);
                if let Ok(placed) = placed {
                    let stands = place.path(placed.path.as_str());
                    assert!(placed.same || std::fs::read(stands).unwrap() == [*content]);
                }
            }
        }
        Request::MakeFolder(at) => {
            let _ = path(at).map(|at| place.tree.make_folder(&at));
        }
        Request::Rename(from, to, how) => {
            if let (Some(from), Some(to)) = (path(from), path(to)) {
                let before = place.tree.look(&from).unwrap();
                let renamed = place.tree.rename(&from, &to, *how, &mei);
                if let (Some(before), Ok(now)) = (before, renamed) {
                    let found = place.tree.look(&now).unwrap().unwrap();
                    assert_eq!((found.sort, found.size), (before.sort, before.size));
                }
            }
        }
        Request::Remove(at, recursive) => {
            if let Some(at) = path(at)
                && place.tree.remove(&at, *recursive, &mei).is_ok()
            {
                assert_ne!(std::fs::symlink_metadata(place.path(at.as_str())).map(drop).ok(), Some(()));
            }
        }
        Request::Drop(name) => {
            if !place.path(name).is_dir() {
                std::fs::write(place.path(name), b"dropped").unwrap();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_tree_stays_a_tree(requests in proptest::collection::vec(any_request(), 1..40)) {
        let place = Place::in_memory();
        let drops = requests.iter().any(|request| matches!(request, Request::Drop(_)));
        requests.iter().for_each(|request| ask(&place, request));
        place.check_outside();
        place.check_no_partials();
        let page = place.tree.list(None, true, "", 500).unwrap();
        prop_assert!(!page.more);
        let mut keys = std::collections::HashSet::<PathKey>::new();
        for entry in page.entries {
            let path: RelPath = entry.path.parse().unwrap();
            prop_assert!(keys.insert(path.key()) || drops, "{}", path);
            let found = place.tree.look(&path).unwrap().unwrap();
            prop_assert_eq!(&found.path, &path);
            prop_assert!(entry.sort == Sort::Folder || place.tree.open_file(&path).is_ok());
        }
    }
}
