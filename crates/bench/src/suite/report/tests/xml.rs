//! A small checker: one root, every element closed in its turn, attributes quoted and named once, nothing bare.

/// What is wrong with `text`, with the place.
pub(super) fn check(text: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut ids: Vec<&str> = Vec::new();
    let mut roots = 0;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        let is_style = open.last() == Some(&"style");
        if !is_style {
            check_text(before)?;
        }
        if open.is_empty() && !before.trim().is_empty() {
            return Err(format!("outside the root: {before:.40}"));
        }
        let (tag, behind) = after.split_once('>').ok_or_else(|| format!("not closed: {after:.40}"))?;
        rest = behind;
        if let Some(name) = tag.strip_prefix('/') {
            let last = open.pop();
            if last != Some(name) {
                return Err(format!("</{name}> closes {last:?}"));
            }
            continue;
        }
        let is_empty = tag.ends_with('/');
        let name = check_tag(tag.trim_end_matches('/'), &mut ids)?;
        roots += usize::from(open.is_empty());
        if !is_empty {
            open.push(name);
        }
    }
    match (open.as_slice(), roots, rest.trim()) {
        ([], 1, "") => Ok(()),
        other => Err(format!("at the end: {other:?}")),
    }
}

fn check_tag<'a>(tag: &'a str, ids: &mut Vec<&'a str>) -> Result<&'a str, String> {
    let (name, mut rest) = tag.split_once([' ', '\n']).unwrap_or((tag, ""));
    if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        return Err(format!("<{name}> is no name"));
    }
    let mut seen: Vec<&str> = Vec::new();
    while !rest.trim().is_empty() {
        let (key, value) = rest.trim_start().split_once("=\"").ok_or_else(|| format!("in <{name}>: {rest}"))?;
        let (value, behind) = value.split_once('"').ok_or_else(|| format!("in <{name}>: {key} is not closed"))?;
        check_text(value)?;
        if seen.contains(&key) || (key == "id" && ids.contains(&value)) {
            return Err(format!("in <{name}>: {key} a second time: {value}"));
        }
        if ["x", "y", "width", "height", "d", "points"].contains(&key)
            && (value.contains("NaN") || value.contains("inf"))
        {
            return Err(format!("in <{name}>: {key} is {value}"));
        }
        seen.push(key);
        if key == "id" {
            ids.push(value);
        }
        rest = behind;
    }
    Ok(name)
}

fn check_text(text: &str) -> Result<(), String> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('&') {
        let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
        if !known.iter().any(|entity| after.starts_with(entity)) {
            return Err(format!("a bare &: {after:.30}"));
        }
        rest = after;
    }
    match text.chars().find(|letter| letter.is_control() && *letter != '\n') {
        Some(letter) => Err(format!("a character that XML forbids: {letter:?}")),
        None => Ok(()),
    }
}

#[test]
fn the_checker_finds_what_it_is_for() {
    let wrong = [
        "<a><b></a></b>",
        "<a>",
        "<a/><b/>",
        "<a b=\"1\" b=\"2\"/>",
        "<a>&x</a>",
        "<a b=1/>",
        "<a>\u{1}</a>",
        "x<a/>",
        "<a><b id=\"i\"/><c id=\"i\"/></a>",
        "<a x=\"NaN\"/>",
    ];
    for text in wrong {
        assert!(check(text).is_err(), "{text}");
    }
    assert_eq!(check("<a b=\"1\">x &amp; <c/></a>\n"), Ok(()));
}
