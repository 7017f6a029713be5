//! `chat-client` processes. Each is killed when its test is over, however that ends.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use crate::program;
use crate::server::PATIENCE;

/// A `chat-client` under way.
pub(crate) struct Running(Child);

/// `chat-client --server ADDRESS --nick NICK WORDS…`, which keeps what it remembers in `home`.
pub(crate) fn command(address: SocketAddr, nick: &str, home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(program::built("chat-client"));
    command.args(["--server", &address.to_string(), "--nick", nick]).args(words);
    command.env("XDG_STATE_HOME", home).env("XDG_DATA_HOME", home).env("XDG_CONFIG_HOME", home).env("HOME", home);
    command.env_remove("VERBATIM_SERVER").env_remove("VERBATIM_NICK");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs one to its end.
pub(crate) fn run(address: SocketAddr, nick: &str, home: &Path, words: &[&str]) -> Output {
    command(address, nick, home, words).output().unwrap()
}

/// Runs one to its end, which must be a good one; what it said on standard output.
pub(crate) fn run_well(address: SocketAddr, nick: &str, home: &Path, words: &[&str]) -> String {
    let output = run(address, nick, home, words);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {}: {stderr}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Waits until the server has let go of somebody who was killed: until then the nick is taken.
pub(crate) fn wait_until_gone(address: SocketAddr, nick: &str, home: &Path) {
    let is_gone = || !run_well(address, "eve", home, &["who"]).contains(nick);
    wait_for("whoever was killed is let go", || is_gone().then_some(()));
}

impl Running {
    /// Starts one whose words nobody reads.
    pub(crate) fn start(mut command: Command) -> Self {
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Whether it has ended, and how.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().unwrap()
    }

    /// Kills it as `kill -9` does, if it still runs.
    pub(crate) fn kill(&mut self) {
        if self.ended().is_none() {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits until `done` gives something; bounds a hang.
pub(crate) fn wait_for<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = done() {
            return value;
        }
        assert!(started.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}
