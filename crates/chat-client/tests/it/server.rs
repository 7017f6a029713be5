//! The real server, one for each test.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    folder: Option<PathBuf>,
    /// Gone when it is.
    temporary: Option<TempDir>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::listening("127.0.0.1:0", None)
    }

    /// One that keeps files under `folder`.
    pub(crate) fn start_with_files(folder: &Path) -> Self {
        Self::listening("127.0.0.1:0", Some(folder))
    }

    /// One that keeps files for as long as it lives.
    pub(crate) fn with_files() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self::start_with_files(folder.path());
        server.temporary = Some(folder);
        server
    }

    /// The files of a room as an operator finds them.
    pub(crate) fn files_of(&self, room: &str) -> PathBuf {
        self.folder.as_ref().unwrap().join("files/rooms").join(room)
    }

    /// Ends it as a crash does.
    #[cfg(unix)]
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts another where this one was.
    #[cfg(unix)]
    pub(crate) fn start_again(&mut self) {
        let temporary = self.temporary.take();
        *self = Self::listening(&self.address, self.folder.as_deref());
        self.temporary = temporary;
    }

    /// Says something in the lobby, as somebody who comes for that only.
    #[cfg(unix)]
    pub(crate) fn send(&self, nick: &str, text: &str) {
        self.send_to("lobby", nick, text);
    }

    /// The same in another room.
    #[cfg(unix)]
    pub(crate) fn send_to(&self, room: &str, nick: &str, text: &str) {
        let mut send = Command::new(env!("CARGO_BIN_EXE_chat-client"));
        send.args(["send", "--server", &self.address, "--nick", nick, "--room", room, text]);
        assert!(send.status().unwrap().success(), "{text} is not sent");
    }

    fn listening(address: &str, folder: Option<&Path>) -> Self {
        let mut server = Command::new(binary());
        if let Some(folder) = folder {
            server.arg("--data-dir").arg(folder);
        }
        let mut child = server
            .args(["--listen", address])
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let address = first.trim().strip_prefix("listening on ").expect("the first line says where").to_owned();
        Self { child, address, folder: folder.map(Path::to_owned), temporary: None }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already; then there is nothing to end.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The `chat-server` of this build, built once if it is not there or not current.
fn binary() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let folder = Path::new(env!("CARGO_BIN_EXE_chat-client")).parent().unwrap();
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "chat-server", "--bins"]);
        build.current_dir(env!("CARGO_MANIFEST_DIR")).arg("--target-dir").arg(folder.parent().unwrap());
        if folder.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success(), "chat-server does not build");
        folder.join("chat-server").with_extension(std::env::consts::EXE_EXTENSION)
    })
}
