//! What counts as code, and what as a test.

use super::*;

#[test]
fn comments_and_the_insides_of_literals_are_blanked() {
    let rows = [
        ("let a = 1; // todo!()", "let a = 1;           "),
        ("a /* x /* y */ z */ b", "a                   b"),
        (r#"call("dbg!(\" x")"#, r#"call("         ")"#),
        (r##"f(r#"a " b"#, 1)"##, r##"f(r#"     "#, 1)"##),
        (r#"f(br"\", 1)"#, r#"f(br" ", 1)"#),
        ("f('\"', '\\'', 'é')", "f(' ', '  ', '  ')"),
        ("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}"),
        ("r#type", "r#type"),
        ("let 名 = 1;", "let 名 = 1;"),
        ("\"a\nb\" c", "\" \n \" c"),
        ("\"open", "\"    "),
    ];
    for (text, code) in rows {
        assert_eq!(File::new("a.rs", text).code, code, "{text}");
    }
}

#[test]
fn what_stands_under_cfg_test_is_a_test() {
    let rows = [
        ("fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\nfn c() {}", [false, true, false]),
        ("fn a() {}\n#[cfg(all(test, unix))]\n#[path = \"x\"]\nfn b() -> [u8; 2] {}\nfn c() {}", [false, true, false]),
        ("fn a() {}\n#[cfg(test)]\nuse x::{a, b};\nfn b() {}\nfn c() {}", [false, false, false]),
        ("fn a() {}\n#[cfg(not(test))]\nfn b() {}\nfn c() {}", [false, false, false]),
        ("fn a() {}\n#[cfg(feature = \"test\")]\nfn b() {}\nfn c() {}", [false, false, false]),
    ];
    for (text, expected) in rows {
        let file = File::new("crates/x/src/a.rs", text);
        let seen = ["fn a", "fn b", "fn c"].map(|item| file.is_test_at(text.find(item).unwrap()));
        assert_eq!(seen, expected, "{text}");
    }
}

#[test]
fn a_file_of_tests_is_known_by_its_place_or_its_declaration() {
    let tree = Tree::new(vec![
        File::new("crates/x/src/lib.rs", "#[cfg(test)]\nmod world;\nmod real;"),
        File::new("crates/x/src/world.rs", ""),
        File::new("crates/x/src/real.rs", "#[cfg(test)]\nmod cases;"),
        File::new("crates/x/src/real/cases.rs", ""),
        File::new("crates/x/src/real/tests.rs", ""),
        File::new("crates/x/tests/all.rs", ""),
        File::new("tests/it/main.rs", ""),
    ]);
    let tests: Vec<&str> = tree.files.iter().filter(|file| file.is_test).map(|file| &*file.path).collect();
    let expected = [
        "crates/x/src/real/cases.rs",
        "crates/x/src/real/tests.rs",
        "crates/x/src/world.rs",
        "crates/x/tests/all.rs",
        "tests/it/main.rs",
    ];
    assert_eq!(tests, expected);
}

#[test]
fn a_word_is_found_only_whole() {
    let rows = [("bincode::x", 1), ("mybincode", 0), ("bincode_next", 0), ("use bincode;", 1), ("(bincode)", 1)];
    for (code, times) in rows {
        assert_eq!(words_in(code, "bincode").count(), times, "{code}");
    }
    assert_eq!(words_in("std::thread::sleep(x)", "thread::sleep(").count(), 1);
}

/// Code that compiles has its brackets in pairs, so an odd one means that a comment or a literal was misread.
#[test]
fn the_code_of_this_repository_has_its_brackets_in_pairs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let tree = Tree::read(&root).unwrap();
    let count = |file: &File, bracket: char| file.code.matches(bracket).count();
    assert!(tree.file("xtask/src/source/tests.rs").is_some());
    for file in tree.rust() {
        assert_eq!(file.code.len(), file.text.len(), "{}", file.path);
        for (open, close) in [('(', ')'), ('[', ']'), ('{', '}')] {
            assert_eq!(count(file, open), count(file, close), "{open} and {close} in {}", file.path);
        }
    }
}
