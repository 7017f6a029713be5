//! Docs that name the code: a strategy has its chapter, a frame kind its row, a link its file, a command its task.

use clap::CommandFactory as _;

use super::Finding;
use crate::source::{Tree, end_of_group, first_word};

const STRATEGY: &str = "crates/serve/src/strategy.rs";
const CONCURRENCY: &str = "docs/concurrency.md";
const KIND: &str = "crates/proto/src/kind.rs";
const PROTOCOL: &str = "docs/protocol.md";

/// Every strategy has a heading in docs/concurrency.md, by the name that `--strategy` takes.
pub(super) fn strategies(tree: &Tree) -> Vec<Finding> {
    let variants = match variants(tree, STRATEGY, "Strategy") {
        Ok(variants) => variants,
        Err(finding) => return vec![finding],
    };
    let Some(docs) = tree.file(CONCURRENCY) else { return vec![Finding::missing(CONCURRENCY, "the file is missing")] };
    let headings = headings(&docs.text);
    let has_heading = |name: &str| {
        let quoted = format!("`{name}`");
        headings.iter().any(|heading| *heading == name || heading.contains(&quoted))
    };
    let missing = variants.iter().map(|(name, _)| kebab(name)).filter(|name| !has_heading(name));
    missing
        .map(|name| Finding::missing(CONCURRENCY, format!("no heading for the strategy `{name}` of {STRATEGY}")))
        .collect()
}

/// Every frame kind has a row with its number and its name in docs/protocol.md.
pub(super) fn kinds(tree: &Tree) -> Vec<Finding> {
    let variants = match variants(tree, KIND, "Kind") {
        Ok(variants) => variants,
        Err(finding) => return vec![finding],
    };
    let Some(docs) = tree.file(PROTOCOL) else { return vec![Finding::missing(PROTOCOL, "the file is missing")] };
    let rows: Vec<Vec<&str>> = docs.text.lines().filter_map(cells).collect();
    let has_row = |name: &str, number: &str| {
        rows.iter().any(|row| row.contains(&name) && row.iter().any(|cell| same_number(cell, number)))
    };
    let missing = variants.iter().filter(|(name, number)| !has_row(name, number));
    missing
        .map(|(name, number)| {
            Finding::missing(PROTOCOL, format!("no table row with the kind `{name}` and its number {number} ({KIND})"))
        })
        .collect()
}

/// Every relative link of a Markdown file leads to a file of this repository.
pub(super) fn links(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| file.path.ends_with(".md")) {
        for (line, target) in link_targets(&file.text) {
            let path = target.split('#').next().unwrap_or_default();
            let elsewhere = target.contains("://") || target.starts_with("mailto:") || path.is_empty();
            if !elsewhere && !leads_somewhere(tree, &file.path, path) {
                findings.push(Finding::at_line(file, line, format!("the link `{target}` leads nowhere")));
            }
        }
    }
    findings
}

/// Every `cargo xtask X` that a Markdown file names is a command.
pub(super) fn commands(tree: &Tree) -> Vec<Finding> {
    let cli = crate::Cli::command();
    let is_command = |name: &str| name == "help" || cli.find_subcommand(name).is_some();
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| file.path.ends_with(".md")) {
        for (at, found) in file.text.match_indices("cargo xtask ") {
            let rest = file.text.get(at + found.len()..).unwrap_or_default();
            let name =
                rest.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-').next().unwrap_or_default();
            if name.starts_with(|letter: char| letter.is_ascii_alphabetic()) && !is_command(name) {
                findings.push(Finding::at(file, at, format!("`cargo xtask {name}` is no command")));
            }
        }
    }
    findings
}

/// The variants of `enum name` in `path`, each with its number or "".
fn variants<'a>(tree: &'a Tree, path: &str, name: &str) -> Result<Vec<(&'a str, &'a str)>, Finding> {
    let missing = || Finding::missing(path, format!("`enum {name}` is expected here: its docs are checked against it"));
    let file = tree.file(path).ok_or_else(missing)?;
    let at = file.words(&format!("enum {name}")).next().ok_or_else(missing)?;
    let open = file.code.get(at..).and_then(|rest| rest.find('{')).ok_or_else(missing)? + at;
    let body = file.code.get(open + 1..end_of_group(&file.code, open) - 1).unwrap_or_default();
    let variants = body.lines().filter_map(|line| {
        let variant = first_word(line);
        let number = line.split_once('=').map_or("", |(_, number)| number.trim().trim_end_matches(','));
        variant.starts_with(|letter: char| letter.is_ascii_uppercase()).then_some((variant, number))
    });
    Ok(variants.collect())
}

/// `PoolRequest` as `pool-request`.
fn kebab(variant: &str) -> String {
    let mut name = String::new();
    for letter in variant.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

fn headings(text: &str) -> Vec<&str> {
    let mut fenced = false;
    let lines = text.lines().filter(|line| {
        fenced ^= line.trim_start().starts_with("```");
        !fenced && line.starts_with('#')
    });
    lines.map(|line| line.trim_start_matches('#').trim()).collect()
}

/// The cells of a table row, without marks.
fn cells(line: &str) -> Option<Vec<&str>> {
    let row = line.trim().strip_prefix('|')?;
    Some(row.split('|').map(|cell| cell.trim().trim_matches(['`', '*'])).collect())
}

fn same_number(cell: &str, number: &str) -> bool {
    let hex = |text: &str| text.strip_prefix("0x").and_then(|digits| u32::from_str_radix(digits, 16).ok());
    cell == number || (number.parse::<u32>().is_ok() && hex(cell) == number.parse().ok())
}

/// The targets of `[text](target)` and `[name]: target`, with their lines; none from code.
fn link_targets(text: &str) -> Vec<(usize, &str)> {
    let mut targets = Vec::new();
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        let inline = line.match_indices("](").filter(|(at, _)| !in_inline_code(line, *at));
        let inline = inline.filter_map(|(at, _)| line.get(at + 2..)?.split(')').next());
        let reference = line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map(|(_, target)| target);
        let words = inline.chain(reference).filter_map(|target| target.split_whitespace().next());
        targets.extend(words.map(|target| (index + 1, target.trim_matches(['<', '>']))));
    }
    targets
}

fn in_inline_code(line: &str, at: usize) -> bool {
    line.get(..at).is_some_and(|before| before.matches('`').count() % 2 == 1)
}

/// Whether `target`, seen from `file`, is a file or a folder of the tree.
fn leads_somewhere(tree: &Tree, file: &str, target: &str) -> bool {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_none() => return false,
            ".." => {}
            name => parts.push(name),
        }
    }
    let path = parts.join("/");
    let folder = format!("{path}/");
    let mut paths = tree.files.iter().map(|file| &file.path).chain(&tree.others);
    path.is_empty() || paths.any(|there| *there == path || there.starts_with(&folder))
}
