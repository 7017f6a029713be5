//! The sockets that threads serve: a blocked thread cannot be cancelled, but its socket can be shut down.

use std::collections::HashMap;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::close::CloseReason;
use crate::connection::ConnectionId;
use crate::line::Busy;
use crate::phase::Phase;
use crate::service::Service;
use crate::shared::Shared;
use crate::ticket::Ticket;

/// A second handle on each socket that a thread serves.
#[derive(Debug, Default)]
pub(super) struct OpenSockets(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    sockets: HashMap<ConnectionId, TcpStream>,
    /// How far all sockets, also later ones, are shut down.
    shut: Option<Shutdown>,
}

impl OpenSockets {
    /// Every blocked read sees the end of what has come: the server drains.
    pub(super) fn shut_reading(&self) {
        self.shut(Shutdown::Read);
    }

    /// Every blocked read and write ends: the server closes.
    pub(super) fn shut_both(&self) {
        self.shut(Shutdown::Both);
    }

    fn shut(&self, how: Shutdown) {
        let mut state = self.state();
        state.shut = Some(how);
        for socket in state.sockets.values() {
            // It fails for a socket that the peer has already closed, which is as good.
            let _shut = socket.shutdown(how);
        }
    }

    fn enter(&self, id: ConnectionId, stream: &TcpStream) -> io::Result<()> {
        let handle = stream.try_clone()?;
        let mut state = self.state();
        if let Some(how) = state.shut {
            let _shut = handle.shutdown(how);
        }
        state.sockets.insert(id, handle);
        Ok(())
    }

    fn leave(&self, id: ConnectionId) {
        self.state().sockets.remove(&id);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a socket out of the runtime, for a thread.
pub(super) fn blocking(stream: crate::net::TcpStream) -> io::Result<TcpStream> {
    let stream = stream.into_std()?;
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// Serves one connection on this thread; `busy` says so until it is served. A panic is caught here, and the ticket
/// tells of it.
pub(super) fn serve_here<S: Service>(
    shared: &Arc<Shared<S>>,
    open: &OpenSockets,
    stream: io::Result<TcpStream>,
    ticket: Ticket,
    busy: Option<Busy<S>>,
) {
    let id = ticket.id();
    let entered = stream.and_then(|stream| open.enter(id, &stream).map(|()| stream));
    let stream = match entered {
        Ok(stream) => stream,
        Err(error) => {
            tracing::warn!(%id, %error, "a connection could not be handed to its thread");
            ticket.end(CloseReason::Cut);
            return;
        }
    };
    let one = move || {
        let connection = shared.blocking_connection(&ticket, stream);
        let reason = shared.service.serve_blocking(connection);
        // A service that was cut sees an end or an error like any other; it cannot know better.
        let closing = *shared.phase.borrow() >= Phase::Closing;
        // In this order: whoever sees the connection counted out finds the worker free.
        drop(busy);
        ticket.end(if closing { CloseReason::Cut } else { reason });
    };
    let _panicked = catch_unwind(AssertUnwindSafe(one));
    open.leave(id);
}
