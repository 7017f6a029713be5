//! What one connection sends of transfers, and in which order; both ends use it.
//!
//! Control first. Then small files before large ones, four bytes to one; among the transfers of a lane, equal shares
//! (deficit round robin). Chat is not here: its owner sends it before asking for the next bulk frame, of which there
//! is never more than one in hand.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use proto::header::Header;
use proto::limits::{GROUP_BYTES, HEADER_BYTES};
use proto::message::{Stop, TransferMessage};
use proto::{Code, Frame, Kind, Refusal, Slot};

use crate::buffers::{Buffers, READ_AHEAD_BYTES};
use crate::frame_size::{FRAME_BYTES_MIN, FrameSize};
use crate::source::{FileRange, Next, Source};

mod lane;
#[cfg(test)]
mod tests;

use lane::Lane;

/// A transfer of at most this many bytes is small.
pub const SMALL_BYTES_MAX: u64 = GROUP_BYTES;

/// Once the head of a bulk frame has this many bytes, it goes without a body.
const HEAD_BYTES_MAX: usize = FRAME_BYTES_MIN;

/// How many bytes small transfers may send for each byte of large ones.
const SMALL_SHARE: u64 = 4;

/// One bulk frame, perhaps with short frames of its transfer before it.
///
/// To be written whole: `head`, then `body`, then the bytes of `file`.
#[derive(Debug, Clone)]
pub struct Bulk {
    /// Of which transfer.
    pub slot: Slot,
    /// Headers, hashes, the end.
    pub head: Bytes,
    /// Bytes of the file; empty if `head` is all.
    pub body: Bytes,
    /// Bytes of the file by their place, and then no `body`; only after [`Lanes::describing_files`].
    pub file: Option<FileRange>,
}

impl Bulk {
    /// Bytes on the wire.
    pub fn wire_bytes(&self) -> usize {
        self.head.len() + self.body.len() + self.file.as_ref().map_or(0, |range| range.len)
    }
}

/// The transfers that one connection sends, and what it says of those it receives.
///
/// Invariant: no more control frames wait than the transfers have to say; credit that is out of date is replaced.
pub struct Lanes {
    control: VecDeque<Frame>,
    sources: HashMap<Slot, Source>,
    small: Lane,
    large: Lane,
    frame_size: FrameSize,
    buffers: Arc<Buffers>,
    describes_files: bool,
    failed: Vec<(Slot, Refusal)>,
}

impl std::fmt::Debug for Lanes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lanes")
            .field("control", &self.control.len())
            .field("sources", &self.sources)
            .field("frame_size", &self.frame_size)
            .finish_non_exhaustive()
    }
}

impl Lanes {
    /// Nothing to send. Bulk frames get at most `frame_bytes_max` bytes of body, as the two sides agreed.
    pub fn new(frame_bytes_max: usize) -> Self {
        Self {
            control: VecDeque::new(),
            sources: HashMap::new(),
            small: Lane::new(SMALL_SHARE),
            large: Lane::new(1),
            frame_size: FrameSize::new(frame_bytes_max),
            buffers: Buffers::new(READ_AHEAD_BYTES),
            describes_files: false,
            failed: Vec::new(),
        }
    }

    /// The same, reading ahead out of memory that is shared with others.
    #[must_use]
    pub fn reading_ahead_in(mut self, buffers: Arc<Buffers>) -> Self {
        self.buffers = buffers;
        self
    }

    /// The same, with [`Bulk::file`] where a stored file is in the page cache, for `sendfile`.
    #[must_use]
    pub const fn describing_files(mut self) -> Self {
        self.describes_files = true;
        self
    }

    /// A frame that goes before all bulk: credit, repairs, stops, the ends of received transfers. A credit that waits
    /// is replaced by the newer one of its transfer.
    pub fn control(&mut self, frame: Frame) {
        let is_credit = |frame: &Frame| frame.header().kind == Kind::Credit.number();
        if is_credit(&frame) {
            let older = |waiting: &&mut Frame| is_credit(waiting) && waiting.header().slot == frame.header().slot;
            if let Some(waiting) = self.control.iter_mut().find(older) {
                *waiting = frame;
                return;
            }
        }
        self.control.push_back(frame);
    }

    /// Another transfer has the slot: what waits to be said of the one before is not said any more, as it would be taken
    /// for the new one's.
    pub fn forget(&mut self, slot: Slot) {
        self.control.retain(|frame| frame.header().slot != slot.0);
    }

    /// A transfer that is sent from now on. One that had the slot is forgotten.
    pub fn add(&mut self, slot: Slot, mut source: Source) {
        self.remove(slot);
        source.share(&self.buffers);
        if self.describes_files {
            source.describe_files();
        }
        let is_small = source.size() <= SMALL_BYTES_MAX;
        if is_small {
            self.small.add(slot)
        } else {
            self.large.add(slot)
        }
        self.sources.insert(slot, source);
    }

