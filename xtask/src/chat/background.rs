//! The server that `cargo xtask chat` leaves running: its folder, its log, how it is found again and ended.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::program;
use crate::repo::Repo;

/// The server on one address, running or not. Everything about it stands in target/chat, under the address.
#[derive(Debug)]
pub(super) struct Background {
    folder: PathBuf,
    address: String,
}

/// How a start went.
pub(super) enum Start {
    /// It said that it listens.
    Listening { pid: u32 },
    /// It ended before; `why` is what it said last.
    Ended { why: String },
}

const START_WAIT: Duration = Duration::from_secs(30);
const DRAIN_WAIT: Duration = Duration::from_secs(5);
const CLOSE_WAIT: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

impl Background {
    /// The server on `address`.
    pub(super) fn of(repo: &Repo, address: &str) -> Self {
        Self { folder: repo.target.join("chat"), address: address.to_owned() }
    }

    /// Where it writes what happens.
    pub(super) fn log(&self) -> PathBuf {
        self.place("log")
    }

    /// Its process, if it runs and was started here.
    pub(super) fn running(&self) -> Option<u32> {
        let pid = fs::read_to_string(self.place("pid")).ok()?.trim().parse().ok()?;
        is_chat_server(pid).then_some(pid)
    }

    /// Starts a copy of `built` that outlives us, and waits until it listens on `listen`. A copy, because a running program
    /// cannot be built anew on Windows.
    pub(super) fn start(&self, built: &Path, listen: SocketAddr) -> Result<Start> {
        let data = self.place("rooms");
        fs::create_dir_all(&data).with_context(|| format!("{}: cannot be made", data.display()))?;
        let copy = self.place(&format!("chat-server{}", std::env::consts::EXE_SUFFIX));
        // Renamed into place, so that a second xtask at the same moment never starts half a file.
        let half = self.place(&format!("{}.half", std::process::id()));
        fs::copy(built, &half)
            .and_then(|_| fs::rename(&half, &copy))
            .with_context(|| format!("{}: cannot be copied to {}", built.display(), copy.display()))?;
        let mut log = OpenOptions::new().create(true).append(true).open(self.log()).context(self.log_trouble())?;
        let log_before = log.seek(SeekFrom::End(0)).context(self.log_trouble())?;

        let mut command = Command::new(copy);
        command.args(["--listen", &listen.to_string()]).arg("--data-dir").arg(data);
        command.stdin(Stdio::null()).stderr(log.try_clone().context(self.log_trouble())?).stdout(log);
        detach(&mut command);
        let line = program::shown(&command);
        let mut child = command.spawn().with_context(|| format!("`{line}` did not start"))?;
        self.await_listening(&mut child, log_before)
    }

    /// Ends the server `pid`: asks it to close, then says it again, which skips the wait for its clients.
    pub(super) fn stop(&self, pid: u32) -> Result<()> {
        for patience in [DRAIN_WAIT, CLOSE_WAIT] {
            ask_to_end(pid)?;
            let asked = Instant::now();
            while asked.elapsed() < patience {
                if !is_chat_server(pid) {
                    let _ = fs::remove_file(self.place("pid"));
                    return Ok(());
                }
                thread::sleep(LOOK_AGAIN);
            }
        }
        bail!("the chat server (pid {pid}) was asked twice and still runs; look at {}", self.log().display())
    }

    fn await_listening(&self, child: &mut Child, log_before: u64) -> Result<Start> {
        let started = Instant::now();
        while started.elapsed() < START_WAIT {
            // In this order: what it said before it ended is in the log by then.
            let ended = child.try_wait().context("the chat server cannot be waited for")?;
            let said = self.read_log(log_before)?;
            if let Some(status) = ended {
                let last = said.lines().rev().find(|line| !line.trim().is_empty());
                let why = last.map(|line| line.trim_start_matches("chat-server: ").to_owned());
                return Ok(Start::Ended { why: why.unwrap_or_else(|| status.to_string()) });
            }
            if said.lines().any(|line| line.starts_with("listening on ")) {
                let pid = child.id();
                fs::write(self.place("pid"), format!("{pid}\n")).context("the server's pid cannot be written down")?;
                return Ok(Start::Listening { pid });
            }
            thread::sleep(LOOK_AGAIN);
        }
        child.kill().and_then(|()| child.wait()).context("the chat server cannot be ended")?;
        bail!("the chat server did not listen within {} s; look at {}", START_WAIT.as_secs(), self.log().display())
    }

    fn read_log(&self, from: u64) -> Result<String> {
        let mut log = File::open(self.log()).context(self.log_trouble())?;
        let mut said = Vec::new();
        log.seek(SeekFrom::Start(from)).and_then(|_| log.read_to_end(&mut said)).context(self.log_trouble())?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    }

    fn log_trouble(&self) -> String {
        format!("{}: cannot be opened", self.log().display())
    }

    /// A file or folder of this server: the address, as far as file names allow, and what it is.
    fn place(&self, what: &str) -> PathBuf {
        let address: String = self
            .address
            .chars()
            .map(|letter| if letter.is_alphanumeric() || letter == '.' { letter } else { '-' })
            .collect();
        self.folder.join(format!("{address}.{what}"))
    }
}

/// Out of our process group, so that Ctrl-C in this terminal does not reach it.
#[cfg(unix)]
fn detach(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// Away from our console, in a group of its own, so that Ctrl-C here does not reach it.
#[cfg(windows)]
fn detach(command: &mut Command) {
    const DETACHED_PROCESS: u32 = 0x8;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    std::os::windows::process::CommandExt::creation_flags(command, DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP);
}

/// Whether `pid` is a running chat server, not someone who was given the number later.
fn is_chat_server(pid: u32) -> bool {
    if cfg!(target_os = "linux") {
        // A program that ended and was not waited for has no such link.
        let program = fs::read_link(format!("/proc/{pid}/exe"));
        return program.is_ok_and(|path| path.to_string_lossy().contains("chat-server"));
    }
    let pid = pid.to_string();
    let filter = format!("PID eq {pid}");
    let mut list = if cfg!(windows) { Command::new("tasklist") } else { Command::new("ps") };
    let list =
        if cfg!(windows) { list.args(["/NH", "/FI", &filter]) } else { list.args(["-p", &pid, "-o", "command="]) };
    list.output().is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("chat-server"))
}

fn ask_to_end(pid: u32) -> Result<()> {
    let pid = pid.to_string();
    let mut command = if cfg!(windows) { Command::new("taskkill") } else { Command::new("sh") };
    let command = if cfg!(windows) {
        command.args(["/F", "/PID", &pid])
    } else {
        command.args(["-c", "kill -TERM \"$0\"", &pid])
    };
    // That it ended in the meantime is no failure, and the caller looks.
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().context("the chat server cannot be signalled")?;
    Ok(())
}
