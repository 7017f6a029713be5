//! The slow lane: what a session wants next of a room is no longer in its ring, so it is read from disk, a piece at a
//! time, at the pace at which the peer takes it. One read at most is under way for a session.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use proto::{RoomId, Seq};
use room_log::Store;
use room_log::store::StoreError;
use room_log::store::read::Frames;
use tokio::time::Sleep;

/// What is read at a time, in bytes: what a session that goes on from disk costs, beside what the system holds for it.
const READ_BYTES: usize = 64 * 1024;

/// The first rest after a read that failed; each further one is twice as long.
const REST: Duration = Duration::from_millis(100);

/// How often it is doubled at most.
const DOUBLINGS_MAX: u32 = 6;

/// A read of a room, from before it is begun until it is taken.
pub(super) struct SlowLane {
    store: Arc<Store>,
    pub(super) room: RoomId,
    /// The event that is wanted.
    pub(super) from: Seq,
    /// The oldest that the ring held when it was asked. What is before it was on disk by then, or never will be.
    oldest: Seq,
    failures: u32,
    step: Step,
}

enum Step {
    Reading(Pin<Box<dyn Future<Output = Result<Frames, StoreError>> + Send>>),
    /// The disk has failed.
    Resting(Pin<Box<Sleep>>),
    Read(Frames),
}

/// What a read brought. What cannot be had any more comes before what can.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Brought {
    /// The last event that is gone, if any is.
    pub(super) gone_to: Option<Seq>,
    /// The frames, whole.
    pub(super) frames: Vec<bytes::Bytes>,
    /// Where to go on.
    pub(super) next: Seq,
}

impl SlowLane {
    /// Begins to read.
    pub(super) fn begin(store: &Arc<Store>, room: RoomId, from: Seq, oldest: Seq) -> Self {
        let step = Self::reading(store, room, from);
        let mut lane = Self { store: Arc::clone(store), room, from, oldest, failures: 0, step };
        // The store is asked at the first poll; whoever waits for the answer polls again.
        lane.is_read();
        lane
    }

    fn reading(store: &Arc<Store>, room: RoomId, from: Seq) -> Step {
        let store = Arc::clone(store);
        Step::Reading(Box::pin(async move { store.frames(room, from, READ_BYTES).await }))
    }

    /// Whether there is something to [`Self::take`].
    pub(super) fn is_read(&mut self) -> bool {
        self.poll_read(&mut Context::from_waker(std::task::Waker::noop())).is_ready()
    }

    /// Waits until there is. May be given up at any point.
    pub(super) fn poll_read(&mut self, task: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.step {
                Step::Read(_) => return Poll::Ready(()),
                Step::Resting(rest) => {
                    std::task::ready!(rest.as_mut().poll(task));
                    self.step = Self::reading(&self.store, self.room, self.from);
                }
                Step::Reading(read) => match std::task::ready!(read.as_mut().poll(task)) {
                    Ok(frames) => self.step = Step::Read(frames),
                    Err(error) => self.rest(&error),
                },
            }
        }
    }

    /// Nothing is skipped because the disk cannot be read now.
    fn rest(&mut self, error: &StoreError) {
        match self.failures {
            0 => tracing::warn!(%error, room = self.room.0, "somebody who is behind waits: the disk cannot be read"),
            _ => tracing::debug!(%error, room = self.room.0, "the disk still cannot be read"),
        }
        let rest = REST * 2_u32.pow(self.failures.min(DOUBLINGS_MAX));
        self.failures += 1;
        self.step = Step::Resting(Box::pin(tokio::time::sleep(rest)));
    }

    /// What was read; nothing new if nothing was.
    pub(super) fn take(self) -> Brought {
        match self.step {
            Step::Read(frames) => Brought::of(frames, self.from, self.oldest),
            Step::Reading(_) | Step::Resting(_) => Brought { gone_to: None, frames: Vec::new(), next: self.from },
        }
    }
}

impl Brought {
    /// What a read from `from` on brought when the ring began with `oldest`.
    fn of(frames: Frames, from: Seq, oldest: Seq) -> Self {
        if frames.bytes.is_empty() || frames.first >= oldest {
            // All before it was trimmed; and what the disk has, the ring has, too.
            return Self { gone_to: Some(Seq(oldest.0.saturating_sub(1))), frames: Vec::new(), next: oldest };
        }
        let gone_to = (frames.first > from).then(|| Seq(frames.first.0 - 1));
        Self { gone_to, frames: frames.bytes, next: frames.last.next() }
    }
}

impl std::fmt::Debug for SlowLane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let step = match &self.step {
            Step::Reading(_) => "reading",
            Step::Resting(_) => "resting",
            Step::Read(_) => "read",
        };
        f.debug_struct("SlowLane")
            .field("room", &self.room)
            .field("from", &self.from)
            .field("step", &step)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
