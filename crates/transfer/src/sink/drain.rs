//! The job that hashes and writes what stands in a sink's queue.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use proto::limits::GROUP_BYTES;
use proto::{Code, Refusal, Root};
use tokio::runtime::Handle;

use super::intake::{Intake, Item};
use super::{SinkSignal, Target, refusal_of};
use crate::group::{GroupHash, GroupHasher, RootBuilder, group_end};

/// What the wire's side and the job share.
pub(super) struct Shared {
    intake: Mutex<Intake>,
    signal: Box<dyn Fn(SinkSignal) + Send + Sync>,
    runtime: Handle,
}

/// The job's own state. It is in the intake while no job runs, and nowhere after the end.
pub(super) struct Drain {
    size: u64,
    hasher: GroupHasher,
    /// Of the verified groups.
    root: RootBuilder,
    /// Of groups whose bytes are written, from the first that is not verified on.
    computed: VecDeque<GroupHash>,
    /// Lent to the hasher; empty between its calls.
    fresh: Vec<GroupHash>,
    target: Box<dyn Target>,
}

/// Why the job does not go on with what it took.
enum Halt {
    /// The group that begins here is damaged.
    Repair(u64),
    /// The sink was closed.
    Closed,
    /// Nothing comes after this signal.
    End(SinkSignal),
}

impl Halt {
    const fn failed(refusal: Refusal) -> Self {
        Self::End(SinkSignal::Failed(refusal))
    }
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Self {
        Self::failed(refusal_of(&error))
    }
}

impl Shared {
    pub(super) fn new(intake: Intake, signal: Box<dyn Fn(SinkSignal) + Send + Sync>) -> Arc<Self> {
        Arc::new(Self { intake: Mutex::new(intake), signal, runtime: Handle::current() })
    }

    pub(super) fn intake(&self) -> MutexGuard<'_, Intake> {
        self.intake.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the job, if it is not running.
    pub(super) fn start(self: &Arc<Self>, mut intake: MutexGuard<'_, Intake>) {
        let Some(drain) = intake.idle.take() else { return };
        drop(intake);
        let shared = Arc::clone(self);
        self.runtime.spawn_blocking(move || {
            crate::background::be_modest();
            let _watch = Watch(&shared);
            shared.run(drain);
        });
    }

    /// The job. The target is dropped before the last signal, so that its owner can have the file again.
    fn run(&self, mut drain: Box<Drain>) {
        loop {
            let mut intake = self.intake();
            if intake.is_closed {
                return;
            }
            let items = std::mem::take(&mut intake.queue);
            if items.is_empty() {
                intake.idle = Some(drain);
                return;
            }
            drop(intake);
            let last = match items.into_iter().try_for_each(|item| drain.take(self, item)) {
                Ok(()) => continue,
                Err(Halt::Closed) => return,
                Err(Halt::End(signal)) => signal,
                Err(Halt::Repair(from)) => match drain.repair(self, from) {
                    Ok(()) => continue,
                    Err(refusal) => SinkSignal::Failed(refusal),
                },
            };
            drop(drain);
            let was_closed = std::mem::replace(&mut self.intake().is_closed, true);
            if !was_closed {
                (self.signal)(last);
            }
            return;
        }
    }
}

/// Ends the transfer of a target that panicked; nobody would hear of it otherwise.
struct Watch<'a>(&'a Shared);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.intake().close();
            (self.0.signal)(SinkSignal::Failed(Refusal::new(Code::StorageFailed, "writing the file failed badly")));
        }
    }
}

impl Drain {
    pub(super) fn new(size: u64, from: u64, root: RootBuilder, target: Box<dyn Target>) -> Box<Self> {
        let hasher = GroupHasher::new(size, from);
        Box::new(Self { size, hasher, root, computed: VecDeque::new(), fresh: Vec::new(), target })
    }

    fn take(&mut self, shared: &Shared, item: Item) -> Result<(), Halt> {
        match item {
            Item::Chunk { offset, bytes } => self.chunk(shared, offset, &bytes),
            Item::Joined { offset, bytes } => self.chunk(shared, offset, &bytes),
            Item::Hashes(hashes) => self.hashes(shared, &hashes),
            Item::Finish(root) => Err(self.finish(root)),
        }
    }

    fn chunk(&mut self, shared: &Shared, offset: u64, bytes: &[u8]) -> Result<(), Halt> {
        self.target.write(offset, bytes)?;
        self.hasher.update(bytes, &mut self.fresh);
        self.computed.extend(self.fresh.drain(..));
        let len = bytes.len() as u64;
        let mut intake = shared.intake();
        if intake.is_closed {
            return Err(Halt::Closed);
        }
        intake.queued = intake.queued.saturating_sub(len);
        let limit = intake.window.consumed(Instant::now(), offset + len);
        drop(intake);
        if let Some(limit) = limit {
            (shared.signal)(SinkSignal::Credit(limit));
        }
        Ok(())
    }

    fn hashes(&mut self, shared: &Shared, hashes: &Bytes) -> Result<(), Halt> {
        let mut good = Vec::with_capacity(hashes.len() / size_of::<GroupHash>());
        let mut damaged = None;
        for expected in hashes.chunks_exact(size_of::<GroupHash>()) {
            match self.computed.pop_front() {
                Some(hash) if hash.0 == *expected => {
                    self.root.push(hash);
                    good.push(hash);
                }
                _ => {
                    damaged = Some(self.root.groups() * GROUP_BYTES);
                    break;
                }
            }
        }
        if let Some(last) = self.root.groups().checked_sub(1).filter(|_| !good.is_empty()) {
            let upto = group_end(self.size, last);
            self.target.verified(upto, &good)?;
            shared.intake().verified = upto;
            (shared.signal)(SinkSignal::Verified(upto));
        }
        damaged.map_or(Ok(()), |from| Err(Halt::Repair(from)))
    }

    fn finish(&mut self, root: Root) -> Halt {
        if self.root.finish() != root {
            let words = format!("the file's hash is {}, but {root} was said", self.root.finish());
            return Halt::failed(Refusal::new(Code::Damaged, words));
        }
        match self.target.finish(root) {
            Ok(placement) => Halt::End(SinkSignal::Finished { root, size: self.size, placement }),
            Err(refusal) => Halt::failed(refusal),
        }
    }

    fn repair(&mut self, shared: &Shared, from: u64) -> Result<(), Refusal> {
        self.hasher = GroupHasher::new(self.size, from);
        self.computed.clear();
        let mut intake = shared.intake();
        intake.repair(from)?;
        let is_closed = intake.is_closed;
        drop(intake);
        if !is_closed {
            (shared.signal)(SinkSignal::Repair(from));
        }
        Ok(())
    }
}
