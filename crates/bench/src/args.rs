//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::targets::{Protocol, Target};

mod files;
mod load;
mod store;
mod suite;

pub use files::{FilesChat, FilesCommand, FilesCommon, FilesMemory, FilesSmall, FilesThroughput};
pub use load::{Arrivals, LoadArguments, LoadTarget};
pub use store::{
    Durability, StoreBig, StoreCommand, StoreCommit, StoreCommon, StoreDelivery, StoreReturn, StoreStalled,
};
pub use suite::{FailOn, ReportArguments, SuiteArguments};

/// The most connections one trial opens; what the operating system allows may be less.
const CONNECTIONS_MAX: u64 = 100_000;

const EXAMPLES: &str = "\
Examples:
  bench-client suite                      a task per connection, or a pool? about five minutes
  bench-client load echo://127.0.0.1:12101 --rate 1000
  bench-client fanout                     ours beside redis-server, nats-server, ngircd: 1 to 100
  bench-client fanout --mode single       the same, one message at a time
  bench-client fanout --target chat://127.0.0.1:12101 --blocks 5
  bench-client idle --peers               what an idle member costs, in bytes
  bench-client echo --markdown            the section for docs/benchmarks.md
  bench-client churn --json               one object a line
  bench-client files throughput           2 GiB by ours, iperf3, nginx, cp, rsync
  bench-client files chat                 chat while files fill the connection
  bench-client store commit               stored and confirmed a second, beside raw SQLite
  bench-client fanout --stored --ephemeral

Exit codes: 0 ok, 1 a trial was invalid or a server could not be started or reached, 2 usage, 3 a regression or a
broken promise (suite --fail-on), 130 interrupted.";

/// Measures chat and echo servers, side by side, in random order within blocks, with intervals.
#[derive(Debug, Parser)]
#[command(name = "bench-client", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Arguments {
    /// What to measure.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Print completions for a shell, or the man page.
    #[arg(long, hide = true, value_enum)]
    pub generate: Option<Generated>,
}

/// What can be generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Generated {
    /// Completions for bash.
    Bash,
    /// Completions for zsh.
    Zsh,
    /// Completions for fish.
    Fish,
    /// Completions for elvish.
    Elvish,
    /// Completions for PowerShell.
    Powershell,
    /// The man page.
    Man,
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The comparison of the strategies, experiments E0 to E10: what `cargo xtask bench` runs.
    Suite(SuiteArguments),
    /// The report of a run of `suite`, made again from its records.
    Report(ReportArguments),
    /// One load against a server that runs already: open or closed loop, with live progress.
    Load(LoadArguments),
    /// Raw echo beside the plainest tokio echo.
    Echo(EchoArguments),
    /// Connect, one request, close: each strategy of the echo server.
    Churn(ChurnArguments),
    /// One sender, many receivers of one room.
    Fanout(FanoutArguments),
    /// What an idle member of one room costs in memory.
    Idle(IdleArguments),
    /// Files, beside iperf3, nginx, cp and rsync.
    #[command(subcommand)]
    Files(FilesCommand),
    /// Stored messages: how many, how soon, and what comes back of them.
    #[command(subcommand)]
    Store(StoreCommand),
    /// Checks the bench itself in under 20 seconds and says nothing about speed.
    SelfCheck(SelfCheckArguments),
    /// The plainest tokio echo, which `echo` starts as its reference.
    #[command(hide = true)]
    PlainEcho,
}

/// What all experiments take.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// How often everything runs; verdicts need at least 5.
    #[arg(long, value_parser = count(1..=1000))]
    pub blocks: Option<usize>,
    /// How long a trial is measured, in seconds; a warm-up of up to one second comes before.
    #[arg(long, value_parser = seconds)]
    pub seconds: Option<f64>,
    /// Decides the order of the trials and the resamples of the intervals.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// One JSON object a line: a trial each as it ends, a summary last.
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// The section for docs/benchmarks.md.
    #[arg(long)]
    pub markdown: bool,
    /// Where echo-server and chat-server stand; this program's own folder unless said.
    #[arg(long, value_name = "DIR")]
    pub bin_dir: Option<PathBuf>,
    /// Leave servers and load on whatever cores the system gives them.
    #[arg(long)]
    pub no_pin: bool,
}

/// What `echo` takes.
#[derive(Debug, Clone, Args)]
pub struct EchoArguments {
    /// How long messages are, in bytes.
    #[arg(long, value_delimiter = ',', default_values_t = [64, 16 * 1024], value_parser = count(1..=1024 * 1024))]
    pub sizes: Vec<usize>,
    /// How many connections there are at a time.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 50], value_parser = count(1..=10_000))]
    pub connections: Vec<usize>,
    #[command(flatten)]
    pub common: Common,
}

