//! Every rule against the hostile corpus; keys, numbers, order; what is salvaged is good.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::refusal::{Code, Refusal};

#[path = "../../tests/corpus/hostile.rs"]
mod hostile;

fn rule_of(error: &PathError) -> String {
    let shown = format!("{error:?}");
    shown.split('(').next().unwrap_or_default().to_owned()
}

#[test]
fn every_hostile_path_meets_its_rule() {
    for (typed, rule) in hostile::rows() {
        let met = typed.parse::<RelPath>().map_or_else(|error| rule_of(&error), |_| "good".to_owned());
        assert_eq!(met, rule, "{:?}", typed.chars().take(60).collect::<String>());
    }
}

#[test]
fn every_rule_is_met_by_a_hostile_path() {
    let rules = hostile::rows().into_iter().map(|(_, rule)| rule).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(rules.len(), 1 + 16, "{rules:?}");
}

#[test]
fn what_can_be_salvaged_becomes_good_and_good_paths_stay() {
    let rows = [
        ("a/b.txt", Some("a/b.txt")),
        ("e\u{301}", Some("é")),
        ("./x", Some("x")),
        ("/etc//passwd/", Some("etc/passwd")),
        ("../x", Some("__/x")),
        ("", None),
        ("/", None),
        ("././", None),
        ("a?b:c*.txt", Some("a_b_c_.txt")),
        ("C:\\x", Some("C__x")),
        ("con", Some("_con")),
        ("NUL.tar.gz", Some("_NUL.tar.gz")),
        ("trailing. .", Some("trailing___")),
        ("...", Some("___")),
        (" lead", Some("_ lead")),
        ("   ", Some("____")),
        ("\u{301}a", Some("_\u{301}a")),
        ("a\nb\u{202e}c", Some("a_b_c")),
        (".verbatim-1.part", Some("_.verbatim-1.part")),
        ("\u{200d}", Some("_\u{200d}")),
    ];
    for (typed, expected) in rows {
        let salvaged = RelPath::salvaged(typed);
        assert_eq!(salvaged.as_ref().map(RelPath::as_str), expected, "{typed:?}");
    }
    let long = RelPath::salvaged(&format!("{}.tar.gz", "é".repeat(200))).unwrap();
    assert!(long.as_str().ends_with("éé.tar.gz") && long.as_str().len() <= PATH_NAME_BYTES_MAX, "{long}");
    for (typed, rule) in hostile::rows() {
        let salvaged = RelPath::salvaged(&typed);
        match typed.parse::<RelPath>() {
            Ok(good) => assert_eq!(salvaged, Some(good)),
            Err(_) if matches!(rule, "TooLong" | "TooManyNames" | "Empty") => {}
            Err(_) => assert_eq!(salvaged.is_some(), !matches!(typed.as_str(), "." | "/"), "{typed:?}"),
        }
    }
}

#[test]
fn names_that_a_system_takes_for_one_share_a_key() {
    let same: &[&[&str]] = &[
        &["README", "readme", "ReadMe"],
        &["é", "e\u{301}", "É", "E\u{301}"],
        &["K", "\u{212a}", "k"],
        &["straße", "STRASSE", "Strasse"],
        &["ﬁle", "FILE", "file"],
        &["İ", "i\u{307}", "I\u{307}"],
        &["σς", "ΣΣ", "Σς", "σσ"],
        &["❤\u{fe0f}", "❤"],
        &["Å", "\u{212b}", "a\u{30a}"],
    ];
    for names in same {
        for name in *names {
            assert_eq!(PathKey::of(name), PathKey::of(names[0]), "{name} {}", names[0]);
        }
    }
    for (one, other) in [("a", "b"), ("a.txt", "a.text"), ("e", "é"), ("a/b", "a b"), ("0", "O"), ("i", "l")] {
        assert_ne!(PathKey::of(one), PathKey::of(other), "{one} {other}");
    }
}

