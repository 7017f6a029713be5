//! What a service gets: a socket, who is at its other end, and what the server allows.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::gate::RequestGate;
use crate::limits::Limits;
use crate::net::TcpStream;
use crate::phase::PhaseWatch;

/// The number of a connection: 1, 2, 3, … in the order of admission, never used twice by one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A connection to be served by a task.
#[derive(Debug)]
pub struct Connection {
    /// Its number.
    pub id: ConnectionId,
    /// The other end.
    pub peer: SocketAddr,
    /// When the server took it from the kernel, before any wait for a worker.
    pub accepted: Instant,
    /// The socket, with `TCP_NODELAY` set.
    pub stream: TcpStream,
    /// Where each request asks to be worked on.
    pub gate: RequestGate,
    /// The server's phase.
    pub phase: PhaseWatch,
    /// What the server allows.
    pub limits: Arc<Limits>,
}

/// A connection to be served by a thread.
///
/// When the server drains, the socket's reading side is shut down: a blocking read gives what has already come, then
/// 0 as if the peer had closed, and `phase` tells the two apart. When it closes, both sides are.
#[derive(Debug)]
pub struct BlockingConnection {
    /// Its number.
    pub id: ConnectionId,
    /// The other end.
    pub peer: SocketAddr,
    /// When the server took it from the kernel, before any wait for a worker.
    pub accepted: Instant,
    /// The socket, in blocking mode, with `TCP_NODELAY` set.
    pub stream: std::net::TcpStream,
    /// Where each request asks to be worked on; under the thread strategies it only counts.
    pub gate: RequestGate,
    /// The server's phase.
    pub phase: PhaseWatch,
    /// What the server allows.
    pub limits: Arc<Limits>,
}
