//! `cargo xtask dist`: what a package of Verbatim holds, laid out in target/dist.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::program;
use crate::repo::Repo;

/// Build in release and lay out programs, completions and man pages in target/dist.
#[derive(Debug, Args)]
pub(crate) struct Options {}

/// What every program prints for `--generate KIND`, and where it goes; `{}` is the program's name.
const GENERATED: [(&str, &str); 6] = [
    ("bash", "completions/{}.bash"),
    ("zsh", "completions/_{}"),
    ("fish", "completions/{}.fish"),
    ("elvish", "completions/{}.elv"),
    ("powershell", "completions/_{}.ps1"),
    ("man", "man/{}.1"),
];

/// Files that go along as they are.
const TAKEN_ALONG: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];

/// Runs the command.
pub(crate) fn run(_: &Options) -> Result<ExitCode> {
    let repo = Repo::read()?;
    let mut build = repo.cargo(&["build", "--workspace", "--exclude", "xtask", "--bins", "--release", "--locked"]);
    println!("{}", program::shown(&build));
    program::run(&mut build)?;
    let dist = repo.target.join("dist");
    if dist.exists() {
        fs::remove_dir_all(&dist).with_context(|| format!("{}: cannot be emptied", dist.display()))?;
    }
    for folder in ["bin", "completions", "man"] {
        fs::create_dir_all(dist.join(folder)).with_context(|| format!("{}: cannot be made", dist.display()))?;
    }
    let programs = repo.packages.iter().filter(|package| package.name != "xtask").flat_map(|package| &package.bins);
    let mut count = 0;
    for name in programs {
        lay_out(&repo, name, &dist)?;
        count += 1;
    }
    for name in TAKEN_ALONG {
        copy(&repo.root.join(name), &dist.join(name))?;
    }
    println!("{count} programs with completions and man pages in {}", dist.display());
    Ok(ExitCode::SUCCESS)
}

fn lay_out(repo: &Repo, name: &str, dist: &Path) -> Result<()> {
    let built = repo.built("release", name);
    let file = built.file_name().with_context(|| format!("{name}: has no file name"))?;
    copy(&built, &dist.join("bin").join(file))?;
    for (kind, place) in GENERATED {
        let mut command = Command::new(&built);
        command.args(["--generate", kind]);
        let line = program::shown(&command);
        let output = command.output().with_context(|| format!("`{line}` did not start"))?;
        if !output.status.success() || output.stdout.is_empty() {
            bail!(
                "`{line}` printed nothing to keep ({}): {}",
                output.status,
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        let place = dist.join(place.replace("{}", name));
        fs::write(&place, output.stdout).with_context(|| format!("{}: cannot be written", place.display()))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("{}: cannot be copied to {}", from.display(), to.display()))?;
    Ok(())
}
