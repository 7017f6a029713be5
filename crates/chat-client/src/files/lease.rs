//! A transfer's hold on its slot, and the board where it and its threads leave word for the driver's task.

use std::sync::{Arc, Mutex, PoisonError};

use proto::message::{Stop, TransferMessage};
use proto::{Code, Refusal, Slot};
use tokio::sync::Notify;
use transfer::sink::Sink;
use transfer::source::Source;

/// What is left for the driver to do. One board a connection, so that word for another is never taken for this one's.
///
/// Bounded by what can happen: a sink says credit only for what came by earlier credit, and a slot is held once.
#[derive(Debug, Default)]
pub(crate) struct Board {
    notes: Mutex<Vec<(Slot, Note)>>,
    wake: Notify,
}

/// Word for the driver.
#[derive(Debug)]
pub(crate) enum Note {
    /// This is to be sent in the transfer.
    Say(TransferMessage),
    /// What comes goes here.
    Receive(Sink),
    /// This is to be sent, as credit allows.
    Send(Source),
    /// Nobody needs the slot any more; the server does not think so yet.
    Stop(Stop),
    /// Nobody needs the slot any more, on either side.
    Free,
}

impl Board {
    pub(crate) fn post(&self, slot: Slot, note: Note) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push((slot, note));
        self.wake.notify_one();
    }

    /// Says that there is something to look at, without saying what.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Everything that was left, in order.
    pub(crate) fn take(&self) -> Vec<(Slot, Note)> {
        std::mem::take(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until something is left, or was since this was last waited for.
    pub(crate) async fn changed(&self) {
        self.wake.notified().await;
    }
}

/// A transfer's hold on its slot of one connection. Dropped, it ends the transfer there, and the server keeps what it
/// has, to go on later.
#[derive(Debug)]
pub(crate) struct Lease {
    slot: Slot,
    board: Arc<Board>,
    held: bool,
}

impl Lease {
    pub(crate) const fn new(slot: Slot, board: Arc<Board>) -> Self {
        Self { slot, board, held: true }
    }

    pub(crate) const fn slot(&self) -> Slot {
        self.slot
    }

    pub(crate) fn board(&self) -> &Arc<Board> {
        &self.board
    }

    pub(crate) fn receive(&self, sink: Sink) {
        self.board.post(self.slot, Note::Receive(sink));
    }

    pub(crate) fn send(&self, source: Source) {
        self.board.post(self.slot, Note::Send(source));
    }

    /// Gives it back: both sides know that the transfer is over.
    pub(crate) fn free(mut self) {
        self.held = false;
        self.board.post(self.slot, Note::Free);
    }

    /// Ends the transfer, and says why.
    pub(crate) fn stop(mut self, refusal: Refusal, keep: bool) {
        self.held = false;
        self.board.post(self.slot, Note::Stop(Stop { refusal, keep }));
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.held {
            let refusal = Refusal::new(Code::Stopped, "the client stopped it");
            self.board.post(self.slot, Note::Stop(Stop { refusal, keep: true }));
        }
    }
}
