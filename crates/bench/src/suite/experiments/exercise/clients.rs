//! The exercise's clients: a thread each, all at one moment, one word each, reading to the end.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::machine::Pinning;

/// The exercise's words, each with its end of line, without which the server would wait for more.
const WORDS: [&str; 4] = ["YDY\n", "Hello, world\n", "23333\n", "....\n"];

/// How long a client waits. It bounds hangs and measures nothing.
const TIMEOUT: Duration = Duration::from_secs(15);

/// How long the threads have to get to where they begin.
const RUN_UP: Duration = Duration::from_millis(5);

/// How one client fared; times are from the moment at which all were to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Visit {
    /// When it did begin to connect.
    pub(super) began: Duration,
    /// When it had everything.
    pub(super) ended: Duration,
    pub(super) outcome: Outcome,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The right answer.
    Served,
    /// Turned away in words.
    Refused,
    /// Anything else.
    Failed,
}

/// So many clients at one moment.
///
/// # Errors
/// If the operating system gives no threads.
pub(super) fn at_once(address: SocketAddr, count: usize, pinning: Pinning) -> Result<Vec<Visit>, BenchError> {
    let start = Instant::now() + RUN_UP;
    std::thread::scope(|scope| {
        let client = |number: usize| {
            let word = WORDS.get(number % WORDS.len()).unwrap_or(&"");
            move || {
                pinning.enter_load_core();
                std::thread::sleep(start.saturating_duration_since(Instant::now()));
                visit(address, word, start)
            }
        };
        let threads: Result<Vec<_>, _> =
            (0..count).map(|number| std::thread::Builder::new().spawn_scoped(scope, client(number))).collect();
        let threads = threads.map_err(BenchError::io("no thread for a client"))?;
        let failed = Visit { began: Duration::ZERO, ended: TIMEOUT, outcome: Outcome::Failed };
        Ok(threads.into_iter().map(|thread| thread.join().unwrap_or(failed)).collect())
    })
}

fn visit(address: SocketAddr, word: &str, start: Instant) -> Visit {
    let began = start.elapsed();
    let answer = exchange(address, word);
    let outcome = match answer {
        Ok(answer) if answer == word.to_lowercase() => Outcome::Served,
        Ok(answer) if answer.starts_with("busy: ") || answer.starts_with("refused: ") => Outcome::Refused,
        _ => Outcome::Failed,
    };
    Visit { began, ended: start.elapsed(), outcome }
}

fn exchange(address: SocketAddr, word: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_nodelay(true)?;
    stream.write_all(word.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
