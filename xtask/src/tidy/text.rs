//! White space, in every text file.

use super::Finding;
use crate::source::File;

/// No white space at a line's end, no tab before Rust code, and one line feed at the end of the file.
pub(super) fn white_space(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in file.text.split('\n').enumerate() {
        if line.ends_with('\r') {
            findings.push(Finding::at_line(file, index + 1, "the line ends with CR LF: use LF"));
        } else if line.ends_with([' ', '\t']) {
            findings.push(Finding::at_line(file, index + 1, "white space at the end of the line"));
        }
        if file.is_rust() && line.chars().take_while(|letter| letter.is_whitespace()).any(|letter| letter == '\t') {
            findings.push(Finding::at_line(file, index + 1, "a tab in the indentation: use spaces"));
        }
    }
    let last = file.text.lines().count().max(1);
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        findings.push(Finding::at_line(file, last, "no line feed at the end of the file"));
    } else if file.text.ends_with("\n\n") {
        findings.push(Finding::at_line(file, last, "empty lines at the end of the file"));
    }
    findings
}
