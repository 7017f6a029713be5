//! Servers as child processes: started on their core, waited for until they listen, read while they run, killed on drop.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::machine::Pinning;
use crate::readings::{self, Memory, Switches};
use crate::server_stats::ServerStats;

/// How long a server may take to listen. It bounds hangs and measures nothing.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// How much of what a server logs is kept, to be shown if it does not start.
const LOG_BYTES_MAX: usize = 4096;

/// Longer than any line a server prints.
const LINE_BYTES_MAX: u64 = 4096;

/// How long a server may take to end once it was told twice. It bounds hangs and measures nothing.
const END_TIMEOUT: Duration = Duration::from_secs(2);

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
    stats: Said,
}

/// What a server said of itself so far.
type Said = Arc<Mutex<Vec<ServerStats>>>;

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
        let mut server = Self { child, address: unknown, readers: Vec::new(), stats: Said::default() };
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

    /// Lets [`RunningServer::peak_bytes`] begin anew from what it holds now; does nothing where that cannot be.
    pub fn forget_peak(&self) {
        readings::forget_peak(self.child.id());
    }

    /// What it holds, with what it shares with others divided among them, in bytes; `None` where that cannot be read.
    pub fn proportional_bytes(&self) -> Option<u64> {
        readings::proportional_bytes(self.child.id())
    }

    /// How many threads it has; `None` where that cannot be read.
    pub fn threads(&self) -> Option<u64> {
        readings::threads(self.child.id())
    }

    /// How often its threads that live now were taken off a core; `None` where that cannot be read.
    pub fn switches(&self) -> Option<Switches> {
        readings::switches(self.child.id())
    }

    /// How it ended, if it has: a server that ends by itself makes a trial invalid.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// What it said of itself so far, if it was started with `--stats-every-ms`.
    pub fn stats(&self) -> Vec<ServerStats> {
        self.said().clone()
    }

    /// Tells it to stop and waits for its end: `grace` for it to end in order, then it is told to cut what is left, and
    /// at last killed. Returns the last thing it said of itself, which is `None` if it says nothing or had to be killed.
    ///
    /// # Errors
    /// [`BenchError::Protocol`] if it failed, or had ended before.
    pub fn stop(&mut self, grace: Duration) -> Result<Option<ServerStats>, BenchError> {
        let failed = |status: ExitStatus| BenchError::protocol("server", format!("it ended by itself ({status})"));
        if let Some(status) = self.ended() {
            return Err(failed(status));
        }
        self.signal(Ask::End);
        let mut ended = self.ended_within(grace);
        if ended.is_none() {
            self.signal(Ask::End);
            ended = self.ended_within(END_TIMEOUT);
        }
        if ended.is_none() {
            // It fails only because it has just ended.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        self.join_readers();
        match ended {
            Some(status) if !status.success() => Err(failed(status)),
            _ => Ok(self.said().last().copied().filter(|last| last.is_final)),
        }
    }

    /// Stops it in its tracks until [`RunningServer::resume`]: its sockets stay, and it does nothing. Unix only.
    pub fn pause(&self) {
        self.signal(Ask::Pause);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal(Ask::Resume);
    }

    fn said(&self) -> MutexGuard<'_, Vec<ServerStats>> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(&self, ask: Ask) {
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process};
            let signal = match ask {
                Ask::End => Signal::TERM,
                Ask::Pause => Signal::STOP,
                Ask::Resume => Signal::CONT,
            };
            // The process is ours and not waited for yet, so that its id cannot be another's.
            let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
            let _sent = pid.map(|pid| kill_process(pid, signal));
        }
        #[cfg(not(unix))]
        let _ = ask;
    }

    fn ended_within(&mut self, time: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + time;
        loop {
            let ended = self.ended();
            if ended.is_some() || Instant::now() > until {
                return ended;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn join_readers(&mut self) {
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }

    /// Reads both its outputs, each on a thread, for as long as it lives: a full pipe would stop it.
    fn read_output(&mut self, log: &Log) -> std::io::Result<Receiver<String>> {
        let (first, lines) = sync_channel(1);
        let said = Arc::clone(&self.stats);
        let mut spawn = |name: &str, read: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(read)?;
            self.readers.push(thread);
            std::io::Result::Ok(())
        };
        if let Some(stdout) = self.child.stdout.take() {
            let log = Arc::clone(log);
            spawn("server-stdout", Box::new(move || read_stdout(stdout, &first, &said, &log)))?;
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
        self.join_readers();
    }
}

/// What a process can be asked by a signal.
#[derive(Debug, Clone, Copy)]
enum Ask {
    End,
    Pause,
    Resume,
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

/// The first line goes to whoever waits for it, what the server says of itself is kept, and the rest is log.
fn read_stdout(stdout: impl Read, first: &SyncSender<String>, said: &Said, log: &Log) {
    let mut reader = BufReader::new(stdout);
    let mut is_first = true;
    loop {
        let mut line = Vec::new();
        if !matches!(reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line), Ok(1..)) {
            return;
        }
        if std::mem::take(&mut is_first) {
            // Nobody may be waiting for it; then it is not needed.
            let _ = first.send(String::from_utf8_lossy(&line).into_owned());
        } else if let Ok(stats) = serde_json::from_slice(&line) {
            said.lock().unwrap_or_else(PoisonError::into_inner).push(stats);
        } else {
            keep(&line, log);
        }
    }
}

fn keep_end(mut from: impl Read, log: &Log) {
    let mut chunk = [0; 1024];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        keep(chunk.get(..count).unwrap_or_default(), log);
    }
}

fn keep(bytes: &[u8], log: &Log) {
    let mut kept = log.lock().unwrap_or_else(PoisonError::into_inner);
    kept.extend_from_slice(bytes);
    let excess = kept.len().saturating_sub(LOG_BYTES_MAX);
    kept.drain(..excess);
}

#[cfg(test)]
mod tests;