    /// The transfer in `slot`, for credit and repairs.
    pub fn source(&mut self, slot: Slot) -> Option<&mut Source> {
        self.sources.get_mut(&slot)
    }

    /// Sends no more of the transfer in `slot`.
    pub fn remove(&mut self, slot: Slot) -> Option<Source> {
        self.small.remove(slot);
        self.large.remove(slot);
        self.sources.remove(&slot)
    }

    /// All waiting control frames, encoded behind what is in `out`. Whether there were any.
    pub fn take_control(&mut self, out: &mut Vec<u8>) -> bool {
        let any = !self.control.is_empty();
        self.control.drain(..).for_each(|frame| frame.write(out));
        any
    }

    /// The next bulk frame, if a transfer has one. Never blocks. A transfer that failed is removed; its `Stop` is then
    /// among the control frames, and [`Self::take_failed`] has it.
    pub fn next_bulk(&mut self) -> Option<Bulk> {
        let small_first = self.small.is_before(&self.large);
        let first = self.next_of(small_first);
        if first.is_some() {
            return first;
        }
        // A lane with nothing to send saves nothing up.
        let second = self.next_of(!small_first);
        let (idle, busy) = if small_first { (&mut self.small, &self.large) } else { (&mut self.large, &self.small) };
        idle.catch_up(busy);
        second
    }

    /// Transfers that failed since the last call, and why.
    pub fn take_failed(&mut self) -> Vec<(Slot, Refusal)> {
        std::mem::take(&mut self.failed)
    }

    /// A frame of `bytes` went to the socket, which took `took`, waiting for it included.
    pub fn wrote(&mut self, bytes: usize, took: Duration, now: Instant) {
        self.frame_size.wrote(bytes, took, now);
    }

    /// The most body bytes of the next bulk frame.
    pub const fn frame_bytes(&self) -> usize {
        self.frame_size.bytes()
    }

    /// For `TCP_NOTSENT_LOWAT`, in bytes: more than this need not wait in the kernel.
    pub fn low_water(&self) -> u32 {
        u32::try_from(self.frame_size.bytes().max(FRAME_BYTES_MIN)).unwrap_or(u32::MAX)
    }

    /// Whether there is no transfer and nothing to say.
    pub fn is_empty(&self) -> bool {
        self.control.is_empty() && self.sources.is_empty()
    }

    fn next_of(&mut self, of_small: bool) -> Option<Bulk> {
        let quantum = self.frame_size.bytes();
        let mut idle = 0;
        loop {
            let lane = if of_small { &mut self.small } else { &mut self.large };
            if idle >= lane.len() {
                return None;
            }
            let slot = lane.turn(quantum)?;
            let Some(source) = self.sources.get_mut(&slot) else {
                lane.remove(slot);
                continue;
            };
            match bulk(slot, source, quantum) {
                (bulk, None) if bulk.is_none() => {
                    lane.pass();
                    idle += 1;
                }
                (bulk, refusal) => {
                    lane.sent(bulk.as_ref().map_or(0, Bulk::wire_bytes));
                    if let Some(refusal) = refusal {
                        self.fail(slot, refusal);
                    }
                    if bulk.is_some() {
                        return bulk;
                    }
                }
            }
        }
    }

    fn fail(&mut self, slot: Slot, refusal: Refusal) {
        self.remove(slot);
        // Of a file that changed nothing is of use; the rest may be gone on with.
        let keep = refusal.code != Code::Changed;
        self.control(TransferMessage::Stop(Stop { refusal: refusal.clone(), keep }).to_frame(slot));
        self.failed.push((slot, refusal));
    }
}

/// One bulk frame of `source`, with the hashes that are due before it; or hashes and the end. And why it cannot go on
/// behind that, if it cannot.
fn bulk(slot: Slot, source: &mut Source, max_bytes: usize) -> (Option<Bulk>, Option<Refusal>) {
    let mut head = BytesMut::new();
    let (mut body, mut file, mut failed) = (Bytes::new(), None, None);
    while body.is_empty() && file.is_none() && head.len() < HEAD_BYTES_MAX {
        match source.next(max_bytes) {
            Next::Frame(TransferMessage::Chunk { offset, bytes }) => {
                put_chunk_header(&mut head, slot, offset, bytes.len());
                body = bytes;
            }
            Next::File(range) => {
                put_chunk_header(&mut head, slot, range.offset, range.len);
                file = Some(range);
            }
            Next::Frame(message) => message.to_frame(slot).write(&mut head),
            Next::Wait(_) => break,
            Next::Failed(refusal) => {
                failed = Some(refusal);
                break;
            }
        }
    }
    ((!head.is_empty()).then(|| Bulk { slot, head: head.freeze(), body, file }), failed)
}

fn put_chunk_header(head: &mut BytesMut, slot: Slot, offset: u64, len: usize) {
    head.reserve(HEADER_BYTES);
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    Header { len, kind: Kind::Chunk.number(), flags: 0, slot: slot.0, id: offset }.write(&mut head.limit(HEADER_BYTES));
}
