//! What a server does with a connection: the one thing that `serve` does not know.

use crate::close::CloseReason;
use crate::connection::{BlockingConnection, Connection};
use crate::refusal::Refusal;

/// A protocol's side of a server. One value serves all connections.
pub trait Service: Send + Sync + 'static {
    /// Serves one connection to its end and says how it ended.
    ///
    /// Dropped in the middle when the server closes; whatever it owns, the socket first, goes with it. If it spawns
    /// tasks, they must end with it. A panic ends this connection only.
    fn serve(&self, connection: Connection) -> impl Future<Output = CloseReason> + Send;

    /// The same on a thread, for `thread` and `thread-pool`. A service that does not implement it must not be offered
    /// under these strategies: every connection then ends as [`CloseReason::Unsupported`].
    fn serve_blocking(&self, connection: BlockingConnection) -> CloseReason {
        drop(connection);
        CloseReason::Unsupported
    }

    /// What to tell a peer that is sent away before it was served; nothing by default. Must not block.
    fn refusal(&self, refusal: &Refusal) -> Vec<u8> {
        let _ = refusal;
        Vec::new()
    }

    /// What to tell a peer that waits in the queue of `pool` or `thread-pool`: it is number `place` of `waiting`, 1
    /// being the next; nothing by default. Told at once and when it changes, at most every
    /// [`PLACE_TOLD_EVERY`](crate::PLACE_TOLD_EVERY). Must not block, and should be short: a peer that takes it only
    /// in part is sent away.
    fn waiting(&self, place: usize, waiting: usize) -> Vec<u8> {
        let _ = (place, waiting);
        Vec::new()
    }
}