/// What `churn` takes.
#[derive(Debug, Clone, Args)]
pub struct ChurnArguments {
    /// Which strategies; `spawn` runs a second time as the control.
    #[arg(long, value_delimiter = ',', default_values = ["spawn", "pool", "pool-request", "pool-accept", "thread", "thread-pool"])]
    pub strategies: Vec<String>,
    /// How many clients connect at a time.
    #[arg(long, default_value_t = 50, value_parser = count(1..=10_000))]
    pub clients: usize,
    /// Workers of the strategies that have them.
    #[arg(long, default_value_t = 10, value_parser = count(1..=10_000))]
    pub workers: usize,
    #[command(flatten)]
    pub common: Common,
}

/// How the sender of `fanout` sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// At most a window ahead of the slowest receiver.
    Pipelined,
    /// The next message once everybody has the one before.
    Single,
}

/// What `fanout` takes.
#[derive(Debug, Clone, Args)]
pub struct FanoutArguments {
    /// A server that runs already: chat://, redis://, nats:// or irc:// and HOST:PORT. May be given more than once.
    /// Without it chat-server, redis-server, nats-server and ngircd are started, each as it is installed.
    #[arg(long = "target", value_name = "URL")]
    pub targets: Vec<Target>,
    /// Which servers are started; those that are not installed are named and left out.
    #[arg(long, value_delimiter = ',', value_enum, default_values_t = Protocol::ALL.to_vec(), conflicts_with = "targets")]
    pub servers: Vec<Protocol>,
    /// How many receivers there are.
    #[arg(long, default_value_t = 100, value_parser = count(1..=10_000))]
    pub receivers: usize,
    /// How long a message's text is, in bytes.
    #[arg(long, default_value_t = 64, value_parser = count(8..=16 * 1024))]
    pub size: usize,
    /// How the sender sends.
    #[arg(long, value_enum, default_value_t = Mode::Pipelined)]
    pub mode: Mode,
    /// How many messages the sender may be ahead of the slowest receiver.
    #[arg(long, default_value_t = 4096, value_parser = count(1..=1024 * 1024))]
    pub window: usize,
    /// Ours stores every message before anybody gets it.
    #[arg(long, conflicts_with = "targets")]
    pub stored: bool,
    /// Ours stores, but not this room; with --stored both are measured.
    #[arg(long, conflicts_with = "targets")]
    pub ephemeral: bool,
    /// On a disk: where ours stores; beside this program unless said.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    #[command(flatten)]
    pub common: Common,
}

impl FanoutArguments {
    /// Whether ours is a server that stores.
    pub(crate) const fn stores(&self) -> bool {
        self.stored || self.ephemeral
    }
}

/// What `idle` takes.
#[derive(Debug, Clone, Args)]
pub struct IdleArguments {
    /// At how many members the memory is read.
    #[arg(long, value_delimiter = ',', default_values_t = [1000, 2500, 5000, 7500, 10_000], value_parser = count(1..=CONNECTIONS_MAX))]
    pub members: Vec<usize>,
    /// Measure redis-server, nats-server and ngircd too; those that are not installed are named and left out.
    #[arg(long)]
    pub peers: bool,
    #[command(flatten)]
    pub common: Common,
}

/// What `self-check` takes.
#[derive(Debug, Clone, Args)]
pub struct SelfCheckArguments {
    /// Where echo-server and chat-server stand; this program's own folder unless said.
    #[arg(long, value_name = "DIR")]
    pub bin_dir: Option<PathBuf>,
}

impl SelfCheckArguments {
    /// What experiments take, where these say nothing.
    pub fn common(&self) -> Common {
        let bin_dir = self.bin_dir.clone();
        Common { blocks: None, seconds: None, seed: 1, json: false, markdown: false, bin_dir, no_pin: false }
    }
}

/// A parser of counts within `range`.
fn count(range: std::ops::RangeInclusive<u64>) -> impl clap::builder::TypedValueParser<Value = usize> {
    use clap::builder::TypedValueParser;
    clap::value_parser!(u64).range(range).map(|count| usize::try_from(count).unwrap_or(usize::MAX))
}

fn seconds(typed: &str) -> Result<f64, String> {
    match typed.parse::<f64>() {
        Ok(seconds) if (0.05..=600.0).contains(&seconds) => Ok(seconds),
        Ok(_) => Err("between 0.05 and 600 seconds".to_owned()),
        Err(_) => Err("a number of seconds, such as 2 or 0.5".to_owned()),
    }
}
