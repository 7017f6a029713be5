//! Lists of files, by friendly and by hostile names.

use proto::Root;

use super::*;

/// 2026-11-12 10:15 UTC.
const NOON_MS: u64 = 1_794_478_500_000;

fn entry(path: &str, sort: Sort, size: u64, by: &str) -> FileEntry {
    let root = (sort == Sort::File).then_some(Root([0xaf; 32]));
    FileEntry { path: path.to_owned(), sort, size, modified_ms: NOON_MS, root, by: by.to_owned() }
}

fn file(path: &str) -> FileEntry {
    entry(path, Sort::File, 1_258_291, "ann")
}

fn folder(path: &str) -> FileEntry {
    FileEntry { modified_ms: 0, ..entry(path, Sort::Folder, 0, "") }
}

fn some() -> Vec<FileEntry> {
    vec![
        folder("docs"),
        file("docs/年报 2026.pdf"),
        folder("docs/deep"),
        file("docs/deep/👍.txt"),
        entry("film.mkv", Sort::Arriving(45 << 20), 100 << 20, "王小明"),
        file("notes.txt"),
    ]
}

#[test]
fn a_tree_shows_what_lies_where() {
    let expected = "\
#lobby
├── docs/
│   ├── 年报 2026.pdf
│   └── deep/
│       └── 👍.txt
├── film.mkv  (arriving, 45 %)
└── notes.txt
";
    assert_eq!(tree(&some(), "", "#lobby", &Detail::Names), expected);
    let within = "docs\n├── 年报 2026.pdf\n└── deep/\n    └── 👍.txt\n";
    let below: Vec<_> = some().into_iter().skip(1).take(3).collect();
    assert_eq!(tree(&below, "docs", "docs", &Detail::Names), within);
    assert_eq!(tree(&[], "", "#tea", &Detail::Names), "#tea\n");
}

#[test]
fn a_long_list_lines_up_whatever_the_names() {
    let shown = listing(&some(), "", &Detail::Long(TimeZone::UTC));
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines[0], "      -                                          docs/");
    assert_eq!(lines[1], "1.2 MiB  2026-11-12 10:15  ann     afafafafafaf  docs/年报 2026.pdf");
    assert_eq!(lines[4], "100 MiB  2026-11-12 10:15  王小明                film.mkv  (arriving, 45 %)");
    assert_eq!(total_words(&some()), "2 folders, 4 files, 104 MiB");
    let tree = tree(&some(), "", "#lobby", &Detail::Long(TimeZone::UTC));
    for name in ["#lobby", "├── docs/", "│   ├── 年报 2026.pdf", "└── notes.txt"] {
        let line = tree.lines().find(|line| line.ends_with(name)).expect(name);
        assert_eq!(line.strip_suffix(name).unwrap().width(), 49, "{line}");
    }
}

#[test]
fn names_are_those_within_the_folder() {
    let rows = [
        ("docs/a", "docs", "a"),
        ("docs", "docs", "docs"),
        ("a/b/c.txt", "a/b/c.txt", "c.txt"),
        ("docsy/a", "docs", "docsy/a"),
        ("a", "", "a"),
        ("", "", ""),
    ];
    for (path, base, expected) in rows {
        assert_eq!(within(path, base), expected, "{path} in {base}");
    }
}

#[test]
fn hostile_names_are_one_harmless_line_each() {
    let deep = "d/".repeat(20_000) + "end";
    let names = [
        "\x1b[2J",
        "a\nb",
        "a\r",
        "\u{202e}gpj.exe",
        "..",
        "../../etc/passwd",
        "/etc/passwd",
        "",
        "//",
        "a//b",
        "\u{9b}31m",
        "\u{2028}",
        "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
        &deep,
    ];
    for name in names {
        let entries = [FileEntry { by: name.to_owned(), ..file(name) }, file("z")];
        for detail in [Detail::Names, Detail::Long(TimeZone::UTC)] {
            for shown in [listing(&entries, "", &detail), tree(&entries, "", name, &detail)] {
                assert!(!shown.chars().any(|c| c != '\n' && escape::is_dangerous(c)), "{shown:?}");
                assert!(shown.lines().count() <= 80, "{name:?} has {} lines", shown.lines().count());
            }
            assert_eq!(listing(&entries, "", &detail).lines().count(), 2, "{name:?}");
        }
    }
}

#[test]
fn a_tree_copes_with_paths_in_any_order_and_without_their_folders() {
    let entries = [file("b/c/d"), file("a"), file("b/x"), folder("b")];
    assert_eq!(tree(&entries, "", "t", &Detail::Names), "t\n├── b/\n│   ├── c/\n│   │   └── d\n│   └── x\n└── a\n");
}

#[test]
fn objects_have_the_promised_fields_and_only_those_that_are_known() {
    let of = |entry: &FileEntry| entry_object(entry).to_string();
    let hash = "af".repeat(32);
    assert_eq!(
        of(&file("a")),
        format!(
            r#"{{"blake3":"{hash}","by":"ann","modified":"2026-11-12T10:15:00.000Z","path":"a","size":1258291,"type":"file"}}"#
        )
    );
    assert_eq!(of(&folder("docs")), r#"{"path":"docs","type":"folder"}"#);
    assert_eq!(entry_object(&some()[4])["arrived"], 45 << 20);
}
