//! A run of whole event frames of one room, one behind the other.

use bytes::Bytes;
use proto::limits::HEADER_BYTES;
use proto::{Header, Seq};

/// Whole frames with the sequence numbers `first` to `last`.
///
/// Invariant: `bytes` holds exactly `last - first + 1` frames, in order; at least one.
#[derive(Debug, Clone)]
pub struct Segment {
    first: Seq,
    last: Seq,
    bytes: Bytes,
}

impl Segment {
    /// The frames `first` to `last`, as [`proto::event::write`] wrote them one behind the other.
    pub const fn new(first: Seq, last: Seq, bytes: Bytes) -> Self {
        Self { first, last, bytes }
    }

    /// The first event's place.
    pub const fn first(&self) -> Seq {
        self.first
    }

    /// The last event's place.
    pub const fn last(&self) -> Seq {
        self.last
    }

    /// The frames.
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The frames from `offset` on; none if it is behind them.
    pub(crate) fn bytes_from(&self, offset: usize) -> Bytes {
        match offset {
            0 => self.bytes.clone(),
            offset => self.bytes.slice(offset.min(self.bytes.len())..),
        }
    }

    /// This segment with `next` behind it, in one piece.
    pub(crate) fn merged(&self, next: &Self) -> Self {
        let mut bytes = Vec::with_capacity(self.bytes.len() + next.bytes.len());
        bytes.extend_from_slice(&self.bytes);
        bytes.extend_from_slice(&next.bytes);
        Self { first: self.first, last: next.last, bytes: bytes.into() }
    }

    /// Where the frame `seq` begins; the length of the bytes if it is behind them. Walks the headers.
    pub(crate) fn offset_of(&self, seq: Seq) -> usize {
        let mut offset = 0;
        for _ in self.first.0..seq.0 {
            let Some(header) = self.bytes.get(offset..).and_then(<[u8]>::first_chunk::<HEADER_BYTES>) else {
                return self.bytes.len();
            };
            offset += HEADER_BYTES + Header::read(header).len as usize;
        }
        offset.min(self.bytes.len())
    }
}
