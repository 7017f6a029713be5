//! What the operator says on the command line or in the environment.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{CommandFactory, Parser, ValueEnum};

const EXAMPLES: &str = "Examples:
  chat-server                                         loopback, port 12101
  chat-server --listen 127.0.0.1:0                    a free port; the first line says which
  chat-server --listen 127.0.0.1:12101 --listen [::1]:12101
  chat-server --data-dir /var/lib/verbatim            what is said outlives the server
  chat-server --strategy pool --workers 64 --queue 100
  RUST_LOG=debug chat-server --log-format json

The first line on standard output is `listening on HOST:PORT`; logs go to standard error.
One SIGINT or SIGTERM drains (no new connections, open ones are told and closed); a second closes at once.
Exit codes: 0 stopped in order, 1 it failed (port taken, directory in use, …), 2 usage.";

/// The Verbatim chat server.
#[derive(Debug, Clone, Parser)]
#[command(name = "chat-server", version, about, after_help = EXAMPLES)]
pub struct Args {
    /// Address and port to listen on; may be said more than once.
    #[arg(
        long,
        value_name = "ADDR:PORT",
        default_value = "127.0.0.1:12101",
        env = "VERBATIM_LISTEN",
        value_delimiter = ','
    )]
    pub listen: Vec<SocketAddr>,

    /// Listen on other addresses than loopback although nothing is encrypted yet.
    #[arg(long)]
    pub insecure: bool,

    /// Directory that this server alone uses. Rooms, people and messages are in its `chat.db`, files in `files`, each
    /// room's in `files/rooms/NAME`. Without one rooms live in memory and end with the server, and there are no files.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// When a message counts as stored: when the disk has it, or already when the system has it.
    #[arg(long, value_enum, default_value = "full", requires = "data_dir")]
    pub durability: Durability,

    /// Days for which the nick, rooms and direct conversations are kept of somebody who asked for it and left; 0: none.
    #[arg(long, value_name = "DAYS", default_value = "30", requires = "data_dir")]
    pub keep_days: u32,

    /// People whose place is kept at a time; beyond it the one who left first is let go.
    #[arg(long, value_name = "N", default_value = "100000", requires = "data_dir")]
    pub max_kept: usize,

    /// Days after which a room's events are trimmed; 0: never.
    #[arg(long, value_name = "DAYS", default_value = "0", requires = "data_dir")]
    pub retain_days: u32,

    /// Events that are kept of each room, the newest; 0 for all.
    #[arg(long, value_name = "N", default_value = "0", requires = "data_dir")]
    pub retain_events: u64,

    /// MiB of events that are kept of each room, the newest; 0 for all.
    #[arg(long, value_name = "MIB", default_value = "0", requires = "data_dir")]
    pub retain_mib: u64,

    /// Threads that read from the store.
    #[arg(long, value_name = "N", default_value = "2", requires = "data_dir")]
    pub store_readers: NonZeroUsize,

    /// Who serves a connection, and where the others wait; see docs/concurrency.md.
    #[arg(long, value_enum, default_value = "spawn")]
    pub strategy: ChatStrategy,

    /// Workers of `pool`; under `pool-request`, batches of requests (what one read brought) worked on at a time.
    #[arg(long, value_name = "N", default_value = "64")]
    pub workers: NonZeroUsize,

    /// Connections (`pool`) or requests (`pool-request`) that may wait for a worker.
    #[arg(long, value_name = "N", default_value = "256")]
    pub queue: usize,

    /// Longest wait for a worker, in milliseconds; 0 for no limit.
    #[arg(long, value_name = "MS", default_value = "0")]
    pub queue_wait_ms: u64,

    /// Connections open at a time; 0 for no limit but the system's.
    #[arg(long, value_name = "N", default_value = "10000")]
    pub max_connections: usize,

    /// Connections open at a time from one address; 0 for no limit.
    #[arg(long, value_name = "N", default_value = "1000")]
    pub max_per_address: usize,

    /// Connections the kernel holds before they are accepted.
    #[arg(long, value_name = "N", default_value = "4096")]
    pub backlog: u32,

    /// Requests a second that one connection may make in the long run; faster ones are read slower. 0: no bound.
    #[arg(long, value_name = "N", default_value = "500")]
    pub rate: u32,

    /// Milliseconds until a connection must have said a good hello.
    #[arg(long, value_name = "MS", default_value = "10000", value_parser = clap::value_parser!(u64).range(1..))]
    pub handshake_ms: u64,

    /// Milliseconds of silence after which a client is asked whether it is there, and as long again until it is cut.
    #[arg(long, value_name = "MS", default_value = "60000", value_parser = clap::value_parser!(u64).range(1..))]
    pub idle_ms: u64,

    /// Milliseconds for which a client may take nothing of what is sent to it.
    #[arg(long, value_name = "MS", default_value = "30000", value_parser = clap::value_parser!(u64).range(1..))]
    pub stall_ms: u64,

    /// Milliseconds for which the nick and rooms of a broken connection are held; 0 lets them go at once.
    #[arg(long, value_name = "MS", default_value = "30000")]
    pub grace_ms: u64,

    /// Broken connections whose place is held at a time; beyond it the one that would go first goes.
    #[arg(long, value_name = "N", default_value = "10000")]
    pub max_held: usize,

    /// Milliseconds that open connections have to end when the server stops.
    #[arg(long, value_name = "MS", default_value = "5000")]
    pub drain_ms: u64,

    /// Rooms at a time, direct conversations included.
    #[arg(long, value_name = "N", default_value = "16384", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_rooms: u32,

    /// Rooms one person comes into at a time, at most 64; into twice as many direct conversations others may call them.
    #[arg(long, value_name = "N", default_value = "64", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub max_rooms_per_person: u32,

    /// KiB of a room's newest events held in memory.
    #[arg(long, value_name = "KIB", default_value = "4096", value_parser = clap::value_parser!(u32).range(16..))]
    pub room_kib: u32,

    /// MiB of events held in memory for all rooms; beyond it the longest silent rooms forget theirs.
    #[arg(long, value_name = "MIB", default_value = "256", value_parser = clap::value_parser!(u32).range(1..))]
    pub rooms_mib: u32,

    /// MiB that the largest file may have.
    #[arg(long, value_name = "MIB", default_value = "1048576")]
    pub file_max_mib: u64,

    /// MiB that must remain free on the disk of the data directory.
    #[arg(long, value_name = "MIB", default_value = "256")]
    pub files_min_free_mib: u64,

    /// MiB of files on the server; 0 for no bound but the disk.
    #[arg(long, value_name = "MIB", default_value = "0")]
    pub files_total_mib: u64,

    /// MiB of files in one room; 0 for no bound.
    #[arg(long, value_name = "MIB", default_value = "0")]
    pub files_room_mib: u64,

    /// MiB of files that one person has sent; 0 for no bound.
    #[arg(long, value_name = "MIB", default_value = "0")]
    pub files_person_mib: u64,

    /// Milliseconds within which an upload must bring 64 KiB; if not, it is set aside, to be resumed.
    #[arg(long, value_name = "MS", default_value = "60000", value_parser = clap::value_parser!(u64).range(1..))]
    pub upload_idle_ms: u64,

    /// Hours for which a part of a file is kept that nobody goes on with.
    #[arg(long, value_name = "H", default_value = "24")]
    pub partial_hours: u32,

    /// How log lines look.
    #[arg(long, value_enum, default_value = "text")]
    pub log_format: LogFormat,

    /// Print completions for a shell, or the man page, and exit.
    #[arg(long, value_name = "WHAT", hide = true, exclusive = true)]
    pub generate: Option<Generate>,
}

