//! Names in a room's tree, as somebody types them.

use std::path::Path;

use chat_client::RelPath;

use super::view::files;

/// What a typed name names. A `/` at its end says that it is a folder, which it may.
///
/// # Errors
/// Words that say which rule it breaks.
pub(crate) fn path(typed: &str) -> Result<RelPath, String> {
    let name = typed.trim_end_matches('/');
    name.parse().map_err(|error| format!("{} cannot be the name of a file: {error}", files::name(typed)))
}

/// The same, where nothing, `/` and `.` are the whole tree.
///
/// # Errors
/// As [`path`].
pub(crate) fn path_or_top(typed: Option<&str>) -> Result<Option<RelPath>, String> {
    match typed.map(|typed| typed.trim_end_matches('/')) {
        None | Some("" | ".") => Ok(None),
        Some(typed) => path(typed).map(Some),
    }
}

/// What a local file is called in the room, and the words to say if it had to be given another name.
///
/// # Errors
/// Words, if no name can be made of it, or `asked` is none.
pub(crate) fn name_of(source: &Path, asked: Option<&str>) -> Result<(RelPath, Option<String>), String> {
    match asked {
        Some(asked) if !asked.ends_with('/') => Ok((path(asked)?, None)),
        _ => {
            let (own, words) = own_name(source)?;
            let folder = path_or_top(asked)?;
            let whole = RelPath::within(folder.as_ref(), own.as_str());
            Ok((whole.map_err(|error| format!("{own} cannot be put there: {error}"))?, words))
        }
    }
}

fn own_name(source: &Path) -> Result<(RelPath, Option<String>), String> {
    let shown = source.to_string_lossy();
    let whole = match source.file_name() {
        Some(name) => name.to_owned(),
        // `.`, `..` and the like have a name elsewhere.
        None => {
            let real = source.canonicalize().map_err(|error| format!("cannot read {shown}: {error}"))?;
            real.file_name().map(ToOwned::to_owned).unwrap_or_default()
        }
    };
    let name = whole.to_string_lossy();
    match name.parse() {
        Ok(path) => Ok((path, None)),
        Err(error) => {
            let path =
                RelPath::salvaged(&name).ok_or_else(|| format!("{shown} has no name to be sent by; use --as"))?;
            let words = format!("{} is sent as {path}: {error}", files::name(&name));
            Ok((path, Some(words)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_file_has_a_name_in_the_room() {
        let rows: &[(&str, Option<&str>, Option<&str>)] = &[
            ("report.pdf", None, Some("report.pdf")),
            ("/some/where/report.pdf", None, Some("report.pdf")),
            ("photos/", None, Some("photos")),
            ("a", Some("b"), Some("b")),
            ("a", Some("docs/"), Some("docs/a")),
            ("a", Some("docs/b"), Some("docs/b")),
            ("a", Some("./"), Some("a")),
            ("what?.txt", None, Some("what_.txt")),
            ("a", Some("what?"), None),
            ("a", Some("../b"), None),
            ("a", Some("/b"), None),
        ];
        for (source, asked, expected) in rows {
            let named = name_of(Path::new(source), *asked);
            assert_eq!(named.as_ref().ok().map(|(path, _)| path.as_str()), *expected, "{source} {asked:?}: {named:?}");
            let is_salvaged = *source == "what?.txt";
            assert_eq!(named.is_ok_and(|(_, words)| words.is_some()), is_salvaged, "{source}");
        }
    }

    #[test]
    fn the_whole_tree_has_no_name() {
        for typed in [None, Some(""), Some("/"), Some("."), Some("./")] {
            assert_eq!(path_or_top(typed), Ok(None), "{typed:?}");
        }
        assert_eq!(path_or_top(Some("docs/")).unwrap().unwrap().as_str(), "docs");
        assert!(path_or_top(Some("..")).unwrap_err().contains("not allowed"));
    }
}
