//! Starts the programs, and never leaves one behind.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// Bounds a hang, on a loaded machine.
pub(crate) const LONGEST: Duration = Duration::from_secs(30);

/// Every strategy's name, as the programs take it.
pub(crate) fn strategies() -> impl Iterator<Item = &'static str> {
    serve::Strategy::ALL.iter().map(|strategy| strategy.as_str())
}

/// A running `echo-server`; killed when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    child: Child,
    log: BufReader<ChildStderr>,
    stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts `echo-server` with the words of `line`, on a free port.
    pub(crate) fn start(line: &str) -> Self {
        Self::start_with(line, &[])
    }

    /// The same, with arguments that hold spaces or other text.
    pub(crate) fn start_with(line: &str, more: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_echo-server"));
        command.args(line.split_whitespace()).args(["--listen", "127.0.0.1:0"]).args(more);
        Self::from(command)
    }

    pub(crate) fn from(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        stdout.read_line(&mut first).unwrap();
        let Some(address) = first.trim_end().strip_prefix("listening on ") else {
            panic!("the first line is {first:?}: {:?}", child.wait_with_output());
        };
        let log = BufReader::new(child.stderr.take().unwrap());
        Self { address: address.parse().unwrap(), child, log, stdout }
    }

    pub(crate) fn connect(&self) -> Peer {
        Peer::connect(self.address)
    }

    /// Stops it with SIGTERM; its exit status and the rest of its log.
    #[cfg(unix)]
    pub(crate) fn stop(mut self) -> (ExitStatus, String) {
        self.signal();
        self.ended()
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self) {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }

    /// Reads its log up to a line that contains `words`.
    #[cfg(unix)]
    pub(crate) fn until_logged(&mut self, words: &str) {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            assert!(self.log.read_line(&mut line).unwrap() > 0, "{words:?} is never logged");
        }
    }

    /// The next line on its stdout.
    #[cfg(unix)]
    pub(crate) fn said(&mut self) -> String {
        let mut line = String::new();
        assert!(self.stdout.read_line(&mut line).unwrap() > 0, "it says nothing more");
        line
    }

    /// All that is still to come on its stdout, while it is stopped with SIGTERM.
    #[cfg(unix)]
    pub(crate) fn last_said(mut self) -> String {
        self.signal();
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).unwrap();
        let (status, log) = self.ended();
        assert_eq!(status.code(), Some(0), "{log}");
        said
    }

    /// Waits for its end; its exit status and the rest of its log.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only where a signal can stop it in order"))]
    pub(crate) fn ended(&mut self) -> (ExitStatus, String) {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < LONGEST, "it does not end");
            // tidy: pace: the standard library has no wait with a timeout.
            std::thread::sleep(Duration::from_millis(10));
        };
        let mut log = String::new();
        self.log.read_to_string(&mut log).unwrap();
        (status, log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// The other end of a connection, which knows nothing of our crates: what a script would do.
pub(crate) struct Peer(TcpStream);

impl Peer {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LONGEST)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).unwrap();
    }

    /// As many bytes as `expected` has, which they must be.
    pub(crate) fn expect(&mut self, expected: impl AsRef<[u8]>) {
        let mut got = vec![0; expected.as_ref().len()];
        self.0.read_exact(&mut got).unwrap();
        assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(expected.as_ref()));
    }

    pub(crate) fn close_sending(&self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }

    /// Everything that still comes, up to the end of the connection, which must come.
    pub(crate) fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        String::from_utf8_lossy(&rest).into_owned()
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.0
    }
}

/// Runs a program with `args` to its end, with `input` on its stdin.
pub(crate) fn run(program: &str, args: &[&str], input: &str) -> Output {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that ends early does not read it.
    let _written = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

pub(crate) fn run_client(args: &[&str], input: &str) -> Output {
    run(env!("CARGO_BIN_EXE_echo-client"), args, input)
}

/// The exit code, stdout and stderr must be these; of stderr only the beginning.
pub(crate) fn check(output: &Output, code: i32, stdout: &str, stderr: &str) {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "stdout {out:?} stderr {err:?}");
    assert_eq!(out, stdout, "stderr {err:?}");
    assert!(err.starts_with(stderr), "stderr {err:?} instead of {stderr:?}");
    assert_eq!(err.is_empty(), stderr.is_empty(), "stderr {err:?}");
}
