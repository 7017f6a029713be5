//! What a half-typed line becomes.

use super::*;

fn names() -> Names {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Names { nicks: set(&["ann", "anna", "Bob", "王小明"]), rooms: set(&["lobby", "tea", "茶室"]) }
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
        let completion = complete(line, line.len(), &names());
        let found: Vec<_> = completion.candidates.iter().map(|candidate| candidate.put_in.as_str()).collect();
        assert_eq!((completion.start, found.as_slice()), (*start, *expected), "{line}");
    }
}

#[test]
fn only_what_stands_before_the_cursor_counts() {
    let completion = complete("an and more", 2, &names());
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
