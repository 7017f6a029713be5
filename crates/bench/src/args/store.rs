//! What the `store` commands take.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{CONNECTIONS_MAX, Common, count};

/// What to measure of stored messages.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Messages stored and confirmed a second, beside raw SQLite on the same disk.
    Commit(StoreCommit),
    /// How long a stored message is under way, at a steady rate.
    Delivery(StoreDelivery),
    /// What healthy readers feel of those who do not read, and whether these get everything later.
    Stalled(StoreStalled),
    /// Thousands are cut off and come back at once, with cursors.
    Return(StoreReturn),
    /// A big store: start-up, memory and search.
    Big(StoreBig),
}

/// What they all take.
#[derive(Debug, Clone, Args)]
pub struct StoreCommon {
    #[command(flatten)]
    pub common: Common,
    /// On a disk: where the stores of the run are made; beside this program unless said.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// When a commit counts as done: once the disk has it, or once the system has it.
    #[arg(long, value_enum, default_value_t = Durability::Full)]
    pub durability: Durability,
}

/// When a commit counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Durability {
    /// Once the disk says that it has it.
    Full,
    /// Once the system has it.
    Normal,
}

/// What `store commit` takes.
#[derive(Debug, Clone, Args)]
pub struct StoreCommit {
    /// How many clients there are when they do not wait for each message.
    #[arg(long, default_value_t = 100, value_parser = count(1..=10_000))]
    pub clients: usize,
    /// How many messages each of them has unconfirmed at most.
    #[arg(long, default_value_t = 64, value_parser = count(1..=1024))]
    pub window: usize,
    /// In how many rooms they are; with as many as clients nobody hears another.
    #[arg(long, value_delimiter = ',', default_values_t = [100, 10], value_parser = count(1..=10_000))]
    pub rooms: Vec<usize>,
    /// How long a message's text is, in bytes.
    #[arg(long, default_value_t = 64, value_parser = count(8..=16 * 1024))]
    pub size: usize,
    /// How many rows raw SQLite takes in one transaction beside the many clients.
    #[arg(long, default_value_t = 512, value_parser = count(1..=1_000_000))]
    pub batch: usize,
    #[command(flatten)]
    pub store: StoreCommon,
}

/// What `store delivery` takes.
#[derive(Debug, Clone, Args)]
pub struct StoreDelivery {
    /// Messages a second.
    #[arg(long, default_value_t = 1000, value_parser = count(1..=100_000))]
    pub rate: usize,
    /// How many members get each.
    #[arg(long, default_value_t = 100, value_parser = count(1..=10_000))]
    pub receivers: usize,
    /// How long a message's text is, in bytes.
    #[arg(long, default_value_t = 64, value_parser = count(8..=16 * 1024))]
    pub size: usize,
    #[command(flatten)]
    pub store: StoreCommon,
}

/// What `store stalled` takes.
#[derive(Debug, Clone, Args)]
pub struct StoreStalled {
    /// How many members read what they get.
    #[arg(long, default_value_t = 1000, value_parser = count(1..=CONNECTIONS_MAX))]
    pub readers: usize,
    /// How many members do not, each count by itself beside none.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 100], value_parser = count(1..=10_000))]
    pub stalled: Vec<usize>,
    /// Messages a second.
    #[arg(long, default_value_t = 50, value_parser = count(1..=10_000))]
    pub rate: usize,
    /// How long a message's text is, in bytes.
    #[arg(long, default_value_t = 1024, value_parser = count(8..=16 * 1024))]
    pub size: usize,
    /// How much of the room the server holds in memory, in KiB.
    #[arg(long, default_value_t = 64, value_parser = count(16..=1_048_576))]
    pub room_kib: usize,
    #[command(flatten)]
    pub store: StoreCommon,
}

/// What `store return` takes.
#[derive(Debug, Clone, Args)]
pub struct StoreReturn {
    /// At how many members they are cut off.
    #[arg(long, value_delimiter = ',', default_values_t = [1000, 2500, 5000, 10_000], value_parser = count(1..=CONNECTIONS_MAX))]
    pub members: Vec<usize>,
    /// How many messages are said while they are away.
    #[arg(long, default_value_t = 100, value_parser = count(1..=100_000))]
    pub missed: usize,
    /// How long a message's text is, in bytes.
    #[arg(long, default_value_t = 64, value_parser = count(8..=16 * 1024))]
    pub size: usize,
    #[command(flatten)]
    pub store: StoreCommon,
}

/// What `store big` takes.
#[derive(Debug, Clone, Args)]
pub struct StoreBig {
    /// How many messages the store holds.
    #[arg(long, default_value_t = 10_000_000, value_parser = count(1000..=1_000_000_000))]
    pub messages: usize,
    /// In how many rooms.
    #[arg(long, default_value_t = 20, value_parser = count(1..=64))]
    pub rooms: usize,
    /// How often each search is asked in a trial.
    #[arg(long, default_value_t = 50, value_parser = count(1..=10_000))]
    pub repeats: usize,
    /// Make the store here and leave it; if it is here already, use it.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    #[command(flatten)]
    pub store: StoreCommon,
}

impl Durability {
    /// As options and pragmas have it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Normal => "normal",
        }
    }
}
