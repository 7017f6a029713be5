//! The command line of `echo-server`.

use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroUsize;

use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum};
use serve::{Limits, Strategy};

use crate::conversation::Reply;
use crate::program::Generate;
use crate::work::Work;

/// What `ack` answers unless told otherwise: "the server has received the message".
const ACK_TEXT: &str = "服务器已收到消息";

/// Answers what it is sent: the same bytes, a confirmation, or lower case.
#[derive(Debug, Parser)]
#[command(
    name = "echo-server",
    version,
    after_help = "\
Examples:
  echo-server tcp --reply ack                               each message is confirmed
  echo-server tcp --listen 127.0.0.1:12346 --reply lower --once --strategy thread
  echo-server tcp --listen 127.0.0.1:12349 --reply lower --once --strategy thread-pool --workers 10
  echo-server udp --reply ack
  nc 127.0.0.1 12345                                        any plain client will do

The first line on stdout is `listening on HOST:PORT`; logs go to stderr (RUST_LOG=debug shows every message).
SIGINT or SIGTERM ends open connections in order; a second one cuts them."
)]
pub struct ServerOptions {
    /// Print completions or the man page and exit.
    #[arg(long, hide = true, value_enum)]
    pub generate: Option<Generate>,
    /// What to serve.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to serve.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve TCP connections
    #[command(after_help = TCP_HELP)]
    Tcp(TcpOptions),
    /// Answer UDP datagrams, each by one
    Udp(UdpOptions),
}

const TCP_HELP: &str = "\
Where a raw message ends:
  Raw bytes carry no frames. A line feed ends a message, and the answer ends as the line did. Without one, a message
  ends when its sender pauses for --quiet-ms or closes its side; a pause inside a UTF-8 character does not count.
  ack answers each message once, however long it is. echo and lower answer whatever comes, at once. --once closes
  after the first message. When all workers are taken, the answer is a line that begins with `busy: ` or `refused: `.

Work per request (a request is a message for ack, a read for echo and lower, a frame on the framed wire):
  none                          nothing
  sleep:fix:5ms                 wait that long, as for a database
  sleep:exp:5ms                 the same, exponentially distributed
  sleep:bimodal:1ms:100ms:1%    1 ms, but 100 ms for one in a hundred
  cpu:1ms                       compute that long, letting nobody else run
  cpu-yield:1ms                 compute that long, letting others run every 50 us
  block:10ms                    block the thread that long
  offload:10ms                  the same on one of the threads that tokio keeps for it (on a server of threads: block)
  asked:sleep                   as long as the request says (also asked:cpu, :cpu-yield, :block, :offload): bytes 8 to
                                15 of its body are nanoseconds, the lowest first, up to 60 s; with --wire framed
                                whoever connects decides the work, 60 s a request: for benchmarks, not for strangers
  scarce:8:5ms:2%               hold one of 8 slots, first come, first served, for 5 ms and 2 % of it more for each
                                request beyond 8 that is there: something behind the server that suffers from a crowd

--stamps puts 40 bytes behind the body of every answer: five times in nanoseconds of the monotonic clock, which all
processes of a Linux machine share, each 8 bytes, the lowest first: the connection was accepted; somebody began with
it; the request was complete; its work began; its work was over.
--stats-every-ms prints what the server has done and holds as a line of JSON on stdout, at once, every so often, and
when it has ended (then with \"final\":true).

Limits that are 0 do not limit, but for --queue 0: then nobody waits.";

/// `echo-server tcp`.
#[derive(Debug, Args)]
pub struct TcpOptions {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:12345", value_parser = listen)]
    pub listen: SocketAddr,
    /// What goes over the wire: bytes as they come, or frames
    #[arg(long, value_enum, default_value = "raw")]
    pub wire: Wire,
    #[command(flatten)]
    pub(super) answers: Answers,
    /// Answer one message, then close
    #[arg(long)]
    pub once: bool,
    /// Who serves, and where the others wait
    #[arg(long, value_enum, default_value = "spawn")]
    strategy: StrategyName,
    #[command(flatten)]
    room: Room,
    /// Connections that the kernel holds ready before they are accepted
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..=65_535))]
    pub backlog: u32,
    /// What each request costs; see below
    #[arg(long, default_value_t = Work::None)]
    pub work: Work,
    /// Where the chances of --work begin
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// A pause of this many milliseconds ends a raw message that has no line end
    #[arg(long, value_name = "MS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    pub quiet_ms: u64,
    /// Say in every answer when what was done with the request; on the framed wire
    #[arg(long)]
    pub stamps: bool,
    /// Say on stdout every so many milliseconds what was done; see below
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=60_000))]
    pub stats_every_ms: Option<u64>,
}

