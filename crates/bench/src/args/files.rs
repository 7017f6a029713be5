//! What the `files` commands take.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Common, count};
use crate::experiments::FileArm;

/// What to measure of files.
#[derive(Debug, Subcommand)]
pub enum FilesCommand {
    /// One big file: to nowhere, relayed, to and from a disk; beside iperf3, nginx with curl, cp and rsync.
    Throughput(FilesThroughput),
    /// A folder of many small files, both ways, beside rsync.
    Small(FilesSmall),
    /// Chat, and a small file, on a connection that is full of big files.
    Chat(FilesChat),
    /// What the server holds in memory: by the size of a file, and with many transfers at once.
    Memory(FilesMemory),
}

/// What they all take.
#[derive(Debug, Clone, Args)]
pub struct FilesCommon {
    #[command(flatten)]
    pub common: Common,
    /// On a disk: where the files of the run are made, several times their size; the system's folder for such things
    /// unless said.
    #[arg(long, value_name = "DIR")]
    pub work_dir: Option<PathBuf>,
    /// In memory: where a server keeps what shall not meet a disk.
    #[arg(long, value_name = "DIR", default_value = "/dev/shm")]
    pub memory_dir: PathBuf,
}

/// What `files throughput` takes.
#[derive(Debug, Clone, Args)]
pub struct FilesThroughput {
    /// How big the file is, in MiB.
    #[arg(long, default_value_t = 2048, value_parser = count(1..=1024 * 1024))]
    pub size_mib: usize,
    /// Only these; the comparisons are those that are left.
    #[arg(long, value_delimiter = ',', value_enum, default_values_t = FileArm::ALL.to_vec())]
    pub only: Vec<FileArm>,
    #[command(flatten)]
    pub files: FilesCommon,
}

/// What `files small` takes.
#[derive(Debug, Clone, Args)]
pub struct FilesSmall {
    /// How many files there are.
    #[arg(long, default_value_t = 10_000, value_parser = count(1..=1_000_000))]
    pub count: usize,
    /// How big each is, in bytes.
    #[arg(long, default_value_t = 4096, value_parser = count(0..=262_144))]
    pub size: usize,
    #[command(flatten)]
    pub files: FilesCommon,
}

/// What `files chat` takes.
#[derive(Debug, Clone, Args)]
pub struct FilesChat {
    /// How big the files are that fill the connection, in MiB. From 64 on the client takes a second connection.
    #[arg(long, default_value_t = 60, value_parser = count(1..=1024 * 1024))]
    pub size_mib: usize,
    /// Messages a second, each way.
    #[arg(long, default_value_t = 200, value_parser = count(1..=10_000))]
    pub messages: usize,
    /// What the slow receiver takes, in MB a second.
    #[arg(long, default_value_t = 10, value_parser = count(1..=1000))]
    pub slow_mb: usize,
    #[command(flatten)]
    pub files: FilesCommon,
}

/// What `files memory` takes.
#[derive(Debug, Clone, Args)]
pub struct FilesMemory {
    /// How big the files are, in MiB.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 64, 1024, 10_240], value_parser = count(1..=1024 * 1024))]
    pub sizes_mib: Vec<usize>,
    /// How many transfers there are at once.
    #[arg(long, default_value_t = 100, value_parser = count(1..=1000))]
    pub transfers: usize,
    /// How big each of those is, in MiB.
    #[arg(long, default_value_t = 16, value_parser = count(1..=1024))]
    pub each_mib: usize,
    #[command(flatten)]
    pub files: FilesCommon,
}

impl FilesCommon {
    /// What experiments take. Servers and load stay where the system puts them: a transfer keeps more than one thread
    /// busy on either side.
    pub(crate) fn common(&self) -> Common {
        Common { no_pin: true, ..self.common.clone() }
    }
}
