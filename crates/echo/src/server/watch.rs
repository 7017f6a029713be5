//! What a client or an observer wants to know of each request: when it came, when its work began, when it was over.
//! Nobody wants to know by default, and then no clock is read.

use std::sync::Arc;
use std::time::Instant;

use bytes::{BufMut, Bytes, BytesMut};
use serve::GateBusy;

use super::clock::Clock;
use super::occupancy::Occupancy;
use crate::work::BadAsk;

/// How long the stamps of an answer are, in bytes.
pub(super) const STAMP_BYTES: usize = 5 * size_of::<u64>();

/// Who wants to know.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch {
    /// `--stamps`: the clients.
    pub(super) stamps: Option<Clock>,
    /// `--stats-every-ms`: whoever started the server.
    pub(super) occupancy: Option<Arc<Occupancy>>,
}

/// When a connection came, and when somebody began with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    accepted: Instant,
    served: Instant,
}

/// One request while it is here.
#[derive(Debug)]
pub(super) struct Visit<'a> {
    watch: &'a Watch,
    /// `None` if nobody wants to know.
    read: Option<Instant>,
}

/// When one request went through its stages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stages {
    /// It was complete.
    read: Instant,
    /// The gate let it in, and its work began.
    begun: Instant,
    /// Its work was over.
    done: Instant,
}

/// Why a request was not worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Undone {
    /// No worker could take it.
    #[error(transparent)]
    Busy(#[from] GateBusy),
    /// It does not say how long it takes.
    #[error(transparent)]
    BadAsk(#[from] BadAsk),
}

impl Watch {
    /// Somebody begins with a connection.
    pub(super) fn start(&self, accepted: Instant) -> Start {
        Start { accepted, served: self.stamps.map_or(accepted, |_| Instant::now()) }
    }

    /// A request is complete. It is over when this is dropped.
    pub(super) fn visit(&self) -> Visit<'_> {
        let is_wanted = self.stamps.is_some() || self.occupancy.is_some();
        let read = is_wanted.then(Instant::now);
        if let (Some(occupancy), Some(read)) = (&self.occupancy, read) {
            occupancy.come(read);
        }
        Visit { watch: self, read }
    }

    /// What stands behind an answer; nothing without `--stamps`.
    pub(super) fn stamps(&self, start: Start, stages: Option<Stages>) -> Bytes {
        let (Some(clock), Some(stages)) = (&self.stamps, stages) else { return Bytes::new() };
        let mut stamps = BytesMut::with_capacity(STAMP_BYTES);
        for at in [start.accepted, start.served, stages.read, stages.begun, stages.done] {
            stamps.put_u64_le(clock.ns(at));
        }
        stamps.freeze()
    }
}

impl Visit<'_> {
    /// The gate lets it in.
    pub(super) fn begin(&self) -> Option<Instant> {
        self.read.map(|_| Instant::now())
    }

    /// Its work, begun at `begun`, is over.
    pub(super) fn end(mut self, begun: Option<Instant>) -> Option<Stages> {
        let (read, begun) = (self.read?, begun?);
        let done = self.leave()?;
        Some(Stages { read, begun, done })
    }

    fn leave(&mut self) -> Option<Instant> {
        let read = self.read.take()?;
        let now = Instant::now();
        if let Some(occupancy) = &self.watch.occupancy {
            occupancy.leave(read, now);
        }
        Some(now)
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}
