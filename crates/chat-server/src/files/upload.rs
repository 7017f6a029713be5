//! A file that comes: where its bytes go, and how it gets its place.

use std::io;
use std::sync::Arc;

use chat::Deed;
use proto::message::{Committed, OnConflict, TransferMessage};
use proto::{Code, Nick, Refusal, RoomId, Root};
use transfer::group::GroupHash;
use transfer::sink::{Placement, Target};
use transfer::tree::Found;

use super::arrival::{Behind, Lease};
use super::desk::Desk;
use super::person;
use super::tree_asks::Gone;

/// Where the bytes of an upload go.
pub(super) struct Upload {
    pub(super) lease: Arc<Lease>,
    pub(super) wish: Wish,
}

/// What the sender of a file wants to become of it.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    pub(super) room: RoomId,
    pub(super) nick: Nick,
    pub(super) on_conflict: OnConflict,
    pub(super) announce: bool,
}

impl Target for Upload {
    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.lease.write(offset, bytes)
    }

    fn verified(&mut self, upto: u64, hashes: &[GroupHash]) -> io::Result<()> {
        self.lease.verified(upto, hashes)
    }

    fn finish(&mut self, root: Root) -> Result<Placement, Refusal> {
        self.lease.desk().commit(&self.lease, &self.wish, root)
    }
}

impl Desk {
    /// Puts a file that is all there in its place, on disk, and tells the room.
    pub(super) fn commit(&self, lease: &Lease, wish: &Wish, root: Root) -> Result<Placement, Refusal> {
        let gone = || Refusal::new(Code::Stopped, "the upload goes on over another connection");
        let arrival = &lease.arrival;
        let behind = lease.take_behind().ok_or_else(gone)?;
        match self.place(lease, behind, wish, root) {
            Ok(placement) => {
                self.arrivals.remove(arrival);
                arrival.progress.done(root);
                if wish.announce {
                    let path = placement.path.clone();
                    self.post(wish.room, wish.nick.clone(), Deed::File { path, size: arrival.size, root });
                }
                Ok(placement)
            }
            Err(refusal) => {
                self.arrivals.remove(arrival);
                arrival.progress.broken();
                Err(refusal)
            }
        }
    }

    fn place(&self, lease: &Lease, behind: Behind, wish: &Wish, root: Root) -> Result<Placement, Refusal> {
        let arrival = &lease.arrival;
        let Behind { partial, mut entry, promise } = behind;
        let tree = self.trees.tree(&arrival.tree)?;
        let ready = partial.into_ready(root).map_err(|error| transfer::sink::refusal_of(&error))?;
        let gone = Gone::default();
        let may_replace = |found: &Found| is_own(found, &wish.nick) && gone.note(found);
        let placed = tree.place(ready, &arrival.path, wish.on_conflict, &may_replace).map_err(|error| {
            let refusal = error.refusal();
            if !matches!(refusal.code, Code::StorageFailed | Code::NoSpace) {
                // It has not been kept: there is nothing to resume.
                entry.forget();
            }
            tracing::debug!(%error, "a file has no place");
            refusal
        })?;
        if let Some(journal) = placed.journal
            && transfer::group::groups_of(arrival.size) > 1
            && let Err(error) = journal.keep_in(&self.hashes, placed.version)
        {
            tracing::warn!(%error, "cannot keep the hashes of a file; it will be hashed again when it is fetched");
        }
        entry.forget();
        if !placed.same {
            self.forget_hashes(gone);
            self.space.stored(&person(wish.nick.as_str()), &arrival.tree, arrival.size);
        }
        drop(promise);
        Ok(Placement { path: placed.path.as_str().to_owned(), same: placed.same, version: placed.version })
    }
}

/// Whether `nick` may take a file away or replace it.
pub(super) fn is_own(found: &Found, nick: &Nick) -> bool {
    found.receipt.as_ref().is_some_and(|receipt| person(&receipt.by) == person(nick.as_str()))
}

/// The last word of an upload.
pub(super) fn committed(placement: Placement, size: u64, root: Root) -> TransferMessage {
    let Placement { path, same, version } = placement;
    TransferMessage::Committed(Committed { path, size, root, version, same })
}
