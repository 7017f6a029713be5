//! The proof that a connection was admitted, and the guarantee that it is counted out exactly once.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

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
    id: ConnectionId,
    peer: SocketAddr,
    standing: Standing,
    per_address: bool,
    reason: Option<CloseReason>,
}

impl Ticket {
    /// Counts a connection in. `per_address`: whether connections of one address are limited.
    pub(crate) fn new(
        counters: &Arc<Counters>,
        id: ConnectionId,
        peer: SocketAddr,
        standing: Standing,
        per_address: bool,
    ) -> Self {
        counters.admit(standing, per_address.then(|| peer.ip()));
        Self { counters: Arc::clone(counters), id, peer, standing, per_address, reason: None }
    }

    pub(crate) const fn id(&self) -> ConnectionId {
        self.id
    }

    pub(crate) const fn peer(&self) -> SocketAddr {
        self.peer
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

    fn address(&self) -> Option<IpAddr> {
        self.per_address.then(|| self.peer.ip())
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let reason = self
            .reason
            .unwrap_or_else(|| if std::thread::panicking() { CloseReason::Panicked } else { CloseReason::Cut });
        self.counters.close(self.standing, self.address(), reason);
        if reason == CloseReason::Panicked {
            tracing::error!(id = %self.id, peer = %self.peer, "the code that served a connection panicked; the others live on");
        } else {
            tracing::debug!(id = %self.id, peer = %self.peer, %reason, "connection ended");
        }
    }
}
