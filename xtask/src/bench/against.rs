//! `--against GIT_REF`: another commit in a worktree and a target folder of its own, built as this one is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::facts::said;
use crate::program;
use crate::repo::Repo;

/// Options of `echo-server tcp` without which the experiments cannot measure a build.
const NEEDED: [&str; 2] = ["--stamps", "--stats-every-ms"];

/// As many digits of a commit as tell it apart, and the name of its folder.
const SHORT: usize = 12;

/// Another commit, built.
#[derive(Debug)]
pub(super) struct Build {
    /// What the person called it, and which commit that is.
    name: String,
    /// Where its programs stand.
    bin_dir: PathBuf,
}

impl Build {
    /// What bench-client is told of it.
    pub(super) fn arguments(self) -> [OsString; 4] {
        ["--against-bin-dir".into(), self.bin_dir.into(), "--against-name".into(), self.name.into()]
    }
}

/// Builds `wanted`, or says what is wrong with asking for it. What was built before is used again: cargo sees that
/// nothing has changed.
///
/// # Errors
/// If git or cargo fail.
pub(super) fn build(repo: &Repo, wanted: &str) -> Result<std::result::Result<Build, String>> {
    let Some(commit) = resolve(&repo.root, wanted) else {
        let root = repo.root.display();
        return Ok(Err(format!(
            "git knows no such commit in {root} (a branch, a tag or a hash; `git fetch` may help)"
        )));
    };
    let short: String = commit.chars().take(SHORT).collect();
    let folder = repo.target.join("against").join(&short);
    check_out(&repo.root, &folder, &commit)?;
    let target = folder.join("target");
    let mut cargo = Command::new(program::cargo_path());
    cargo.args(["build", "--release", "--locked", "--bins", "-p", "echo", "-p", "chat-server"]);
    cargo.current_dir(&folder).env("CARGO_TARGET_DIR", &target);
    eprintln!("{}", program::shown(&cargo));
    program::run(&mut cargo).with_context(|| format!("--against {wanted}: {short} does not build"))?;
    let bin_dir = target.join("release");
    let missing = missing(&bin_dir)?;
    if !missing.is_empty() {
        let missing = missing.join(" and no ");
        return Ok(Err(format!("{short} is too old to be measured: its echo-server has no {missing}")));
    }
    let name = if commit.starts_with(wanted) { short } else { wanted.to_owned() };
    Ok(Ok(Build { name, bin_dir }))
}

/// The commit that a branch, a tag or a hash stands for.
fn resolve(root: &Path, wanted: &str) -> Option<String> {
    let commit = format!("{wanted}^{{commit}}");
    let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", &commit];
    said(Command::new("git").args(arguments).current_dir(root))
}

/// A worktree of `commit` in `folder`; one that is there already has to be as it was made.
fn check_out(root: &Path, folder: &Path, commit: &str) -> Result<()> {
    let shown = folder.display();
    if folder.join("Cargo.toml").is_file() {
        let git = |arguments: &[&str]| said(Command::new("git").args(arguments).current_dir(folder));
        let is_clean =
            git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changes| changes.is_empty());
        if git(&["rev-parse", "HEAD"]).as_deref() == Some(commit) && is_clean {
            return Ok(());
        }
        bail!("{shown} is no longer what was checked out there; remove it: git worktree remove --force {shown}");
    }
    // What is left of a worktree whose folder was removed, as `cargo clean` does, would be in the way.
    program::run(Command::new("git").args(["worktree", "prune"]).current_dir(root))?;
    let mut git = Command::new("git");
    git.args(["worktree", "add", "--quiet", "--detach"]).arg(folder).arg(commit).current_dir(root);
    program::run(&mut git).with_context(|| format!("cannot check {commit} out in {shown}"))
}

/// The needed options that the echo server of a build does not have.
fn missing(bin_dir: &Path) -> Result<Vec<&'static str>> {
    let server = bin_dir.join(format!("echo-server{}", std::env::consts::EXE_SUFFIX));
    let mut ask = Command::new(&server);
    ask.args(["tcp", "--help"]);
    let output = ask.output().with_context(|| format!("`{}` did not start", program::shown(&ask)))?;
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(NEEDED.into_iter().filter(|option| !help.contains(option)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_found_by_what_people_call_them_and_nothing_else_is() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        // A tree without git (a downloaded archive) has no commits at all.
        let Some(head) = said(Command::new("git").args(["rev-parse", "HEAD"]).current_dir(root)) else { return };
        assert_eq!(resolve(root, "HEAD").as_ref(), Some(&head));
        assert_eq!(resolve(root, &head[..SHORT]).as_ref(), Some(&head));
        for unknown in ["no-such-branch", "", "--all", "HEAD:xtask"] {
            assert_eq!(resolve(root, unknown), None, "{unknown}");
        }
    }
}
