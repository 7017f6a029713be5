//! The receiving side of one transfer: bytes are written as they come and called verified when their hash has come.
//!
//! What comes is put in a queue, which never blocks and is bounded by the credit. A job on tokio's blocking pool
//! hashes and writes it; there is at most one a sink, and it ends when the queue is empty. No lock is held while it
//! reads, writes or hashes.
//!
//! Invariant: the target is told `verified` only of bytes whose hashes are what the sender said.

use std::io;
use std::sync::{Arc, MutexGuard};

use bytes::Bytes;
use proto::{Code, FileVersion, Refusal, Root};

use crate::credit::Window;
use crate::group::{GroupHash, RootBuilder};

mod drain;
mod intake;
mod target;

use drain::{Drain, Shared};
use intake::{Intake, Item};
pub use target::{InOrder, Nowhere};

/// A transfer is repaired at most this many times.
pub const REPAIRS_MAX: u32 = 8;

/// A sender may be this many bytes ahead of its hashes. Bounds what a receiver takes again when it repairs.
pub const UNHASHED_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Where the bytes of a transfer go. Every call is made on a thread that may block, one at a time; so is the drop.
pub trait Target: Send + 'static {
    /// Takes bytes that have come, not verified yet. In order, but for a repair, which goes back to the verified end.
    ///
    /// # Errors
    /// The disk's; it ends the transfer.
    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Everything before `upto` is verified; `hashes` are those of the groups since the last call.
    ///
    /// # Errors
    /// The disk's; it ends the transfer.
    fn verified(&mut self, upto: u64, hashes: &[GroupHash]) -> io::Result<()>;

    /// Everything is there and verified: puts the file in its place, on disk.
    ///
    /// # Errors
    /// Why it cannot have its place.
    fn finish(&mut self, root: Root) -> Result<Placement, Refusal>;
}

/// Where a file that has come stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Its path, which may be another than was asked for.
    pub path: String,
    /// Whether the same bytes were there already.
    pub same: bool,
    /// Its version.
    pub version: FileVersion,
}

/// What a sink tells its owner, from the thread that writes. The owner must not block in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinkSignal {
    /// To be sent: the new limit of what the sender may send.
    Credit(u64),
    /// To be sent: a group was damaged; send again from here.
    Repair(u64),
    /// Everything before this offset is verified.
    Verified(u64),
    /// The file is in its place. Nothing follows.
    Finished {
        /// Its hash.
        root: Root,
        /// Its size in bytes.
        size: u64,
        /// Where it stands.
        placement: Placement,
    },
    /// The transfer ends here. Nothing follows.
    Failed(Refusal),
}

/// How far a sink is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SinkProgress {
    /// The offset of the next byte that is due.
    pub received: u64,
    /// Everything before this offset is verified.
    pub verified: u64,
    /// Bytes that stand in line for the disk.
    pub queued: u64,
    /// Bytes that ever came, those that came twice counted twice: moves whenever the sender brings something.
    pub brought: u64,
    /// What the sender may send before it needs more credit, in bytes.
    pub credit_left: u64,
    /// Whether the disk is what is waited for: bytes stand in line for it.
    pub waits_for_disk: bool,
    /// Whether the sender has said that this was all.
    pub is_finished: bool,
    /// Whether it has ended, well or badly.
    pub is_closed: bool,
}

/// The receiving side of one transfer.
pub struct Sink {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sink").field("progress", &self.progress()).finish_non_exhaustive()
    }
}

impl Sink {
    /// A sink for a file of `size` bytes of which those before `from`, a whole number of groups (or all of the file),
    /// are there and have the hashes in `hashes_before`. The first credit, [`Self::limit`], is the caller's to send.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn new(
        size: u64,
        from: u64,
        hashes_before: RootBuilder,
        window: Window,
        target: Box<dyn Target>,
        signal: Box<dyn Fn(SinkSignal) + Send + Sync>,
    ) -> Self {
        let window = window.for_at_most(size.saturating_sub(from)).starting_at(from);
        let drain = Drain::new(size, from, hashes_before, target);
        Self { shared: Shared::new(Intake::new(size, from, window, drain), signal) }
    }

    /// Bytes before this offset may be sent now.
    pub fn limit(&self) -> u64 {
        self.shared.intake().window.limit()
    }

    /// Takes bytes of the file. Never blocks. What comes after the end is ignored.
    ///
    /// # Errors
    /// `Overrun` if they are over the credit or not the bytes that are due; the transfer has then ended.
    pub fn chunk(&self, offset: u64, bytes: Bytes) -> Result<(), Refusal> {
        let mut intake = self.shared.intake();
        let taken = intake.chunk(offset, bytes);
        self.after(intake, taken)
    }

    /// Takes the hashes of groups from group `first` on, 32 bytes each. Never blocks.
    ///
    /// # Errors
    /// `Overrun` if they are not those that are due, or come before their bytes; the transfer has then ended.
    pub fn hashes(&self, first: u64, hashes: Bytes) -> Result<(), Refusal> {
        let mut intake = self.shared.intake();
        let taken = intake.hashes(first, hashes);
        self.after(intake, taken)
    }

    /// Takes the sender's word that this was all. Never blocks.
    ///
    /// # Errors
    /// `Overrun` if bytes or hashes are missing, or the size is another; the transfer has then ended.
    pub fn finish(&self, size: u64, root: Root) -> Result<(), Refusal> {
        let mut intake = self.shared.intake();
        let taken = intake.finish(size, root);
        self.after(intake, taken)
    }

    /// How far it is.
    pub fn progress(&self) -> SinkProgress {
        self.shared.intake().progress()
    }

    /// Ends it. What stands in the queue is thrown away; the target is dropped on a thread that may block, after the
    /// call it is in. Dropping the sink does the same.
    pub fn close(self) {}

    fn after(&self, mut intake: MutexGuard<'_, Intake>, taken: Result<Option<Item>, Refusal>) -> Result<(), Refusal> {
        match taken {
            Ok(Some(item)) => intake.queue.push_back(item),
            Ok(None) => return Ok(()),
            Err(refusal) => {
                intake.close();
                self.shared.start(intake);
                return Err(refusal);
            }
        }
        self.shared.start(intake);
        Ok(())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let mut intake = self.shared.intake();
        intake.close();
        self.shared.start(intake);
    }
}

/// What is said of a disk that failed: that it is full, or that it failed.
pub fn refusal_of(error: &io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Refusal::new(Code::NoSpace, format!("the disk has no room for the file: {error}"))
        }
        _ => Refusal::new(Code::StorageFailed, format!("the disk failed: {error}")),
    }
}
