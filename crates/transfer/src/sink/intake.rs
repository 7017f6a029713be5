//! What a sink takes from the wire: checks that need no disk, and the queue.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use proto::limits::GROUP_BYTES;
use proto::{Code, Refusal, Root};

use super::drain::Drain;
use super::{REPAIRS_MAX, SinkProgress, UNHASHED_BYTES_MAX};
use crate::credit::Window;
use crate::group::groups_of;

/// Bytes of one hash.
const HASH_BYTES: usize = 32;

/// Chunks shorter than this are copied together while they stand in line: a place there, and the read buffer that a
/// chunk keeps, may take far more memory than the bytes that the credit counts.
const SHORT_BYTES: usize = 16 * 1024;

/// So many bytes of them are one item, at most.
const JOINED_BYTES_MAX: usize = 64 * 1024;

/// What stands in line.
#[derive(Debug)]
pub(super) enum Item {
    Chunk {
        offset: u64,
        bytes: Bytes,
    },
    /// Short chunks, one behind the other.
    Joined {
        offset: u64,
        bytes: BytesMut,
    },
    Hashes(Bytes),
    Finish(Root),
}

/// The side of a sink that the wire sees.
///
/// Invariant: the chunks in the queue follow each other without a hole, and reach at most to the credit's limit; the
/// queue takes memory in proportion to their bytes, however short they came.
pub(super) struct Intake {
    size: u64,
    /// The job's own, while it does not run.
    pub(super) idle: Option<Box<Drain>>,
    pub(super) queue: VecDeque<Item>,
    pub(super) window: Window,
    /// The offset of the next byte that is due.
    received: u64,
    /// The number of the next group whose hash is due.
    hashed: u64,
    pub(super) verified: u64,
    pub(super) queued: u64,
    brought: u64,
    repairs: u32,
    /// After a repair: everything is ignored until the chunk at this offset comes.
    skipping_to: Option<u64>,
    /// Bytes that can still be on their way from before the repair.
    skip_left: u64,
    is_finished: bool,
    pub(super) is_closed: bool,
}

impl Intake {
    pub(super) fn new(size: u64, from: u64, window: Window, drain: Box<Drain>) -> Self {
        Self {
            size,
            idle: Some(drain),
            queue: VecDeque::new(),
            window,
            received: from,
            hashed: groups_of(from),
            verified: from,
            queued: 0,
            brought: 0,
            repairs: 0,
            skipping_to: None,
            skip_left: 0,
            is_finished: false,
            is_closed: false,
        }
    }

    pub(super) fn chunk(&mut self, offset: u64, bytes: Bytes) -> Result<Option<Item>, Refusal> {
        let len = bytes.len() as u64;
        if self.is_closed {
            self.brought += len;
            return Ok(None);
        }
        if self.skipping_to.is_some_and(|due| due != offset) {
            let left = self.skip_left.checked_sub(len);
            self.skip_left =
                left.ok_or_else(|| overrun(format!("bytes at {offset} came long after a repair was asked for")))?;
            self.brought += len;
            return Ok(None);
        }
        let end = offset.checked_add(len).filter(|end| *end <= self.size && !self.is_finished);
        let Some(end) = end.filter(|_| offset == self.received && len > 0) else {
            return Err(overrun(format!("bytes at {offset} came where those at {} were due", self.received)));
        };
        if end > self.window.limit() {
            return Err(overrun(format!("bytes up to {end} came with credit for {}", self.window.limit())));
        }
        if end > (self.hashed * GROUP_BYTES).saturating_add(UNHASHED_BYTES_MAX) {
            return Err(overrun(format!("bytes up to {end} came, but hashes for {} groups only", self.hashed)));
        }
        self.skipping_to = None;
        self.received = end;
        self.brought += len;
        // What stood in line before it: bytes that have just come are not the disk's fault.
        self.window.queued(self.queued);
        self.queued += len;
        Ok(self.joined(offset, bytes))
    }

    /// A new item of these bytes; nothing if they went into the last one, which the job has yet to take.
    fn joined(&mut self, offset: u64, bytes: Bytes) -> Option<Item> {
        if bytes.len() >= SHORT_BYTES {
            return Some(Item::Chunk { offset, bytes });
        }
        if let Some(Item::Joined { bytes: joined, .. }) = self.queue.back_mut()
            && joined.len() + bytes.len() <= JOINED_BYTES_MAX
        {
            joined.extend_from_slice(&bytes);
            return None;
        }
        Some(Item::Joined { offset, bytes: BytesMut::from(&*bytes) })
    }

