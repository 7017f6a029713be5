//! Events as JSON lines, for programs. The names of the fields are a promise; see `tail --help`.

use std::fmt::Write as _;

use chat_client::{Heard, What, escape};
use jiff::Timestamp;
use serde_json::{Value, json};

/// `value` on a line of its own. Characters that a terminal would obey, or that hide, are written as `\uXXXX`, which
/// a JSON reader turns back into themselves.
pub(crate) fn json_line(value: &Value) -> String {
    let text = value.to_string();
    let mut line = String::with_capacity(text.len() + 1);
    let mut units = [0; 2];
    for c in text.chars() {
        if !escape::is_dangerous(c) {
            line.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut units) {
            // Writing to a string cannot fail.
            let _ = write!(line, "\\u{unit:04x}");
        }
    }
    line.push('\n');
    line
}

/// An event as a line.
pub(crate) fn heard_json(heard: &Heard) -> String {
    let (kind, more) = match &heard.what {
        What::Said(text) => ("message", json!({ "text": text })),
        What::Joined => ("joined", json!({})),
        What::Left => ("left", json!({})),
        What::Topic(topic) => ("topic", json!({ "text": topic })),
        What::Renamed(to) => ("renamed", json!({ "to": to })),
        What::Crowd { members, joined, left } => {
            ("crowd", json!({ "members": members, "joined": joined, "left": left }))
        }
        What::File { path, size, root } => ("file", json!({ "path": path, "size": size, "blake3": root.to_string() })),
        What::Folder { path, files, bytes } => ("folder", json!({ "path": path, "files": files, "size": bytes })),
        What::Sending { path, size } => ("sending", json!({ "path": path, "size": size })),
        _ => ("unknown", json!({})),
    };
    let mut object = json!({
        "room": &*heard.room.name,
        "seq": heard.seq.0,
        "at": rfc3339(heard.at_ms),
        "nick": heard.nick,
        "type": kind,
    });
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    json_line(&object)
}

/// Word of events that are gone, as a line.
pub(crate) fn missed_json(room: &str, from: u64, to: u64) -> String {
    json_line(&json!({ "room": room, "type": "missed", "from": from, "to": to }))
}

pub(super) fn rfc3339(at_ms: u64) -> String {
    let at = Timestamp::from_millisecond(i64::try_from(at_ms).unwrap_or(i64::MAX)).unwrap_or(Timestamp::MAX);
    format!("{at:.3}")
}
