//! The transfers of one connection: what comes for which, and what goes out next.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use proto::limits::{BULK_BYTES_MAX, HEADER_BYTES};
use proto::message::{Stop, TransferMessage};
use proto::{Code, Frame, Refusal, Slot};
use tokio::io::AsyncWrite;
use tokio::time::Instant;
use transfer::lanes::{Bulk, Lanes};
use transfer::sink::Sink;
use transfer::source::Wait;

use super::link::{Writer, Wrote};
use crate::connect::LowWater;
use crate::error::Fault;
use crate::files::lease::{Board, Lease, Note};
use crate::files::line::{Ended, Line, Waits};

/// Bytes and messages that may come for a transfer before its sink stands: what the first credit allows, and their
/// hashes.
const HELD_BYTES_MAX: usize = 2 * 1024 * 1024;
const HELD_MESSAGES_MAX: usize = 1024;

/// Frames for slots that nobody holds: what was on its way when a transfer was ended here. Each transfer that is ended
/// allows for so many more.
const STRAYS_MAX: u32 = 4096;

/// How often a sink is asked whether it waits for the disk.
const NOTE_EVERY: Duration = Duration::from_millis(100);

/// The transfers of one connection.
///
/// Invariant: every slot in `held` belongs to a lease, or to word on the board that will free it.
#[derive(Debug)]
pub(super) struct Slots {
    held: HashMap<Slot, Held>,
    lanes: Lanes,
    /// Packs that wait for their turn; few, as few may be without an answer.
    pub(super) packs: VecDeque<Frame>,
    pack_is_next: bool,
    /// Memory for control frames on their way to the writer.
    control: Vec<u8>,
    pub(super) board: Arc<Board>,
    last: u16,
    strays: u32,
    noted: Option<Instant>,
}

#[derive(Debug)]
struct Held {
    line: Arc<Line>,
    end: End,
}

/// Where what comes for a transfer goes.
#[derive(Debug)]
enum End {
    /// Nobody is there yet.
    Waits {
        messages: Vec<TransferMessage>,
        bytes: usize,
    },
    Receives(Sink),
    Sends,
}

impl Slots {
    /// None yet. Bulk frames have at most `bulk_bytes` of body.
    pub(super) fn new(bulk_bytes: u32) -> Self {
        Self {
            held: HashMap::new(),
            lanes: Lanes::new(usize::try_from(bulk_bytes).unwrap_or(BULK_BYTES_MAX).min(BULK_BYTES_MAX)),
            packs: VecDeque::new(),
            pack_is_next: false,
            control: Vec::new(),
            board: Arc::default(),
            last: 0,
            strays: STRAYS_MAX,
            noted: None,
        }
    }

    /// Gives out a slot. Slots are gone through in turn, so that what is late for one is not taken for the next.
    pub(super) fn begin(&mut self, line: Arc<Line>) -> Lease {
        // There are far fewer transfers than slots, so one is free.
        loop {
            self.last = self.last.wrapping_add(1).max(1);
            if !self.held.contains_key(&Slot(self.last)) {
                break;
            }
        }
        let slot = Slot(self.last);
        self.held.insert(slot, Held { line, end: End::Waits { messages: Vec::new(), bytes: 0 } });
        Lease::new(slot, Arc::clone(&self.board))
    }

    /// Whether no transfer has a slot.
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Takes what came within a transfer.
    pub(super) fn take(&mut self, slot: Slot, message: TransferMessage) -> Result<(), Fault> {
        let Self { held, lanes, strays, .. } = self;
        let Some(held) = held.get_mut(&slot) else {
            *strays =
                strays.checked_sub(1).ok_or_else(|| Fault::OutOfPlace { kind: format!("{:?}", message.kind()) })?;
            return Ok(());
        };
        if let Err(refusal) = held.take(slot, message, lanes) {
            self.fail(slot, refusal);
        }
        Ok(())
    }

    fn read_board(&mut self) {
        for (slot, note) in self.board.take() {
            match note {
                Note::Say(message) => self.lanes.control(message.to_frame(slot)),
                Note::Receive(sink) => self.install(slot, End::Receives(sink)),
                Note::Send(source) => {
                    if self.held.contains_key(&slot) {
                        self.lanes.add(slot, source);
                        self.install(slot, End::Sends);
                    }
                }
                Note::Stop(stop) => {
                    self.free(slot);
                    self.lanes.control(TransferMessage::Stop(stop).to_frame(slot));
                }
                Note::Free => self.free(slot),
            }
        }
    }

    /// Puts the end in its place, and gives it what came meanwhile.
    fn install(&mut self, slot: Slot, end: End) {
        let Some(held) = self.held.get_mut(&slot) else { return };
        let before = std::mem::replace(&mut held.end, end);
        let End::Waits { messages, .. } = before else { return };
        for message in messages {
            if let Err(refusal) = held.take(slot, message, &mut self.lanes) {
                return self.fail(slot, refusal);
            }
        }
    }

    fn free(&mut self, slot: Slot) {
        self.strays = self.strays.saturating_add(STRAYS_MAX);
        self.held.remove(&slot);
        self.lanes.remove(slot);
    }

    /// Ends a transfer for which something came that has no place in it. Its lease frees the slot.
    fn fail(&mut self, slot: Slot, refusal: Refusal) {
        if let Some(held) = self.held.get(&slot) {
            self.lanes.remove(slot);
            let stop = Stop { refusal: refusal.clone(), keep: false };
            self.lanes.control(TransferMessage::Stop(stop).to_frame(slot));
            held.line.end(Ended::Failed(refusal));
        }
    }

