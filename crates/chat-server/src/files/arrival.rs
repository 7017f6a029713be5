//! A file that is arriving: what those who fetch it meanwhile see of it, and the right to write it.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use chat::TreeName;
use proto::{FileVersion, RelPath};
use tokio::time::Instant;
use transfer::arriving::Arriving;
use transfer::group::{GroupHash, HashList};
use transfer::partial::{Partial, PartialId};

use super::desk::Desk;
use super::lock;
use super::partials::Entry;
use super::space::Promise;

/// A file that is arriving, or whose sender is gone and may come back.
pub(super) struct Arrival {
    pub(super) id: PartialId,
    pub(super) tree: TreeName,
    pub(super) path: RelPath,
    pub(super) version: FileVersion,
    pub(super) size: u64,
    pub(super) modified_ms: u64,
    pub(super) by: String,
    pub(super) progress: Arc<Arriving>,
    pub(super) content: Arc<File>,
    pub(super) hashes: Arc<dyn HashList>,
    /// Locked while its bytes are written, so never by whoever must not wait for a disk; and before `state`.
    behind: Mutex<Option<Behind>>,
    /// Never locked for long.
    state: Mutex<State>,
}

/// What is behind an arrival on disk.
pub(super) struct Behind {
    pub(super) partial: Partial,
    pub(super) entry: Entry,
    /// Room that is promised to it.
    pub(super) promise: Promise,
}

struct State {
    /// Counts those who had the right to write; only the last has it.
    leases: u64,
    /// Whether what is behind it has been put in its place, set aside or thrown away, or is about to be.
    is_over: bool,
    /// Since when nobody has the right to write.
    held_since: Option<Instant>,
    is_kept: bool,
    /// Tells whoever has the right to write that it is gone.
    tell: Option<Tell>,
}

type Tell = Box<dyn FnOnce() + Send>;

/// The right to write an arrival; another who takes it ends it. When it is given up, the arrival is held for a while,
/// or thrown away.
pub(super) struct Lease {
    pub(super) arrival: Arc<Arrival>,
    desk: Arc<Desk>,
    number: u64,
}

impl std::fmt::Debug for Arrival {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Arrival").field("path", &self.path).field("size", &self.size).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lease").field("arrival", &self.arrival).field("number", &self.number).finish_non_exhaustive()
    }
}

/// What an arrival is from its beginning on.
pub(super) struct Begun {
    pub(super) id: PartialId,
    pub(super) tree: TreeName,
    pub(super) path: RelPath,
    pub(super) version: FileVersion,
    pub(super) size: u64,
    pub(super) modified_ms: u64,
    pub(super) by: String,
}

impl Arrival {
    /// Of which `verified` bytes are there.
    pub(super) fn new(begun: Begun, verified: u64, behind: Behind) -> Arc<Self> {
        let Begun { id, tree, path, version, size, modified_ms, by } = begun;
        let held_since = Some(Instant::now());
        let state = Mutex::new(State { leases: 0, is_over: false, held_since, is_kept: true, tell: None });
        let (content, hashes) = (behind.partial.data(), behind.partial.hashes());
        let (behind, progress) = (Mutex::new(Some(behind)), Arriving::new(verified));
        Arc::new(Self { id, tree, path, version, size, modified_ms, by, progress, content, hashes, behind, state })
    }

    /// Takes the right to write, from whoever has it, and says how many bytes are verified; `None` if it is over.
    pub(super) fn lease(self: &Arc<Self>, desk: &Arc<Desk>) -> Option<(Lease, u64)> {
        let mut state = lock(&self.state);
        if state.is_over {
            return None;
        }
        state.leases += 1;
        state.held_since = None;
        state.is_kept = true;
        let number = state.leases;
        state.told();
        let lease = Lease { arrival: Arc::clone(self), desk: Arc::clone(desk), number };
        // Whoever had the right before writes no more behind this lock.
        let verified = lock(&self.behind).as_ref().map(|behind| behind.partial.verified_bytes())?;
        Some((lease, verified))
    }

