//! One connection's files: its transfers, its lanes, and the requests it has asked.
//!
//! Shared by the connection's reader, its writer, the hub's owner, and the jobs that work for it; made when somebody
//! first asks for files. Locks are taken in the order asks, slots, lanes, and none is held while a disk is waited for.

use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use bytes::Bytes;
use chat::{Command, FileAsk, Request};
use proto::limits::BULK_BYTES_MAX;
use proto::message::{FileRequest, Pack, Stop, TransferMessage};
use proto::{Code, Frame, Refusal, RequestId, Slot};
use transfer::lanes::{Bulk, Lanes};
use transfer::sink::SinkSignal;
use transfer::source::Source;

use super::asking::Asking;
use super::asks::Asks;
use super::desk::Desk;
use super::limits::{PARCEL_BYTES_MIN, PARCEL_FRAMES};
use super::lock;
use super::places::Places;
use super::slots::{Beginning, Download, Slots, Stall, Transfer, Upload};
use super::small::{AsidePack, InFlight, Small};
use crate::outbox::Outbox;

/// One connection's files.
pub struct SessionFiles {
    desk: Arc<Desk>,
    outbox: Weak<Outbox>,
    pub(super) asks: Mutex<Asks>,
    slots: Mutex<Slots>,
    lanes: Mutex<Lanes>,
    small: Mutex<Small>,
    /// Jobs in the line for what takes long.
    pub(super) long_jobs: Places,
}

impl std::fmt::Debug for SessionFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionFiles").finish_non_exhaustive()
    }
}

impl SessionFiles {
    /// For the connection of `outbox`.
    pub(crate) fn new(desk: &Arc<Desk>, outbox: &Arc<Outbox>) -> Arc<Self> {
        let this = Arc::new(Self {
            desk: Arc::clone(desk),
            outbox: Arc::downgrade(outbox),
            asks: Mutex::default(),
            slots: Mutex::new(Slots::new()),
            lanes: Mutex::new(desk.lanes()),
            small: Mutex::default(),
            long_jobs: Places::default(),
        });
        desk.watch(&this);
        this
    }

    pub(super) const fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// Takes a request that the hub has let through. It is answered in its own time.
    pub(crate) fn ask(self: &Arc<Self>, ask: FileAsk) {
        if let Some(outbox) = self.outbox.upgrade() {
            outbox.is_about_files();
        }
        match self.enter(&ask) {
            Ok((slot, in_flight)) => {
                let asking = Asking::new(Arc::clone(self), ask.request, slot, in_flight);
                lock(&self.asks).waiting.push_back((asking, ask));
                self.work();
            }
            Err(refusal) => Asking::new(Arc::clone(self), ask.request, None, None).refuse(refusal),
        }
    }

    /// Takes the slot or the place that a request needs.
    fn enter(&self, ask: &FileAsk) -> Result<(Option<Slot>, Option<InFlight>), Refusal> {
        match &*ask.ask {
            FileRequest::Offer(_) | FileRequest::Fetch(_) => {
                let mut slots = lock(&self.slots);
                slots.claim(ask.slot)?;
                lock(&self.lanes).forget(ask.slot);
                Ok((Some(ask.slot), None))
            }
            FileRequest::FetchMany(_) => {
                // Not the longest there is: those on slow lines hold theirs for long.
                let bytes = self.parcel_bytes();
                let in_flight = lock(&self.small).enter(&self.desk.small_budget, bytes)?;
                Ok((None, Some(in_flight)))
            }
            _ => Ok((None, None)),
        }
    }

    /// Keeps a pack's bytes here while the hub is asked whether its sender may.
    pub(crate) fn put_aside(&self, id: RequestId, pack: Pack) -> Request {
        let room = pack.room;
        let command = match lock(&self.small).put_aside(&self.desk.small_budget, id, pack) {
            Ok(()) => {
                let empty = Pack { room, on_conflict: proto::message::OnConflict::Fail, files: Vec::new() };
                Command::File { slot: Slot(0), ask: Box::new(FileRequest::Pack(empty)) }
            }
            Err(refusal) => Command::Refused(refusal),
        };
        Request { id, command }
    }

    /// The hub has refused a request: if it was a pack, its bytes go.
    pub(crate) fn was_refused(&self, id: RequestId) {
        lock(&self.small).take_pack(id);
    }

