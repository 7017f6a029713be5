//! `cp`, which leaves what it wrote to the system, and `cp` with a wait for the disk, as ours waits.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use super::{find, run};
use crate::error::BenchError;
use crate::files::{Begun, Moved};
use crate::interrupt::Interrupt;

/// Copies a file. It is done when `cp` says so; its bytes may be nowhere but in memory.
///
/// # Errors
/// If there is no `cp`, or it fails.
pub(crate) fn copy(from: &Path, to: &Path, interrupt: &Interrupt) -> Result<Moved, BenchError> {
    let begun = Begun::now(None);
    cp(from, to, interrupt)?;
    moved(&begun, to)
}

/// Copies a file and waits until it is on the disk, and its name too.
///
/// # Errors
/// As [`copy`], or what the disk says.
pub(crate) fn copy_synced(from: &Path, to: &Path, interrupt: &Interrupt) -> Result<Moved, BenchError> {
    let failed = BenchError::io("cannot wait for the disk");
    let begun = Begun::now(None);
    cp(from, to, interrupt)?;
    File::open(to).and_then(|file| file.sync_all()).map_err(&failed)?;
    if let Some(folder) = to.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    }
    moved(&begun, to)
}

fn cp(from: &Path, to: &Path, interrupt: &Interrupt) -> Result<(), BenchError> {
    let mut command = Command::new(find("cp", "apt-get install coreutils")?);
    // Without a shared extent: a copy that copies nothing is another thing.
    command.arg("--reflink=never").arg(from).arg(to);
    run(command, interrupt).map(drop)
}

fn moved(begun: &Begun, to: &Path) -> Result<Moved, BenchError> {
    let bytes = std::fs::metadata(to).map_err(BenchError::io("the copy is not there"))?.len();
    let moved = begun.moved(bytes, 1, None);
    // What this program did meanwhile was to wait.
    Ok(Moved { client_cpu_seconds: None, ..moved })
}
