//! Somebody's folder, from which one-shot commands are run.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::server::Server;

pub(crate) struct Desk<'s> {
    server: &'s Server,
    folder: TempDir,
    state: TempDir,
    nick: &'static str,
}

/// How a command ended.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl<'s> Desk<'s> {
    pub(crate) fn of(nick: &'static str, server: &'s Server) -> Self {
        Self { server, folder: tempfile::tempdir().unwrap(), state: tempfile::tempdir().unwrap(), nick }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a file, and the folders above it.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// What is in the folder, below it too; folders end with `/`.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut open = vec![self.folder.path().to_owned()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(self.folder.path()).unwrap().to_str().unwrap().to_owned();
                if path.is_dir() {
                    names.push(name + "/");
                    open.push(path);
                } else {
                    names.push(name);
                }
            }
        }
        names.sort();
        names
    }

    pub(crate) fn command(&self, line: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chat-client"));
        command.args(line).current_dir(self.folder.path());
        command.env("VERBATIM_SERVER", &self.server.address).env("VERBATIM_NICK", self.nick);
        command.env("XDG_STATE_HOME", self.state.path()).env("HOME", self.state.path()).env("TZ", "UTC");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn begins(&self, line: &[&str]) -> Child {
        self.command(line).spawn().unwrap()
    }

    pub(crate) fn runs(&self, line: &[&str]) -> Ran {
        Ran::from(self.command(line).output().unwrap())
    }

    /// Runs it with `input` on stdin.
    pub(crate) fn feeds(&self, line: &[&str], input: &[u8]) -> Ran {
        let mut child = self.command(line).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        // Whoever refuses its input need not read it to the end.
        drop(writer.join().unwrap());
        Ran::from(output)
    }

    /// Runs it, and it has to end well.
    pub(crate) fn does(&self, line: &[&str]) -> Ran {
        let ran = self.runs(line);
        assert_eq!(ran.code, Some(0), "{line:?}: {}{}", ran.text(), ran.stderr);
        ran
    }
}

impl Ran {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    /// What it printed, each line an object.
    pub(crate) fn objects(&self) -> Vec<Value> {
        self.text().lines().map(|line| line.parse().unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self { code: output.status.code(), stdout: output.stdout, stderr: String::from_utf8(output.stderr).unwrap() }
    }
}

/// Bytes that look like nothing, the same on every run.
pub(crate) fn noise(count: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(count + 8);
    while bytes.len() < count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(count);
    bytes
}