    /// Takes a frame of the transfer in `slot`: whether there is one. Never waits for a disk.
    ///
    /// # Errors
    /// The client has sent more to transfers that are not there than can be a mistake; the session ends.
    pub(crate) fn take(&self, slot: Slot, message: TransferMessage) -> Result<bool, Refusal> {
        let mut slots = lock(&self.slots);
        let taken = match (slots.get_mut(slot), message) {
            (None | Some(Transfer::Asked | Transfer::GivenUp | Transfer::Committing), message) => {
                let bytes = if let TransferMessage::Chunk { bytes, .. } = &message { bytes.len() } else { 0 };
                if let (Some(transfer @ Transfer::Asked), TransferMessage::Stop(_)) = (slots.get_mut(slot), message) {
                    *transfer = Transfer::GivenUp;
                }
                return slots.stray(slot, bytes).map(|()| false);
            }
            (Some(Transfer::Upload(upload)), TransferMessage::Stop(stop)) => {
                upload.lease.keep_if(stop.keep);
                let ended = slots.remove(slot);
                drop(slots);
                drop(ended);
                return Ok(true);
            }
            (Some(Transfer::Upload(upload)), message) => within_upload(upload, message),
            (Some(Transfer::Download(_)), message @ (TransferMessage::Taken | TransferMessage::Stop(_))) => {
                let ended = slots.remove(slot);
                let source = lock(&self.lanes).remove(slot);
                if let (Some(Transfer::Download(download)), Some(source), TransferMessage::Taken) =
                    (ended, &source, message)
                {
                    download.taken(source);
                }
                Ok(())
            }
            (Some(Transfer::Download(_)), message) => {
                let taken = lock(&self.lanes).source(slot).map_or(Ok(()), |source| within_download(source, message));
                self.wake();
                taken
            }
        };
        drop(slots);
        if let Err(refusal) = taken {
            self.stop(slot, refusal);
        }
        Ok(true)
    }

    /// Everything that transfers have to say, encoded.
    pub(crate) fn take_control(&self) -> Vec<u8> {
        let mut out = Vec::new();
        lock(&self.lanes).take_control(&mut out);
        out
    }

    /// The next frame of files' bytes.
    pub(crate) fn next_bulk(&self) -> Option<Bulk> {
        if let Some(parcel) = lock(&self.small).next_parcel() {
            return Some(Bulk { slot: Slot(0), head: parcel, body: Bytes::new(), file: None });
        }
        let mut lanes = lock(&self.lanes);
        let bulk = lanes.next_bulk();
        let failed = lanes.take_failed();
        drop(lanes);
        if !failed.is_empty() {
            let mut slots = lock(&self.slots);
            for (slot, refusal) in failed {
                tracing::debug!(%slot, %refusal, "a download failed");
                slots.remove(slot);
            }
            // What a failed source says goes out next.
            self.wake();
        }
        bulk
    }

    /// The frame that [`Self::next_bulk`] gave is written.
    pub(crate) fn wrote(&self, bytes: usize, took: Duration, now: std::time::Instant) {
        lock(&self.lanes).wrote(bytes, took, now);
    }

    /// Bytes that may be unsent below before more are given to the system.
    pub(crate) fn low_water(&self) -> u32 {
        lock(&self.lanes).low_water()
    }

    /// Ends every transfer. What has come of uploads is kept.
    pub(crate) fn close(&self) {
        let waiting = std::mem::take(&mut lock(&self.asks).waiting);
        drop(waiting);
        let ended = lock(&self.slots).close();
        drop(ended);
        drop(std::mem::replace(&mut *lock(&self.lanes), self.desk.lanes()));
        drop(std::mem::take(&mut *lock(&self.small)));
    }

    pub(super) fn is_closed(&self) -> bool {
        lock(&self.slots).is_closed()
    }

    /// Whether the connection carries files only.
    pub(super) fn is_attached(&self) -> bool {
        self.outbox.upgrade().is_some_and(|outbox| outbox.is_attached())
    }

    pub(super) fn next_turn(&self) -> u64 {
        lock(&self.slots).next_turn()
    }

    /// Lets a transfer begin behind its answer. False, and its slot is free, if it has been given up.
    pub(super) fn begin(self: &Arc<Self>, slot: Slot, beginning: Beginning, answer: &Frame) -> bool {
        let mut slots = lock(&self.slots);
        if !slots.may_begin(slot) {
            drop(slots);
            return false;
        }
        self.answer(Some(answer));
        match beginning {
            Beginning::Upload(upload) => slots.put(slot, Transfer::Upload(upload)),
            Beginning::Committing => slots.put(slot, Transfer::Committing),
            Beginning::Download(source, no_receipt) => {
                slots.put(slot, Transfer::Download(Download { stall: Stall::default(), no_receipt }));
                lock(&self.lanes).add(slot, source);
            }
        }
        drop(slots);
        self.wake();
        self.desk.came.notify_one();
        true
    }

    /// Ends a transfer from this side, and says why. What has come is kept.
    pub(super) fn stop(&self, slot: Slot, refusal: Refusal) {
        self.end(lock(&self.slots), slot, &stopped(refusal));
    }

    /// The same, if the slot has the upload `turn`.
    pub(super) fn stop_upload(&self, slot: Slot, turn: u64, refusal: Refusal) {
        self.signal(slot, turn, SinkSignal::Failed(refusal));
    }

