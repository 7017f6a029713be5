//! The repository as cargo sees it: its root, where builds go, its packages and what they import.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::program;

/// One look at `cargo metadata`.
#[derive(Debug)]
pub(crate) struct Repo {
    /// The workspace's root folder.
    pub(crate) root: PathBuf,
    /// Where cargo builds; `CARGO_TARGET_DIR` moves it.
    pub(crate) target: PathBuf,
    /// The workspace's packages, by name.
    pub(crate) packages: Vec<Package>,
}

/// A package of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    /// Its name in its manifest.
    pub(crate) name: String,
    /// Its manifest, from the root, with `/`.
    pub(crate) manifest: String,
    /// What it imports, one entry a line of the manifest.
    pub(crate) dependencies: Vec<Dependency>,
    /// The names of its programs.
    pub(crate) bins: Vec<String>,
}

/// One line of a `[dependencies]` table.
#[derive(Debug)]
pub(crate) struct Dependency {
    /// The imported package.
    pub(crate) name: String,
    /// Which table it stands in.
    pub(crate) purpose: Purpose,
    /// The features asked for.
    pub(crate) features: Vec<String>,
}

/// Which table a dependency stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// `[dependencies]`.
    Normal,
    /// `[build-dependencies]`.
    Build,
    /// `[dev-dependencies]`: in no program that anyone runs.
    Dev,
}

impl Repo {
    /// Asks cargo about the workspace around the current folder. Needs no network and no lock file.
    pub(crate) fn read() -> Result<Self> {
        let mut cargo = Command::new(program::cargo_path());
        cargo.args(["metadata", "--format-version", "1", "--no-deps", "--offline"]);
        let output = cargo.output().context("cargo metadata: cannot start cargo (is it in PATH?)")?;
        if !output.status.success() {
            bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let metadata = serde_json::from_slice(&output.stdout).context("cargo metadata: its answer is not JSON")?;
        Self::from_metadata(&metadata)
    }

    /// Reads what `cargo metadata --format-version 1 --no-deps` prints.
    pub(crate) fn from_metadata(metadata: &Value) -> Result<Self> {
        let root = PathBuf::from(text(metadata, "workspace_root")?);
        let packages = list(metadata, "packages").iter().map(|package| read_package(&root, package));
        let mut packages = packages.collect::<Result<Vec<_>>>()?;
        packages.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Self { target: PathBuf::from(text(metadata, "target_directory")?), root, packages })
    }

    /// A cargo command that runs in the root.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = Command::new(program::cargo_path());
        cargo.args(arguments).current_dir(&self.root);
        cargo
    }

    /// Where cargo puts a program. `profile` is the folder: `debug` or `release`.
    pub(crate) fn built(&self, profile: &str, program: &str) -> PathBuf {
        self.target.join(profile).join(format!("{program}{}", std::env::consts::EXE_SUFFIX))
    }
}

fn read_package(root: &Path, package: &Value) -> Result<Package> {
    let manifest = PathBuf::from(text(package, "manifest_path")?);
    let manifest = manifest.strip_prefix(root).unwrap_or(&manifest).to_string_lossy().replace('\\', "/");
    let dependencies = list(package, "dependencies").iter().map(read_dependency).collect::<Result<Vec<_>>>()?;
    let is_bin = |target: &&Value| list(target, "kind").iter().any(|kind| kind == "bin");
    let bins = list(package, "targets").iter().filter(is_bin).map(|target| text(target, "name"));
    Ok(Package {
        name: text(package, "name")?.to_owned(),
        manifest,
        dependencies,
        bins: bins.map(|name| name.map(str::to_owned)).collect::<Result<_>>()?,
    })
}

fn read_dependency(dependency: &Value) -> Result<Dependency> {
    let purpose = match dependency.get("kind").and_then(Value::as_str) {
        None => Purpose::Normal,
        Some("build") => Purpose::Build,
        Some("dev") => Purpose::Dev,
        Some(other) => bail!("cargo metadata: a dependency of kind `{other}`, which xtask does not know"),
    };
    let features = list(dependency, "features").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    Ok(Dependency { name: text(dependency, "name")?.to_owned(), purpose, features })
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value.get(key).and_then(Value::as_str).with_context(|| format!("cargo metadata: no `{key}` where one is due"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
