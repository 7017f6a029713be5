//! What only the builder knows and the results have to say: the commit, whether the tree is as committed, the compiler.

use std::process::Command;

use crate::repo::Repo;

/// The commit of the tree, in full. `bench::suite::environment` reads these.
const BENCH_GIT_COMMIT: &str = "BENCH_GIT_COMMIT";

/// `true` if a tracked file differs from it, otherwise `false`.
const BENCH_GIT_DIRTY: &str = "BENCH_GIT_DIRTY";

/// What `rustc --version` prints.
const BENCH_RUSTC: &str = "BENCH_RUSTC";

/// Cargo's name of the profile.
const BENCH_PROFILE: &str = "BENCH_PROFILE";

/// The command as it was typed.
const BENCH_COMMAND: &str = "BENCH_COMMAND";

/// What is known, by name. What is not known is left out, never guessed.
pub(super) fn gather(repo: &Repo) -> Vec<(&'static str, String)> {
    let git = |arguments: &[&str]| said(Command::new("git").args(arguments).current_dir(&repo.root));
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let dirty = git(&["status", "--porcelain", "--untracked-files=no"]).map(|changes| !changes.is_empty());
    let facts = [
        (BENCH_GIT_COMMIT, git(&["rev-parse", "HEAD"])),
        (BENCH_GIT_DIRTY, dirty.map(|dirty| dirty.to_string())),
        (BENCH_RUSTC, said(Command::new(rustc).arg("--version").current_dir(&repo.root))),
        (BENCH_PROFILE, Some("release".to_owned())),
        (BENCH_COMMAND, Some(typed(std::env::args()))),
    ];
    facts.into_iter().filter_map(|(name, fact)| Some((name, fact?))).collect()
}

/// What a program printed, if it ran well.
pub(super) fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn typed(arguments: impl Iterator<Item = String>) -> String {
    ["cargo".to_owned(), "xtask".to_owned()].into_iter().chain(arguments.skip(1)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_what_was_typed() {
        let words = ["/x/target/debug/xtask", "bench", "--only", "E1"].map(str::to_owned);
        assert_eq!(typed(words.into_iter()), "cargo xtask bench --only E1");
    }

    #[test]
    fn a_program_that_is_not_there_says_nothing() {
        assert_eq!(said(&mut Command::new("no-such-program-as-this")), None);
    }
}