    /// Frees a slot, and says the last word of its transfer, if there is one: under one lock, so that it is not said
    /// of the next.
    fn end(&self, mut slots: MutexGuard<'_, Slots>, slot: Slot, last: &TransferMessage) {
        let ended = slots.remove(slot);
        if ended.is_some() {
            let mut lanes = lock(&self.lanes);
            drop(lanes.remove(slot));
            lanes.control(last.to_frame(slot));
            drop(lanes);
            self.wake();
        }
        drop(slots);
        drop(ended);
    }

    /// Frees a slot that was claimed, or whose transfer is over.
    pub(super) fn free(&self, slot: Slot) {
        let ended = lock(&self.slots).remove(slot);
        drop(ended);
    }

    /// Says the last word of a transfer whose file is in its place.
    pub(super) fn committed(&self, slot: Slot, message: &TransferMessage) {
        self.end(lock(&self.slots), slot, message);
    }

    /// What the sink of the upload `turn` says.
    pub(super) fn signal(&self, slot: Slot, turn: u64, signal: SinkSignal) {
        let mut slots = lock(&self.slots);
        if slots.upload(slot, turn).is_none() {
            return;
        }
        let said = match signal {
            SinkSignal::Credit(limit) => TransferMessage::Credit { limit },
            SinkSignal::Repair(from) => TransferMessage::Repair { from },
            SinkSignal::Verified(_) => return,
            SinkSignal::Finished { root, size, placement } => {
                return self.end(slots, slot, &super::upload::committed(placement, size, root));
            }
            SinkSignal::Failed(refusal) => return self.end(slots, slot, &stopped(refusal)),
        };
        lock(&self.lanes).control(said.to_frame(slot));
        drop(slots);
        self.wake();
    }

    pub(super) fn has_room_for_answer(&self) -> bool {
        self.outbox.upgrade().is_none_or(|outbox| outbox.has_room_for_answer())
    }

    /// Puts an answer where the writer finds it; nothing if it went another way.
    pub(super) fn answer(&self, frame: Option<&Frame>) {
        if let Some(outbox) = self.outbox.upgrade() {
            outbox.answer_about_files(frame);
        }
    }

    pub(super) fn take_pack(&self, id: RequestId) -> Option<AsidePack> {
        lock(&self.small).take_pack(id)
    }

    /// How long a parcel may be, in bytes: what is behind it waits for it as for a few other frames, but it has to
    /// hold a file, however slow the connection is.
    fn parcel_bytes(&self) -> usize {
        (lock(&self.lanes).frame_bytes() * PARCEL_FRAMES).clamp(PARCEL_BYTES_MIN, BULK_BYTES_MAX)
    }

    pub(super) fn add_parcel(&self, frame: &Frame, in_flight: Option<InFlight>) {
        lock(&self.small).add_parcel(frame, in_flight);
        self.wake();
    }

    /// Wakes the writer: there is something in the lanes.
    pub(super) fn wake(&self) {
        if let Some(outbox) = self.outbox.upgrade() {
            outbox.wake();
        }
    }

    /// What wakes the writer from anywhere.
    pub(super) fn waker(&self) -> Arc<dyn Fn() + Send + Sync> {
        let outbox = Weak::clone(&self.outbox);
        Arc::new(move || {
            if let Some(outbox) = outbox.upgrade() {
                outbox.wake();
            }
        })
    }

    pub(super) fn with_slots<R>(&self, look: impl FnOnce(&mut Slots, &mut Lanes) -> R) -> R {
        let mut slots = lock(&self.slots);
        let mut lanes = lock(&self.lanes);
        look(&mut slots, &mut lanes)
    }
}

const fn stopped(refusal: Refusal) -> TransferMessage {
    TransferMessage::Stop(Stop { refusal, keep: true })
}

fn within_upload(upload: &Upload, message: TransferMessage) -> Result<(), Refusal> {
    match message {
        TransferMessage::Chunk { offset, bytes } => upload.sink.chunk(offset, bytes),
        TransferMessage::Hashes { first, hashes } => upload.sink.hashes(first, hashes),
        TransferMessage::Finish { size, root } => upload.sink.finish(size, root),
        other => Err(wrong_way(&other)),
    }
}

fn within_download(source: &mut Source, message: TransferMessage) -> Result<(), Refusal> {
    match message {
        TransferMessage::Credit { limit } => {
            source.credit(limit);
            Ok(())
        }
        TransferMessage::Repair { from } => source.repair(from),
        other => Err(wrong_way(&other)),
    }
}

fn wrong_way(message: &TransferMessage) -> Refusal {
    let words = format!("a {:?} has no place in this transfer, which goes the other way", message.kind());
    Refusal::new(Code::OutOfPlace, words)
}

/// Too much is asked at a time.
pub(super) fn too_many(what: &str, max: usize) -> Refusal {
    Refusal::new(Code::TooManyTransfers, format!("{max} {what} at a time are the most; wait for an answer"))
        .with_limit(what, max as u64)
        .with_retry_after_ms(super::limits::RETRY_AFTER_MS)
}
