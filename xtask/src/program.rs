//! Starting programs: how a command line is shown to a person, and what is said when it fails.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context as _, Result, bail};

/// The cargo that started xtask, or the one in `PATH`.
pub(crate) fn cargo_path() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Runs a command to its end with our terminal. An error says which command failed and how.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = shown(command);
    let status = command.status().with_context(|| format!("`{line}` did not start"))?;
    judge(&line, status)
}

/// From here on Ctrl-C, which the terminal sends to all of us, is for the program we wait for: it ends in order and
/// says what it has, and we hand on how it ended. Without this we would be gone before it.
pub(crate) fn leave_ctrl_c_to_children() -> Result<()> {
    let failed = "cannot listen for Ctrl-C";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context(failed)?;
    let listen = async { while tokio::signal::ctrl_c().await.is_ok() {} };
    std::thread::Builder::new().name("ctrl-c".to_owned()).spawn(move || runtime.block_on(listen)).context(failed)?;
    Ok(())
}

/// An error, unless `status` is a success. `line` is the command as [`shown`].
pub(crate) fn judge(line: &str, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    bail!("`{line}` failed ({status})")
}

/// The exit code that hands `status` on; a program that a signal ended counts as 128 and the signal, as in a shell.
pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    let by_signal = std::os::unix::process::ExitStatusExt::signal(&status).map(|signal| 128 + signal);
    #[cfg(not(unix))]
    let by_signal = None;
    let code = status.code().or(by_signal).and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

/// The command as a person would type it: its own environment first, the program by its file name.
pub(crate) fn shown(command: &Command) -> String {
    let mut words: Vec<String> = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={}", name.to_string_lossy(), quoted(value?))))
        .collect();
    let program = Path::new(command.get_program());
    words.push(quoted(if program.file_stem() == Some(OsStr::new("cargo")) {
        OsStr::new("cargo")
    } else {
        program.as_os_str()
    }));
    words.extend(command.get_args().map(quoted));
    words.join(" ")
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |letter: char| letter.is_alphanumeric() || "-_=./:,+@%\\".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        let mut command = Command::new("/somewhere/bin/cargo");
        command.args(["doc", "--no-deps", "two words", "it's"]).env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(shown(&command), r"RUSTDOCFLAGS='-D warnings' cargo doc --no-deps 'two words' 'it'\''s'");
    }
}
