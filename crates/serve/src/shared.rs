//! What the accept loop and those who serve have in common.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::watch;

use crate::connection::{BlockingConnection, Connection, ConnectionId};
use crate::counters::{Counters, Standing};
use crate::farewell::Farewells;
use crate::gate::RequestGate;
use crate::limits::Limits;
use crate::net::TcpStream;
use crate::phase::{Phase, PhaseWatch};
use crate::refusal::Refusal;
use crate::service::Service;
use crate::strategy::Strategy;
use crate::ticket::{Caller, Ticket};

/// One server's common ground.
#[derive(Debug)]
pub(crate) struct Shared<S> {
    pub(crate) service: S,
    pub(crate) limits: Arc<Limits>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) phase: watch::Sender<Phase>,
    pub(crate) farewells: Farewells,
    gate: RequestGate,
    /// The number of the last connection.
    last_id: AtomicU64,
}

impl<S: Service> Shared<S> {
    pub(crate) fn new(strategy: Strategy, limits: Limits, service: S, counters: Arc<Counters>) -> Arc<Self> {
        let limits = Arc::new(limits);
        let gate = RequestGate::new(strategy, &counters, &limits);
        let (phase, _) = watch::channel(Phase::Running);
        let farewells = Farewells::new();
        Arc::new(Self { service, limits, counters, phase, farewells, gate, last_id: AtomicU64::new(0) })
    }

    /// Counts a connection in.
    pub(crate) fn admit(&self, peer: std::net::SocketAddr, accepted: Instant, standing: Standing) -> Ticket {
        let id = ConnectionId(self.last_id.fetch_add(1, Ordering::Relaxed) + 1);
        let caller = Caller { id, peer, accepted, is_limited: self.limits.max_per_address > 0 };
        Ticket::new(&self.counters, caller, standing)
    }

    pub(crate) fn connection(&self, ticket: &Ticket, stream: TcpStream) -> Connection {
        Connection {
            id: ticket.id(),
            peer: ticket.peer(),
            accepted: ticket.accepted(),
            stream,
            gate: self.gate.clone(),
            phase: self.watch(),
            limits: Arc::clone(&self.limits),
        }
    }

    pub(crate) fn blocking_connection(&self, ticket: &Ticket, stream: std::net::TcpStream) -> BlockingConnection {
        BlockingConnection {
            id: ticket.id(),
            peer: ticket.peer(),
            accepted: ticket.accepted(),
            stream,
            gate: self.gate.clone(),
            phase: self.watch(),
            limits: Arc::clone(&self.limits),
        }
    }

    /// Sends a connection away with the service's words.
    pub(crate) fn send_away(&self, stream: TcpStream, refusal: &Refusal) {
        self.farewells.say(stream, words(|| self.service.refusal(refusal)));
    }

    /// The service's words for one who waits.
    pub(crate) fn place_words(&self, place: usize, waiting: usize) -> Vec<u8> {
        words(|| self.service.waiting(place, waiting))
    }

    fn watch(&self) -> PhaseWatch {
        PhaseWatch::new(self.phase.subscribe())
    }
}

/// The words of a service, or none if it panics: finding words for one peer must not take the server down.
fn words(find: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    catch_unwind(AssertUnwindSafe(find)).unwrap_or_default()
}
