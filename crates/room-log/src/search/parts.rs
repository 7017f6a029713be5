//! The index in parts: each an FTS5 table of its own for a stretch of event numbers.
//!
//! Parts bound what a merge has to write and what a prefix has to collect, and a search for the newest seldom leaves the
//! last one. Only the last part is added to; those before it are merged into one piece each, a little with every addition.
//!
//! A message is one row whose number is its event's. Its tokens begin with its room and its nick, marked by a sign that no
//! word has, so that a search in some rooms is an intersection that FTS5 makes.

use std::fmt::Write as _;

use proto::RoomId;
use rusqlite::Connection;
use unicode_normalization::UnicodeNormalization;

/// Stands before a room or a nick, and in no word.
const PLACE: char = '=';

/// Of no message.
pub(super) const NO_TOKEN: &str = "=";

/// Everything but the parts themselves.
pub(super) const TABLES: &str = "
    CREATE TABLE progress(done_to INTEGER NOT NULL);
    INSERT INTO progress VALUES (0);
    CREATE TABLE parts(first INTEGER PRIMARY KEY, docs INTEGER NOT NULL, merged INTEGER NOT NULL);";

/// The token of a room.
pub(super) fn room_token(room: RoomId) -> String {
    format!("{PLACE}r{}", room.0)
}

/// The token of a nick: whatever is in it, and without regard to case.
pub(super) fn nick_token(nick: &str) -> String {
    let plain: String = nick.nfkc().flat_map(char::to_lowercase).collect();
    plain.bytes().fold(format!("{PLACE}n"), |mut token, byte| {
        let _ = write!(token, "{byte:02x}");
        token
    })
}

/// The name of the part whose events are those from `first` on.
pub(super) fn name(first: i64) -> String {
    format!("part_{first}")
}

/// Makes the table of a part. `ascii` leaves all that is not ASCII as it is and takes it for letters.
///
/// `hashsize`: what FTS5 gathers before it writes, in bytes. `crisismerge` far off: merging a little with each addition
/// keeps the pieces few, and a merge of a whole level at once would be a stall.
pub(super) fn create(connection: &Connection, first: i64) -> rusqlite::Result<()> {
    let part = name(first);
    connection.execute_batch(&format!(
        "CREATE VIRTUAL TABLE {part} USING fts5(words, content='', contentless_delete=1, tokenize=\"ascii tokenchars '{PLACE}'\");
         INSERT INTO {part}({part}, rank) VALUES ('hashsize', 4194304), ('automerge', 8), ('crisismerge', 64);"
    ))
}

/// Merges the pieces of a part by about `pages` pages; whether there was anything to merge.
pub(super) fn merge(connection: &Connection, first: i64, pages: i32) -> rusqlite::Result<bool> {
    let part = name(first);
    let before = connection.total_changes();
    connection.execute(&format!("INSERT INTO {part}({part}, rank) VALUES ('merge', ?1)"), [-pages])?;
    // One change is the command itself.
    Ok(connection.total_changes() - before >= 2)
}
