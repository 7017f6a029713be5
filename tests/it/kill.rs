//! Kill anything, at any time, in any order: the file arrives whole, once, and nothing is left lying about.
//!
//! A round sends one file through a real server to a real receiver while `kill -9` falls on the sender, the receiver
//! and the server at random moments; whoever was killed is started again with the same command. `VERBATIM_KILL_ROUNDS`
//! sets the rounds, `VERBATIM_KILL_SEED` the seed; `cargo xtask kill --rounds 1000` sets both.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::client::{self, Running};
use crate::dice::Dice;
use crate::server::Server;

/// Rounds when nobody says how many: what fits into CI.
const ROUNDS: u64 = 100;

/// The longest file, in bytes: long enough that most kills fall into a transfer.
const FILE_BYTES_MAX: u64 = 24 * 1024 * 1024;

/// Bounds one round; a hang, nothing else.
const ROUND_MAX: Duration = Duration::from_secs(60);

#[test]
fn whatever_is_killed_the_file_arrives_whole_and_once() {
    let rounds = number("VERBATIM_KILL_ROUNDS").unwrap_or(ROUNDS);
    let seed = number("VERBATIM_KILL_SEED").unwrap_or(20_261_124);
    let mut dice = Dice::new(seed);
    let stage = Stage::new();
    let mut kills = [0; 3];
    for round in 0..rounds {
        let before = dice.0;
        stage.play(round, &mut dice, &mut kills).unwrap_or_else(|why| panic!("round {round}, dice {before}: {why}"));
    }
    println!("{rounds} rounds, seed {seed}: killed sender {}, receiver {}, server {}", kills[0], kills[1], kills[2]);
    assert!(kills.iter().all(|count| *count > 0) || rounds < 10, "somebody was never killed: {kills:?}");
}

/// The folders of all rounds.
struct Stage {
    root: tempfile::TempDir,
    address: SocketAddr,
}

/// Who takes part in a round. Each is started again when it is gone and not done.
struct Cast<'a> {
    stage: &'a Stage,
    name: &'a str,
    server: Option<Server>,
    sender: Option<Running>,
    receiver: Option<Running>,
    sent: bool,
    received: bool,
}

impl Stage {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["source", "data", "out", "home"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        // Free now; only this test starts servers on it.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self { root, address }
    }

    fn path(&self, parts: &[&str]) -> PathBuf {
        parts.iter().fold(self.root.path().to_owned(), |path, part| path.join(part))
    }

    fn play(&self, round: u64, dice: &mut Dice, kills: &mut [u32; 3]) -> Result<(), String> {
        let name = format!("file-{round}.bin");
        let size = 1 + dice.below(FILE_BYTES_MAX);
        let bytes = dice.bytes(size);
        fs::write(self.path(&["source", &name]), &bytes).map_err(|error| error.to_string())?;
        let mut cast = Cast::new(self, &name);
        let started = Instant::now();
        let mut left = 1 + dice.below(4);
        let mut next = started + Duration::from_millis(dice.below(150));
        while !cast.turn()? {
            if started.elapsed() > ROUND_MAX {
                return Err(format!("not done within {ROUND_MAX:?}; sent {}, received {}", cast.sent, cast.received));
            }
            if left > 0 && Instant::now() >= next {
                let victim = usize::try_from(dice.below(3)).unwrap_or(0);
                kills[victim] += u32::from(cast.kill(victim));
                left -= 1;
                next = Instant::now() + Duration::from_millis(dice.below(150));
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
        drop(cast);
        self.check(&name, &bytes)
    }

    /// The bytes are the same at the source, on the server and at the receiver, and nothing else is there.
    fn check(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        for place in [self.path(&["out", name]), self.path(&["data", "files", "rooms", "lobby", name])] {
            let found = fs::read(&place).map_err(|error| format!("{}: {error}", place.display()))?;
            if found != bytes {
                return Err(format!("{} has other bytes than were sent", place.display()));
            }
            fs::remove_file(&place).map_err(|error| error.to_string())?;
        }
        fs::remove_file(self.path(&["source", name])).map_err(|error| error.to_string())?;
        for folder in [self.path(&["out"]), self.path(&["data", "files", "rooms", "lobby"])] {
            nothing_in(&folder)?;
        }
        nothing_in(&self.path(&["data", "files", ".partial"]))
    }
}

impl<'a> Cast<'a> {
    fn new(stage: &'a Stage, name: &'a str) -> Self {
        Self { stage, name, server: None, sender: None, receiver: None, sent: false, received: false }
    }

    /// Starts who is missing, and sees who is done. True when all is done.
    fn turn(&mut self) -> Result<bool, String> {
        let stage = self.stage;
        if self.server.is_none() {
            let data = stage.path(&["data"]);
            let data = data.to_str().ok_or("a temporary folder that is not UTF-8")?;
            self.server = Some(Server::start_on(stage.address, &["--data-dir", data, "--grace-ms", "0"]));
        }
        let home = stage.path(&["home"]);
        if !self.sent {
            let source = stage.path(&["source", self.name]);
            let words = ["put", source.to_str().ok_or("a path that is not UTF-8")?, "--on-conflict", "same"];
            self.sent = act(&mut self.sender, stage.address, "ann", &home, &words)?;
        }
        if !self.received {
            let out = stage.path(&["out", self.name]);
            let words =
                ["get", self.name, "-o", out.to_str().ok_or("a path that is not UTF-8")?, "--on-conflict", "same"];
            self.received = act(&mut self.receiver, stage.address, "bob", &home, &words)?;
        }
        Ok(self.sent && self.received)
    }

    /// Kills sender, receiver or server; whether there was anything to kill.
    fn kill(&mut self, victim: usize) -> bool {
        match victim {
            0 => self.sender.take().is_some_and(|mut sender| {
                sender.ended().is_none() && {
                    sender.kill();
                    true
                }
            }),
            1 => self.receiver.take().is_some_and(|mut receiver| {
                receiver.ended().is_none() && {
                    receiver.kill();
                    true
                }
            }),
            _ => self.server.take().is_some_and(|server| {
                server.kill();
                true
            }),
        }
    }
}

/// Starts a client if none runs. True when it has ended well; one that ended otherwise is started again at the next
/// turn, unless it met what no restart mends.
fn act(
    running: &mut Option<Running>,
    address: SocketAddr,
    nick: &str,
    home: &Path,
    words: &[&str],
) -> Result<bool, String> {
    let Some(client) = running else {
        *running = Some(Running::start(client::command(address, nick, home, words)));
        return Ok(false);
    };
    let Some(status) = client.ended() else { return Ok(false) };
    *running = None;
    match status.code() {
        Some(0) => Ok(true),
        // Cannot connect, refused, not found yet, or the line broke: all of which a kill can bring about.
        Some(1 | 3 | 4 | 5) | None => Ok(false),
        Some(code) => Err(format!("{words:?} ended with {code}")),
    }
}

fn nothing_in(folder: &Path) -> Result<(), String> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    match entries.flatten().next() {
        Some(entry) => Err(format!("{} was left behind", entry.path().display())),
        None => Ok(()),
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
