//! Read buffers to be used again. A fresh buffer of a megabyte costs the system as much as what is read into it: it has
//! to find the pages, and to zero them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::BytesMut;

/// The most buffers that are kept.
const KEPT_MAX: usize = 16;

/// Smaller ones are not worth it, in bytes.
const BYTES_MIN: usize = 128 * 1024;

/// Large read buffers of one or many connections. A buffer comes back when the bodies of all frames in it are gone.
///
/// Cloning shares it. Invariant: at most 16 buffers are kept, each at most as large as the longest frame and two reads:
/// about 18 MiB, whoever sent what.
#[derive(Debug, Clone, Default)]
pub struct Spares {
    /// What is left of each buffer, without bytes: it holds the memory, and can have all of it back when nobody else
    /// does.
    kept: Arc<Mutex<VecDeque<BytesMut>>>,
}

impl Spares {
    /// Keeps what is left of a buffer that had `bytes` when it was made.
    pub(super) fn put(&self, mut buffer: BytesMut, bytes: usize) {
        if bytes < BYTES_MIN {
            return;
        }
        buffer.clear();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = if kept.len() < KEPT_MAX { None } else { kept.pop_front() };
        kept.push_back(buffer);
        drop(kept);
        drop(oldest);
    }

    /// An empty buffer with room for `bytes`, if there is one.
    pub(super) fn take(&self, bytes: usize) -> Option<BytesMut> {
        if bytes < BYTES_MIN {
            return None;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter_mut().position(|buffer| buffer.try_reclaim(bytes))?;
        kept.remove(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A buffer of which a part is in use elsewhere.
    fn lent(bytes: usize) -> (BytesMut, bytes::Bytes) {
        let mut buffer = BytesMut::with_capacity(bytes);
        buffer.resize(bytes, 7);
        let body = buffer.split_to(bytes).freeze();
        (buffer, body)
    }

    #[test]
    fn a_buffer_comes_back_when_nobody_reads_what_is_in_it() {
        let spares = Spares::default();
        let (buffer, body) = lent(1 << 20);
        let was_at = body.as_ptr();
        spares.put(buffer, 1 << 20);
        assert!(spares.take(1 << 20).is_none(), "its body is still read");
        drop(body);
        let again = spares.take(1 << 20).unwrap();
        assert!(again.is_empty() && again.capacity() >= 1 << 20);
        assert_eq!(again.as_ptr(), was_at);
        assert!(spares.take(1 << 20).is_none(), "there was one");
    }

    #[test]
    fn few_and_only_large_buffers_are_kept() {
        let spares = Spares::default();
        for _ in 0..3 * KEPT_MAX {
            spares.put(BytesMut::with_capacity(BYTES_MIN), BYTES_MIN);
            spares.put(BytesMut::with_capacity(1000), 1000);
        }
        let kept = || spares.take(BYTES_MIN).is_some();
        assert_eq!((0..100).filter(|_| kept()).count(), KEPT_MAX);
    }

    #[test]
    fn one_that_is_too_small_is_not_given() {
        let spares = Spares::default();
        spares.put(BytesMut::with_capacity(BYTES_MIN), BYTES_MIN);
        assert!(spares.take(4 * BYTES_MIN).is_none());
        assert!(spares.take(BYTES_MIN).is_some());
    }
}