    pub(super) fn hashes(&mut self, first: u64, hashes: Bytes) -> Result<Option<Item>, Refusal> {
        if self.is_closed || self.skipping_to.is_some() {
            return Ok(None);
        }
        let groups = (hashes.len() / HASH_BYTES) as u64;
        // The last group may be shorter; it ends with the file.
        let whole = if self.received == self.size { groups_of(self.size) } else { self.received / GROUP_BYTES };
        let is_due = first == self.hashed && groups > 0 && hashes.len().is_multiple_of(HASH_BYTES);
        if !is_due || groups > whole.saturating_sub(self.hashed) {
            return Err(overrun(format!("hashes of group {first} on came where those of {} were due", self.hashed)));
        }
        self.hashed += groups;
        Ok(Some(Item::Hashes(hashes)))
    }

    pub(super) fn finish(&mut self, size: u64, root: Root) -> Result<Option<Item>, Refusal> {
        if self.is_closed || self.skipping_to.is_some() {
            return Ok(None);
        }
        let is_whole = self.received == self.size && self.hashed == groups_of(self.size);
        if size != self.size || !is_whole || self.is_finished {
            let (received, due) = (self.received, self.size);
            return Err(overrun(format!("the end came at {size} bytes, {received} of {due} having come")));
        }
        self.is_finished = true;
        Ok(Some(Item::Finish(root)))
    }

    /// Goes back to `from`, throwing away what stands in line.
    pub(super) fn repair(&mut self, from: u64) -> Result<(), Refusal> {
        self.repairs += 1;
        if self.repairs > REPAIRS_MAX {
            let words = format!("the bytes from {from} on came damaged again after {REPAIRS_MAX} repairs");
            return Err(Refusal::new(Code::Damaged, words));
        }
        self.clear();
        self.skip_left = self.window.limit().saturating_sub(from);
        self.received = from;
        self.hashed = from / GROUP_BYTES;
        self.skipping_to = Some(from);
        self.is_finished = false;
        Ok(())
    }

    pub(super) fn close(&mut self) {
        self.is_closed = true;
        self.clear();
    }

    fn clear(&mut self) {
        self.queue = VecDeque::new();
        self.queued = 0;
    }

    pub(super) fn progress(&self) -> SinkProgress {
        SinkProgress {
            received: self.received,
            verified: self.verified,
            queued: self.queued,
            brought: self.brought,
            credit_left: self.window.limit().min(self.size).saturating_sub(self.received),
            waits_for_disk: self.queued > 0,
            is_finished: self.is_finished,
            is_closed: self.is_closed,
        }
    }
}

fn overrun(words: String) -> Refusal {
    Refusal::new(Code::Overrun, words)
}

#[cfg(test)]
mod tests {
    use super::super::Nowhere;
    use super::*;
    use crate::group::RootBuilder;

    fn intake(size: u64) -> Intake {
        let drain = Drain::new(size, 0, RootBuilder::new(), Box::new(Nowhere));
        Intake::new(size, 0, Window::new(size, size, None), drain)
    }

    #[test]
    fn after_a_repair_no_more_is_skipped_than_can_have_been_on_its_way() {
        let mut intake = intake(4 * GROUP_BYTES);
        let chunk = || Bytes::from(vec![7; 1000]);
        intake.chunk(0, chunk()).unwrap();
        intake.repair(0).unwrap();
        for _ in 0..4 * GROUP_BYTES / 1000 {
            assert!(intake.chunk(5000, chunk()).unwrap().is_none());
        }
        assert_eq!(intake.chunk(5000, chunk()).unwrap_err().code, Code::Overrun);
        assert!(intake.chunk(0, chunk()).unwrap().is_some());
    }

    #[test]
    fn short_chunks_take_no_more_places_than_long_ones() {
        const SIZE: usize = 1024 * 1024;
        let content: Vec<u8> = (0..=250).cycle().take(SIZE).collect();
        for (len, places_max) in [(1, 16), (100, 17), (SHORT_BYTES - 1, 22), (SHORT_BYTES, 64)] {
            let size = SIZE as u64;
            let mut intake = intake(size);
            let mut at = 0;
            for bytes in content.chunks(len) {
                let item = intake.chunk(at, Bytes::copy_from_slice(bytes)).unwrap();
                intake.queue.extend(item);
                at += bytes.len() as u64;
            }
            assert!(intake.queue.len() <= places_max, "{len}: {}", intake.queue.len());
            assert_eq!(intake.queued, size);
            let mut came = Vec::new();
            for item in &intake.queue {
                let (offset, bytes): (u64, &[u8]) = match item {
                    Item::Chunk { offset, bytes } => (*offset, bytes),
                    Item::Joined { offset, bytes } => (*offset, bytes),
                    Item::Hashes(_) | Item::Finish(_) => panic!("nobody said so"),
                };
                assert_eq!(offset, came.len() as u64);
                came.extend_from_slice(bytes);
            }
            assert!(came == content, "{len}");
        }
    }
}
