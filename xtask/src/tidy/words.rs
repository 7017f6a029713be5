//! Words that do not belong in the code: unfinished work, silenced lints, unbounded queues, vague names.

use super::Finding;
use crate::source::{File, first_word};

/// Nothing unfinished is committed.
pub(super) fn unfinished(file: &File) -> Vec<Finding> {
    let macros = ["todo!", "unimplemented!", "dbg!"];
    each(file, &macros, |word| format!("`{word}` is not for committed code"))
}

/// A lint is expected with a reason, never allowed.
pub(super) fn bare_allow(file: &File) -> Vec<Finding> {
    each(file, &["#[allow", "#![allow"], |_| {
        "use `#[expect(lint, reason = \"…\")]`, which tells when it is no longer needed".into()
    })
}

/// Every queue has a bound.
pub(super) fn unbounded_queues(file: &File) -> Vec<Finding> {
    let names = ["unbounded_channel", "UnboundedSender", "UnboundedReceiver", "unbounded(", "mpsc::channel()"];
    each(file, &names, |word| format!("`{word}`: every queue has a bound; use a bounded channel"))
}

/// A test waits for the thing itself. One that must pace its input says so in a comment.
pub(super) fn sleeping_tests(file: &File) -> Vec<Finding> {
    let lines: Vec<&str> = file.text.lines().collect();
    // `line` counts from 1, so the line before it has the index `line - 2`.
    let paced = |line: usize| {
        [line.checked_sub(2), line.checked_sub(1)].into_iter().flatten().any(|index| has_reason(lines[index]))
    };
    let calls = ["sleep(", "sleep_until(", "sleep_ms("].into_iter().flat_map(|word| file.words(word));
    calls
        .filter(|&at| {
            file.is_test_at(at) && !is_declared(file, at) && !paced(file.line_of(at)) && !in_virtual_time(file, at)
        })
        .map(|at| {
            let way_out = "wait for what you wait for, or say `// tidy: pace: REASON` on this line or the one before";
            Finding::at(file, at, format!("a sleep in a test: {way_out}"))
        })
        .collect()
}

/// A type is named for what it is.
pub(super) fn type_names(file: &File) -> Vec<Finding> {
    const VAGUE: [&str; 9] = ["Manager", "Helper", "Util", "Utils", "Handler", "Data", "Info", "Process", "Context"];
    let mut findings = Vec::new();
    for keyword in ["struct", "enum", "trait", "union", "type"] {
        for at in file.words(keyword) {
            // An associated type is named by its trait, which may be someone else's.
            let associated = keyword == "type" && starts_indented(file, at);
            let name = first_word(file.code.get(at + keyword.len()..).unwrap_or_default());
            if let Some(word) = VAGUE.iter().find(|word| name.ends_with(**word)).filter(|_| !associated) {
                findings.push(Finding::at(file, at, format!("`{name}`: `{word}` says nothing; name what it is")));
            }
        }
    }
    findings
}

/// A file is named for what it holds.
pub(super) fn file_names(file: &File) -> Vec<Finding> {
    const VAGUE: [&str; 10] =
        ["util", "utils", "helper", "helpers", "manager", "handler", "handlers", "data", "info", "misc"];
    let stem = file.name().split('.').next().unwrap_or_default();
    if !file.is_rust() || !VAGUE.contains(&stem) {
        return Vec::new();
    }
    vec![Finding::at_line(file, 1, format!("`{stem}` says nothing; name the file for what it holds"))]
}

/// A field is read by its name, without `get_`.
pub(super) fn getters(file: &File) -> Vec<Finding> {
    let mut findings = each(file, &["fn get_"], |_| "no `get_` in front of a name".into());
    // The standard library's own name for lending something to be changed.
    let lends: Vec<usize> = file.words("get_mut").map(|at| file.line_of(at)).collect();
    findings.retain(|finding| !lends.contains(&finding.line));
    findings
}

/// A finding for every place of the code with one of these words. A word is whole where it begins and ends with a
/// letter or `_`; `fn get_` is meant as a beginning.
fn each(file: &File, words: &[&str], what: impl Fn(&str) -> String) -> Vec<Finding> {
    let mut findings = Vec::new();
    for word in words {
        let places: Vec<usize> = if word.ends_with('_') {
            file.code.match_indices(word).map(|(at, _)| at).collect()
        } else {
            file.words(word).collect()
        };
        findings.extend(places.into_iter().map(|at| Finding::at(file, at, what(word))));
    }
    findings
}

fn has_reason(line: &str) -> bool {
    line.split_once("// tidy: pace").is_some_and(|(_, reason)| reason.chars().any(char::is_alphanumeric))
}

/// Whether the name at `at` is being declared (`fn sleep(`), not called.
fn is_declared(file: &File, at: usize) -> bool {
    file.code.get(..at).is_some_and(|before| before.trim_end().ends_with("fn"))
}

/// Whether the test around `at` runs on tokio's paused clock, where a sleep takes no time.
fn in_virtual_time(file: &File, at: usize) -> bool {
    let before = file.code.get(..at).unwrap_or_default();
    let attribute = before.rfind("test]").max(before.rfind("test(")).and_then(|start| file.code.get(start..));
    let attribute = attribute.and_then(|rest| rest.lines().next());
    !before.ends_with("thread::") && attribute.is_some_and(|line| line.contains("start_paused"))
}

fn starts_indented(file: &File, at: usize) -> bool {
    let line = file.code.get(..at).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
    line.starts_with(' ')
}