/// How much at a time, and for how long.
#[derive(Debug, Args)]
struct Room {
    /// Workers of the pools
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    workers: u32,
    /// Connections (under pool-request: requests) that may wait for a worker
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    queue: u32,
    /// Longest wait for a worker, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    queue_wait_ms: u64,
    /// Open connections at a time
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_connections: usize,
    /// Open connections from one address
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_per_address: usize,
    /// Milliseconds of silence after which a connection is closed
    #[arg(long, value_name = "MS", default_value_t = 600_000)]
    idle_ms: u64,
    /// Milliseconds that open connections have to end when the server stops
    #[arg(long, value_name = "MS", default_value_t = 5_000)]
    drain_ms: u64,
}

/// `echo-server udp`.
#[derive(Debug, Args)]
pub struct UdpOptions {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:12345", value_parser = listen)]
    pub listen: SocketAddr,
    #[command(flatten)]
    pub(super) answers: Answers,
}

/// What is answered.
#[derive(Debug, Args)]
pub(super) struct Answers {
    /// What to answer
    #[arg(long, value_enum, default_value = "echo")]
    reply: ReplyName,
    /// The text that ack answers
    #[arg(long, value_name = "TEXT", default_value = ACK_TEXT, value_parser = ack_text)]
    ack_text: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ReplyName {
    /// The same bytes
    Echo,
    /// A confirmation
    Ack,
    /// The same in Unicode lower case, character by character
    Lower,
}

/// What goes over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Wire {
    /// Bytes as they come, for nc, telnet and scripts
    Raw,
    /// Frames of the chat protocol, kind Echo
    Framed,
}

/// A strategy, as `clap` lists it in `--help`.
#[derive(Debug, Clone, Copy)]
struct StrategyName(Strategy);

impl ValueEnum for StrategyName {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: &[StrategyName] = &{
            let mut all = [StrategyName(Strategy::Spawn); Strategy::ALL.len()];
            let mut at = 0;
            while at < all.len() {
                all[at] = StrategyName(Strategy::ALL[at]);
                at += 1;
            }
            all
        };
        ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.as_str()).help(self.0.description()))
    }
}

impl Answers {
    pub(super) fn reply(&self) -> Reply {
        match self.reply {
            ReplyName::Echo => Reply::Echo,
            ReplyName::Ack => Reply::Ack(self.ack_text.as_str().into()),
            ReplyName::Lower => Reply::Lower,
        }
    }
}

impl TcpOptions {
    /// Who serves.
    pub const fn strategy(&self) -> Strategy {
        self.strategy.0
    }

    /// What does not go together, in words.
    pub fn contradiction(&self) -> Option<String> {
        let is_asked = matches!(self.work, Work::Asked(_));
        (is_asked && self.wire == Wire::Raw)
            .then(|| format!("--work {} wants requests that say how long they take (add --wire framed)", self.work))
    }

    /// The limits as asked for.
    pub fn limits(&self) -> Limits {
        let room = &self.room;
        Limits {
            max_connections: room.max_connections,
            max_per_address: room.max_per_address,
            workers: NonZeroUsize::new(room.workers as usize).unwrap_or(NonZeroUsize::MIN),
            queue: room.queue as usize,
            queue_wait_ms: room.queue_wait_ms,
            handshake_ms: 0,
            idle_ms: room.idle_ms,
            drain_ms: room.drain_ms,
        }
    }
}

/// An address to listen on, or a name for one.
fn listen(typed: &str) -> Result<SocketAddr, String> {
    let found = typed.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    found.ok_or_else(|| "write HOST:PORT, such as 127.0.0.1:12345 or [::1]:12345".to_owned())
}

fn ack_text(typed: &str) -> Result<String, String> {
    const BYTES_MAX: usize = 1024;
    match typed.len() {
        0 => Err("an empty text confirms nothing".to_owned()),
        1..=BYTES_MAX => Ok(typed.to_owned()),
        bytes => Err(format!("{bytes} bytes are too many; at most {BYTES_MAX} are allowed")),
    }
}
