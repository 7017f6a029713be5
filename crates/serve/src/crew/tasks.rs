//! A task per connection: `spawn`, `pool-request` and `pool-accept`.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;

use super::Arrival;
use crate::counters::Standing;
use crate::net::TcpStream;
use crate::service::Service;
use crate::shared::Shared;
use crate::ticket::Ticket;

pub(crate) struct Tasks<S> {
    shared: Arc<Shared<S>>,
    tasks: JoinSet<()>,
}

impl<S: Service> Tasks<S> {
    pub(super) fn new(shared: Arc<Shared<S>>) -> Self {
        Self { shared, tasks: JoinSet::new() }
    }

    pub(super) fn take(&mut self, arrival: Arrival) {
        let ticket = self.shared.admit(arrival.peer, arrival.accepted, Standing::Active);
        self.tasks.spawn(run(Arc::clone(&self.shared), ticket, arrival.stream, arrival.permit));
    }

    pub(super) async fn clear_one(&mut self) {
        if self.tasks.join_next().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    pub(super) async fn done(&mut self) {
        // A task that panicked has said so when its ticket was dropped.
        while self.tasks.join_next().await.is_some() {}
    }

    pub(super) fn cut(&mut self) {
        self.tasks.abort_all();
    }
}

/// One connection's life. Every byte of this future is paid once per idle connection, and an `async fn` would keep
/// its arguments twice.
#[expect(clippy::manual_async_fn, reason = "an async fn keeps each argument twice, as captured and as local")]
fn run<S: Service>(
    shared: Arc<Shared<S>>,
    ticket: Ticket,
    stream: TcpStream,
    permit: Option<OwnedSemaphorePermit>,
) -> impl Future<Output = ()> + Send {
    async move {
        let reason = shared.service.serve(shared.connection(&ticket, stream)).await;
        ticket.end(reason);
        drop(permit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CloseReason, Connection, Limits, Strategy};

    struct Waits;

    impl Service for Waits {
        async fn serve(&self, connection: Connection) -> CloseReason {
            std::future::pending::<()>().await;
            drop(connection);
            CloseReason::Done
        }
    }

    /// What a task costs beside the connection's own value: the chat server's promise of 4 KiB for an idle member
    /// leaves a few hundred bytes for it.
    const EXTRA_BYTES_MAX: usize = 160;

    #[tokio::test]
    async fn a_connections_task_is_small() {
        let limits = Limits::NONE;
        let shared = Shared::new(Strategy::Spawn, limits, Waits, Arc::default());
        let listener = crate::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let ticket = shared.admit(address, std::time::Instant::now(), Standing::Active);
        let service_bytes =
            size_of_val(&Waits.serve(shared.connection(&ticket, TcpStream::connect(address).await.unwrap())));
        let bytes = size_of_val(&run(Arc::clone(&shared), ticket, stream, None));
        assert!(bytes <= service_bytes + EXTRA_BYTES_MAX, "{bytes} bytes around a service of {service_bytes}");
    }
}
