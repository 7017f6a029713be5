//! Where the files of a run stand: a folder on a disk, and one in memory. Both go when the run ends.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::args::FilesCommon;
use crate::error::BenchError;
use crate::readings;
use crate::stats::{SplitMix64, median};

/// How long it is looked how busy others keep the machine.
const LISTEN: Duration = Duration::from_millis(200);

/// Written at a time.
const PIECE_BYTES: usize = 1 << 20;

/// The folders of a run.
#[derive(Debug)]
pub(crate) struct Ground {
    disk: TempDir,
    memory: Option<TempDir>,
    /// How busy the machine was before each trial, as a share of all its cores.
    others: Vec<f64>,
}

impl Ground {
    /// Makes them.
    ///
    /// # Errors
    /// If the folder on disk cannot be made. One in memory may be missing.
    pub(crate) fn new(common: &FilesCommon) -> Result<Self, BenchError> {
        let work = common.work_dir.clone().unwrap_or_else(std::env::temp_dir);
        let disk = made_in(&work).map_err(BenchError::io("cannot make a folder in --work-dir"))?;
        Ok(Self { disk, memory: made_in(&common.memory_dir).ok(), others: Vec::new() })
    }

    /// Makes one in `folder`, for what is to stand on that disk.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn on_disk(folder: &Path) -> Result<Self, BenchError> {
        let disk = made_in(folder).map_err(BenchError::io("cannot make a folder for the stores; say --dir"))?;
        Ok(Self { disk, memory: None, others: Vec::new() })
    }

    /// Makes one in the system's folder for such things, for files that are soon gone.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn small() -> Result<Self, BenchError> {
        let disk = made_in(&std::env::temp_dir()).map_err(BenchError::io("cannot make a temporary folder"))?;
        Ok(Self { disk, memory: None, others: Vec::new() })
    }

    /// A path in the folder on disk.
    pub(crate) fn disk(&self, name: &str) -> PathBuf {
        self.disk.path().join(name)
    }

    /// A path in memory; on disk where there is no such folder.
    pub(crate) fn memory(&self, name: &str) -> PathBuf {
        self.memory.as_ref().unwrap_or(&self.disk).path().join(name)
    }

    /// Whether there is a folder in memory.
    pub(crate) const fn has_memory(&self) -> bool {
        self.memory.is_some()
    }

    /// Makes a folder on disk for one trial, anew.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) fn fresh_on_disk(&self, name: &str) -> Result<PathBuf, BenchError> {
        fresh(self.disk(name))
    }

    /// The same in memory.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn fresh_in_memory(&self, name: &str) -> Result<PathBuf, BenchError> {
        fresh(self.memory(name))
    }

    /// Waits until nothing written earlier is still on its way to the disk, so that a trial does not pay for another;
    /// then looks how busy others keep the machine.
    pub(crate) fn settle(&mut self) {
        wait_for_disk();
        let before = readings::machine_ticks();
        std::thread::sleep(LISTEN);
        let busy = before.and_then(|before| readings::machine_ticks()?.busy_since(&before));
        self.others.extend(busy);
    }

    /// The share of all cores that other programs took before the median trial.
    pub(crate) fn others_share(&self) -> Option<f64> {
        median(&self.others)
    }
}

#[cfg(unix)]
fn wait_for_disk() {
    rustix::fs::sync();
}

/// Nothing can be waited for here.
#[cfg(not(unix))]
const fn wait_for_disk() {}

fn made_in(folder: &Path) -> std::io::Result<TempDir> {
    tempfile::Builder::new().prefix("verbatim-bench-").tempdir_in(folder)
}

fn fresh(path: PathBuf) -> Result<PathBuf, BenchError> {
    let failed = BenchError::io("cannot make a folder for a trial");
    match std::fs::remove_dir_all(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    std::fs::create_dir_all(&path).map_err(failed)?;
    Ok(path)
}

/// Writes a file of `bytes` that no compression makes smaller. The same seed writes the same.
///
/// # Errors
/// What the disk says.
pub(crate) fn fill(path: &Path, bytes: u64, seed: u64) -> Result<(), BenchError> {
    let failed = BenchError::io("cannot write a file to be moved");
    let mut random = SplitMix64::new(seed);
    let mut file = BufWriter::with_capacity(PIECE_BYTES, File::create(path).map_err(&failed)?);
    let mut left = bytes;
    while left > 0 {
        let word = random.next().to_le_bytes();
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(word.len());
        file.write_all(word.get(..count).unwrap_or_default()).map_err(&failed)?;
        left -= count as u64;
    }
    file.flush().map_err(failed)
}

/// Writes `count` files of `bytes` each into `folder`, a hundred to a folder within it.
///
/// # Errors
/// What the disk says.
pub(crate) fn fill_folder(folder: &Path, count: usize, bytes: u64) -> Result<(), BenchError> {
    for number in 0..count {
        let within = folder.join(format!("{:04}", number / 100));
        std::fs::create_dir_all(&within).map_err(BenchError::io("cannot make a folder to be moved"))?;
        fill(&within.join(format!("{number:06}.bin")), bytes, number as u64)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filled_file_has_its_size_and_is_the_same_for_the_same_seed() {
        let folder = tempfile::tempdir().unwrap();
        let filled = |name: &str, bytes, seed| {
            let path = folder.path().join(name);
            fill(&path, bytes, seed).unwrap();
            std::fs::read(path).unwrap()
        };
        let first = filled("a", 100_003, 1);
        assert_eq!(first.len(), 100_003);
        assert_eq!(first, filled("b", 100_003, 1));
        assert_ne!(first, filled("c", 100_003, 2));
        assert!(filled("empty", 0, 1).is_empty());
    }

    #[test]
    fn a_filled_folder_has_as_many_files_as_wanted() {
        let folder = tempfile::tempdir().unwrap();
        fill_folder(folder.path(), 203, 10).unwrap();
        let folders = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let files: usize = folders.map(|path| std::fs::read_dir(path).unwrap().count()).sum();
        assert_eq!(files, 203);
    }
}
