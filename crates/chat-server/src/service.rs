//! What `serve` calls for each connection of the chat: run a session, and say in frames what `serve` says in reasons.

use chat::SessionId;
use proto::message::{Goodbye, Queued};
use proto::{CloseCode, Code, RequestId, ServerMessage};
use serve::{CloseReason, Connection, Service};

use crate::session::{self, SessionEnd, Surroundings};

/// The chat, as a service.
#[derive(Debug)]
pub struct ChatService {
    around: Surroundings,
}

impl ChatService {
    /// A service whose sessions meet in the hub of `around`.
    pub const fn new(around: Surroundings) -> Self {
        Self { around }
    }
}

impl Service for ChatService {
    fn serve(&self, connection: Connection) -> impl Future<Output = CloseReason> + Send {
        // Taken apart outside the future, which so carries only what the session needs for its life.
        let Connection { id, peer, stream, gate, phase, .. } = connection;
        tracing::debug!(connection = %id, %peer, "came");
        async move {
            let end = session::run(stream, SessionId(id.0), &self.around, &gate, phase).await;
            tracing::debug!(connection = %id, ?end, "went");
            reason(end)
        }
    }

    fn refusal(&self, refusal: &serve::Refusal) -> Vec<u8> {
        let limited = |code, name: &str, max: usize| {
            proto::Refusal::new(code, refusal.to_string())
                .with_limit(name, max as u64)
                .with_retry_after_ms(RETRY_AFTER_MS)
        };
        let told = match refusal {
            serve::Refusal::ServerFull { max_connections } => {
                limited(Code::ServerFull, "connections", *max_connections)
            }
            serve::Refusal::AddressFull { max_per_address } => {
                limited(Code::AddressFull, "connections_per_address", *max_per_address)
            }
            serve::Refusal::QueueFull { queue, .. } => limited(Code::Busy, "queue", *queue),
            serve::Refusal::WaitedTooLong { queue_wait_ms } => {
                proto::Refusal::new(Code::WaitedTooLong, refusal.to_string())
                    .with_limit("queue_wait_ms", *queue_wait_ms)
                    .with_retry_after_ms(RETRY_AFTER_MS)
            }
            serve::Refusal::Draining => return goodbye(CloseCode::Draining, None),
            _ => proto::Refusal::new(Code::Busy, refusal.to_string()).with_retry_after_ms(RETRY_AFTER_MS),
        };
        goodbye(CloseCode::Refused, Some(told))
    }

    fn waiting(&self, place: usize, waiting: usize) -> Vec<u8> {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        bytes(&ServerMessage::Queued(Queued { place: count(place), waiting: count(waiting) }))
    }
}

/// When somebody who found the server full may try again, in milliseconds.
const RETRY_AFTER_MS: u32 = 5000;

fn goodbye(code: CloseCode, refusal: Option<proto::Refusal>) -> Vec<u8> {
    bytes(&ServerMessage::Goodbye(Goodbye { code, refusal }))
}

fn bytes(message: &ServerMessage) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.to_frame(RequestId(0)).write(&mut bytes);
    bytes
}

const fn reason(end: SessionEnd) -> CloseReason {
    match end {
        SessionEnd::Bye => CloseReason::Done,
        SessionEnd::PeerClosed => CloseReason::PeerClosed,
        SessionEnd::PeerVanished => CloseReason::PeerVanished,
        SessionEnd::PeerFault => CloseReason::PeerFault,
        SessionEnd::HandshakeTimeout => CloseReason::HandshakeTimeout,
        SessionEnd::Idle => CloseReason::Idle,
        SessionEnd::Stalled => CloseReason::Stalled,
        SessionEnd::Replaced => CloseReason::Replaced,
        SessionEnd::Drained => CloseReason::Drained,
    }
}
