//! The command line of `echo-client`.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::program::Generate;
use crate::server::Wire;

/// Sends messages and prints the answers.
#[derive(Debug, Parser)]
#[command(
    name = "echo-client",
    version,
    after_help = "\
Examples:
  echo-client tcp 127.0.0.1:12345                      prompts; each line is a message, `exit` quits
  echo-client tcp 127.0.0.1:12345 hello \"two words\"    two messages, two answers
  echo-client udp 127.0.0.1:12345 hello
  echo-client swarm 127.0.0.1:12346 --clients 10

Exit codes: 0 every message was answered, 1 one was not, 2 usage, 3 cannot connect, 4 the server refused or was busy."
)]
pub struct ClientOptions {
    /// Print completions or the man page and exit.
    #[arg(long, hide = true, value_enum)]
    pub generate: Option<Generate>,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Talk over one TCP connection
    Tcp(TcpOptions),
    /// Send datagrams; each answer is printed with its sender
    Udp(UdpOptions),
    /// Many clients at once, each sends one message: every step on a line, a summary at the end
    Swarm(SwarmOptions),
}

/// `echo-client tcp`.
#[derive(Debug, Args)]
pub struct TcpOptions {
    /// The server, HOST:PORT
    pub(super) address: String,
    /// Messages to send, one after the other; without any, lines are read from stdin until `exit`
    #[arg(value_name = "MESSAGE")]
    pub(super) messages: Vec<String>,
    /// What goes over the wire: bytes as they come, or frames
    #[arg(long, value_enum, default_value = "raw")]
    pub(super) wire: Wire,
    /// Send raw messages without a line end; the server then takes a pause for the end
    #[arg(long)]
    pub(super) bare: bool,
    /// How long to wait for a connection and for each answer, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 10_000, value_parser = timeout())]
    timeout_ms: u64,
}

/// `echo-client udp`.
#[derive(Debug, Args)]
pub struct UdpOptions {
    /// The server, HOST:PORT
    pub(super) address: String,
    /// Messages to send, a datagram each; without any, lines are read from stdin until `exit`
    #[arg(value_name = "MESSAGE")]
    pub(super) messages: Vec<String>,
    /// How long to wait for each answer, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 2_000, value_parser = timeout())]
    timeout_ms: u64,
}

/// `echo-client swarm`.
#[derive(Debug, Args)]
pub struct SwarmOptions {
    /// The server, HOST:PORT
    pub(super) address: String,
    /// How many clients
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) clients: u32,
    /// What they send, in turns
    #[arg(long = "message", value_name = "TEXT", num_args = 1.., default_values = ["YDY", "Hello, world", "23333", "...."])]
    pub(super) messages: Vec<String>,
    /// Send the messages without a line end; the server then takes a pause for the end
    #[arg(long)]
    pub(super) bare: bool,
    /// How long each client waits for its connection and for its answer, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 30_000, value_parser = timeout())]
    timeout_ms: u64,
}

impl TcpOptions {
    pub(super) const fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

impl UdpOptions {
    pub(super) const fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

impl SwarmOptions {
    pub(super) const fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

fn timeout() -> clap::builder::RangedU64ValueParser<u64> {
    clap::value_parser!(u64).range(1..=3_600_000)
}
