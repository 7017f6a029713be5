//! `cargo xtask tidy`: every rule of the house that can be read off the text, all findings in one run.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::repo::Repo;
use crate::source::{File, Tree};

mod docs;
mod manifests;
mod shape;
mod text;
mod words;

/// Check the rules that the text shows: sizes, shape, words, links, docs that name the code.
#[derive(Debug, Args)]
pub(crate) struct Options {}

/// Something to mend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl Finding {
    /// About one line of `file`, counted from 1.
    fn at_line(file: &File, line: usize, what: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line, what: what.into() }
    }

    /// About the line that holds byte `at`.
    fn at(file: &File, at: usize, what: impl Into<String>) -> Self {
        Self::at_line(file, file.line_of(at), what)
    }

    /// About a file that is not there.
    fn missing(path: &str, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: 1, what: what.into() }
    }
}

/// A rule that looks at one file at a time. The name stands behind every finding, to look the rule up by.
struct FileRule {
    name: &'static str,
    check: fn(&File) -> Vec<Finding>,
}

/// A rule that looks at several files together.
struct TreeRule {
    name: &'static str,
    check: fn(&Tree) -> Vec<Finding>,
}

const FILE_RULES: [FileRule; 15] = [
    FileRule { name: "white-space", check: text::white_space },
    FileRule { name: "module-docs", check: shape::module_docs },
    FileRule { name: "length", check: shape::length },
    FileRule { name: "map", check: shape::lib_is_a_map },
    FileRule { name: "no-mod-rs", check: shape::no_mod_rs },
    FileRule { name: "tests-last", check: shape::tests_last },
    FileRule { name: "unfinished", check: words::unfinished },
    FileRule { name: "allow", check: words::bare_allow },
    FileRule { name: "unbounded", check: words::unbounded_queues },
    FileRule { name: "pace", check: words::sleeping_tests },
    FileRule { name: "type-name", check: words::type_names },
    FileRule { name: "file-name", check: words::file_names },
    FileRule { name: "get", check: words::getters },
    FileRule { name: "lints", check: manifests::lints },
    FileRule { name: "pinned-here", check: manifests::workspace_versions },
];

const TREE_RULES: [TreeRule; 5] = [
    TreeRule { name: "strategy-docs", check: docs::strategies },
    TreeRule { name: "kind-docs", check: docs::kinds },
    TreeRule { name: "links", check: docs::links },
    TreeRule { name: "commands", check: docs::commands },
    TreeRule { name: "unused-pin", check: manifests::unused_pins },
];

/// Runs the command.
pub(crate) fn run(_: &Options) -> Result<ExitCode> {
    Ok(if check(&Repo::read()?)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints all findings and a closing line; whether there were none.
pub(crate) fn check(repo: &Repo) -> Result<bool> {
    let tree = Tree::read(&repo.root)?;
    let findings = findings(&tree);
    for (finding, rule) in &findings {
        println!("{}:{}: {} [{rule}]", finding.path, finding.line, finding.what);
    }
    match findings.len() {
        0 => println!("tidy: {} files, nothing to mend", tree.files.len()),
        count => println!("tidy: {count} to mend in {} files", tree.files.len()),
    }
    Ok(findings.is_empty())
}

/// All findings with the name of their rule, by path and line.
fn findings(tree: &Tree) -> Vec<(Finding, &'static str)> {
    let in_files =
        FILE_RULES.iter().flat_map(|rule| tree.files.iter().flat_map(rule.check).map(|finding| (finding, rule.name)));
    let across = TREE_RULES.iter().flat_map(|rule| (rule.check)(tree).into_iter().map(|finding| (finding, rule.name)));
    let mut findings: Vec<_> = in_files.chain(across).collect();
    findings.sort();
    findings
}

#[cfg(test)]
mod tests;
