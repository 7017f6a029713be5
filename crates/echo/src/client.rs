//! The clients: one connection, datagrams, a swarm.

mod framed;
mod input;
mod options;
mod raw;
mod swarm;
mod tcp;
mod udp;

use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::time::Duration;

use serve::net::TcpStream;

use crate::failure::Failure;
use crate::shown::for_terminal;

pub use options::{ClientOptions, Command};

/// Runs the client that was asked for.
///
/// # Errors
/// [`Failure`] says what went wrong, and which exit code that means.
pub async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Tcp(options) => tcp::run(options).await,
        Command::Udp(options) => udp::run(options).await,
        Command::Swarm(options) => swarm::run(options).await,
    }
}

/// The longest message a client sends and the longest answer it keeps, in bytes.
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The first address that `typed` stands for.
async fn resolve(typed: &str) -> Result<SocketAddr, Failure> {
    let not_found = |error| Failure::NoSuchAddress { address: typed.to_owned(), error };
    let mut found = tokio::net::lookup_host(typed).await.map_err(not_found)?;
    found.next().ok_or_else(|| not_found(io::Error::from(io::ErrorKind::NotFound)))
}

async fn connect(address: SocketAddr, timeout: Duration) -> Result<TcpStream, Failure> {
    let cannot = |error| Failure::CannotConnect { address, error };
    let connected = tokio::time::timeout(timeout, TcpStream::connect(address)).await;
    let stream = connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(cannot)?;
    stream.set_nodelay(true).map_err(cannot)?;
    Ok(stream)
}

/// Prints an answer on a line of its own: escaped on a terminal, as it came into a pipe or file.
fn print_answer(answer: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let shown = if out.is_terminal() { for_terminal(answer).into_bytes() } else { answer.to_vec() };
    let line_end: &[u8] = if shown.ends_with(b"\n") { b"" } else { b"\n" };
    let written = out.write_all(&shown).and_then(|()| out.write_all(line_end)).and_then(|()| out.flush());
    written.map_err(Failure::io("cannot write to stdout"))
}

/// A remark to the person, beside the data.
fn remark(words: &str) {
    // If stderr is gone, nobody is there to read it.
    let _told = writeln!(io::stderr(), "{words}");
}
