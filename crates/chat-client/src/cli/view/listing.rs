//! Files and folders as they are listed: names, a table, a tree. Pure. Whatever a peer named them, each name is one
//! harmless line here.

mod branches;

use chat_client::escape;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proto::message::{FileEntry, Sort};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

use super::amount::{count_words, percent, size_words};
use super::columns;
use super::json::rfc3339;

/// Digits of a hash that are shown: enough to tell files apart by eye.
const HASH_DIGITS: usize = 12;

/// How much is said of each entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Its name.
    Names,
    /// Size, time in this zone, who, and the beginning of the hash, too.
    Long(TimeZone),
}

/// Something listed: a line, and the entry it is about, if it is about one.
type Line<'e> = (Option<&'e FileEntry>, String);

/// Entries of the folder `base`, one a line, each by its name within it.
pub(crate) fn listing(entries: &[FileEntry], base: &str, detail: &Detail) -> String {
    let lines = entries.iter().map(|entry| (Some(entry), label(within(&entry.path, base), entry)));
    shown(lines, detail)
}

/// Entries of the folder `base` and all below it, as a tree under `title`.
pub(crate) fn tree(entries: &[FileEntry], base: &str, title: &str, detail: &Detail) -> String {
    let title = (None, escape::line(title).into_owned());
    shown(std::iter::once(title).chain(branches::branches(entries, base)), detail)
}

/// As in `2 folders, 5 files, 1.2 MiB`.
pub(crate) fn total_words(entries: &[FileEntry]) -> String {
    let folders = entries.iter().filter(|entry| entry.sort == Sort::Folder).count() as u64;
    let bytes = entries.iter().fold(0_u64, |sum, entry| sum.saturating_add(entry.size));
    let files = count_words(entries.len() as u64 - folders, "file");
    match folders {
        0 => format!("{files}, {}", size_words(bytes)),
        _ => format!("{}, {files}, {}", count_words(folders, "folder"), size_words(bytes)),
    }
}

/// An entry for a program; the fields are a promise, see `ls --help`.
pub(crate) fn entry_object(entry: &FileEntry) -> Value {
    let (sort, arrived) = match entry.sort {
        Sort::File => ("file", None),
        Sort::Folder => ("folder", None),
        Sort::Arriving(arrived) => ("arriving", Some(arrived)),
    };
    let mut object = json!({ "path": entry.path, "type": sort });
    if entry.sort != Sort::Folder {
        object["size"] = entry.size.into();
    }
    if entry.modified_ms > 0 {
        object["modified"] = rfc3339(entry.modified_ms).into();
    }
    if let Some(root) = entry.root {
        object["blake3"] = root.to_string().into();
    }
    if !entry.by.is_empty() {
        object["by"] = entry.by.clone().into();
    }
    if let Some(arrived) = arrived {
        object["arrived"] = arrived.into();
    }
    object
}

fn shown<'e>(lines: impl Iterator<Item = Line<'e>>, detail: &Detail) -> String {
    let Detail::Long(zone) = detail else { return lines.map(|(_, label)| label + "\n").collect() };
    let mut rows: Vec<_> = lines.map(|(entry, label)| row(entry, label, zone)).collect();
    let widest = rows.iter().map(|[size, ..]| size.width()).max().unwrap_or(0);
    for [size, ..] in &mut rows {
        size.insert_str(0, &" ".repeat(widest - size.width()));
    }
    columns(rows.into_iter())
}

fn row(entry: Option<&FileEntry>, label: String, zone: &TimeZone) -> [String; 5] {
    let Some(entry) = entry else {
        return [String::new(), String::new(), String::new(), String::new(), label];
    };
    let size = if entry.sort == Sort::Folder { "-".to_owned() } else { size_words(entry.size) };
    let hash = entry.root.map(|root| root.to_string().chars().take(HASH_DIGITS).collect());
    let by = escape::line(&entry.by).into_owned();
    [size, moment(entry.modified_ms, zone), by, hash.unwrap_or_default(), label]
}

/// What an entry called `name` is shown as.
fn label(name: &str, entry: &FileEntry) -> String {
    let name = escape::line(name);
    match entry.sort {
        Sort::File => name.into_owned(),
        Sort::Folder => format!("{name}/"),
        Sort::Arriving(arrived) => format!("{name}  (arriving, {} %)", percent(arrived, entry.size)),
    }
}

/// `path` as it is called within the folder `base`; the whole path if it is not in there.
fn within<'p>(path: &'p str, base: &str) -> &'p str {
    let inner = path.strip_prefix(base).filter(|_| !base.is_empty()).and_then(|rest| rest.strip_prefix('/'));
    match inner.filter(|inner| !inner.is_empty()) {
        Some(inner) => inner,
        // One file was asked for, and it is listed by its name.
        None if path == base => path.rsplit('/').next().unwrap_or(path),
        None => path,
    }
}

fn moment(at_ms: u64, zone: &TimeZone) -> String {
    if at_ms == 0 {
        return String::new();
    }
    let at = Timestamp::from_millisecond(i64::try_from(at_ms).unwrap_or(i64::MAX)).unwrap_or(Timestamp::MAX);
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests;
