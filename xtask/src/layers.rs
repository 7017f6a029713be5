//! `cargo xtask layers`: who may import whom, and what the pure crates must not touch.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::repo::{Dependency, Package, Purpose, Repo};
use crate::source::{File, Tree, words_in};

/// Check that every crate imports only what lies below it, and that the pure ones stay pure.
#[derive(Debug, Args)]
pub(crate) struct Options {}

/// What one package of ours may import of ours.
struct Layer {
    name: &'static str,
    imports: Imports,
}

enum Imports {
    /// These, in programs and libraries. Its tests may import anything.
    Only(&'static [&'static str]),
    /// Anything: the whole-system tests.
    All,
    /// Nothing, not even for its tests: it starts programs.
    NoneAtAll,
}

/// Arrows point down only. A package that is not here is a finding, so a new one is placed on purpose.
const LAYERS: [Layer; 11] = [
    Layer { name: "proto", imports: Imports::Only(&[]) },
    Layer { name: "serve", imports: Imports::Only(&[]) },
    Layer { name: "chat", imports: Imports::Only(&["proto"]) },
    Layer { name: "room-log", imports: Imports::Only(&["proto"]) },
    Layer { name: "transfer", imports: Imports::Only(&["proto"]) },
    Layer { name: "echo", imports: Imports::Only(&["proto", "serve"]) },
    Layer { name: "chat-client", imports: Imports::Only(&["proto", "transfer"]) },
    Layer { name: "chat-server", imports: Imports::Only(&["proto", "chat", "room-log", "transfer", "serve"]) },
    Layer { name: "bench", imports: Imports::Only(&["proto", "chat-client"]) },
    Layer { name: "tests", imports: Imports::All },
    Layer { name: "xtask", imports: Imports::NoneAtAll },
];

/// Crates without I/O, clock, randomness and tasks.
const PURE: [&str; 2] = ["proto", "chat"];
/// What would bring them in.
const IMPURE_CRATES: [&str; 8] = ["tokio", "rand", "getrandom", "mio", "socket2", "rustix", "fastrand", "uuid"];
/// What a pure crate's code does not name.
const IMPURE_PATHS: [&str; 8] =
    ["std::net", "std::fs", "std::io::stdin", "std::thread", "std::process", "std::env", "Instant", "SystemTime"];
/// The same within `use std::{…}`.
const IMPURE_MODULES: [&str; 5] = ["net", "fs", "thread", "process", "env"];
/// The one file that knows bincode; everything else goes through it. docs/decisions/0001 says why.
const BINCODE_HOME: &str = "crates/proto/src/wire.rs";

/// Runs the command.
pub(crate) fn run(_: &Options) -> Result<ExitCode> {
    Ok(if check(&Repo::read()?)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints all findings and a closing line; whether there were none.
pub(crate) fn check(repo: &Repo) -> Result<bool> {
    let tree = Tree::read(&repo.root)?;
    let findings = findings(repo, &tree);
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => println!("layers: {} packages, every import points down", repo.packages.len()),
        count => println!("layers: {count} to mend (the table stands in xtask/src/layers.rs)"),
    }
    Ok(findings.is_empty())
}

fn findings(repo: &Repo, tree: &Tree) -> Vec<String> {
    let ours: Vec<&str> = repo.packages.iter().map(|package| &*package.name).collect();
    let imports = repo.packages.iter().flat_map(|package| import_findings(package, &ours));
    let purity = tree.rust().filter(|file| is_pure(file)).flat_map(purity_findings);
    let format = tree.rust().filter(|file| file.path != BINCODE_HOME).flat_map(format_findings);
    imports.chain(purity).chain(format).collect()
}

fn import_findings(package: &Package, ours: &[&str]) -> Vec<String> {
    let Package { name, manifest, dependencies, .. } = package;
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == name) else {
        return vec![format!("{name} is in no layer ({manifest}): give it a line in xtask/src/layers.rs")];
    };
    let mut findings: Vec<String> = Vec::new();
    for dependency in dependencies {
        let Dependency { name: imported, purpose, features } = dependency;
        let shipped = *purpose != Purpose::Dev;
        let is_ours = ours.contains(&&**imported);
        let allowed = match layer.imports {
            Imports::Only(list) => !shipped || list.contains(&&**imported),
            Imports::All => true,
            Imports::NoneAtAll => false,
        };
        let pure = shipped && PURE.contains(&&**name);
        if is_ours && !allowed {
            findings.push(format!("{name} must not import {imported} ({manifest})"));
        }
        if pure && IMPURE_CRATES.contains(&&**imported) {
            findings.push(format!("{name} is pure and must not import {imported} ({manifest})"));
        }
        if pure && imported == "tokio-util" && (name != "proto" || features.iter().any(|feature| feature != "codec")) {
            let rule = "only proto imports it, with the feature `codec` and no other";
            findings.push(format!("{name} must not import tokio-util like this ({manifest}): {rule}"));
        }
        if imported == "bincode" && name != "proto" {
            findings.push(format!("{name} must not import bincode ({manifest}): only {BINCODE_HOME} knows it"));
        }
    }
    findings
}

fn is_pure(file: &File) -> bool {
    PURE.iter().any(|name| file.path.starts_with(&format!("crates/{name}/src/")))
}

fn purity_findings(file: &File) -> Vec<String> {
    let paths = IMPURE_PATHS.iter().chain(&["tokio::"]);
    let named = paths.flat_map(|path| file.words(path).map(move |at| (at, (*path).to_owned())));
    let grouped = file.words("std::{").flat_map(|at| {
        let group = file.code.get(at..crate::source::end_of_group(&file.code, at + "std::".len())).unwrap_or_default();
        let modules = IMPURE_MODULES.iter().filter(move |module| words_in(group, module).next().is_some());
        modules.map(move |module| (at, format!("std::{module}")))
    });
    let seen = named.chain(grouped).filter(|(at, _)| !file.is_test_at(*at));
    seen.map(|(at, what)| {
        let what = what.trim_end_matches("::");
        format!("{}:{}: `{what}` in a pure crate: take the value from the caller", file.path, file.line_of(at))
    })
    .collect()
}

fn format_findings(file: &File) -> Vec<String> {
    let named = file.words("bincode");
    named.map(|at| format!("{}:{}: only {BINCODE_HOME} may name bincode", file.path, file.line_of(at))).collect()
}

#[cfg(test)]
mod tests;
