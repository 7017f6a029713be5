//! What a half-typed line becomes.

use super::*;

fn names() -> Names {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Names {
        nicks: set(&["ann", "anna", "Bob", "王小明"]),
        rooms: set(&["lobby", "tea", "茶室"]),
        files: set(&["docs/", "docs/a b.pdf", "docs/年报.pdf", "my notes.txt", "notes.txt", "evil\x1b[2J"]),
    }
}

fn local(folder: &str) -> Vec<String> {
    let names: &[&str] = match folder {
        "" => &["a b.txt", "a.txt", "docs/", ".hidden", "my docs/", "bad\nname"],
        "docs/" => &["one.pdf", "two.pdf"],
        "my docs/" => &["three.pdf"],
        _ => &[],
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_word_is_completed_to_what_may_stand_there() {
    let rows: &[(&str, usize, &[&str])] = &[
        ("/jo", 0, &["/join "]),
        ("/q", 0, &["/quit"]),
        ("/ro", 0, &["/room ", "/rooms"]),
        ("/zz", 0, &[]),
        ("//an", 0, &[]),
        ("an", 0, &["ann: ", "anna: "]),
        ("b", 0, &["Bob: "]),
        ("王", 0, &["王小明: "]),
        ("hello an", 6, &["ann ", "anna "]),
        ("你好 王", 7, &["王小明 "]),
        ("hi\u{3000}b", 5, &["Bob "]),
        ("", 0, &[]),
        ("/msg b", 5, &["Bob "]),
        ("/msg Bob an", 9, &["ann ", "anna "]),
        ("/dm ", 4, &["Bob ", "ann ", "anna ", "王小明 "]),
        ("/join t", 6, &["tea"]),
        ("/join #茶", 6, &["#茶室"]),
        ("/room l", 6, &["lobby"]),
        ("/nick a", 6, &[]),
        ("/topic tea with b", 16, &["Bob "]),
    ];
    for (line, start, expected) in rows {
        let completion = complete(line, line.len(), &names(), &local);
        let found: Vec<_> = completion.candidates.iter().map(|candidate| candidate.put_in.as_str()).collect();
        assert_eq!((completion.start, found.as_slice()), (*start, *expected), "{line}");
    }
}

#[test]
fn only_what_stands_before_the_cursor_counts() {
    let completion = complete("an and more", 2, &names(), &local);
    assert_eq!(completion.candidates.len(), 2);
}

#[test]
fn a_command_hints_at_what_it_takes() {
    let rows: &[(&str, Option<&str>)] = &[
        ("/jo", Some("in ROOM")),
        ("/join", Some(" ROOM")),
        ("/join ", Some("ROOM")),
        ("/join t", None),
        ("/j", Some("oin ROOM")),
        ("/j ", Some("ROOM")),
        ("/c", Some(" TEXT")),
        ("/msg ", Some("NICK TEXT")),
        ("/qu", Some("it")),
        ("/quit", None),
        ("/r", None),
        ("join", None),
        ("//join", None),
    ];
    for (line, expected) in rows {
        assert_eq!(hint(line, line.len()).as_deref(), *expected, "{line}");
    }
    assert_eq!(hint("/join", 2), None);
}

#[test]
fn names_of_files_are_completed_where_they_may_stand() {
    let rows: &[(&str, usize, &[&str])] = &[
        ("/put ", 5, &["\"a b.txt\" ", "a.txt ", "docs/", "\"my docs/"]),
        ("/u a", 3, &["\"a b.txt\" ", "a.txt "]),
        ("/put .", 5, &[".hidden "]),
        ("/put docs/t", 5, &["docs/two.pdf "]),
        ("/put \"my docs/", 5, &["\"my docs/three.pdf\" "]),
        ("/put a.txt d", 11, &["docs/"]),
        ("/put bad", 5, &[]),
        ("/lls d", 5, &["docs/"]),
        ("/get ", 5, &["docs/", "\"my notes.txt\" ", "notes.txt "]),
        ("/d NOTES", 3, &["notes.txt "]),
        ("/get docs/", 5, &["docs/", "\"docs/a b.pdf\" ", "docs/年报.pdf "]),
        ("/get docs/年", 5, &["docs/年报.pdf "]),
        ("/rm evil", 4, &[]),
        ("/verify n", 8, &["notes.txt "]),
    ];
    for (line, start, expected) in rows {
        let completion = complete(line, line.len(), &names(), &local);
        let found: Vec<_> = completion.candidates.iter().map(|candidate| candidate.put_in.as_str()).collect();
        assert_eq!((completion.start, found.as_slice()), (*start, *expected), "{line}");
    }
}
