//! Servers as child processes: started on their core, waited for until they listen, read while they run, killed on drop.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::machine::Pinning;
use crate::readings::{self, Memory};

/// How long a server may take to listen. It bounds hangs and measures nothing.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// How much of what a server logs is kept, to be shown if it does not start.
const LOG_BYTES_MAX: usize = 4096;

/// Longer than any line a server prints before it listens.
const LINE_BYTES_MAX: u64 = 4096;

/// How a server tells that it listens.
#[derive(Debug, Clone, Copy)]
pub enum Ready {
    /// It prints `listening on HOST:PORT` on stdout, as ours do.
    Line,
    /// A connection to this address succeeds.
    Accepts(SocketAddr),
}

/// How to start a server.
#[derive(Debug, Clone)]
pub struct ServerCommand {
    /// What it is called in messages.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// How it tells that it listens.
    pub ready: Ready,
    /// What to do when the program is not there.
    pub way_out: &'static str,
}

/// A running server. Dropping it kills the process and waits for it.
#[derive(Debug)]
pub struct RunningServer {
    child: Child,
    address: SocketAddr,
    readers: Vec<JoinHandle<()>>,
}

/// The end of what a server logged.
type Log = Arc<Mutex<Vec<u8>>>;

impl RunningServer {
    /// Starts a server on the servers' core and waits until it listens.
    ///
    /// # Errors
    /// [`BenchError::NoProgram`] or [`BenchError::CannotStart`] with the end of what it logged.
    pub fn start(command: &ServerCommand, pinning: Pinning) -> Result<Self, BenchError> {
        if !command.program.is_file() {
            return Err(BenchError::NoProgram {
                program: command.name.clone(),
                path: command.program.clone(),
                way_out: command.way_out,
            });
        }
        let mut process = Command::new(&command.program);
        process.args(&command.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Our servers would log every connection; a line each would be part of what is measured.
        process.env("RUST_LOG", "warn");
        // Servers that would write files into their working directory get one where nobody minds.
        process.current_dir(std::env::temp_dir());
        let spawned = pinning.on_server_core(|| process.spawn());
        let cannot = |why: String| BenchError::CannotStart { program: command.name.clone(), why };
        let child = spawned.map_err(|error| cannot(error.to_string()))?;

        let unknown = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let mut server = Self { child, address: unknown, readers: Vec::new() };
        let log = Log::default();
        let lines = server.read_output(&log).map_err(|error| cannot(error.to_string()))?;
        let waited = match command.ready {
            Ready::Line => server.await_line(&lines),
            Ready::Accepts(address) => server.await_accept(address),
        };
        match waited {
            Ok(address) => {
                server.address = address;
                Ok(server)
            }
            Err(why) => {
                // The readers end with the process; only then is the log whole.
                drop(server);
                let said = log.lock().unwrap_or_else(PoisonError::into_inner);
                let said = String::from_utf8_lossy(&said).escape_debug().to_string();
                Err(cannot(if said.is_empty() { why } else { format!("{why}; it said: {said}") }))
            }
        }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// CPU time it has used so far, in seconds; `None` where that cannot be read.
    pub fn cpu_seconds(&self) -> Option<f64> {
        readings::cpu_seconds(self.child.id())
    }

    /// What it holds; `None` where that cannot be read.
    pub fn memory(&self) -> Option<Memory> {
        readings::memory(self.child.id())
    }

    /// The most it has held so far, in bytes; `None` where that cannot be read.
    pub fn peak_bytes(&self) -> Option<u64> {
        readings::peak_bytes(self.child.id())
    }

    /// How it ended, if it has: a server that ends by itself makes a trial invalid.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Reads both its outputs, each on a thread, for as long as it lives: a full pipe would stop it.
    fn read_output(&mut self, log: &Log) -> std::io::Result<Receiver<String>> {
        let (first, lines) = sync_channel(1);
        let mut spawn = |name: &str, read: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(read)?;
            self.readers.push(thread);
            std::io::Result::Ok(())
        };
        if let Some(stdout) = self.child.stdout.take() {
            let log = Arc::clone(log);
            spawn("server-stdout", Box::new(move || read_stdout(stdout, &first, &log)))?;
        }
        if let Some(stderr) = self.child.stderr.take() {
            let log = Arc::clone(log);
            spawn("server-stderr", Box::new(move || keep_end(stderr, &log)))?;
        }
        Ok(lines)
    }

    fn await_line(&mut self, lines: &Receiver<String>) -> Result<SocketAddr, String> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            match lines.recv_timeout(Duration::from_millis(50)) {
                Ok(line) => {
                    let address = line.trim().strip_prefix("listening on ").and_then(|rest| rest.parse().ok());
                    return address.ok_or_else(|| {
                        format!("its first line is not `listening on HOST:PORT` but `{}`", line.trim().escape_debug())
                    });
                }
                Err(RecvTimeoutError::Disconnected) => return Err("it ended before it listened".to_owned()),
                Err(RecvTimeoutError::Timeout) if Instant::now() > deadline => return Err(too_slow()),
                Err(RecvTimeoutError::Timeout) => self.still_runs()?,
            }
        }
    }

    fn await_accept(&mut self, address: SocketAddr) -> Result<SocketAddr, String> {
        let deadline = Instant::now() + START_TIMEOUT;
        while TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
            self.still_runs()?;
            if Instant::now() > deadline {
                return Err(too_slow());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(address)
    }

    fn still_runs(&mut self) -> Result<(), String> {
        self.ended().map_or(Ok(()), |status| Err(format!("it ended at once ({status})")))
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        // Either may fail only because the process has already ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}

/// A loopback port that was free a moment ago, for servers that cannot choose one themselves.
///
/// # Errors
/// If the machine has no free port.
pub fn free_address() -> Result<SocketAddr, BenchError> {
    let failed = BenchError::io("no free port on 127.0.0.1");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(&failed)?;
    listener.local_addr().map_err(&failed)
}

fn too_slow() -> String {
    format!("it does not listen after {} seconds", START_TIMEOUT.as_secs())
}

fn read_stdout(stdout: impl Read, first: &SyncSender<String>, log: &Log) {
    let mut reader = BufReader::new(stdout);
    let mut line = Vec::new();
    if reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line).is_ok() && !line.is_empty() {
        // Nobody may be waiting for it; then it is not needed.
        let _ = first.send(String::from_utf8_lossy(&line).into_owned());
    }
    keep_end(reader, log);
}

fn keep_end(mut from: impl Read, log: &Log) {
    let mut chunk = [0; 1024];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        let mut kept = log.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(chunk.iter().take(count));
        let excess = kept.len().saturating_sub(LOG_BYTES_MAX);
        kept.drain(..excess);
    }
}
