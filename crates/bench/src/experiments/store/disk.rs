//! Where the stores of a run are made, and servers that store there.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::args::{Durability, StoreCommon};
use crate::child::RunningServer;
use crate::error::BenchError;
use crate::experiments::{Setting, own_folder};
use crate::files::Ground;
use crate::machine::FileSystem;
use crate::targets::chat;

/// A folder on a disk, which goes when the run ends.
#[derive(Debug)]
pub(in crate::experiments) struct Disk {
    ground: Ground,
    file_system: Option<FileSystem>,
    durability: Durability,
}

/// A server that stores, and how long it took until it listened.
#[derive(Debug)]
pub(in crate::experiments) struct Started {
    pub(in crate::experiments) server: RunningServer,
    pub(in crate::experiments) took: Duration,
}

impl Disk {
    /// On the disk that the person chose, or beside this program.
    ///
    /// # Errors
    /// [`BenchError::Usage`] if that is no disk but memory: what is stored there costs nothing.
    pub(super) fn new(common: &StoreCommon) -> Result<Self, BenchError> {
        Self::on_disk(common.dir.as_deref(), common.durability)
    }

    /// The same for somebody who stores as servers do unless told otherwise.
    ///
    /// # Errors
    /// As [`Disk::new`].
    pub(in crate::experiments) fn of(dir: Option<&Path>) -> Result<Self, BenchError> {
        Self::on_disk(dir, Durability::Full)
    }

    fn on_disk(dir: Option<&Path>, durability: Durability) -> Result<Self, BenchError> {
        let dir = dir.map_or_else(own_folder, |dir| Ok(dir.to_owned()))?;
        let file_system = FileSystem::of(&dir);
        if let Some(memory) = file_system.as_ref().filter(|found| found.is_memory()) {
            let dir = dir.display();
            return Err(BenchError::Usage(format!("{dir} is {memory}, which is memory; say --dir with one on a disk")));
        }
        Ok(Self { ground: Ground::on_disk(&dir)?, file_system, durability })
    }

    /// Anywhere, for trials that measure nothing.
    ///
    /// # Errors
    /// If no folder can be made.
    pub(super) fn tiny() -> Result<Self, BenchError> {
        Ok(Self { ground: Ground::small()?, file_system: None, durability: Durability::Full })
    }

    /// An empty folder for one trial, once everything that waits for the disk is there.
    ///
    /// # Errors
    /// What the disk says.
    pub(in crate::experiments) fn fresh(&mut self, name: &str) -> Result<PathBuf, BenchError> {
        let folder = self.ground.fresh_on_disk(name)?;
        self.ground.settle();
        Ok(folder)
    }

    /// When a commit counts as done.
    pub(super) const fn durability(&self) -> Durability {
        self.durability
    }

    /// Starts a server that stores in `folder`.
    ///
    /// # Errors
    /// If it does not start.
    pub(in crate::experiments) fn start(
        &self,
        folder: &Path,
        more: &[&str],
        setting: &Setting,
    ) -> Result<Started, BenchError> {
        let more = [&["--durability", self.durability.word()], more].concat();
        let command = chat::command(&setting.bin_dir, Some(folder), &more);
        let began = Instant::now();
        let server = RunningServer::start(&command, setting.pinning)?;
        Ok(Started { server, took: began.elapsed() })
    }

    /// A sentence that says what the figures are figures of.
    pub(in crate::experiments) fn sentence(&self) -> String {
        let system = self.file_system.as_ref().map_or_else(|| "an unknown file system".to_owned(), ToString::to_string);
        let done = match self.durability {
            Durability::Full => "the disk says it has it",
            Durability::Normal => "the system has it",
        };
        format!("the stores stood on {system}; a commit is done when {done}")
    }
}
