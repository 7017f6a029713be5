//! What the command line takes.

use super::*;

#[test]
fn the_command_line_is_consistent() {
    Args::command().debug_assert();
}

#[test]
fn what_is_typed_is_understood_or_refused() {
    let rows: &[(&str, bool)] = &[
        ("", true),
        ("--room 茶 --nick Ann", true),
        ("send hello world", true),
        ("send --to ann -", true),
        ("send --server h:1 --room x hi", true),
        ("send", false),
        ("send --to ann --room x hi", false),
        ("--nick a/b", false),
        ("--room a/b", false),
        ("tail --count 0", false),
        ("tail --last 1001", false),
        ("who --all --room x", false),
        ("put a b --room tea", true),
        ("put - --as x --to ann --on-conflict same --json", true),
        ("put --room tea --to ann a", false),
        ("put", false),
        ("put a --on-conflict whatever", false),
        ("get a b -o there --with ann", true),
        ("get a -o -", true),
        ("ls", true),
        ("ls -Rl docs --to ann", true),
        ("lls -R -l", true),
        ("rm -r a b", true),
        ("mv a", false),
        ("mv a b --on-conflict replace", true),
        ("mkdir a/b", true),
        ("verify a --as b --json", true),
        ("tail --json --count 1 --last 1000", true),
        ("tail --since 0 --count 1", true),
        ("tail --since 5 --last 1", false),
        ("tail --since 2h", false),
        ("history", true),
        ("history --room tea --last 1000 --json", true),
        ("history --with ann --since 2h", true),
        ("history --to ann --since 2026-11-24T10:15:00+01:00", true),
        ("history --since 77 --last 5", true),
        ("history --before 77 --last 5", true),
        ("history --before 77 --since 5", false),
        ("history --before 0", false),
        ("history --since whenever", false),
        ("history --last 0", false),
        ("history --room tea --with ann", false),
        ("search", false),
        ("search --room tea --from ann two words* --json", true),
        ("search --count 0 x", false),
        ("unread --json --all", true),
        ("unread tea", false),
        ("export --room tea --json", true),
        ("export --with ann", true),
    ];
    for (line, fits) in rows {
        let words = std::iter::once("chat-client").chain(line.split_whitespace());
        assert_eq!(Args::try_parse_from(words).is_ok(), *fits, "{line}");
    }
}

#[test]
fn the_room_before_a_subcommand_counts_for_it() {
    let args = Args::parse_from(["chat-client", "--room", "tea", "who"]);
    assert_eq!(args.room(None), "tea");
    let own = "Milk".parse().unwrap();
    assert_eq!(args.room(Some(&own)), "milk");
    assert_eq!(Args::parse_from(["chat-client"]).room(None), "lobby");
}
