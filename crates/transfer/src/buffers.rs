//! Memory that the sources of one connection share: how much each may read ahead, and buffers to use again.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};

/// What the sources of one connection may read ahead together, in bytes, if nobody says otherwise.
pub const READ_AHEAD_BYTES: usize = 16 * 1024 * 1024;

/// The largest piece that is read at once, in bytes.
const BLOCK_BYTES_MAX: usize = 1024 * 1024;

/// The smallest, in bytes.
const BLOCK_BYTES_MIN: usize = 64 * 1024;

/// Pieces that one source has at once: one being sent, one waiting, one being read.
const BLOCKS_EACH: usize = 3;

/// Buffers kept to be used again: at most so many, and so many bytes.
const KEPT_MAX: usize = 8;
/// See [`KEPT_MAX`].
const KEPT_BYTES_MAX: usize = 3 * 1024 * 1024;

/// The memory of the sources of one connection.
///
/// Invariant: what is read ahead is at most the budget and two smallest pieces (128 KiB) a source.
#[derive(Debug)]
pub struct Buffers {
    bytes: usize,
    sources: AtomicUsize,
    /// Bytes that are read and not sent yet.
    held: AtomicUsize,
    /// Whole buffers that were lent; one that nobody else holds any more can be used again.
    kept: Mutex<Vec<Bytes>>,
}

impl Buffers {
    /// Memory for reading `bytes` ahead.
    pub fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self { bytes, sources: AtomicUsize::new(0), held: AtomicUsize::new(0), kept: Mutex::new(Vec::new()) })
    }

    /// Bytes that are read ahead now.
    pub fn held(&self) -> usize {
        self.held.load(Relaxed)
    }

    /// How much one source should read at once now, in bytes: a power of two.
    pub(crate) fn block_bytes(&self) -> usize {
        let share = self.bytes / BLOCKS_EACH / self.sources.load(Relaxed).max(1);
        let left = self.bytes.saturating_sub(self.held()) / 2;
        let mut bytes = BLOCK_BYTES_MIN;
        while bytes < BLOCK_BYTES_MAX && bytes * 2 <= share.min(left) {
            bytes *= 2;
        }
        bytes
    }

    /// `bytes` have been read ahead.
    pub(crate) fn hold(&self, bytes: usize) {
        self.held.fetch_add(bytes, Relaxed);
    }

    /// `bytes` of those are sent, or not wanted any more.
    pub(crate) fn release(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Relaxed);
    }

    /// A buffer of at least `len` bytes, with anything in them.
    pub(crate) fn take(&self, len: usize) -> BytesMut {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |buffer: &Bytes| buffer.len() >= len && buffer.len() / 4 <= len && buffer.is_unique();
        let found = kept.iter().position(fits).map(|at| kept.swap_remove(at));
        drop(kept);
        match found.map(Bytes::try_into_mut) {
            Some(Ok(buffer)) => buffer,
            _ => BytesMut::zeroed(len),
        }
    }

    /// The first `len` bytes of a buffer that was taken. When the last holder drops them, it can be taken again.
    pub(crate) fn lend(&self, buffer: BytesMut, len: usize) -> Bytes {
        let whole = buffer.freeze();
        let lent = whole.slice(..len.min(whole.len()));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(whole);
        while kept.len() > KEPT_MAX || kept.iter().map(Bytes::len).sum::<usize>() > KEPT_BYTES_MAX {
            kept.remove(0);
        }
        drop(kept);
        lent
    }
}

/// A source's part in [`Buffers`].
#[derive(Debug)]
pub(crate) struct Share(Arc<Buffers>);

impl Share {
    pub(crate) fn of(buffers: &Arc<Buffers>) -> Self {
        buffers.sources.fetch_add(1, Relaxed);
        Self(Arc::clone(buffers))
    }

    pub(crate) const fn buffers(&self) -> &Arc<Buffers> {
        &self.0
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.0.sources.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_sources_the_less_each_reads_ahead() {
        let buffers = Buffers::new(READ_AHEAD_BYTES);
        for (sources, kib) in [(1, 1024), (5, 1024), (6, 512), (21, 256), (100, 64), (1000, 64)] {
            let shares: Vec<Share> = (0..sources).map(|_| Share::of(&buffers)).collect();
            assert_eq!(buffers.block_bytes(), kib * 1024, "{sources}");
            drop(shares);
        }
    }

    #[test]
    fn a_buffer_is_used_again_only_when_nobody_holds_it() {
        let buffers = Buffers::new(READ_AHEAD_BYTES);
        let lent = buffers.lend(buffers.take(100_000), 5);
        let first = lent.as_ptr();
        assert_eq!(lent.len(), 5);
        assert_ne!(buffers.take(100_000).as_ptr(), first);
        drop(lent);
        assert_ne!(buffers.take(10).as_ptr(), first, "far too large");
        assert_eq!(buffers.take(50_000).as_ptr(), first);
    }
}
