//! The servers that are measured: how each is started, greeted, told something and listened to.
//!
//! All fan-out targets are read in the same cheap way, so that the load side is no bottleneck for any: a message
//! has a fixed size, its sequence number stands at a fixed place in its text, and every one is checked.

pub mod chat;
pub mod echo;
pub mod irc;
pub mod nats;
pub mod redis;
#[cfg(test)]
mod tests;
mod text;

pub use text::{Ledger, Tags, Template, message_text, tag};

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::child::{RunningServer, ServerCommand};
use crate::dial::Dialed;
use crate::error::BenchError;
use crate::machine::Pinning;

/// A server to fan out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Protocol {
    /// Ours: `chat-server`.
    Chat,
    /// `redis-server`, publish and subscribe.
    Redis,
    /// `nats-server`.
    Nats,
    /// `ngircd`, an IRC server.
    Irc,
}

/// One that already runs, from `--target`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What it speaks.
    pub protocol: Protocol,
    /// Where it listens.
    pub address: SocketAddr,
}

/// Reads what a server sends to one receiver.
pub trait Intake: fmt::Debug + Send {
    /// Takes the complete messages at the start of `bytes` and returns how many bytes they were; the rest comes again
    /// with more behind it.
    ///
    /// # Errors
    /// What the server did against its protocol, or which message is missing.
    fn take(&mut self, bytes: &[u8], ledger: &mut Ledger<'_>) -> Result<usize, String>;
}

/// A connection that gets a room's messages.
#[derive(Debug)]
pub struct Subscriber {
    /// Greeted and subscribed.
    pub dialed: Dialed,
    /// Reads what comes.
    pub intake: Box<dyn Intake>,
    /// What to send before closing.
    pub farewell: Vec<u8>,
    /// Whether what it gets one by one may be acknowledged late, which costs the load less. A server that holds a
    /// small message back until the one before is acknowledged must not be made to wait.
    pub may_acknowledge_late: bool,
}

/// A connection that says things to a room.
#[derive(Debug)]
pub struct Publisher {
    /// Greeted, and in the room where that is needed.
    pub dialed: Dialed,
    /// Reads the answers; its count is of messages confirmed.
    pub intake: Box<dyn Intake>,
    /// What it sends.
    pub template: Template,
    /// Whether each message is answered.
    pub answered: bool,
    /// What to send before closing.
    pub farewell: Vec<u8>,
}

/// Where a trial's messages go.
#[derive(Debug, Clone)]
pub struct Topic {
    /// The room, subject or channel.
    pub room: String,
    /// Begins the nicks; unlike any other trial's.
    pub nick_prefix: String,
    /// How long every message's text is, in bytes.
    pub text_bytes: usize,
    /// How many receivers there are; where a server tells the sender how many it reached, it has to say this.
    pub receivers: usize,
    /// Whether the room is told who comes.
    pub arrival: Arrival,
    /// Whether what is said is stored; ours only.
    pub keeping: Keeping,
}

/// What becomes of a room's messages, and so what the server has to say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// Whatever the server does.
    Any,
    /// It stores them.
    Stored,
    /// It stores, but not this room.
    Ephemeral,
}

/// Whether a room is told who comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It is.
    Announced,
    /// It is not.
    Silent,
}

impl Protocol {
    /// All, ours first.
    pub const ALL: &'static [Self] = &[Self::Chat, Self::Redis, Self::Nats, Self::Irc];

    /// Its name, as in URLs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Redis => "redis",
            Self::Nats => "nats",
            Self::Irc => "irc",
        }
    }

    /// The server's program, which is what it is called in tables.
    pub const fn program(self) -> &'static str {
        match self {
            Self::Chat => "chat-server",
            Self::Redis => "redis-server",
            Self::Nats => "nats-server",
            Self::Irc => "ngircd",
        }
    }

    /// The longest text a message may have, in bytes; `None` if a bench comes nowhere near it.
    pub const fn text_bytes_max(self) -> Option<usize> {
        match self {
            Self::Irc => Some(irc::TEXT_BYTES_MAX),
            Self::Chat | Self::Redis | Self::Nats => None,
        }
    }

    /// Whether something is promised of ours beside it: DESIGN section 6 names Redis and NATS.
    pub const fn is_promised(self) -> bool {
        matches!(self, Self::Redis | Self::Nats)
    }

    /// Of so many idle members asked for, how many it gets. An IRC server tells everybody of everyone who comes, and
    /// each newcomer of everybody: with ten thousand that is 50 million lines and takes it minutes.
    pub const fn members_of(self, asked: usize) -> usize {
        match self {
            Self::Irc => asked.div_ceil(4),
            Self::Chat | Self::Redis | Self::Nats => asked,
        }
    }

    /// Whether its program is here; ours is taken to be, and named with the way out when it is not.
    pub fn is_installed(self) -> bool {
        self == Self::Chat || installed(self.program()).is_some()
    }

    /// Starts one on the servers' core, with nothing on disk, on a free loopback port.
    ///
    /// # Errors
    /// If it is not there or does not start, or there is no free port.
    pub fn start(self, bin_dir: &Path, pinning: Pinning) -> Result<RunningServer, BenchError> {
        let start = |command: &ServerCommand| RunningServer::start(command, pinning);
        let program = || installed(self.program()).unwrap_or_else(|| PathBuf::from(self.program()));
        match self {
            Self::Chat => start(&chat::command(bin_dir, None, &[])),
            Self::Redis => start(&redis::command(program())?),
            Self::Nats => start(&nats::command(program())?),
            Self::Irc => {
                // The folder goes when the server listens: it has read what stands in it.
                let (command, _folder) = irc::command(program())?;
                start(&command)
            }
        }
    }

    /// Opens receiver number `number`.
    ///
    /// # Errors
    /// If the server cannot be reached or does not greet as it should.
    pub fn subscribe(self, address: SocketAddr, topic: &Topic, number: usize) -> Result<Subscriber, BenchError> {
        match self {
            Self::Chat => chat::subscribe(address, topic, number),
            Self::Redis => redis::subscribe(address, topic),
            Self::Nats => nats::subscribe(address, topic),
            Self::Irc => irc::subscribe(address, topic, number),
        }
    }

    /// Opens the sender.
    ///
    /// # Errors
    /// As [`Protocol::subscribe`].
    pub fn publish(self, address: SocketAddr, topic: &Topic) -> Result<Publisher, BenchError> {
        match self {
            Self::Chat => chat::publish(address, topic),
            Self::Redis => redis::publish(address, topic),
            Self::Nats => nats::publish(address, topic),
            Self::Irc => irc::publish(address, topic),
        }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let form = "write chat://, redis://, nats:// or irc:// and HOST:PORT";
        let (scheme, rest) = url.split_once("://").ok_or_else(|| format!("no :// in it; {form}"))?;
        let protocol = Protocol::ALL.iter().copied().find(|protocol| protocol.name() == scheme);
        let protocol = protocol.ok_or_else(|| format!("{scheme} is not one of ours to measure; {form}"))?;
        let mut addresses = rest.to_socket_addrs().map_err(|error| format!("{rest}: {error}; {form}"))?;
        let address = addresses.next().ok_or_else(|| format!("{rest} has no address"))?;
        Ok(Self { protocol, address })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.protocol.name(), self.address)
    }
}

/// The file name of a program here.
pub fn program_file(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

/// Where a program stands in the search path, or in the folders for system programs that a user's path leaves out.
pub(crate) fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(system).map(|folder| folder.join(program_file(name))).find(|file| file.is_file())
}