    /// Takes what is behind it away, from whoever writes it. May wait for a disk.
    pub(super) fn take_behind(&self) -> Option<Behind> {
        self.take_if(|_| true)
    }

    /// The same, if nobody has had the right to write since before `then`. Does not wait for a disk.
    pub(super) fn take_behind_if_held_since(&self, then: Instant) -> Option<Behind> {
        self.take_if(|state| state.held_since.is_some_and(|since| since <= then))
    }

    /// The same, if whoever had the right to write last wanted it thrown away.
    pub(super) fn take_behind_if_unwanted(&self) -> Option<Behind> {
        self.take_if(|state| state.held_since.is_some() && !state.is_kept)
    }

    fn take_if(&self, may: impl FnOnce(&State) -> bool) -> Option<Behind> {
        let mut state = lock(&self.state);
        if state.is_over || !may(&state) {
            return None;
        }
        state.is_over = true;
        state.leases += 1;
        state.told();
        lock(&self.behind).take()
    }
}

impl Behind {
    /// Keeps what is verified, to be resumed, and gives back the room for the rest.
    pub(super) fn set_aside(self) {
        if let Err(error) = self.partial.set_aside() {
            tracing::warn!(%error, "cannot set a part of a file aside");
        }
    }

    /// Throws it away.
    pub(super) fn throw_away(self) {
        let Self { partial, entry, promise } = self;
        if let Err(error) = partial.discard() {
            tracing::warn!(%error, "cannot remove a part of a file");
        }
        entry.remove();
        drop(promise);
    }
}

/// Tells whoever had the right to write, without the lock.
trait Told {
    fn told(self);
}

impl Told for MutexGuard<'_, State> {
    fn told(mut self) {
        let tell = self.tell.take();
        drop(self);
        if let Some(tell) = tell {
            tell();
        }
    }
}

impl Lease {
    /// Has `tell` called when another takes the right to write; at once if that has happened.
    pub(super) fn when_taken(&self, tell: impl FnOnce() + Send + 'static) {
        let mut state = lock(&self.arrival.state);
        if state.leases == self.number {
            state.tell = Some(Box::new(tell));
        } else {
            drop(state);
            tell();
        }
    }

    pub(super) const fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// Whether the arrival shall be kept when the right is given up.
    pub(super) fn keep_if(&self, is_kept: bool) {
        let mut state = lock(&self.arrival.state);
        if state.leases == self.number {
            state.is_kept = is_kept;
        }
    }

    pub(super) fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.with(|partial| partial.write_at(offset, bytes))
    }

    pub(super) fn verified(&self, upto: u64, hashes: &[GroupHash]) -> io::Result<()> {
        self.with(|partial| partial.verified(upto, hashes))?;
        self.arrival.progress.advance(upto);
        Ok(())
    }

    /// Takes what is behind the arrival, to put it in its place.
    pub(super) fn take_behind(&self) -> Option<Behind> {
        let mut state = lock(&self.arrival.state);
        if state.is_over || state.leases != self.number {
            return None;
        }
        state.is_over = true;
        drop(state);
        lock(&self.arrival.behind).take()
    }

    fn with<R>(&self, write: impl FnOnce(&mut Partial) -> io::Result<R>) -> io::Result<R> {
        let mut behind = lock(&self.arrival.behind);
        let is_current = lock(&self.arrival.state).leases == self.number;
        match &mut *behind {
            Some(behind) if is_current => write(&mut behind.partial),
            _ => Err(io::Error::other("the upload goes on over another connection")),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut state = lock(&self.arrival.state);
        if state.leases != self.number || state.is_over {
            return;
        }
        state.held_since = Some(Instant::now());
        state.tell = None;
        if !state.is_kept {
            drop(state);
            self.desk.throw_away_later(&self.arrival);
        }
    }
}

#[cfg(test)]
mod tests;