#[test]
fn a_number_goes_before_the_extension_and_fits() {
    let rows = [
        ("a.txt", Some("a (1).txt")),
        ("d/a", Some("d/a (1)")),
        ("d.x/a", Some("d.x/a (1)")),
        (".bashrc", Some(".bashrc (1)")),
        ("a.tar.gz", Some("a (1).tar.gz")),
        ("a.b.gz", Some("a.b (1).gz")),
        (".tar.gz", Some(".tar (1).gz")),
        ("a (1).txt", Some("a (1) (1).txt")),
        ("One day. a sentence without an extension", Some("One day. a sentence without an extension (1)")),
    ];
    for (path, expected) in rows {
        let numbered = path.parse::<RelPath>().unwrap().numbered(1);
        assert_eq!(numbered.as_ref().map(RelPath::as_str), expected, "{path}");
    }
    let long = format!("{}.txt", "é".repeat(125)).parse::<RelPath>().unwrap().numbered(4_000_000_000).unwrap();
    assert!(long.as_str().len() <= PATH_NAME_BYTES_MAX && long.as_str().ends_with("é (4000000000).txt"), "{long}");
    let full = format!("{}/x", [const { "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnn" }; 33].join("/"));
    assert_eq!(full.parse::<RelPath>(), Err(PathError::TooManyNames));
    let full = format!("{}/{}/x", vec!["n".repeat(255); 3].join("/"), "n".repeat(254));
    let full = full.parse::<RelPath>().unwrap();
    assert_eq!((full.as_str().len(), full.numbered(1)), (1024, None));
}

#[test]
fn paths_are_taken_apart_and_ordered_name_by_name() {
    let path = |typed: &str| typed.parse::<RelPath>().unwrap();
    let deep = path("a/b/c");
    assert_eq!((deep.name(), deep.parent(), path("a").parent()), ("c", Some(path("a/b")), None));
    assert_eq!(path("a").join("b/c").unwrap(), deep);
    assert_eq!(path("a").join("../x"), Err(PathError::Dots));
    assert!(deep.is_within(&path("a")) && !deep.is_within(&deep) && !path("ab").is_within(&path("a")));
    let mut paths = ["a.txt", "b", "a/z", "a", "a/b/c", "a b", "a/b"].map(path);
    paths.sort();
    assert_eq!(paths.map(|path| path.to_string()), ["a", "a/b", "a/b/c", "a/z", "a b", "a.txt", "b"]);
}

#[test]
fn a_refusal_names_the_rule_and_the_limit() {
    let refusal = |typed: &str| Refusal::bad_path(typed, &typed.parse::<RelPath>().unwrap_err());
    assert_eq!(refusal("../x").words, "the path \"../x\" cannot be used: the names . and .. are not allowed");
    assert_eq!(refusal("a\u{1b}[2J").words.find('\u{1b}'), None);
    let long = refusal(&"n".repeat(300));
    assert_eq!((long.code, long.limit.unwrap().max), (Code::BadPath, 255));
    assert_eq!(refusal(&"d/".repeat(40)).limit.unwrap().name, "path_names");
}

/// Text of the corpus's own characters, so that many rules meet in one name.
fn nearly_a_path() -> impl Strategy<Value = String> {
    let pool: Vec<char> =
        hostile::rows().into_iter().flat_map(|(path, _)| path.chars().take(40).collect::<Vec<_>>()).collect();
    let words = ["CON", "..", ".verbatim", "/", "/", "a", "\u{301}", " ", "."].map(str::to_owned).to_vec();
    let piece = prop_oneof![
        2 => proptest::sample::select(pool).prop_map(String::from),
        1 => proptest::sample::select(words),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_path_stays_below_where_it_is_joined_and_stays_as_it_is(typed in nearly_a_path()) {
        if let Ok(path) = typed.parse::<RelPath>() {
            let joined = std::path::Path::new("/root").join(path.as_str());
            prop_assert!(joined.starts_with("/root") && joined.components().count() == 2 + path.names().count());
            prop_assert!(joined.components().skip(2).all(|part| matches!(part, std::path::Component::Normal(_))));
            prop_assert!(!path.as_str().chars().any(char::is_control));
            prop_assert_eq!(path.as_str().parse::<RelPath>(), Ok(path.clone()));
            prop_assert_eq!(RelPath::salvaged(&typed), Some(path.clone()));
            let folded = path.key();
            prop_assert_eq!(PathKey::of(folded.as_str()), folded);
        }
    }

    #[test]
    fn what_is_salvaged_is_good(typed in nearly_a_path()) {
        if let Some(path) = RelPath::salvaged(&typed) {
            prop_assert_eq!(path.as_str().parse::<RelPath>(), Ok(path.clone()));
            if let Some(numbered) = path.numbered(7) {
                prop_assert_eq!(numbered.parent(), path.parent());
            }
        }
    }

    #[test]
    fn keys_do_not_tell_case_or_form_apart(typed in nearly_a_path()) {
        let key = PathKey::of(&typed);
        prop_assert_eq!(PathKey::of(&typed.nfc().collect::<String>()), key.clone());
        prop_assert_eq!(PathKey::of(&typed.nfd().collect::<String>()), key.clone());
        prop_assert_eq!(PathKey::of(key.as_str()), key);
    }
}
