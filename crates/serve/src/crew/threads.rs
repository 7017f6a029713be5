//! `thread`: a thread per connection.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::{Builder, JoinHandle};

use tokio::sync::mpsc;

use super::Arrival;
use super::open_sockets::{OpenSockets, blocking, serve_here};
use crate::connection::ConnectionId;
use crate::counters::Standing;
use crate::net::TcpStream;
use crate::refusal::Refusal;
use crate::service::Service;
use crate::shared::Shared;
use crate::ticket::Ticket;

/// Threads that have ended and are not joined yet; one more waits until there is room, in its very last step.
const ENDED_MAX: usize = 1024;

pub(crate) struct Threads<S> {
    shared: Arc<Shared<S>>,
    open: Arc<OpenSockets>,
    threads: HashMap<ConnectionId, JoinHandle<()>>,
    ended: mpsc::Receiver<ConnectionId>,
    ending: mpsc::Sender<ConnectionId>,
    /// The stack of a thread; `None` for the standard library's choice.
    stack_bytes: Option<usize>,
}

/// What a new thread is handed. Not before it runs: if it cannot be had, the connection is still ours to answer.
type Job = (std::io::Result<std::net::TcpStream>, Ticket);

impl<S: Service> Threads<S> {
    pub(super) fn new(shared: Arc<Shared<S>>) -> Self {
        let (ending, ended) = mpsc::channel(ENDED_MAX);
        Self { shared, open: Arc::default(), threads: HashMap::new(), ended, ending, stack_bytes: None }
    }

    pub(super) fn take(&mut self, arrival: Arrival) -> Result<(), (Refusal, TcpStream)> {
        let (give, job) = sync_channel::<Job>(1);
        let (shared, open, ending) = (Arc::clone(&self.shared), Arc::clone(&self.open), self.ending.clone());
        let serve = move || {
            let Ok((stream, ticket)) = job.recv() else { return };
            let id = ticket.id();
            serve_here(&shared, &open, stream, ticket, None);
            // Fails if the server was dropped; then nobody joins.
            let _told = ending.blocking_send(id);
        };
        let mut builder = Builder::new().name("serve".to_owned());
        if let Some(stack_bytes) = self.stack_bytes {
            builder = builder.stack_size(stack_bytes);
        }
        let thread = match builder.spawn(serve) {
            Ok(thread) => thread,
            Err(error) => {
                tracing::warn!(%error, "the operating system gave no thread for a connection");
                return Err((Refusal::NoThread, arrival.stream));
            }
        };
        let ticket = self.shared.admit(arrival.peer, arrival.accepted, Standing::Active);
        self.threads.insert(ticket.id(), thread);
        // The thread takes one job and cannot be gone before.
        let _given = give.send((blocking(arrival.stream), ticket));
        Ok(())
    }

    pub(super) async fn clear_one(&mut self) {
        let id = self.ended.recv().await;
        if let Some(thread) = id.and_then(|id| self.threads.remove(&id)) {
            join(thread);
        }
    }

    pub(super) fn drain(&self) {
        self.open.shut_reading();
    }

    pub(super) async fn done(&mut self) {
        while !self.threads.is_empty() {
            self.clear_one().await;
        }
    }

    pub(super) fn cut(&self) {
        self.open.shut_both();
    }
}

impl<S> Drop for Threads<S> {
    fn drop(&mut self) {
        self.open.shut_both();
    }
}

/// Joins a thread that has nothing left to do; it cannot have panicked, as panics are caught in it.
pub(super) fn join(thread: JoinHandle<()>) {
    let _joined = thread.join();
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::snapshot::Snapshot;
    use crate::{CloseReason, Connection, Limits, Strategy};

    struct Nothing;

    impl Service for Nothing {
        async fn serve(&self, _connection: Connection) -> CloseReason {
            CloseReason::Done
        }
    }

    #[tokio::test]
    async fn without_a_thread_the_connection_is_given_back_and_not_counted_in() {
        let limits = Limits::NONE;
        let shared = Shared::new(Strategy::Thread, limits, Nothing, Arc::default());
        let mut threads = Threads::new(Arc::clone(&shared));
        // More than the address space has.
        threads.stack_bytes = Some(1 << 50);
        let listener = crate::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        let refused = threads
            .take(Arrival { stream, peer, accepted: std::time::Instant::now(), permit: None })
            .map_err(|(refusal, _)| refusal);
        assert_eq!(refused, Err(Refusal::NoThread));
        assert_eq!(shared.counters.snapshot(), Snapshot::default());
    }
}
