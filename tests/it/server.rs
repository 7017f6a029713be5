//! A `chat-server` process on a free port. It is killed when its test is over, however that ends.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::program;

/// Bounds a hang, nothing else: no test is about how fast something is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    log: Option<JoinHandle<String>>,
}

/// How a server's life ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stderr: String,
}

impl Server {
    /// Starts a server with `arguments` on a free loopback port and waits until it listens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_on(SocketAddr::from(([127, 0, 0, 1], 0)), arguments)
    }

    /// The same on `address`.
    pub(crate) fn start_on(address: SocketAddr, arguments: &[&str]) -> Self {
        Self::start_in(address, arguments, &[])
    }

    /// The same with variables in its environment.
    pub(crate) fn start_in(address: SocketAddr, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = command(arguments);
        command.args(["--listen", &address.to_string()]).envs(variables.iter().copied());
        let mut child = command.spawn().unwrap();
        let log = child.stderr.take().map(read_in_background);
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let Some(address) = first.trim_end().strip_prefix("listening on ").and_then(|address| address.parse().ok())
        else {
            let stopped = child.wait();
            panic!("no `listening on` line but {first:?}; {stopped:?}; {}", log.unwrap().join().unwrap());
        };
        Self { child, address, log }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        kill_process(self.process(), Signal::TERM).unwrap();
    }

    /// The process.
    pub(crate) fn process(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap()
    }

    /// Whether it has stopped by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Kills it as `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until the server has stopped by itself.
    pub(crate) fn ended(mut self) -> Ended {
        let status = wait(&mut self.child);
        Ended { status, stderr: self.log.take().unwrap().join().unwrap() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have stopped already; then there is nothing to kill.
        if self.child.kill().is_ok() {
            self.child.wait().unwrap();
        }
    }
}

/// Runs `chat-server` with `arguments`, which must make it stop by itself.
pub(crate) fn run_to_end(arguments: &[&str]) -> Ended {
    let mut child = command(arguments).spawn().unwrap();
    let log = read_in_background(child.stderr.take().unwrap());
    let status = wait(&mut child);
    Ended { status, stderr: log.join().unwrap() }
}

fn wait(child: &mut Child) -> ExitStatus {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("chat-server did not stop within {PATIENCE:?}");
        }
        std::thread::yield_now();
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(program::built("chat-server"));
    command.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn read_in_background(mut stderr: ChildStderr) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut log = String::new();
        stderr.read_to_string(&mut log).unwrap();
        log
    })
}
