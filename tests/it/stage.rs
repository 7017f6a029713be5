//! A server with a data directory, clients' folders beside it, and what goes in them.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::client::{run, run_well};
use crate::server::Server;

/// A server with a data directory, and folders for its clients.
pub(crate) struct Stage {
    root: tempfile::TempDir,
    pub(crate) server: Server,
}

impl Stage {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["data", "here", "there", "home"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        let data = root.path().join("data");
        let arguments = [arguments, &["--grace-ms", "0", "--data-dir", data.to_str().unwrap()]].concat();
        let server = Server::start(&arguments);
        Self { root, server }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    pub(crate) fn words(&self, path: &str) -> String {
        self.path(path).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Runs a client that must end well; what it printed and said.
    pub(crate) fn well(&self, nick: &str, words: &[&str]) -> String {
        run_well(self.address(), nick, &self.path("home"), words)
    }

    /// Runs a client that must end with `code`; what it said.
    pub(crate) fn ends_with(&self, code: i32, nick: &str, words: &[&str]) -> String {
        let output = run(self.address(), nick, &self.path("home"), words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
        said
    }
}

/// Bytes that do not repeat.
pub(crate) fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15 ^ count as u64;
    let mut bytes = Vec::with_capacity(count + 8);
    while bytes.len() < count {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&(state >> 11).to_le_bytes());
    }
    bytes.truncate(count);
    bytes
}

pub(crate) fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// The names in a folder, hidden ones too.
pub(crate) fn left_in(folder: &Path) -> BTreeSet<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}
