//! The way to the hub's owner.

use std::sync::Arc;

use chat::{Deed, Departure, Request, SessionId};
use proto::{Frame, Nick, RoomId};
use serve::RequestPermit;
use tokio::sync::mpsc;

use crate::outbox::Outbox;

/// Messages from sessions that wait for the hub; beyond it, sessions wait. What waits is at most as many read
/// buffers, of 64 KiB and a frame each.
const INBOX_MAX: usize = 1024;

/// What a session tells the hub's owner.
#[derive(Debug)]
pub enum ToHub {
    /// A session begins to ask.
    Open {
        /// Which.
        session: SessionId,
        /// Where its answers go.
        outbox: Arc<Outbox>,
    },
    /// A session asks.
    Requests {
        /// Which.
        session: SessionId,
        /// What, in order.
        requests: Vec<Request>,
        /// Given back when they are answered. Strategy `pool-request` bounds how many are out: one for each batch of
        /// requests that a session read at once.
        permit: Option<RequestPermit>,
    },
    /// A session ends, after what it asked before.
    Leave {
        /// Which.
        session: SessionId,
        /// How.
        departure: Departure,
        /// The last frame it is sent, if it still listens.
        goodbye: Option<Frame>,
    },
    /// Something about files has happened that a room is to be told.
    Posted {
        /// Which room.
        room: RoomId,
        /// Who did it.
        nick: Nick,
        /// What.
        deed: Deed,
    },
}

/// A way to the hub's owner, for sessions.
#[derive(Debug, Clone)]
pub struct HubPort(mpsc::Sender<ToHub>);

impl HubPort {
    /// Hands a message over; waits while the hub is behind. False if the hub is gone.
    pub async fn send(&self, message: ToHub) -> bool {
        self.0.send(message).await.is_ok()
    }

    /// The same from a thread that may block.
    pub(crate) fn send_blocking(&self, message: ToHub) -> bool {
        self.0.blocking_send(message).is_ok()
    }

    pub(crate) fn downgrade(&self) -> WeakHubPort {
        WeakHubPort(self.0.downgrade())
    }

    /// The same without waiting; the message comes back if it cannot be handed over now.
    ///
    /// # Errors
    /// The hub is behind, or gone.
    pub fn offer(&self, message: ToHub) -> Result<(), ToHub> {
        use mpsc::error::TrySendError::{Closed, Full};
        self.0.try_send(message).map_err(|(Full(message) | Closed(message))| message)
    }
}

/// A way to the hub's owner that does not keep it running.
#[derive(Debug, Clone)]
pub(crate) struct WeakHubPort(mpsc::WeakSender<ToHub>);

impl WeakHubPort {
    pub(crate) fn upgrade(&self) -> Option<HubPort> {
        self.0.upgrade().map(HubPort)
    }
}

/// A way to the hub's owner, and its other end.
pub(super) fn port() -> (HubPort, mpsc::Receiver<ToHub>) {
    let (sender, inbox) = mpsc::channel(INBOX_MAX);
    (HubPort(sender), inbox)
}