    /// Does what was left on the board, and puts what is to be said of transfers behind what is still to be written.
    ///
    /// Before requests are: whoever ends a transfer and begins another means it in that order.
    pub(super) fn say<S: AsyncWrite>(&mut self, writer: &mut Writer<S>) {
        self.read_board();
        self.control.clear();
        if self.lanes.take_control(&mut self.control) {
            writer.append(&self.control);
        }
    }

    /// Gives a writer that is free what goes next: one bulk frame or one pack, in turn.
    pub(super) fn fill<S: AsyncWrite>(&mut self, writer: &mut Writer<S>, low_water: &mut Option<LowWater>) {
        if writer.is_free() {
            if let Some((head, body)) = self.next_bulk() {
                if let Some(low_water) = low_water {
                    low_water.set(self.lanes.low_water());
                }
                writer.bulk(head, body);
            }
            for (slot, refusal) in self.lanes.take_failed() {
                if let Some(held) = self.held.get(&slot) {
                    held.line.end(Ended::Failed(refusal));
                }
            }
        }
        self.note(Instant::now());
    }

    fn next_bulk(&mut self) -> Option<(Bytes, Bytes)> {
        self.pack_is_next = !self.pack_is_next;
        let pack = |packs: &mut VecDeque<Frame>| {
            packs.pop_front().map(|frame| {
                let mut head = BytesMut::with_capacity(HEADER_BYTES);
                frame.header().write(&mut head);
                (head.freeze(), frame.body().clone())
            })
        };
        let first = if self.pack_is_next { pack(&mut self.packs) } else { None };
        first
            .or_else(|| self.lanes.next_bulk().map(|Bulk { head, body, .. }| (head, body)))
            .or_else(|| pack(&mut self.packs))
    }

    pub(super) fn wrote(&mut self, wrote: Wrote) {
        self.lanes.wrote(wrote.bytes, wrote.took, std::time::Instant::now());
    }

    /// Notes for each transfer how far it is and what it waits for.
    fn note(&mut self, now: Instant) {
        let is_due = self.noted.is_none_or(|noted| now - noted >= NOTE_EVERY);
        if is_due {
            self.noted = Some(now);
        }
        let Self { held, lanes, .. } = self;
        for (slot, held) in held {
            match &held.end {
                End::Receives(sink) if is_due => held.line.waits(sink.progress().waits_for_disk.then_some(Waits::Disk)),
                End::Waits { .. } | End::Receives(_) => {}
                // Always, as nothing may happen for long after this, and what was noted last would stand.
                End::Sends => {
                    let Some(source) = lanes.source(*slot) else { continue };
                    held.line.sent(source.position());
                    held.line.waits(match source.waits_for() {
                        Some(Wait::Credit) => Some(Waits::Credit),
                        Some(Wait::Disk) => Some(Waits::Disk),
                        Some(Wait::Done | Wait::Sender) => None,
                        // It has something to send, so it is the connection that does not take it.
                        None => Some(Waits::Connection),
                    });
                }
            }
        }
    }
}

impl Drop for Slots {
    /// The connection is over.
    fn drop(&mut self) {
        self.held.values().for_each(|held| held.line.end(Ended::Broken));
    }
}

impl Held {
    fn take(&mut self, slot: Slot, message: TransferMessage, lanes: &mut Lanes) -> Result<(), Refusal> {
        let kind = message.kind();
        match (&mut self.end, message) {
            (_, TransferMessage::Stop(stop)) => {
                if let Some(source) = lanes.remove(slot) {
                    self.line.sent(source.position());
                }
                self.line.end(Ended::Stopped(stop.refusal));
            }
            // The server may have had it all.
            (End::Waits { .. } | End::Sends, TransferMessage::Committed(committed)) => {
                if let Some(source) = lanes.remove(slot) {
                    self.line.sent(source.position());
                }
                self.line.end(Ended::Committed(committed));
            }
            (_, TransferMessage::Stalled(by)) => self.line.stalled(Some(by)),
            (End::Waits { messages, bytes }, message) => {
                *bytes += bytes_of(&message);
                if *bytes > HELD_BYTES_MAX || messages.len() >= HELD_MESSAGES_MAX {
                    return Err(Refusal::new(Code::Overrun, "the server sent more than it was asked for"));
                }
                messages.push(message);
            }
            (End::Receives(sink), TransferMessage::Chunk { offset, bytes }) => {
                self.line.add_moved(bytes.len() as u64);
                self.line.stalled(None);
                sink.chunk(offset, bytes)?;
            }
            (End::Receives(sink), TransferMessage::Hashes { first, hashes }) => sink.hashes(first, hashes)?,
            (End::Receives(sink), TransferMessage::Finish { size, root }) => sink.finish(size, root)?,
            (End::Sends, TransferMessage::Credit { limit }) => {
                if let Some(source) = lanes.source(slot) {
                    source.credit(limit);
                }
            }
            (End::Sends, TransferMessage::Repair { from }) => {
                self.line.repaired(from);
                if let Some(source) = lanes.source(slot) {
                    source.repair(from)?;
                }
            }
            _ => {
                let words = format!("the server sent a {kind:?} where none is due");
                return Err(Refusal::new(Code::OutOfPlace, words));
            }
        }
        Ok(())
    }
}

const fn bytes_of(message: &TransferMessage) -> usize {
    match message {
        TransferMessage::Chunk { bytes, .. } => bytes.len(),
        TransferMessage::Hashes { hashes, .. } => hashes.len(),
        _ => 0,
    }
}
