//! The ring of one room, and cursors in it.

use std::collections::VecDeque;
use std::sync::PoisonError;

use bytes::Bytes;
use proto::Seq;

use crate::segment::Segment;
use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering};

/// A newest segment shorter than this takes the next events into itself, so that a quiet room is a few long pieces
/// and not many short ones. Costs a copy of at most this much per append.
const MERGE_BELOW_BYTES: usize = 4096;

/// One room's events, newest last, the oldest dropped when they are more than the ring holds.
#[derive(Debug)]
pub struct RoomLog {
    ring: Mutex<Ring>,
    /// The newest event's place; lets a reader that is current go on without the lock.
    head: AtomicU64,
}

#[derive(Debug)]
struct Ring {
    /// Each with where it begins, counted in bytes from the log's first.
    ///
    /// Invariant: each segment's `first` follows the `last` before it.
    segments: VecDeque<(u64, Segment)>,
    held_bytes: usize,
    /// Bytes appended in all.
    end: u64,
    /// The place the next event will have.
    next: Seq,
}

/// A reader's place: the next event it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    next: Seq,
    /// Where that event begins, counted in bytes from the log's first; `None` until the cursor has read.
    at: Option<u64>,
}

/// What a reading brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The cursor has all there is.
    Current,
    /// Frames were taken.
    Taken {
        /// Their bytes.
        bytes: usize,
    },
    /// What the cursor wants next is no longer held; the cursor stands where it stood.
    Overtaken {
        /// The oldest event that is held.
        oldest: Seq,
    },
}

impl RoomLog {
    /// An empty log.
    pub const fn new() -> Self {
        Self::behind(Seq(0))
    }

    /// A log that holds nothing, of a room whose newest event is `head`.
    pub const fn behind(head: Seq) -> Self {
        Self {
            ring: Mutex::new(Ring { segments: VecDeque::new(), held_bytes: 0, end: 0, next: head.next() }),
            head: AtomicU64::new(head.0),
        }
    }

    /// Appends events and drops the oldest until at most `keep_bytes` are held; the newest segment always stays.
    /// The change in held bytes.
    ///
    /// Invariant: `segment` begins where the log ends; anything else would be a hole in every member's sight.
    pub fn append(&self, segment: Segment, keep_bytes: usize) -> isize {
        let mut ring = self.lock();
        debug_assert_eq!(segment.first(), ring.next, "a room's events have no holes");
        let before = ring.held_bytes;
        let last = segment.last();
        ring.push(segment);
        ring.drop_oldest(keep_bytes);
        ring.next = last.next();
        let change = ring.held_bytes.cast_signed() - before.cast_signed();
        drop(ring);
        self.head.store(last.0, Ordering::Release);
        change
    }

    /// Drops the oldest until at most `keep_bytes` are held, were it all. The bytes that became free.
    pub fn trim(&self, keep_bytes: usize) -> usize {
        let mut ring = self.lock();
        let before = ring.held_bytes;
        while ring.held_bytes > keep_bytes && ring.drop_one() {}
        before - ring.held_bytes
    }

    /// The newest event's place; 0 for none.
    pub fn head(&self) -> Seq {
        Seq(self.head.load(Ordering::Acquire))
    }

    /// The oldest event still held; the next one's place if none is.
    pub fn oldest(&self) -> Seq {
        let ring = self.lock();
        ring.oldest()
    }

    /// Bytes held.
    pub fn held_bytes(&self) -> usize {
        self.lock().held_bytes
    }

    /// Whether `cursor` has all there is.
    pub fn is_current(&self, cursor: &Cursor) -> bool {
        cursor.next > self.head()
    }

    /// Takes what follows `cursor`, whole segments until `budget_bytes` are reached or passed, into `out`, and moves
    /// the cursor behind it.
    pub fn read(&self, cursor: &mut Cursor, budget_bytes: usize, out: &mut VecDeque<Bytes>) -> Reading {
        if self.is_current(cursor) {
            return Reading::Current;
        }
        let ring = self.lock();
        let oldest = ring.oldest();
        if cursor.next < oldest {
            return Reading::Overtaken { oldest };
        }
        let start = match ring.segments.back() {
            // The common case: a reader that is only behind what was just appended.
            Some((_, newest)) if newest.first() <= cursor.next => ring.segments.len() - 1,
            _ => ring.segments.partition_point(|(_, segment)| segment.last() < cursor.next),
        };
        let mut bytes = 0;
        for (at, segment) in ring.segments.range(start..) {
            let piece = segment.bytes_from(match cursor.at {
                // Known from the last reading, so no header is walked over again.
                Some(place) => usize::try_from(place.saturating_sub(*at)).unwrap_or(usize::MAX),
                None => segment.offset_of(cursor.next),
            });
            bytes += piece.len();
            out.push_back(piece);
            cursor.next = segment.last().next();
            cursor.at = Some(at + segment.bytes().len() as u64);
            if bytes >= budget_bytes {
                break;
            }
        }
        Reading::Taken { bytes }
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        // Nothing panics while the lock is held; were it so, the ring would still be whole segments.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for RoomLog {
    fn default() -> Self {
        Self::new()
    }
}

impl Ring {
    fn oldest(&self) -> Seq {
        self.segments.front().map_or(self.next, |(_, segment)| segment.first())
    }

    fn push(&mut self, segment: Segment) {
        let (at, bytes) = (self.end, segment.bytes().len());
        self.held_bytes += bytes;
        self.end += bytes as u64;
        match self.segments.back_mut() {
            Some((_, newest)) if newest.bytes().len() < MERGE_BELOW_BYTES && bytes < MERGE_BELOW_BYTES => {
                *newest = newest.merged(&segment);
            }
            _ => self.segments.push_back((at, segment)),
        }
    }

    fn drop_oldest(&mut self, keep_bytes: usize) {
        while self.held_bytes > keep_bytes && self.segments.len() > 1 {
            self.drop_one();
        }
    }

    /// Drops the oldest segment; false if there is none.
    fn drop_one(&mut self) -> bool {
        let dropped = self.segments.pop_front();
        self.held_bytes -= dropped.as_ref().map_or(0, |(_, oldest)| oldest.bytes().len());
        dropped.is_some()
    }
}

impl Cursor {
    /// A cursor that wants `first` and what follows.
    pub const fn at(first: Seq) -> Self {
        Self { next: first, at: None }
    }

    /// The next event it wants.
    pub const fn next(&self) -> Seq {
        self.next
    }
}

#[cfg(test)]
mod tests;
