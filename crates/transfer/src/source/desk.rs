//! What a source and its job hand each other: what is wanted, and what is ready.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use proto::limits::{GROUP_BYTES, HASHES_MAX};
use proto::{Refusal, Root};

use super::job::Job;
use crate::buffers::Buffers;
use crate::group::{GroupHash, groups_of};

/// Pieces that are read ahead: one waits while the next is being read.
const BLOCKS_MAX: usize = 2;

/// When the page cache had no answer, this many bytes are read ahead before it is asked again.
const COLD_BYTES: u64 = 8 * 1024 * 1024;

/// What is ready and what is wanted.
///
/// Invariant: `blocks` follow each other and end at `reading`; `hashes` follow each other and end at group `loaded`.
pub(super) struct Desk {
    size: u64,
    is_stored: bool,
    /// The job's own, while it does not run.
    pub(super) idle: Option<Box<Job>>,
    buffers: Arc<Buffers>,
    blocks: VecDeque<Bytes>,
    pub(super) hashes: VecDeque<GroupHash>,
    /// The offset at which the job reads next.
    reading: u64,
    /// The group whose hash is made or read next.
    loaded: u64,
    /// Bytes before this offset can be read.
    pub(super) readable: u64,
    /// A stored file is read ahead before this offset; behind it the page cache is asked.
    cold_upto: u64,
    /// To be done before anything else: go back to this offset.
    rewind: Option<u64>,
    /// Raised by each rewind: what the job began before is thrown away.
    epoch: u64,
    /// Set at the end: a stored file is then looked at once more.
    pub(super) is_all_sent: bool,
    /// The file's hash, once all of it is read and the file has not changed.
    pub(super) root: Option<Root>,
    pub(super) failed: Option<Refusal>,
    pub(super) is_closed: bool,
}

/// What the job does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Go back, because of a repair.
    Rewind { to: u64 },
    /// Read stored hashes.
    Hashes { first: u64, max: usize },
    /// Read bytes, and hash them if they are to be hashed.
    Read { offset: u64, len: usize },
    /// Look whether the file has changed, and tell its hash.
    End,
}

impl Desk {
    pub(super) fn new(job: Box<Job>, from: u64, readable: u64, buffers: Arc<Buffers>) -> Self {
        Self {
            size: job.size(),
            is_stored: job.is_stored(),
            idle: Some(job),
            buffers,
            blocks: VecDeque::new(),
            hashes: VecDeque::new(),
            reading: from,
            loaded: groups_of(from),
            readable,
            cold_upto: 0,
            rewind: None,
            epoch: 0,
            is_all_sent: false,
            root: None,
            failed: None,
            is_closed: false,
        }
    }

    pub(super) const fn buffers(&self) -> &Arc<Buffers> {
        &self.buffers
    }

    /// Reads ahead out of `buffers` from now on. What is read already counts there too.
    pub(super) fn use_buffers(&mut self, buffers: &Arc<Buffers>) {
        let held = self.blocks.iter().map(Bytes::len).sum();
        self.buffers.release(held);
        buffers.hold(held);
        self.buffers = Arc::clone(buffers);
    }

    /// At most `max` bytes of what was read ahead.
    pub(super) fn take_bytes(&mut self, max: usize) -> Option<Bytes> {
        let block = self.blocks.front_mut()?;
        let bytes = block.split_to(max.min(block.len()));
        if block.is_empty() {
            self.blocks.pop_front();
        }
        self.buffers.release(bytes.len());
        Some(bytes)
    }

    fn drop_blocks(&mut self) {
        self.buffers.release(self.blocks.iter().map(Bytes::len).sum());
        self.blocks.clear();
    }

    /// Whether a stored file is being read ahead.
    pub(super) fn reads_ahead(&self) -> bool {
        self.rewind.is_some() || self.reading < self.cold_upto.min(self.readable)
    }

    /// The page cache had nothing at `offset`.
    pub(super) const fn read_ahead_from(&mut self, offset: u64) {
        self.reading = offset;
        self.cold_upto = offset.saturating_add(COLD_BYTES);
    }

    /// Goes back to `from`, a whole number of groups.
    pub(super) fn rewind_to(&mut self, from: u64) {
        self.drop_blocks();
        self.hashes.clear();
        self.reading = from;
        self.loaded = from / GROUP_BYTES;
        self.cold_upto = 0;
        self.rewind = Some(from);
        self.epoch += 1;
        self.is_all_sent = false;
        self.root = None;
    }

    pub(super) fn rewound(&mut self) {
        self.rewind = None;
    }

    pub(super) fn close(&mut self) {
        self.is_closed = true;
        self.drop_blocks();
        self.hashes.clear();
        self.idle = None;
    }

    pub(super) const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// What is to be done, if anything.
    pub(super) fn work(&self) -> Option<Work> {
        if self.failed.is_some() || self.is_closed {
            return None;
        }
        if let Some(to) = self.rewind {
            return Some(Work::Rewind { to });
        }
        self.wanted_hashes().or_else(|| self.wanted_bytes()).or_else(|| {
            let is_all_read = if self.is_stored { self.is_all_sent } else { self.reading == self.size };
            (is_all_read && self.root.is_none()).then_some(Work::End)
        })
    }

    /// A stored list is read in pages, the next one before the last is used up.
    fn wanted_hashes(&self) -> Option<Work> {
        let there = if self.readable == self.size { groups_of(self.size) } else { self.readable / GROUP_BYTES };
        let is_low = self.is_stored && self.hashes.len() < HASHES_MAX / 4;
        let rest = there.checked_sub(self.loaded).filter(|rest| is_low && *rest > 0)?;
        let max = usize::try_from(rest).unwrap_or(HASHES_MAX).min(HASHES_MAX);
        Some(Work::Hashes { first: self.loaded, max })
    }

    fn wanted_bytes(&self) -> Option<Work> {
        let upto = if self.is_stored { self.cold_upto.min(self.readable) } else { self.readable };
        let rest = upto.checked_sub(self.reading).filter(|rest| *rest > 0 && self.blocks.len() < BLOCKS_MAX)?;
        let len = usize::try_from(rest).unwrap_or(usize::MAX).min(self.buffers.block_bytes());
        Some(Work::Read { offset: self.reading, len })
    }

    pub(super) fn put_hashes(&mut self, hashes: Vec<GroupHash>) {
        self.loaded += hashes.len() as u64;
        self.hashes.extend(hashes);
    }

    pub(super) fn put_block(&mut self, block: Bytes) {
        self.reading += block.len() as u64;
        self.buffers.hold(block.len());
        self.blocks.push_back(block);
    }
}
