//! The tables and quotations of the document: complete, with the numbers of this crate.

use proto::foreign::Caller;
use proto::{CloseCode, Code, Kind, limits};

use crate::protocol;

#[test]
fn the_tables_of_the_document_are_complete() {
    let text = protocol();
    let bytes = |count: u64| usize::try_from(count).unwrap();
    let has_row = |cells: &str| text.lines().any(|line| line.starts_with(cells));
    for kind in Kind::ALL {
        let (number, name) = (kind.number(), format!("{kind:?}"));
        assert!(has_row(&format!("| {number} | `{name}` |")), "a row of the table of kinds for {name}");
        assert!(text.lines().any(|line| line.starts_with(&format!("### {name} (kind {number}, "))), "{name}'s part");
    }
    for code in Code::ALL {
        assert!(has_row(&format!("| {} | `{code:?}` |", code.number())), "a row for the code {code:?}");
    }
    for code in CloseCode::ALL {
        assert!(has_row(&format!("| {} | `{code:?}` |", code.number())), "a row for the close code {code:?}");
    }
    for (name, value) in [
        ("header", limits::HEADER_BYTES),
        ("control body", limits::CONTROL_BYTES_MAX),
        ("bulk body", limits::BULK_BYTES_MAX),
        ("nick, characters", limits::NICK_CHARS_MAX),
        ("nick, bytes", limits::NICK_BYTES_MAX),
        ("room name, characters", limits::ROOM_CHARS_MAX),
        ("room name, bytes", limits::ROOM_BYTES_MAX),
        ("text, bytes", limits::TEXT_BYTES_MAX),
        ("topic, bytes", limits::TOPIC_BYTES_MAX),
        ("earlier events of a join", usize::from(limits::JOIN_LAST_MAX)),
        ("events of a page", usize::from(limits::PAGE_EVENTS_MAX)),
        ("words of a search, bytes", limits::SEARCH_BYTES_MAX),
        ("list entries", limits::LIST_ENTRIES_MAX),
        ("cursors", limits::CURSORS_MAX),
        ("protocol version", usize::from(limits::VERSION_MAX)),
        ("group, bytes", bytes(limits::GROUP_BYTES)),
        ("path, bytes", limits::PATH_BYTES_MAX),
        ("name of a path, bytes", limits::PATH_NAME_BYTES_MAX),
        ("names of a path", limits::PATH_NAMES_MAX),
        ("hashes in a frame", limits::HASHES_MAX),
        ("files in a pack", limits::PACK_FILES_MAX),
        ("paths of a pack together, bytes", limits::PACK_PATHS_BYTES_MAX),
        ("file in a pack, bytes", bytes(limits::PACK_FILE_BYTES_MAX)),
    ] {
        assert!(has_row(&format!("| {name} | {value} |")), "a row of the table of limits: {name}, {value}");
    }
}

#[test]
fn the_document_quotes_what_strangers_are_told() {
    let text = protocol();
    for caller in [Caller::Http, Caller::Tls, Caller::Stranger] {
        for line in caller.answer().lines().filter(|line| !line.is_empty()) {
            assert!(text.contains(line), "{caller:?} is told: {line}");
        }
    }
}
