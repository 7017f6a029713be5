//! What the log tells of a connection: who came, what came, how it ended.
//!
//! The first message is told at `info`, the others at `debug`, so that a long stream does not fill the log.

use std::net::SocketAddr;

use serve::{CloseReason, ConnectionId};

use crate::shown::preview;

/// What of a message the log shows, in characters.
pub(super) const PREVIEW_CHARS: usize = 64;

/// One connection's lines in the log. Dropped without an end, it tells of a cut.
#[derive(Debug)]
pub(super) struct Journal {
    id: ConnectionId,
    peer: SocketAddr,
    pieces: u64,
    bytes: u64,
    end: CloseReason,
}

impl Journal {
    pub(super) fn open(id: ConnectionId, peer: SocketAddr) -> Self {
        tracing::info!(%id, %peer, "connected");
        Self { id, peer, pieces: 0, bytes: 0, end: CloseReason::Cut }
    }

    /// Something came: a read, or a frame's body.
    pub(super) fn came(&mut self, bytes: &[u8]) {
        self.pieces += 1;
        self.bytes += bytes.len() as u64;
        let Self { id, peer, pieces, .. } = self;
        if *pieces == 1 {
            tracing::info!(%id, %peer, bytes = bytes.len(), text = %preview(bytes, PREVIEW_CHARS), "first message");
        } else {
            tracing::debug!(%id, %peer, pieces, bytes = bytes.len(), text = %preview(bytes, PREVIEW_CHARS), "message");
        }
    }

    /// It ends for this reason, which is handed back.
    pub(super) fn close(mut self, reason: CloseReason) -> CloseReason {
        self.end = reason;
        reason
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        let Self { id, peer, pieces, bytes, end } = self;
        tracing::info!(%id, %peer, pieces, bytes, reason = %end, "ended");
    }
}
