//! The server is killed late in a large file: at most 64 MiB are sent again. Of a file that was changed meanwhile, all.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::client::{self, Running, run, wait_for};
use crate::proxy::{self, Fault, Way};
use crate::server::Server;
use crate::stage::{left_in, noise, set};
use crate::trouble::{check_resumed, most_of};

const MIB: u64 = 1024 * 1024;

/// Bytes of the file.
const SIZE: u64 = 112 * MIB;

/// Bytes that pass before the line holds, once.
const PASSED: u64 = 96 * MIB;

/// Of these, bytes that are verified at the least before anybody is killed.
const VERIFIED: u64 = 92 * MIB;

/// A file on its way, held late.
struct Scene {
    root: tempfile::TempDir,
    address: SocketAddr,
    line: SocketAddr,
    passed: Arc<AtomicU64>,
    server: Option<Server>,
    way: Way,
    bytes: Vec<u8>,
}

impl Scene {
    fn new(way: Way) -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["data/files/rooms/lobby", "here", "there", "home"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let passed = Arc::new(AtomicU64::new(0));
        let line = proxy::start_counting(address, Fault::Hold { way, bytes: PASSED }, Arc::clone(&passed));
        let bytes = noise(usize::try_from(SIZE).unwrap());
        let mut scene = Self { root, address, line, passed, server: None, way, bytes };
        fs::write(scene.source(), &scene.bytes).unwrap();
        scene.start();
        scene
    }

    fn start(&mut self) {
        let data = self.root.path().join("data");
        self.server = Some(Server::start_on(self.address, &["--data-dir", data.to_str().unwrap(), "--grace-ms", "0"]));
    }

    fn source(&self) -> PathBuf {
        let folder = if self.way == Way::ToServer { "here" } else { "data/files/rooms/lobby" };
        self.root.path().join(folder).join("a.bin")
    }

    fn target(&self) -> PathBuf {
        let folder = if self.way == Way::ToServer { "data/files/rooms/lobby" } else { "there" };
        self.root.path().join(folder).join("a.bin")
    }

    /// The command that sends it, the same each time.
    fn words(&self) -> Vec<String> {
        let place = |path: PathBuf| path.to_str().unwrap().to_owned();
        let words = match self.way {
            Way::ToServer => vec!["put".to_owned(), place(self.source())],
            Way::ToClient => vec!["get".to_owned(), "a.bin".to_owned(), "-o".to_owned(), place(self.target())],
        };
        [words, vec!["--json".to_owned()]].concat()
    }

    /// Begins, and waits until most is verified: the client that is held, and the bytes.
    fn begin(&self) -> (Running, u64) {
        let words = self.words();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let running = Running::start(client::command(self.line, "ann", &self.root.path().join("home"), &words));
        let parts = match self.way {
            Way::ToServer => self.root.path().join("data/files/.partial"),
            Way::ToClient => self.root.path().join("there"),
        };
        // Otherwise it would be the next one that is held.
        wait_for("the line holds", || (self.passed.load(Ordering::SeqCst) > PASSED).then_some(()));
        (running, wait_for("most is verified", || most_of(&parts, VERIFIED)))
    }

    /// The same command again, which must end well; what it said.
    fn again(&self) -> String {
        let words = self.words();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let output = run(self.line, "ann", &self.root.path().join("home"), &words);
        let said = String::from_utf8([output.stderr, output.stdout].concat()).unwrap();
        assert_eq!(output.status.code(), Some(0), "{said}");
        said
    }

    /// Everything has arrived, and nothing else is there.
    fn check(&self) {
        assert!(fs::read(self.target()).unwrap() == self.bytes, "{:?}: other bytes arrived", self.way);
        let only = |folder: &Path| assert_eq!(left_in(folder), set(["a.bin"]), "{:?}", self.way);
        only(self.target().parent().unwrap());
        assert_eq!(left_in(&self.root.path().join("data/files/.partial")), set([]));
    }
}

fn check_killed(way: Way, is_client_killed_first: bool) {
    let mut scene = Scene::new(way);
    let (mut running, seen) = scene.begin();
    if is_client_killed_first {
        running.kill();
    }
    scene.server.take().unwrap().kill();
    running.kill();
    scene.start();
    check_resumed(&scene.again(), seen);
    scene.check();
}

fn check_changed(way: Way) {
    let mut scene = Scene::new(way);
    scene.begin().0.kill();
    client::wait_until_gone(scene.address, "ann", &scene.root.path().join("home"));
    // The same length, and a change where all has been sent already.
    scene.bytes[1_000_000] ^= 1;
    fs::write(scene.source(), &scene.bytes).unwrap();
    let said = scene.again();
    assert!(said.contains("changed") && said.contains("started over"), "{said}");
    assert!(said.contains("\"resumed_from\":0,"), "{said}");
    scene.check();
}

#[test]
fn of_an_upload_whose_server_was_killed_late_little_is_sent_again() {
    check_killed(Way::ToServer, false);
}

#[test]
fn of_a_download_whose_both_ends_were_killed_late_little_is_sent_again() {
    check_killed(Way::ToClient, true);
}

#[test]
fn a_source_of_the_same_length_with_another_content_is_sent_anew() {
    check_changed(Way::ToServer);
}

#[test]
fn a_stored_file_that_was_changed_is_fetched_anew_and_that_is_said() {
    check_changed(Way::ToClient);
}
