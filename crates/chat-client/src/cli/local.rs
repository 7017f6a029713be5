//! Files of this machine, as far as the program looks at them itself: lists, and names to complete to.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use chat_client::{FileEntry, Listing, Sort};

/// Entries that are listed at most, and levels that are gone down.
const ENTRIES_MAX: usize = 100_000;
const LEVELS_MAX: usize = 64;

/// Names of a folder that completion looks at.
const NAMES_MAX: usize = 5000;

/// A typed path: `~` at its beginning is the home folder.
pub(crate) fn path(typed: &str) -> PathBuf {
    let home = || etcetera::home_dir().ok();
    match typed.strip_prefix('~') {
        Some("") => home().unwrap_or_else(|| typed.into()),
        Some(rest) if rest.starts_with(std::path::is_separator) => {
            home().map_or_else(|| typed.into(), |home| home.join(rest.trim_start_matches(std::path::is_separator)))
        }
        _ => typed.into(),
    }
}

/// The names in the folder that was typed; those of folders end with `/`. None if it cannot be read.
pub(crate) fn names(folder: &str) -> Vec<String> {
    let folder = if folder.is_empty() { PathBuf::from(".") } else { path(folder) };
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let name = |entry: io::Result<fs::DirEntry>| {
        let entry = entry.ok()?;
        // A name that is not UTF-8 cannot be typed.
        let name = entry.file_name().into_string().ok()?;
        let is_folder = fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_dir());
        Some(if is_folder { name + "/" } else { name })
    };
    let mut names: Vec<_> = entries.take(NAMES_MAX).filter_map(name).collect();
    names.sort_unstable();
    names
}

/// What is in the folder `path`, or the file there. Folders that cannot be read, and what links lead to, are not
/// gone into.
///
/// # Errors
/// If `path` itself cannot be read.
pub(crate) fn list(path: &Path, recursive: bool) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        let read = fs::read_dir(path)?;
        gather(read, "", if recursive { LEVELS_MAX } else { 0 }, &mut listing);
    } else {
        let name = path.file_name().unwrap_or(path.as_os_str());
        listing.entries.push(entry(name.to_string_lossy().into_owned(), &metadata));
    }
    Ok(listing)
}

fn gather(read: fs::ReadDir, above: &str, levels: usize, listing: &mut Listing) {
    let mut found: Vec<_> = read.filter_map(Result::ok).map(|entry| (entry.file_name(), entry)).collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (name, found) in found {
        if listing.entries.len() >= ENTRIES_MAX {
            listing.more = true;
            return;
        }
        let path = format!("{above}{}", name.to_string_lossy());
        let is_link = found.file_type().is_ok_and(|sort| sort.is_symlink());
        // Something that is gone, or leads nowhere, is passed over.
        let Ok(metadata) = fs::metadata(found.path()) else { continue };
        let below = format!("{path}/");
        listing.entries.push(entry(path, &metadata));
        if metadata.is_dir()
            && !is_link
            && levels > 0
            && let Ok(read) = fs::read_dir(found.path())
        {
            gather(read, &below, levels - 1, listing);
        }
    }
}

fn entry(path: String, metadata: &fs::Metadata) -> FileEntry {
    let modified = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let (sort, size) = if metadata.is_dir() { (Sort::Folder, 0) } else { (Sort::File, metadata.len()) };
    let modified_ms = modified.map_or(0, |at| u64::try_from(at.as_millis()).unwrap_or(0));
    FileEntry { path, sort, size, modified_ms, root: None, by: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_listed_in_order_and_links_are_not_followed_down() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("b/deep")).unwrap();
        for name in ["b/deep/x.txt", "a.txt", "年报.pdf"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path(), folder.path().join("b/loop")).unwrap();
        let paths = |recursive| -> Vec<_> {
            list(folder.path(), recursive).unwrap().entries.into_iter().map(|entry| (entry.path, entry.size)).collect()
        };
        let owned = |(path, size): (&str, u64)| (path.to_owned(), size);
        assert_eq!(paths(false), [("a.txt", 5), ("b", 0), ("年报.pdf", 10)].map(owned));
        let all = paths(true);
        assert!(all.contains(&("b/deep/x.txt".to_owned(), 12)) && all.len() <= 6, "{all:?}");
        let one = list(&folder.path().join("a.txt"), false).unwrap();
        assert_eq!((one.entries.len(), one.entries[0].path.as_str()), (1, "a.txt"));
        assert!(list(&folder.path().join("nothing"), true).is_err());
        assert_eq!(names(&format!("{}/", folder.path().display())), ["a.txt", "b/", "年报.pdf"]);
    }

    #[test]
    fn a_tilde_is_the_home_folder() {
        let home = etcetera::home_dir().unwrap();
        assert_eq!(path("~"), home);
        assert_eq!(path("~/docs"), home.join("docs"));
        assert_eq!(path("~ann/docs"), PathBuf::from("~ann/docs"));
        assert_eq!(path("a~"), PathBuf::from("a~"));
    }
}
