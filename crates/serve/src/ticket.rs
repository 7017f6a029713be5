//! The proof that a connection was admitted, and the guarantee that it is counted out exactly once.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use crate::close::CloseReason;
use crate::connection::ConnectionId;
use crate::counters::{Counters, Standing};

/// One admitted connection in the books.
///
/// Invariant: making it counts the connection in, dropping it counts it out, with exactly one [`CloseReason`]: the
/// one given to [`Ticket::end`], or what the manner of the drop says: a panic, or a cut.
#[derive(Debug)]
pub(crate) struct Ticket {
    counters: Arc<Counters>,
    caller: Caller,
    standing: Standing,
    reason: Option<CloseReason>,
}

/// Who came, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) id: ConnectionId,
    pub(crate) peer: SocketAddr,
    pub(crate) accepted: Instant,
    /// Whether connections of one address are limited.
    pub(crate) is_limited: bool,
}

impl Ticket {
    /// Counts a connection in.
    pub(crate) fn new(counters: &Arc<Counters>, caller: Caller, standing: Standing) -> Self {
        counters.admit(standing, caller.limited_address());
        Self { counters: Arc::clone(counters), caller, standing, reason: None }
    }

    pub(crate) const fn id(&self) -> ConnectionId {
        self.caller.id
    }

    pub(crate) const fn peer(&self) -> SocketAddr {
        self.caller.peer
    }

    /// When the kernel handed it over.
    pub(crate) const fn accepted(&self) -> Instant {
        self.caller.accepted
    }

    /// It waited; now it is served.
    pub(crate) fn begin(&mut self) {
        if self.standing == Standing::Waiting {
            self.standing = Standing::Active;
            self.counters.begin();
        }
    }

    pub(crate) fn end(mut self, reason: CloseReason) {
        self.reason = Some(reason);
    }
}

impl Caller {
    fn limited_address(&self) -> Option<IpAddr> {
        self.is_limited.then(|| self.peer.ip())
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let reason = self
            .reason
            .unwrap_or_else(|| if std::thread::panicking() { CloseReason::Panicked } else { CloseReason::Cut });
        self.counters.close(self.standing, self.caller.limited_address(), reason);
        let Caller { id, peer, .. } = self.caller;
        if reason == CloseReason::Panicked {
            tracing::error!(%id, %peer, "the code that served a connection panicked; the others live on");
        } else {
            tracing::debug!(%id, %peer, %reason, "connection ended");
        }
    }
}
