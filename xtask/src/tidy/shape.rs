//! The shape of a Rust file: what it opens with, how long it is, where its tests stand.

use super::Finding;
use crate::source::{File, end_of_item, first_word, skip_attributes};

/// The longest file.
const LINES_MAX: usize = 400;
/// A `main.rs` reads options and hands over.
const MAIN_LINES_MAX: usize = 60;
/// A `lib.rs` is a map of its crate.
const LIB_LINES_MAX: usize = 120;
/// Longer tests go into a file of their own.
const INLINE_TEST_LINES_MAX: usize = 60;

/// The first line says what the module is for.
pub(super) fn module_docs(file: &File) -> Vec<Finding> {
    if !file.is_rust() || file.text.starts_with("//! ") {
        return Vec::new();
    }
    vec![Finding::at_line(file, 1, "the file must open with `//!` and say what it is for")]
}

/// The caps on lines.
pub(super) fn length(file: &File) -> Vec<Finding> {
    let (max, way_out) = match file.name() {
        _ if !file.is_rust() => return Vec::new(),
        "main.rs" => (MAIN_LINES_MAX, "a main.rs reads options and hands over"),
        "lib.rs" => (LIB_LINES_MAX, "a lib.rs is a map"),
        _ => (LINES_MAX, "split it"),
    };
    match file.text.lines().count() {
        lines if lines > max => {
            vec![Finding::at_line(file, max + 1, format!("{lines} lines of at most {max}: {way_out}"))]
        }
        _ => Vec::new(),
    }
}

/// A `lib.rs` holds docs, attributes, `mod` and `use`, nothing else.
pub(super) fn lib_is_a_map(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    if file.name() != "lib.rs" {
        return findings;
    }
    let mut at = skip_attributes(&file.code, 0);
    while let Some(item) = file.code.get(at..).filter(|rest| !rest.is_empty()) {
        let end = end_of_item(&file.code, at);
        let is_map = match first_word(after_visibility(item)) {
            "use" => true,
            "mod" => file.code.get(at..end).is_some_and(|item| item.ends_with(';')),
            _ => false,
        };
        if !is_map {
            findings.push(Finding::at(
                file,
                at,
                "code in lib.rs: it is a map of docs, `mod` and `use`; move it to a module",
            ));
        }
        at = skip_attributes(&file.code, end);
    }
    findings
}

/// `foo.rs` beside `foo/`.
pub(super) fn no_mod_rs(file: &File) -> Vec<Finding> {
    if file.name() != "mod.rs" {
        return Vec::new();
    }
    vec![Finding::at_line(file, 1, "no mod.rs: name it after its folder, beside the folder")]
}

/// Tests stand at the end of the file, and in their own file when they are long.
pub(super) fn tests_last(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    if file.is_test {
        return findings;
    }
    for part in &file.test_parts {
        let Some(item) = file.code.get(part.bytes.clone()) else { continue };
        let inline =
            first_word(after_visibility(&item[skip_attributes(item, 0)..])) == "mod" && part.elsewhere.is_none();
        if !inline {
            continue;
        }
        let lines = item.lines().count();
        if lines > INLINE_TEST_LINES_MAX {
            let what =
                format!("{lines} lines of tests here, of at most {INLINE_TEST_LINES_MAX}: move them to a tests.rs");
            findings.push(Finding::at(file, part.bytes.start, what));
        }
        if file.code.get(part.bytes.end..).is_some_and(|rest| !rest.trim().is_empty()) {
            findings.push(Finding::at(file, part.bytes.start, "tests come last in a file"));
        }
    }
    findings
}

/// `item` without `pub` or `pub(…)`.
fn after_visibility(item: &str) -> &str {
    let item = item.trim_start();
    let Some(rest) = item.strip_prefix("pub") else { return item };
    match rest.trim_start().strip_prefix('(') {
        Some(scope) => scope.split_once(')').map_or("", |(_, rest)| rest),
        None => rest,
    }
}
