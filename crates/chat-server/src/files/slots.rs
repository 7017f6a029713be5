//! The transfers of one connection, each under the number that the client gave it.

use std::collections::HashMap;
use std::sync::Arc;

use proto::{Code, FileVersion, Refusal, RelPath, Root, Slot};
use tokio::time::Instant;
use transfer::receipt::Receipt;
use transfer::sink::Sink;
use transfer::source::Source;
use transfer::tree::Tree;

use super::arrival::Lease;
use super::limits::{STRAY_BYTES, STRAY_BYTES_MAX, STRAY_BYTES_PER_END, TRANSFERS_MAX};

/// A transfer under its slot.
#[derive(Debug)]
pub(super) enum Transfer {
    /// Asked for, and not answered.
    Asked,
    /// The same, and the asker has stopped it meanwhile.
    GivenUp,
    /// A file comes.
    Upload(Box<Upload>),
    /// A file is all there and being put in its place.
    Committing,
    /// A file goes; its source is in the lanes.
    Download(Download),
}

/// What begins with an answer.
pub(super) enum Beginning {
    Upload(Box<Upload>),
    Committing,
    Download(Source, Option<Box<NoReceipt>>),
}

/// A file that comes.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) sink: Sink,
    /// The right to write the file that is arriving.
    pub(super) lease: Arc<Lease>,
    /// Which of this connection's uploads it is: what the sink of another says is not for this one.
    pub(super) turn: u64,
    /// What had come when it was last enough, and when that was.
    pub(super) mark: (u64, Instant),
    pub(super) stall: Stall,
}

/// A file that goes.
#[derive(Debug, Default)]
pub(super) struct Download {
    pub(super) stall: Stall,
    /// The file, if it has no receipt yet.
    pub(super) no_receipt: Option<Box<NoReceipt>>,
}

/// A stored file of which nothing is known but what the disk says. It gets a receipt when it has been sent.
#[derive(Debug)]
pub(super) struct NoReceipt {
    pub(super) tree: Arc<Tree>,
    pub(super) path: RelPath,
    pub(super) version: FileVersion,
    pub(super) size: u64,
    pub(super) modified_ns: i64,
}

impl NoReceipt {
    /// Puts it on the file, behind the caller's back.
    fn write_later(self, root: Root) {
        let Self { tree, path, version, size, modified_ns } = self;
        let receipt = Receipt { version, root, size, modified_ns, by: String::new() };
        // The runtime joins it when it stops.
        drop(tokio::task::spawn_blocking(move || {
            let written = tree.write_receipt(&path, &receipt);
            tracing::debug!(%path, ?written, "a receipt for a file that had none");
        }));
    }
}

impl Download {
    /// It was taken whole; `source` sent it.
    pub(super) fn taken(self, source: &Source) {
        if let (Some(no_receipt), Some(root)) = (self.no_receipt, source.root()) {
            no_receipt.write_later(root);
        }
    }
}

/// Since when nothing moves, and whether the client has been told.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Stall {
    pub(super) progress: u64,
    pub(super) since: Option<Instant>,
    pub(super) told: Option<Instant>,
}

/// The transfers of one connection.
#[derive(Debug)]
pub(super) struct Slots {
    transfers: HashMap<Slot, Transfer>,
    turns: u64,
    /// Bytes for transfers that are not there that are still let pass.
    stray_bytes_left: u64,
    /// Set once; nothing begins behind it.
    is_closed: bool,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self { transfers: HashMap::new(), turns: 0, stray_bytes_left: STRAY_BYTES, is_closed: false }
    }

    /// Takes a slot for a transfer that is asked for.
    pub(super) fn claim(&mut self, slot: Slot) -> Result<(), Refusal> {
        let bad = |words: String| Err(Refusal::new(Code::BadSlot, words));
        if slot.0 == 0 {
            return bad("a transfer needs a slot from 1 on".to_owned());
        }
        if self.transfers.contains_key(&slot) {
            return bad(format!("slot {slot} is in use"));
        }
        if self.transfers.len() >= TRANSFERS_MAX {
            let words = format!("{TRANSFERS_MAX} transfers at a time are the most on one connection");
            return Err(Refusal::new(Code::TooManyTransfers, words).with_limit("transfers", TRANSFERS_MAX as u64));
        }
        self.transfers.insert(slot, Transfer::Asked);
        Ok(())
    }

    /// Whether a transfer that was asked for may begin now; if not, its slot is free.
    pub(super) fn may_begin(&mut self, slot: Slot) -> bool {
        let may = !self.is_closed && matches!(self.transfers.get(&slot), Some(Transfer::Asked));
        if !may {
            self.transfers.remove(&slot);
        }
        may
    }

    pub(super) fn put(&mut self, slot: Slot, transfer: Transfer) {
        self.transfers.insert(slot, transfer);
    }

    /// The number of the next upload.
    pub(super) const fn next_turn(&mut self) -> u64 {
        self.turns += 1;
        self.turns
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> Option<&mut Transfer> {
        self.transfers.get_mut(&slot)
    }

    pub(super) fn upload(&mut self, slot: Slot, turn: u64) -> Option<&mut Upload> {
        match self.transfers.get_mut(&slot) {
            Some(Transfer::Upload(upload)) if upload.turn == turn => Some(upload),
            _ => None,
        }
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (Slot, &mut Transfer)> {
        self.transfers.iter_mut().map(|(slot, transfer)| (*slot, transfer))
    }

    /// Frees a slot. What the client sent before it knew is let pass.
    pub(super) fn remove(&mut self, slot: Slot) -> Option<Transfer> {
        let transfer = self.transfers.remove(&slot)?;
        if matches!(transfer, Transfer::Upload(_)) {
            let left = self.stray_bytes_left.saturating_add(STRAY_BYTES_PER_END);
            self.stray_bytes_left = left.min(STRAY_BYTES_MAX);
        }
        Some(transfer)
    }

    /// Bytes came for a transfer that is not there.
    pub(super) fn stray(&mut self, slot: Slot, bytes: usize) -> Result<(), Refusal> {
        match self.stray_bytes_left.checked_sub(bytes as u64) {
            Some(left) => {
                self.stray_bytes_left = left;
                Ok(())
            }
            None => {
                let words = format!("no transfer has slot {slot}, and more came for such than any credit allowed");
                Err(Refusal::new(Code::Overrun, words))
            }
        }
    }

    /// Ends everything.
    pub(super) fn close(&mut self) -> Vec<Transfer> {
        self.is_closed = true;
        self.transfers.drain().map(|(_, transfer)| transfer).collect()
    }

    pub(super) const fn is_closed(&self) -> bool {
        self.is_closed
    }

    pub(super) fn is_empty(&self) -> bool {
        self.transfers.is_empty()
    }
}
