//! Cargo manifests: every package has the house's lints, every version stands once, in the root.

use super::Finding;
use crate::source::{File, Tree};

const ROOT: &str = "Cargo.toml";

/// Without these two lines a package silently has no lints at all.
pub(super) fn lints(file: &File) -> Vec<Finding> {
    if !is_member(file)
        || sections(&file.text).any(|(section, _, line)| section == "lints" && line == "workspace = true")
    {
        return Vec::new();
    }
    vec![Finding::at_line(file, 1, "add `[lints]` with `workspace = true`, or the package has no lints")]
}

/// A member names a dependency; the root says which version.
pub(super) fn workspace_versions(file: &File) -> Vec<Finding> {
    if !is_member(file) {
        return Vec::new();
    }
    let versioned = sections(&file.text).filter(|(section, _, line)| {
        section.ends_with("dependencies") && line.contains('=') && !line.contains("workspace = true")
    });
    versioned
        .map(|(_, number, line)| {
            let name = key(line);
            Finding::at_line(
                file,
                number,
                format!("`{name}`: say `workspace = true` here and the version in the root Cargo.toml"),
            )
        })
        .collect()
}

/// Every foreign crate in the root's table is used by a package.
pub(super) fn unused_pins(tree: &Tree) -> Vec<Finding> {
    let Some(root) = tree.file(ROOT) else { return Vec::new() };
    let used: Vec<&str> = tree
        .files
        .iter()
        .filter(|file| is_member(file))
        .flat_map(|file| sections(&file.text))
        .filter(|(section, _, _)| section.ends_with("dependencies"))
        .map(|(_, _, line)| key(line))
        .collect();
    let pins = sections(&root.text).filter(|(section, _, _)| *section == "workspace.dependencies");
    pins.filter(|(_, _, line)| !used.contains(&key(line)) && !line.contains("path ="))
        .map(|(_, number, line)| {
            Finding::at_line(root, number, format!("`{}` is used by no package: take the line out", key(line)))
        })
        .collect()
}

/// A member of this workspace: the fuzz targets, outside it, keep their own rules.
fn is_member(file: &File) -> bool {
    file.name() == "Cargo.toml"
        && file.path != ROOT
        && !sections(&file.text).any(|(section, _, _)| section == "workspace")
        && !file.text.contains("\n[workspace]")
}

/// Every line with a key, with its section and its number. Lines within a list or a table of several lines have none.
fn sections(text: &str) -> impl Iterator<Item = (&str, usize, &str)> {
    let mut section = "";
    let mut depth = 0_i32;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let line = line.trim();
        let within = depth > 0;
        if !within && line.starts_with('[') && line.ends_with(']') {
            section = line.trim_matches(['[', ']']);
            return None;
        }
        depth += balance(line);
        let has_key = !within && !line.is_empty() && !line.starts_with('#');
        has_key.then_some((section, index + 1, line))
    })
}

fn balance(line: &str) -> i32 {
    line.chars()
        .map(|letter| match letter {
            '[' | '{' => 1,
            ']' | '}' => -1,
            _ => 0,
        })
        .sum()
}

/// The name that a line of a table begins with: `tokio` of `tokio.workspace = true`.
fn key(line: &str) -> &str {
    line.split(['=', '.', ' ']).next().unwrap_or_default().trim_matches('"')
}
