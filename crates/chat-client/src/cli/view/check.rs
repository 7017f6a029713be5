//! What a check of a stored file found. Pure.

use chat_client::{Checked, Root};
use serde_json::{Value, json};

use super::amount::size_words;
use super::files::name;

/// Whether the file is what it was, and the local one, if there is one, the same.
pub(crate) fn is_right(checked: &Checked, local: Option<Root>) -> bool {
    let is_whole = checked.damaged_at.is_none() && checked.expected.is_none_or(|expected| expected == checked.root);
    is_whole && local.is_none_or(|local| local == checked.expected.unwrap_or(checked.root))
}

/// As in `report.pdf is right: 1.2 MiB, blake3 af13…; the one here is the same`.
pub(crate) fn check_words(path: &str, checked: &Checked, local: Option<Root>) -> String {
    let what = format!("{}, blake3 {}", size_words(checked.size), checked.root);
    let name = name(path);
    let stored = match (checked.damaged_at, checked.expected) {
        (Some(at), _) => format!("{name} is DAMAGED from byte {at} on: {what}"),
        (None, Some(expected)) if expected != checked.root => {
            format!("{name} is DAMAGED: {what}, and it was {expected}")
        }
        (None, Some(_)) => format!("{name} is right: {what}"),
        (None, None) => format!("{name}: {what}; nobody knows what it was"),
    };
    match local {
        None => stored,
        Some(local) if local == checked.expected.unwrap_or(checked.root) => {
            format!("{stored}; the one here is the same")
        }
        Some(local) => format!("{stored}; the one here DIFFERS: blake3 {local}"),
    }
}

/// The same for a program.
pub(crate) fn check_object(asked: &str, path: &str, checked: &Checked, local: Option<Root>) -> Value {
    let mut object = json!({
        "type": "checked",
        "name": asked,
        "path": path,
        "ok": is_right(checked, local),
        "size": checked.size,
        "blake3": checked.root.to_string(),
    });
    if let Some(expected) = checked.expected {
        object["expected"] = expected.to_string().into();
    }
    if let Some(at) = checked.damaged_at {
        object["damaged_at"] = at.into();
    }
    if let Some(local) = local {
        object["local"] = local.to_string().into();
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_says_what_is_right_and_what_is_not() {
        let (one, other) = (Root([1; 32]), Root([2; 32]));
        let checked = |expected, damaged_at| Checked { size: 1024, root: one, expected, damaged_at };
        let rows = [
            (checked(Some(one), None), None, true, "a is right: 1.0 KiB, blake3 0101"),
            (checked(Some(one), None), Some(one), true, "the one here is the same"),
            (checked(Some(one), None), Some(other), false, "the one here DIFFERS: blake3 0202"),
            (checked(Some(other), Some(256)), None, false, "a is DAMAGED from byte 256 on"),
            (checked(Some(other), None), None, false, "and it was 0202"),
            (checked(Some(other), Some(0)), Some(other), false, "the one here is the same"),
            (checked(None, None), None, true, "nobody knows what it was"),
            (checked(None, None), Some(other), false, "DIFFERS"),
        ];
        for (checked, local, right, part) in rows {
            let words = check_words("a", &checked, local);
            assert!(words.contains(part), "{part:?} is not in {words}");
            assert_eq!(is_right(&checked, local), right, "{words}");
            assert_eq!(check_object("a", "a", &checked, local)["ok"], right);
        }
    }
}