/// The strategies a chat can be served by. The others of `serve` are for short requests or blocking sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ChatStrategy {
    /// A task per connection.
    Spawn,
    /// N worker tasks; each takes a whole connection, and whoever comes after N waits until one leaves.
    Pool,
    /// A task per connection, and at most N requests worked on at a time.
    PoolRequest,
}

impl ChatStrategy {
    /// The strategy as `serve` knows it.
    pub const fn strategy(self) -> serve::Strategy {
        match self {
            Self::Spawn => serve::Strategy::Spawn,
            Self::Pool => serve::Strategy::Pool,
            Self::PoolRequest => serve::Strategy::PoolRequest,
        }
    }
}

/// When a message counts as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Durability {
    /// When the disk says that it has it: it survives a loss of power, if the disk does not lie.
    Full,
    /// When the system has it: it survives the end of the server, not that of the machine.
    Normal,
}

impl Durability {
    /// It, as the store knows it.
    pub const fn durability(self) -> room_log::store::Durability {
        match self {
            Self::Full => room_log::store::Durability::Full,
            Self::Normal => room_log::store::Durability::Normal,
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people; coloured on a terminal.
    Text,
    /// One object a line, for programs.
    Json,
}

/// What `--generate` can print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Generate {
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

impl Generate {
    /// Writes it to standard output.
    ///
    /// # Errors
    /// The output could not be written.
    pub fn print(self) -> std::io::Result<()> {
        let mut command = Args::command();
        let shell = match self {
            Self::Bash => clap_complete::Shell::Bash,
            Self::Zsh => clap_complete::Shell::Zsh,
            Self::Fish => clap_complete::Shell::Fish,
            Self::Elvish => clap_complete::Shell::Elvish,
            Self::Powershell => clap_complete::Shell::PowerShell,
            Self::Man => return clap_mangen::Man::new(command).render(&mut std::io::stdout()),
        };
        clap_complete::generate(shell, &mut command, "chat-server", &mut std::io::stdout());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn wrong_words_are_refused_with_what_would_be_right() {
        let rows: &[(&[&str], &str)] = &[
            (&["--strategy", "fibers"], "possible values: spawn, pool, pool-request"),
            (&["--strategy", "thread"], "possible values: spawn, pool, pool-request"),
            (&["--workers", "0"], "--workers"),
            (&["--queue", "many"], "--queue"),
            (&["--listen", "nonsense"], "--listen"),
            (&["--idle-ms", "0"], "--idle-ms"),
            (&["--durability", "none", "--data-dir", "x"], "possible values: full, normal"),
            (&["--keep-days", "3"], "--data-dir <DIR>"),
            (&["--retain-events", "3"], "--data-dir <DIR>"),
            (&["--store-readers", "0", "--data-dir", "x"], "--store-readers"),
        ];
        for (words, expected) in rows {
            let error = Args::try_parse_from(["chat-server"].iter().chain(*words)).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{words:?}");
            assert!(error.to_string().contains(expected), "{words:?}: {error}");
        }
    }
}
